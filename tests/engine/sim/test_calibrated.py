"""The incident is no knife edge: it comes over the whole range of every number fitted to it."""

from __future__ import annotations

import pytest

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts.common import CALIBRATED, calibrated_as, value
from tests.engine.sim.machines import SECOND, incident

OF_THE_INCIDENT = {name: one for name, one in CALIBRATED.items() if one.most}
OF_ANY_MACHINE = {"reclaim_call_ns", "scanned_page_ns"}
DECISIVE = ("completions", "groups", "incident_reclaim_call_ns")
"""What decided, while writers never came back to a page that was freed, whether it came at all."""


def comes(m: Machine) -> bool:
    """Tell whether both zones are used up within five seconds of the kill."""
    for tenth in range(596, 646):
        run_until(m, tenth * SECOND // 10)
        if all(zone.free <= 10 for zone in m.state.zones):
            return True
    return False


def test_every_number_fitted_to_the_incident_has_its_range() -> None:
    assert set(OF_THE_INCIDENT) == set(CALIBRATED) - OF_ANY_MACHINE
    for one in OF_THE_INCIDENT.values():
        assert one.least <= one.value * 7 // 10 <= one.value * 13 // 10 <= one.most


@pytest.mark.parametrize("name", DECISIVE)
@pytest.mark.parametrize("per_cent", [70, 130])
def test_30_percent_less_or_more_and_it_still_comes(name: str, per_cent: int) -> None:
    with calibrated_as({name: value(name) * per_cent // 100}):
        m = incident()
    assert comes(m)


def test_an_eater_that_stops_is_enough() -> None:
    m = incident()
    m.state.tasks.want[m.state.tasks.names.index("memeater")] = 500
    assert comes(m)
