"""The verdict on real logs of many kernels, where they are at hand, as it was computed by hand."""

from pathlib import Path

import pytest

from mmplay.engine.explain.verdict import Judgement, Status
from mmplay.engine.report import ReportKind
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame
from mmplay.recordings.log.importing import import_to_memory
from tests.conftest import SHARED

LOGS = sorted(SHARED.glob("logs/*.log.xz"))
MODERN = sorted(SHARED.glob("truth/modern/*-512M-*.log.xz"))

HERE = pytest.mark.skipif(not LOGS, reason="the real logs are not on this machine")

EXPECTED: dict[str, list[tuple[str, int | None]]] = {
    "070": [("refused", None)],
    "073": [("refused", None)],
    "074-cadvisor-system": [("refused", None)],
    "077": [("refused", None)],
    "078": [("skew", 188)],
    "081": [("refused", None)],
    "105": [("refused", None)],
    "115": [("no_block", None)],
    "117": [("refused", None)],
    "131": [("no_block", None)],
    "135": [("refused", None)],
    "137": [("refused", None)],
    "139": [("skew", 242)],
    "141": [("no_block", None)] * 3,
    "143": [("skew", 2368)],
    "147": [("no_block", None), ("refused", None)],
    "153": [("refused", None)],
    "oomanalyser-archlinux": [("refused", None)],
    "oomanalyser-rhel7": [("refused", None)],
}
"""By the first characters of a log's name, every verdict that it has, in order."""


def results(path: Path) -> list[FrameDiagnosis]:
    with import_to_memory(str(path)) as timeline:
        return [diagnose_frame(timeline, index) for index in range(len(timeline))]


def verdicts(path: Path) -> list[tuple[str, int | None]]:
    found = [one.diagnosis.judgement for one in results(path)]
    return [shown(one) for one in found if one.status in (Status.EXACT, Status.OPEN)]


def shown(one: Judgement) -> tuple[str, int | None]:
    return str(one.outcome or one.status), one.skew_pages


@HERE
@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_each_log_has_the_verdicts_that_were_computed(path: Path) -> None:
    expected = next((EXPECTED[name] for name in EXPECTED if path.name.startswith(name)), [])
    assert verdicts(path)[: len(expected) or None] == expected


@HERE
def test_nineteen_of_them_are_refused_everywhere() -> None:
    refused = [one for found in EXPECTED.values() for one in found if one[1] is None]
    assert len(refused) >= 19


SKEWS = 5
"""Reports of the captures whose numbers changed between the look and the print."""


@HERE
def test_every_failure_of_a_single_page_on_modern_kernels_is_explained() -> None:
    found = []
    for path in MODERN:
        if ".samples." in path.name:
            continue
        for one in results(path):
            report = one.frame.report
            if report is None or report.kind is not ReportKind.FAILURE or report.memory is None:
                continue
            if report.request is not None and report.request.order == 0:
                found.append(one.diagnosis.judgement)
    assert len(found) > 150
    assert {one.status for one in found} == {Status.EXACT}
    assert sum(shown(one)[0] == "skew" for one in found) <= SKEWS
