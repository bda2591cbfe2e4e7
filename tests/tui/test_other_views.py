"""Views of the menu, a level, two recordings and the glossary, drawn without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mmplay.engine.explain.comparing import Comparison
from mmplay.engine.frame import Ask
from mmplay.levels.glossary import search
from mmplay.levels.level_list import LevelLine, level_lines
from mmplay.levels.play.beside import Beside, current, in_words
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.questions import Reply
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin
from mmplay.recordings.compare import compare
from mmplay.recordings.library import Played, open_recording, shipped
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.tui.cells import Row, plain
from mmplay.tui.glyphs import ASCII, BOXES
from mmplay.tui.views.compare import chart_rows, parting_rows, table_rows
from mmplay.tui.views.ending import ending_rows
from mmplay.tui.views.glossary import list_rows, term_ask, term_rows
from mmplay.tui.views.menu import (
    level_preview,
    menu_rows,
    played_preview,
    recording_preview,
    stars_text,
)
from mmplay.tui.views.task import EARLY, NOTHING, beside_rows, story_rows, task_rows
from tests.levels.proofs import DOOR, EATER, NUMBER, level
from tests.sessions import incident_run
from tests.waiting import as_long_as

WIDTHS = st.integers(24, 200)
GOAL = """\
[[win]]
counter = "dirty_ratio"
op = "=="
value = 5
text = "dirty_ratio is 5"
"""


def lines(rows: list[Row]) -> list[str]:
    return [plain(one) for one in rows]


def asks(rows: list[Row]) -> list[Ask]:
    return [cell.ask for one in rows for cell in one if cell.ask is not None]


# The menu


@pytest.mark.parametrize(
    ("stars", "text"), [(None, "  -"), (0, "..."), (1, "*.."), (2, "**."), (3, "***")]
)
def test_stars_always_take_three_columns(stars: int | None, text: str) -> None:
    assert stars_text(stars, ASCII) == text


@given(WIDTHS)
def test_every_entry_of_the_menu_fits_and_can_be_opened(width: int) -> None:
    levels, recordings = level_lines(), shipped()
    sessions = [("A run of the incident", "won, 3 stars"), ("L03", "")]
    rows = menu_rows(levels, {"L03": 2}, recordings, sessions, width)
    assert all(cell_len(line) <= max(width, 24 + 12) for line in lines(rows))
    found = asks(rows)
    assert [one for one in found if one.kind == "level"] == [
        Ask("level", (line.name,)) for line in levels
    ]
    assert [one.names[0] for one in found if one.kind == "open"] == list(range(len(recordings)))
    assert [one.names[0] for one in found if one.kind == "played"] == [0, 1]
    assert found.count(Ask("import")) == 1


def test_worlds_are_headed_once_and_stars_stand_beside_their_level() -> None:
    levels = [LevelLine("a", "A1", "One", 1), LevelLine("b", "A2", "Two", 1)]
    levels.append(LevelLine("c", "B1", "Three", 2))
    shown = lines(menu_rows(levels, {"A2": 1}, [], [], 40))
    headings = [line for line in shown if line.startswith("World") or not line.startswith("  ")]
    assert len(headings) == 3  # two worlds and the recordings
    assert next(line for line in shown if "A2 Two" in line).endswith(" ★☆☆")
    assert next(line for line in shown if "A1 One" in line).endswith("   -")
    assert "Played" not in "".join(shown)


def test_a_title_that_is_cut_says_so() -> None:
    sessions = [("1130-0153 L10 Softirq at the door", "won")]
    assert lines(menu_rows([], {}, [], sessions, 37))[-1] == "  1130-0153 L10 Softirq at the... won"


def test_a_preview_of_a_level_tells_what_it_is_about() -> None:
    one = level(DOOR)
    shown = "\n".join(lines(level_preview(one, None, (60, 20), BOXES)))
    for text in ("T1 A test", "Nothing.", "A task.", "not won yet", "kernel 4.5-rc7"):
        assert text in shown
    assert "won ★★☆" in "\n".join(lines(level_preview(one, 2, (60, 20), BOXES)))
    assert "Recreated." in "\n".join(
        lines(level_preview(one._replace(recreates="Recreated."), 1, (60, 20), BOXES))
    )


def test_a_preview_of_a_recording_lists_its_events(incident: ObservedTimeline) -> None:
    shown = lines(recording_preview(incident, "About it.", 70))
    assert shown[0] == "About it."
    for index in incident.event_frames:
        assert any(incident.frame(index).title in line for line in shown)
    assert shown[-1] == f"{incident.line_count} lines, {len(incident)} frames"


def test_a_preview_of_what_was_played() -> None:
    one = Played(Path("/x/y.mmtrace"), "Title", "", "L03", 12, 61_500_000, "", whole=False)
    shown = "\n".join(lines(played_preview(one, 60)))
    assert "12 turns, to 61.500000 s" in shown
    assert "no result" in shown
    assert "cut short" in shown
    whole = one._replace(kernel="4.5-rc7", result="won, 1 stars, 11 acts of par 1", whole=True)
    shown = "\n".join(lines(played_preview(whole, 60)))
    assert "won, 1 star, 11 acts of par 1\n" in shown
    assert "cut short" not in shown


# A level


def played(tables: str, keys: str = "", machine: str = "") -> LevelRun:
    return begin(level(tables, keys, machine), 1)


def shown_task(run: LevelRun, width: int = 70, said: str = "", reply: Reply | None = None) -> str:
    game = LevelGame(run)
    game.hinted, game.reply = said, reply
    return "\n".join(lines(task_rows(game, width, "full")))


def test_a_question_shows_its_options_by_number() -> None:
    run = played(DOOR)
    rows = task_rows(LevelGame(run), 70, "full")
    assert asks(rows) == [Ask("choice", (1,)), Ask("choice", (2,))]
    text = shown_task(run)
    assert text.startswith("1/3  14 pages are free. Does it pass?")
    assert " 1 yes" in text
    assert "1-2 answer" in text
    assert "A task." not in text


def test_a_number_is_asked_for_in_its_unit() -> None:
    text = shown_task(played(NUMBER))
    assert "What is low?" in text
    assert "p answers in pages" in text


def test_a_hint_stands_below_the_question() -> None:
    assert shown_task(played(DOOR), said="Look at min.").endswith("Hint: Look at min.")


def test_goals_and_choices_are_shown_while_nothing_is_asked() -> None:
    run = played(
        GOAL, 'allow = ["dirty_ratio"]\nchoices = ["dirty_ratio 5 | the right one"]', EATER
    )
    text = shown_task(run)
    assert "[ ] dirty_ratio is 5: not yet: vm.dirty_ratio: 20" in text
    assert " 1  the right one" in text
    assert "press x" not in text, "what can be done is all numbered"
    assert "A task." in text
    run.act("dirty_ratio", "5")
    assert "[x] dirty_ratio is 5" in shown_task(run) or not run.playing


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_reply_says_what_the_kernel_says(answer: str) -> None:
    run = played(DOOR)
    question = run.open_question()
    assert question is not None
    reply = run.answer(question.id, answer)
    text = shown_task(run, reply=reply)
    assert text.startswith(f"You said {answer}")
    assert (": right." in text.splitlines()[0]) is reply.right
    if not reply.right:
        assert f"The right answer is {reply.truth.shown()}" in text
    assert "2/3  13 pages" in text


@pytest.mark.parametrize("won", [True, False])
def test_the_end_of_a_level_is_read_with_its_result(won: bool) -> None:
    run = played(DOOR)
    for question in as_long_as(run.open_question):
        if won:
            run.answer(question.id, run.truths[question.id].shown())
        else:
            run.skip(question.id)
    assert not run.playing
    text = shown_task(run)
    closing = "\n".join(lines(ending_rows(run, [], None, 100, BOXES)))
    assert text.split("\n")[3 if won else 1].startswith(" won: " if won else " ended: ")
    stars = run.score().stars
    assert closing.startswith(f" {run.outcome}  {'★' * stars}{'☆' * (3 - stars)}")
    assert "In the real kernel: f, mm/x.c" in closing
    assert "What the model leaves out: l" in closing
    assert f"you missed {0 if won else 3}" in closing
    assert ("What you missed" in closing) is not won


def test_the_story_ends_in_what_is_learnt_and_the_keys() -> None:
    shown = lines(story_rows(played(DOOR)))
    assert shown[0] == "A story."
    assert "A task." in shown
    assert "What you learn: Nothing." in shown
    assert "? the keys" in shown[-1]


@given(WIDTHS)
def test_the_task_fits_its_panel(width: int) -> None:
    for one in (DOOR, NUMBER, GOAL):
        run = played(one, 'allow = ["dirty_ratio"]', EATER)
        assert all(
            cell_len(line) <= width for line in shown_task(run, width, "A hint.").split("\n")
        )


# The incident beside a run

PAIRS = (
    Beside("killed 1", 100, 200),
    Beside("killed 2", 300, 200, "killed 2", 350),
    Beside("killed 3", 400, 200),
)


@pytest.mark.parametrize(
    ("time_us", "place"), [(0, -1), (99, -1), (100, 0), (349, 0), (350, 1), (400, 2), (9999, 2)]
)
def test_which_line_was_the_last(time_us: int, place: int) -> None:
    assert current(PAIRS, time_us) == place


def test_pairs_stand_newest_first_with_a_verdict() -> None:
    assert lines(beside_rows((), 0, 60)) == [NOTHING]
    assert lines(beside_rows(PAIRS, 0, 60)) == [EARLY]
    shown = lines(beside_rows(PAIRS, 9999, 200))
    assert shown[0] == "incident 0.000400  killed 3"
    assert shown[1] == "here not printed yet"
    assert shown[2] == "incident 0.000300  killed 2"
    assert shown[3] == "here 0.000350  killed 2"
    assert shown[-1] == "here the run starts from it"
    assert len(in_words(PAIRS[1])) == 3
    assert (PAIRS[1].same, PAIRS[1].late_us) == (True, 50)


# Two recordings


@pytest.fixture(scope="module")
def parted() -> Comparison:
    return compare(incident_run(61_470_000_000), incident_run(61_470_000_000, "nowait"))


def test_where_two_runs_part_is_told_first(parted: Comparison) -> None:
    shown = lines(parting_rows(parted, 80))
    assert shown
    assert all(cell_len(line) <= 80 for line in shown)
    same = compare(incident_run(59_600_000_000), incident_run(59_600_000_000))
    assert lines(parting_rows(same, 80)) != shown
    assert "Every number is the same." in lines(table_rows(same, "full", 80, 9))


@pytest.mark.parametrize("width", [30, 80, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_bars_of_both_sides_fit_and_end_in_their_number(
    parted: Comparison, width: int, ascii_only: bool
) -> None:
    shown = lines(chart_rows(parted, width, ascii_only))
    bars = [line for line in shown if line[:2] in ("A ", "B ")]
    assert len(bars) == 2 * sum("a full bar is" in line for line in shown)
    assert all(cell_len(line) == width for line in bars)
    assert all(line.split()[-1].isdigit() for line in bars)
    if ascii_only:
        assert "".join(shown).isascii()


def test_the_table_leaves_out_what_is_the_same(parted: Comparison) -> None:
    short, whole = (table_rows(parted, one, 80, 9) for one in ("full", "raw"))
    differing = [one for one in parted.rows if one.delta != 0]
    names = "\n".join(lines(short))
    assert differing
    assert len(whole) - len(short) == len(parted.rows) - len(differing)
    for one in differing:
        assert one.name in names
        if one.delta is not None:
            assert f"{one.delta:+d}" in names


def test_numbers_over_the_bars_are_not_cut(parted: Comparison) -> None:
    for width in range(46, 70):
        shown = lines(chart_rows(parted, width, ascii_only=False, at=3))
        assert max(map(cell_len, shown)) <= width


def test_a_wide_table_that_is_too_long_stands_in_two_columns(parted: Comparison) -> None:
    one, two = (lines(table_rows(parted, "raw", width, 9)) for width in (80, 190))
    assert len(two) < len(one) * 2 // 3
    assert two[1].count("B - A") == 2
    assert lines(table_rows(parted, "raw", 190, 400)) == one


def test_nothing_in_common_is_nothing_to_draw(parted: Comparison) -> None:
    shown = lines(chart_rows(parted._replace(series=()), 80, ascii_only=False))
    assert shown == ["There is nothing to draw: no moment is in both."]


def test_a_log_beside_a_run_has_a_table() -> None:
    with open_recording("incident-4.5.0-rc7") as log:
        found = compare(incident_run(59_600_000_000), log)
    shown = lines(table_rows(found, "raw", 80, 9))
    assert any("?" in line.split() for line in shown) or len(shown) > 2
    assert found.b_name == "incident-4.5.0-rc7"


# The glossary


@given(WIDTHS)
def test_every_term_is_drawn_and_its_links_lead_on(width: int) -> None:
    entries = search("")
    names = {name for entry in entries for name in entry.names}
    assert max(map(cell_len, lines(list_rows(entries, 58)))) <= 58
    assert [one.names[0] for one in asks(list_rows(entries, width))] == [one.id for one in entries]
    for entry in entries[:: max(1, len(entries) // 12)]:
        rows = term_rows(entry, width)
        assert asks(rows) == [term_ask(name) for name in entry.related]
        assert set(entry.related) <= names
        text = "".join("".join(lines(rows)).split())
        assert "".join(entry.title.split()) in text
        assert "".join(entry.text.split()) in text


def test_a_chart_with_room_for_it_has_higher_bars(parted: Comparison) -> None:
    small, large = (lines(chart_rows(parted, 60, False, None, height)) for height in (0, 16))
    numbers = [line.split()[-1] for line in small if line[:2] in ("A ", "B ")]
    assert [line.split()[-1] for line in large if line[:2] in ("A ", "B ")] == numbers
    assert len(small) < len(large) <= 16
