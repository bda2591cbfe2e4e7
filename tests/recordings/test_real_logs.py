"""Real logs of other kernels, where they are at hand: nothing is lost, nothing crashes."""

import lzma
from pathlib import Path

import pytest

from mmplay.engine.rules.versions import layout_of_release
from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json
from mmplay.recordings.log.importing import import_to_memory
from mmplay.recordings.log.observed import ObservedTimeline
from tests.conftest import SHARED

LOGS = sorted(SHARED.glob("logs/*.log.xz")) + sorted(SHARED.glob("truth/*/*.log.xz"))

NAMES_IN_ANOTHER_ORDER = {"115-lore-pm-6.17.0-rc2-00053-gb19a97d57c15.log.xz"}
"""6.17 prints flags in the order of their bits; its table is not among the ones we have."""


MOST_FRAMES = 100
"""How many frames of a log are diagnosed, spread over all of it."""


def frames(timeline: ObservedTimeline) -> range:
    return range(0, len(timeline), 1 + len(timeline) // MOST_FRAMES)


@pytest.mark.skipif(not LOGS, reason="the real logs are not on this machine")
@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_a_real_log(path: Path) -> None:
    if ".samples." in path.name:
        return  # snapshots of /proc, no kernel log
    with import_to_memory(str(path)) as timeline:
        check(timeline, path)


def check(timeline: ObservedTimeline, path: Path) -> None:
    assert b"".join(timeline.text()) == lzma.decompress(path.read_bytes())
    for index in frames(timeline):
        diagnosis_json(diagnose_frame(timeline, index))
        request = timeline.frame(index).report.request  # type: ignore[union-attr]
        release = timeline.frame(index).release
        layout = layout_of_release(release) if release else None
        printed = request is not None and request.names and request.mode is not None
        if printed and layout is not None and path.name not in NAMES_IN_ANOTHER_ORDER:
            assert request is not None
            assert layout.agrees(request.mode or 0, request.names or "")


@pytest.mark.skipif(not LOGS, reason="the real logs are not on this machine")
def test_every_failure_of_the_real_4_5_is_explained() -> None:
    """H0: all failures were refused by the rules, or lie within the skew of a dump."""
    path = SHARED / "truth/incident-4.5/H0.log.xz"
    with import_to_memory(str(path)) as timeline:
        count_explained(timeline)


def count_explained(timeline: ObservedTimeline) -> None:
    judged = explained = 0
    for index in range(len(timeline)):
        result = diagnose_frame(timeline, index)
        asks = result.diagnosis.asks
        if not asks or result.frame.report is None or result.frame.report.memory is None:
            continue
        judged += 1
        verdicts = {str(test.verdict) for test in asks[-1][1]}
        explained += verdicts <= {"refused", "no block"}
    assert judged > 100
    assert explained >= judged * 95 // 100, (explained, judged)
