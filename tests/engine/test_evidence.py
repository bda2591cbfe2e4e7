"""Whose rules a report is judged by: its release, and what it shows of its kernel."""

from __future__ import annotations

import pytest

from mmplay.engine.explain.evidence import evidence_of, found_finding, rules_for
from mmplay.engine.explain.finding import sentence
from mmplay.engine.report import MemDump, Report, ReportKind, Request, ZoneDump


def report(mode: int = 0xCC0, names: str | None = "GFP_KERNEL", *fields: str) -> Report:
    """Return a failure of a request with this mask, its dump with these fields."""
    zones = [ZoneDump(0, "Normal", kb=dict.fromkeys(fields, 4))] if fields else []
    memory = MemDump(0, zones=zones)
    request = Request("cat", 0, mode, names)
    return Report(ReportKind.FAILURE, 0, 1, 9, request=request, memory=memory)


BOOSTED = (
    *("managed", "free_pcp", "writepending", "reserved_highatomic", "boost"),
    *("kernel_misc_reclaimable", "sec_pagetables"),
)


def test_a_report_shows_masks_and_fields() -> None:
    seen = evidence_of(report(0xCC0, "GFP_KERNEL", "free", "managed"))
    assert seen.pairs == ((0xCC0, "GFP_KERNEL"),)
    assert seen.fields == frozenset(("free", "managed"))
    assert evidence_of(report()).fields is None


def test_what_the_report_shows_leaves_rules_out() -> None:
    found = rules_for(report(0x820, "GFP_ATOMIC", *BOOSTED), "5.14.0-503.el9.x86_64")
    assert found.kernel is not None
    assert {one.gate.name for one in (found.kernel, *found.others)} == {"6.3"}


def test_without_a_release_all_that_could_have_printed_it_are_asked() -> None:
    found = rules_for(report(0x1100CCA, "GFP_HIGHUSER_MOVABLE"), None)
    assert found.kernel is not None
    assert {one.gfp.name for one in (found.kernel, *found.others)} == {"5.14"}


def test_without_a_release_no_rules_tell_a_mask_that_could_be_read_otherwise() -> None:
    found = rules_for(report(0x20, None), None)
    assert found.kernel is None
    assert len(found.others) > 1
    assert all("names" not in one.prints for one in found.others)


SAID = (
    ("5.4.286", None),
    ("5.4.0-150-generic", "does not print which stable version"),
    ("5.14.0-427.el9", "was not read"),
    ("6.2.0-12017-g1ec35eadc3b4", "between two versions"),
    ("4.4.100", "lies between versions that were read"),
    ("3.10.0-957.el7", "RHEL 7 does not say which build"),
    ("6.18.2", "newer than 6.17"),
    ("2.6.18", "older than 2.6.32"),
    (None, "names no release"),
)


@pytest.mark.parametrize(("release", "said"), SAID)
def test_how_the_rules_were_found_is_said(release: str | None, said: str | None) -> None:
    found = found_finding(rules_for(report(), release), release)
    assert (found is None) == (said is None)
    if found is not None and said is not None:
        assert said in sentence(found)
        assert "None" not in sentence(found)
