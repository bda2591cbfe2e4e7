"""Reports: valid, self-contained, complete, and nothing of a log is taken for markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mmplay.engine.errors import printable
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.explained import explained
from mmplay.recordings.export.blocks import (
    Block,
    Facts,
    Heading,
    Table,
    Text,
    html_page,
    markdown_page,
    moment,
    shortened,
)
from mmplay.recordings.export.report import explanation_blocks
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.recording import Recording
from tests.conftest import INCIDENT_NEXT, incident_text
from tests.recordings.export.exported import (
    HOSTILE,
    export,
    hostile_log,
    logged,
    same_as_golden,
    short_run,
)
from tests.recordings.export.html_rules import Page


def page_of(recording: Recording) -> Page:
    return Page(export(recording, "html").decode())


def why(recording: Recording) -> list[Block]:
    results = (diagnose_frame(recording, index) for index in recording.event_frames)
    return list(explanation_blocks(recording, results))


def test_a_log_s_page_has_everything(incident: ObservedTimeline) -> None:
    page = page_of(incident)
    second = [text for level, text in page.headings if level == 2]
    assert second == [
        "Free pages over time",
        "Incidents",
        "Zones and counters",
        "Events",
        "What this rests on",
    ]
    incidents = [text for level, text in page.headings if level == 3]
    assert len(incidents) == len(incident)
    for index in range(len(incident)):
        assert incident.frame(index).title in incidents[index]


def test_every_explanation_is_on_the_page(incident: ObservedTimeline) -> None:
    page = page_of(incident)
    for index in range(len(incident)):
        result = diagnose_frame(incident, index)
        for part in explained(result):
            if not part.label.startswith(("at ", "last look", "no watermarks")):
                assert all(line in page.words for line in part.lines), part
        for _, tests in result.diagnosis.asks:
            for test in tests:
                assert test.floor is not None
                assert str(test.floor.value) in page.cells
                assert any(str(test.verdict) in cell for cell in page.cells)


def test_formulas_are_filled_in(linux_next: ObservedTimeline) -> None:
    cells = page_of(linux_next).cells
    assert "min - min/2 + lowmem_reserve = 11 - 5 + 1732 = 1738" in cells
    assert "min - min/2 + lowmem_reserve = 1300 - 1300/2 = 650" in cells
    assert "refused, 22 pages short" in cells


def test_a_run_s_page_tells_acts_marks_and_what_was_assumed() -> None:
    run = short_run()
    page = page_of(run)
    assert "What was done to the machine" in page.words
    assert "you: min_free_kbytes 8192" in page.cells
    assert "half & <half>" in page.cells
    assert "made by rule, not measured" in page.words
    for text in (*run.session.live.setup.assumed, *run.session.live.setup.calibrated):
        assert text in page.words
    assert "zones.DMA32.free" in page.cells


def test_a_refusal_without_a_report_shows_its_decisions() -> None:
    from tests.sessions import incident_run

    run = incident_run(61_640_000_000)
    frame = next(
        run.frame(n) for n in run.event_frames if "refused for the first time" in run.frame(n).title
    )
    assert frame.facts is not None
    refused = [one.text for one in frame.facts.decisions if one.refused]
    page = page_of(run)
    assert refused
    assert refused[0] in page.words


def test_two_boots_and_a_hostile_task(tmp_path: Path) -> None:
    with hostile_log(tmp_path) as log:
        data = export(log, "html")
        page = Page(data.decode())
    assert b"<b>" not in data
    assert any(HOSTILE in text for _, text in page.headings)
    assert "4.5.0-rc7+" in page.words


@pytest.mark.parametrize("name", ["</main><h1>", "&lt;", "\x1b]0;x\x07", "\xff\xfe", "]]>", "<!--"])
def test_any_name_leaves_the_page_whole(tmp_path: Path, name: str) -> None:
    text = incident_text(INCIDENT_NEXT).replace(b"swapper/2", name.encode("latin-1"))
    with logged(tmp_path, text) as log:
        page_of(log)
        text = "".join(markdown_page(why(log))).encode()
    assert b"<h1>" not in text
    assert b"\x1b" not in text


def test_nothing_is_fetched_and_nothing_runs(rc7: ObservedTimeline) -> None:
    text = export(rc7, "html").decode()
    assert set(re.findall(r"https?://[^\"' <]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_explanations_as_markdown(linux_next: ObservedTimeline) -> None:
    text = "".join(markdown_page(why(linux_next)))
    assert same_as_golden(f"{INCIDENT_NEXT}.md", text.encode())
    assert "| DMA32 | 629 | 650 |" in text
    assert all(len(line) == len(line.rstrip()) for line in text.split("\n") if "|" not in line)


def test_explanations_as_html_are_of_the_same_blocks(incident: ObservedTimeline) -> None:
    blocks = why(incident)
    page = Page("".join(html_page("why", blocks)))
    headings = [block.text for block in blocks if isinstance(block, Heading)]
    assert [text for _, text in page.headings] == headings


WORDS = st.text(max_size=40)
BLOCKS = st.lists(
    st.one_of(
        st.builds(Text, WORDS),
        st.builds(Facts, st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)))),
        st.builds(
            Table,
            WORDS,
            st.tuples(WORDS, WORDS),
            st.lists(st.tuples(WORDS, WORDS), max_size=3),
            st.just(frozenset({1})),
        ),
    ),
    max_size=5,
)


@given(WORDS, BLOCKS)
def test_any_text_is_valid_html(title: str, blocks: list[Block]) -> None:
    page = Page("".join(html_page(title, [Heading(1, title), *blocks])))
    tables = [block for block in blocks if isinstance(block, Table)]
    assert len(page.cells) == sum(2 + 2 * len(table.rows) for table in tables)


GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = st.text("ab1 _*[]()<>/&#x;-+.|\\`~!:'\"=$é\n", max_size=14)


def read_back(text: str) -> list[str]:
    """Return what a reader of Markdown shows, piece by piece; all of it must be plain text."""
    pieces = [one.children for one in GITHUB.parse(text) if one.type == "inline"]
    allowed = {"text", "strong_open", "strong_close"}
    found = [one or [] for one in pieces]
    assert {part.type for one in found for part in one} <= allowed, text
    return ["".join(part.content for part in one) for one in found]


@given(st.one_of(WORDS, SIGNS), st.one_of(WORDS, SIGNS))
def test_any_text_is_read_as_it_stands_in_markdown(one: str, other: str) -> None:
    facts = Facts([("l", [one]), ("m", [one, other])])
    table = Table("t", ("a", one), [(other, one)])
    text = "".join(markdown_page([Heading(2, one), Text(other), facts, table]))
    first, second = (printable(words).strip() for words in (one, other))
    told = [first, second, f"l: {first}".strip(), "m:", first, second]
    told += ["t:", "a", first, second, first]
    assert all(line.isprintable() for line in text.split("\n"))
    assert list(filter(None, read_back(text))) == list(filter(None, told))


@pytest.mark.parametrize(
    "text",
    ["__GFP_HIGH|__GFP_NOWARN gives ALLOC_HIGH", "480 <= 488, -> refused", "[ 5.2] free[3]: 4 & 5"],
)
def test_what_means_nothing_is_not_escaped(text: str) -> None:
    assert "".join(markdown_page([Text(f"At {text}")])) == f"At {text}\n"


def test_moments() -> None:
    assert moment(None) == "no time"
    assert moment(59_562_581) == "59.562581 s"
    assert moment(1_457_870_400_000_000, wall=True) == "2016-03-13 12:00:00"
    assert moment(31_622_399_000_000, wall=True) == "Dec 31 23:59:59"
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
