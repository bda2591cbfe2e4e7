"""Headlines: every kind of event has one, whatever its report lacks; none guesses, none is long."""

from __future__ import annotations

from itertools import product

import pytest

from mmplay.engine.explain.diagnose import Diagnosis
from mmplay.engine.explain.finding import templates
from mmplay.engine.explain.headline import (
    LONGEST,
    MASKS,
    headline,
    headline_finding,
)
from mmplay.engine.explain.sorts import sort_of, sort_words
from mmplay.engine.explain.verdict import Judgement, Outcome, Status
from mmplay.engine.report import (
    Cgroup,
    CmaFailure,
    Limited,
    MemDump,
    OomKill,
    Report,
    ReportKind,
    Request,
    SlubReport,
)

KILL = OomKill(11, "chosen", killed_pid=12, killed_comm="died", anon_rss_kb=3 << 20)
LONG = "/kubepods.slice/" + "pod" * 80 + "/container"

REQUESTS = (
    None,
    Request(None, None, None),
    Request("asker", 0, 0xCC0, "GFP_KERNEL", pid=7),
    Request("x" * 90, 10, 0xCC0, "GFP_KERNEL|" * 20, pid=4_194_304, cpuset=LONG),
    Request("asker", -1, 0xCC0),
    Request(None, None, None, slub=SlubReport(0xCC0, None, -1, "kmalloc-64")),
)
CGROUPS = (None, Cgroup(), Cgroup(path=LONG, usage_kb=524288, limit_kb=524288))
KILLS = (None, KILL, OomKill(12, "died"))
"""None, one with all lines, and one that the log ends before."""

MEMORIES = (None, MemDump(0))

REPORTS = [
    Report(kind, 0, 1, 2, request=request, cgroup=cgroup, kill=kill, memory=memory)
    for kind, request, cgroup, kill, memory in product(
        ReportKind, REQUESTS, CGROUPS, KILLS, MEMORIES
    )
]
REPORTS += [
    Report(ReportKind.CMA, 0, 1, 2, cma=CmaFailure(area, 512, ret))
    for area, ret in product((None, "linux,cma", "a" * 99), (-12, -16, -4))
]
REPORTS += [Report(ReportKind.FAILURE, 0, 1, 2, request=Request("asker", 0, 0, ""))]
REPORTS += [
    Report(ReportKind.VMALLOC, 0, 1, 2, request=request, asked_bytes=size, why=why)
    for request, size, why in product(
        REQUESTS[1:4], (None, 0, 8, 1 << 40), (None, "w" * 200, "failed to map pages")
    )
]


def test_every_event_has_a_headline_that_fits() -> None:
    for report in REPORTS:
        text = headline(report, Diagnosis(None))
        assert 20 <= len(text) <= LONGEST, (report, text)
        assert "None" not in text, (report, text)
        assert "{" not in text
        assert ", )" not in text
        assert text[0] != " "
        assert text.endswith(".")


def test_nobody_is_said_to_be_killed_who_is_not_named() -> None:
    for report in REPORTS:
        text = headline(report, Diagnosis(None))
        if report.kill is None:
            assert "was killed by" not in text
            assert " was killed;" not in text.replace("who was killed", "")
        elif report.kind.by_killer:
            assert "died (12)" in text
            assert "asker" not in text
            assert report.kill.comm != "chosen" or "chosen" not in text


@pytest.mark.parametrize("kind", [kind for kind in ReportKind if kind.by_killer])
def test_a_killer_that_finds_nobody_says_so(kind: ReportKind) -> None:
    report = Report(kind, 0, 1, 2, nobody_killable=True)
    assert "kill" in headline(report, Diagnosis(None))
    assert "who was killed" not in headline(report, Diagnosis(None))


def test_a_cgroup_s_kill_names_group_and_limit() -> None:
    cgroup = Cgroup(path="/app.slice/job-7.scope", usage_kb=524288, limit_kb=524288)
    report = Report(ReportKind.MEMCG_OOM, 0, 1, 2, cgroup=cgroup, kill=KILL)
    assert headline(report, Diagnosis(None)) == (
        "Cgroup /app.slice/job-7.scope reached its limit of 512.0 MiB: died (12) with 3.0 GiB "
        "resident was killed."
    )


@pytest.mark.parametrize(
    ("usage", "limit", "swap", "words"),
    [
        (524284, 524288, (0, 1 << 53), "its limit of 512.0 MiB:"),
        (400000, 524288, (600000, 600000), "its memory+swap limit of 585.9 MiB:"),
        (400000, 524288, (0, 1 << 53), "its memory limit:"),
        (None, None, (0, 1 << 53), "its memory limit:"),
    ],
)
def test_the_limit_that_was_reached_is_named(
    usage: int | None, limit: int | None, swap: tuple[int, int], words: str
) -> None:
    cgroup = Cgroup("/a", usage_kb=usage, limit_kb=limit, others={"memory+swap": Limited(*swap, 9)})
    report = Report(ReportKind.MEMCG_OOM, 0, 1, 2, cgroup=cgroup, kill=KILL)
    report.also_killed = [KILL, KILL]
    text = headline(report, Diagnosis(None))
    assert (
        text == f"Cgroup /a reached {words} died (12) with 3.0 GiB resident and 2 more were killed."
    )


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_every_sort_has_its_words(status: Status, outcome: Outcome | None) -> None:
    for kind in ReportKind:
        report = Report(kind, 0, 1, 2, request=REQUESTS[3])
        diagnosis = Diagnosis(None, judgement=Judgement(status, outcome, decided_by="a thing"))
        sort = sort_of(report, diagnosis)
        assert 5 <= len(sort_words(sort)) <= LONGEST
        assert sort == sort_of(Report(kind, 9, 3, 4, request=REQUESTS[3]), diagnosis)
        assert len(headline(report, diagnosis)) <= LONGEST


MOMENTS = {f"headline.moment{which}" for which in ("", "_all", "_some", "_none")}


def test_every_headline_has_its_event() -> None:
    """What lies in the data is said of some report; of a moment without one: test_moment.py."""
    plain = {headline_finding(report, Diagnosis(None), MASKS[0]).code for report in REPORTS}
    nobody = {
        headline_finding(Report(kind, 0, 1, 2, nobody_killable=True), Diagnosis(None), 0).code
        for kind in ReportKind
    }
    panic = {
        headline_finding(Report(kind, 0, 1, 2, panicked="compulsory"), Diagnosis(None), 0).code
        for kind in ReportKind
    }
    known = {code for code in templates() if code.startswith("headline.")}
    assert known - MOMENTS == plain | nobody | panic
