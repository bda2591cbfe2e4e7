"""A moment without a report: how a zone stands to its marks, and who is refused."""

from __future__ import annotations

import pytest

from mmplay.engine.explain.dumps import moment_finding, refused_by, standing
from mmplay.engine.explain.finding import sentence
from mmplay.engine.explain.gate import ladder
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import kernel_named
from mmplay.recordings.library import open_recording


@pytest.fixture(scope="module")
def dump() -> MemDump:
    with open_recording("incident-4.5.0-rc7") as recording:
        report = recording.frame(0).report
        assert report is not None
        assert report.memory is not None
        return report.memory


def with_free(dump: MemDump, name: str, pages: int) -> ZoneDump:
    zone = dump.zone(name)
    assert zone is not None
    zone.kb["free"] = 4 * pages
    return zone


@pytest.mark.parametrize(
    ("free", "words"),
    [
        *((0, "below min"), (1300, "at min"), (1301, "below low"), (1625, "at low")),
        *((1700, "below high"), (1950, "at high"), (1951, "above high")),
    ],
)
def test_at_is_not_below(dump: MemDump, free: int, words: str) -> None:
    assert standing(with_free(dump, "DMA32", free)) == words


@pytest.mark.parametrize(
    ("free", "dma", "said"),
    [
        (1301, 3, "below low: every request for one page is served now."),
        (1300, 1742, "at min: GFP_KERNEL is refused now, "
         "GFP_ATOMIC still gets pages in DMA32 and DMA."),
        (488, 1737, "below min: GFP_KERNEL and GFP_ATOMIC are refused now in every zone."),
        (488, 1738, "below min: GFP_KERNEL is refused now, GFP_ATOMIC still gets pages in DMA."),
    ],
)  # fmt: skip
def test_who_is_refused_now(dump: MemDump, free: int, dma: int, said: str) -> None:
    with_free(dump, "DMA", dma)
    with_free(dump, "DMA32", free)
    found = moment_finding(dump, kernel_named("4.5-rc7"))
    assert found is not None
    assert sentence(found).endswith(said)
    assert sentence(found).startswith(f"DMA32 has {free} pages free (")


def test_a_zone_above_its_marks_can_be_locked(dump: MemDump) -> None:
    kernel = kernel_named("4.5-rc7")
    rungs = ladder(kernel, with_free(dump, "DMA", 1737), 2)
    assert refused_by(rungs, 1737).all
    some = refused_by(rungs, 1742)
    assert (some.names, some.all) == (("plain",), False)
    assert standing(with_free(dump, "DMA", 1737)) == "above high"


def test_without_rules_only_the_standing_is_told(dump: MemDump) -> None:
    with_free(dump, "DMA32", 1300)
    found = moment_finding(dump, None)
    assert found is not None
    assert sentence(found) == "DMA32 has 1300 pages free (5.1 MiB), at min."
