"""A real 4.5.0 beside its scenario, from the first row in which everybody reclaims."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmplay.__main__ import main

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SECOND = 1_000_000


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    with pytest.MonkeyPatch.context() as patch:
        shown: list[str] = []
        patch.setattr("mmplay.commands.fidelity_verb.print_json", lambda one: shown.append(one))
        csv, toml = str(SCENARIOS / "H0.csv"), str(SCENARIOS / "H0.toml")
        span = ("--at", "19.490179", "--until", "30", "--window", "24:30")
        main(["fidelity", csv, "--scenario", toml, *span, "--json"])
    found = json.loads(json.dumps(shown[0]))
    return {row["quantity"]: row for row in found["rows"]}


def us(rows: dict[str, dict[str, object]], quantity: str) -> int:
    number = rows[quantity]["simulated"]
    assert isinstance(number, int), quantity
    return number


def test_the_kill_comes_by_rule_and_depletion_after_it(rows: dict[str, dict[str, object]]) -> None:
    kill, depleted = us(rows, "first_kill_us"), us(rows, "depletion_us")
    assert rows["first_kill_us"]["kind"] == "rule"
    assert 20.5 * SECOND <= kill <= 24 * SECOND
    assert 0.5 * SECOND <= depleted - kill <= 3 * SECOND
    assert us(rows, "kills_after") <= 2


@pytest.mark.parametrize(
    "quantity",
    [
        *("works_per_1000_calls", "scanned_per_10_calls", "dma32_drained_us"),
        *("slabs_at_depletion", "dma32_median", "dma_median"),
    ],
)
def test_what_was_measured_comes_out(rows: dict[str, dict[str, object]], quantity: str) -> None:
    assert rows[quantity]["within"], rows[quantity]
