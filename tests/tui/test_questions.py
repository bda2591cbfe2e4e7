"""Every number that can be asked for has an answer that agrees with what the screen shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from mmplay.engine.explain.answer import UNKNOWN, Answer, Scene
from mmplay.engine.explain.ask import answer
from mmplay.engine.explain.finding import equation
from mmplay.engine.frame import Ask, Timeline
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.tui.cells import DENSITIES, Cell, Row, plain
from mmplay.tui.glyphs import BOXES
from mmplay.tui.views.counters import counters_rows
from mmplay.tui.views.explain import explain_rows
from mmplay.tui.views.report import chosen_decision, report_rows, turn_rows
from mmplay.tui.views.scene import View
from mmplay.tui.views.zones import lists_rows, zones_rows
from tests.sessions import incident_run

UNTIL_NS = 61_530_000_000
LEFT_OPEN = re.compile(r"[{}]|\bNone\b|\bnan\b|  ·|· $")


def views(timeline: Timeline, index: int) -> Iterator[View]:
    result = diagnose_frame(timeline, index)
    for density in DENSITIES:
        yield View(result, 200, 60, density, BOXES)


def cells(view: View) -> Iterator[Cell]:
    """Yield every cell with a question, of every panel."""
    for rows in (zones_rows, counters_rows, lists_rows, report_rows):
        for row in rows(view):
            yield from (cell for cell in row if cell.ask is not None)
    if view.frame.facts is not None:
        for row in turn_rows(view, view.frame.facts):
            yield from (cell for cell in row if cell.ask is not None)


def questions(timeline: Timeline, index: int) -> Iterator[tuple[Scene, Cell, Ask]]:
    """Yield every question once, with the cell that it was first seen on."""
    seen = set()
    for view in views(timeline, index):
        for cell in cells(view):
            assert cell.ask is not None
            if cell.ask not in seen:
                seen.add(cell.ask)
                yield view.scene, cell, cell.ask


def sound(found: Answer, ask: Ask) -> None:
    """Assert what is true of every answer, whatever was asked."""
    assert found is not UNKNOWN, ask
    assert found.title, ask
    assert found.what, ask
    for label, text in found.parts():
        assert not LEFT_OPEN.search(text), (ask, label, text)
        assert text == text.strip(), (ask, label, text)
    if found.term is not None:
        assert str(found.term.value) in equation(found.term)


def every_answer(timeline: Timeline) -> Iterator[tuple[Scene, Cell, Ask, Answer]]:
    for index in range(len(timeline)):
        for scene, cell, ask in questions(timeline, index):
            yield scene, cell, ask, answer(scene, ask)


def test_every_question_of_a_log_is_answered(incident: ObservedTimeline) -> None:
    kinds = set()
    for _, _, ask, found in every_answer(incident):
        sound(found, ask)
        kinds.add(ask.kind)
    assert {"zone", "reserve", "floor", "blocks", "total", "tail", "mode", "slub", "entry"} <= kinds
    assert ("score" in kinds) is any(
        incident.frame(index).report.kill is not None  # type: ignore[union-attr]
        for index in range(len(incident))
    )


def test_links_lead_to_answers_and_back(incident: ObservedTimeline) -> None:
    """Who follows links stays among numbers that this frame knows."""
    for scene, _, ask, found in every_answer(incident):
        for label, link in found.links:
            assert label, ask
            sound(answer(scene, link), link)


def test_a_number_on_the_screen_stands_in_its_answer(rc7: ObservedTimeline) -> None:
    checked = 0
    for _, cell, ask, found in every_answer(rc7):
        text = cell.text.strip()
        if ask.kind in ("zone", "total", "reserve") and text.isdigit():
            assert text in f"{found.what} {found.numbers}", (ask, text, found)
            checked += 1
    assert checked > 100


def test_a_floor_s_answer_ends_in_its_number(linux_next: ObservedTimeline) -> None:
    shown = {
        ask: found
        for _, _, ask, found in every_answer(linux_next)
        if ask.kind == "floor" and found.term is not None
    }
    assert shown
    for found in shown.values():
        assert found.term is not None
        assert f"= {found.term.value}" in f"{found.numbers} ", found


def test_answers_name_the_source_that_was_read(rc7: ObservedTimeline) -> None:
    sources = {found.source for _, _, _, found in every_answer(rc7) if found.source}
    assert sources
    assert all(source.endswith("v4.5") for source in sources)
    assert any("mm/page_alloc.c" in source for source in sources)


@pytest.mark.parametrize("width", [30, 51, 100])
def test_an_answer_fits_its_panel(rc7: ObservedTimeline, width: int) -> None:
    """All but the row of links and the source, which the panel scrolls."""
    result = diagnose_frame(rc7, 0)
    for density in DENSITIES:
        view = View(result, width, 40, density, BOXES)
        for cell in cells(view):
            assert cell.ask is not None
            rows = explain_rows(view, (cell.ask,))
            found = answer(view.scene, cell.ask)
            parts = [row for row in rows if row[0].text.strip() in LABELS]
            assert parts, cell
            assert all(len(plain(row)) <= width for row in parts), parts
            tail = "".join("".join(plain(row) for row in rows).split())
            source = "".join(found.source.split())
            assert (source in tail) is (density != "calm" or not found.source)


LABELS = {label for label, _ in Answer("t", "a", "b", "c", "d", "e").parts()}


def test_following_a_link_shows_the_way_back(rc7: ObservedTimeline) -> None:
    view = View(diagnose_frame(rc7, 0), 80, 40, "full", BOXES)
    asks = [cell.ask for cell in cells(view) if cell.ask is not None]
    first = next(ask for ask in asks if answer(view.scene, ask).links)
    link = answer(view.scene, first).links[0][1]
    assert "goes back" not in text_of_rows(explain_rows(view, (first,)))
    assert "goes back" in text_of_rows(explain_rows(view, (first, link, first)))
    assert "Move the cursor" in text_of_rows(explain_rows(view, ()))


def text_of_rows(rows: list[Row]) -> str:
    return "\n".join(plain(row) for row in rows)


def test_questions_about_what_is_not_there_are_unknown(rc7: ObservedTimeline) -> None:
    scene = next(views(rc7, 0)).scene
    for ask in (
        Ask("zone", (0, "Normal", "free")),
        Ask("zone", (0, "DMA32", "nothing")),
        Ask("reserve", (3, "DMA", 1)),
        Ask("blocks", (0, "HighMem", 1)),
        Ask("total", ("nothing",)),
        Ask("tail", ("nothing",)),
        Ask("entry", (9999,)),
        Ask("decision", (0,)),
        Ask("counter", ("pgalloc",)),
        Ask("nothing", ()),
    ):
        assert answer(scene, ask) is UNKNOWN, ask


# A simulated run


def test_every_question_of_a_run_is_answered() -> None:
    run = incident_run(UNTIL_NS)
    kinds = set()
    step = max(1, len(run) // 60)
    for index in sorted({*range(0, len(run), step), *run.event_frames}):
        for scene, _, ask in questions(run, index):
            found = answer(scene, ask)
            sound(found, ask)
            kinds.add(ask.kind)
    assert {"zone", "decision", "counter"} <= kinds


def test_a_counter_s_answer_adds_up() -> None:
    run = incident_run(UNTIL_NS)
    changed = 0
    for index in range(1, len(run), len(run) // 12):
        facts = run.frame(index).facts
        assert facts is not None
        scene = Scene(run.frame(index), diagnose_frame(run, index).diagnosis)
        for name, now in facts.counters.items():
            found = answer(scene, Ask("counter", (name,)))
            before = facts.counters_before.get(name, 0)
            assert f"{name} is {now}." in found.what
            if now != before:
                changed += 1
                assert found.numbers == f"{before} + {now - before} = {now}"
            else:
                assert found.consequence
    assert changed


def test_a_decision_s_answer_is_the_decision_and_its_way() -> None:
    run = incident_run(UNTIL_NS)
    refused = 0
    for index in run.event_frames:
        frame = run.frame(index)
        assert frame.facts is not None
        scene = Scene(frame, diagnose_frame(run, index).diagnosis)
        for number, one in enumerate(frame.facts.decisions):
            found = answer(scene, Ask("decision", (number,)))
            assert found.what == one.text
            assert all(name in found.rule for name in one.stack)
            assert bool(found.consequence) is one.refused
            refused += one.refused
        assert answer(scene, Ask("decision", (len(frame.facts.decisions),))) is UNKNOWN
    assert refused


def test_inside_a_turn_only_what_was_decided_so_far_is_shown() -> None:
    run = incident_run(UNTIL_NS)
    index = max(run.event_frames, key=lambda one: len(run.frame(one).facts.decisions))  # type: ignore[union-attr]
    result = diagnose_frame(run, index)
    facts = result.frame.facts
    assert facts is not None
    count = len(facts.decisions)
    assert count > 1
    for inside in range(count):
        view = View(result, 100, 40, "full", BOXES, inside)
        asked = [cell.ask for row in turn_rows(view, facts) for cell in row if cell.ask]
        assert asked == [Ask("decision", (number,)) for number in range(inside + 1)]
        assert chosen_decision(facts, inside) == inside
    assert chosen_decision(facts, count + 5) == count - 1
    last_refused = [number for number, one in enumerate(facts.decisions) if one.refused][-1:]
    assert chosen_decision(facts, None) == (last_refused or [count - 1])[0]
    assert chosen_decision(facts._replace(decisions=()), None) is None
    assert chosen_decision(facts._replace(decisions=()), 3) is None
