"""Pictures: their plain text at three sizes, what their shapes say, how they move."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mmplay.tui.cells import plain
from mmplay.tui.glyphs import ASCII, BOXES
from mmplay.tui.theme import ROLE_DEFAULTS, ROLE_STYLES, without_colour
from mmplay.tui.views.pictures.bits import bits_words
from mmplay.tui.views.pictures.canvas import EASE, STEPS, Canvas, heights, moved
from mmplay.tui.views.pictures.kinds import KINDS
from mmplay.tui.views.pictures.ladder import Rung, ladder_rows
from mmplay.tui.views.pictures.tank import (
    COMES,
    Line,
    Tank,
    Visitor,
    mib_text,
    tank_rows,
    tank_words,
)
from tests.tui.stills import (
    ABOVE,
    AT_MIN,
    GOLDEN,
    KNOWN,
    LADDER,
    LINES,
    PLACES,
    REFUSED,
    SERVED,
    STATES,
    VEILED,
    State,
    drawn,
    golden,
)

ALL = [(kind, state, place) for kind in STATES for state in STATES[kind] for place in PLACES]


@pytest.mark.parametrize("kind", STATES)
def test_a_picture_looks_as_it_did(kind: str) -> None:
    """After a change that is meant: `python -m tests.tui.stills`."""
    assert golden(kind) == (GOLDEN / f"{kind}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "state", "place"), ALL)
def test_a_picture_fills_its_place_and_needs_no_box_characters(
    kind: str, state: State, place: tuple[int, int]
) -> None:
    rows = KINDS[kind].rows(state.still, *place, BOXES, state.past, state.step)
    assert [cell_len(plain(row)) for row in rows] == [place[0]] * place[1]
    assert {cell.role for row in rows for cell in row} <= set(ROLE_STYLES)
    plainer = "".join(drawn(kind, state, place, ASCII))
    shapes = {"█", "▓", "▒", "░"}  # A still names its own water; the app's filter draws it.
    assert set(plainer) - shapes <= {chr(n) for n in range(32, 127)}


@pytest.mark.parametrize("kind", STATES)
def test_what_is_heard_has_no_drawing_in_it(kind: str) -> None:
    for state in STATES[kind]:
        said = KINDS[kind].words(state.still)
        assert said.isascii()
        assert said.endswith(".")
        assert len(said) < 400


def test_every_state_of_a_picture_differs_in_more_than_colour() -> None:
    for kind, states in STATES.items():
        texts = {"\n".join(drawn(kind, state, PLACES[0])) for state in states}
        assert len(texts) == len(states), kind
    assert len({without_colour(ROLE_DEFAULTS)[f"mm-{role}"] for role in ("fine", "refused")}) == 1


def test_a_caller_stands_on_the_water_until_its_line_may_be_seen() -> None:
    still = Tank("DMA32", 629, 4000, (Line("min", 1300, True), Line("HIGH", 650, drawn=False)))
    rows = [
        [plain(row) for row in tank_rows(one, 46, 14, BOXES)]
        for one in (
            still._replace(asked=Visitor("conntrack", COMES, line), free=free)
            for line, free in ((650, 629), (488, 629))
        )
    ]
    at = [next(n for n, row in enumerate(drawn) if "conntrack" in row) for drawn in rows]
    assert at[0] == at[1], "where it stands does not tell the answer"


# water and lines


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=5, unique=True),
    st.integers(11, 60),
    st.integers(0, 4000),
)
def test_the_water_covers_a_line_exactly_if_more_pages_are_free(
    lines: list[int], rows: int, free: int
) -> None:
    glass = heights(lines, rows)
    surface = glass.surface(free)
    assert all((surface <= glass.of_line(line)) == (free > line) for line in lines)
    placed = [glass.of_line(line) for line in sorted(lines, reverse=True)]
    assert placed == sorted(set(placed))
    if rows > 2 * len(lines) + 2:
        assert all((glass.level(free) < glass.of_line(line)) == (free > line) for line in lines)
        assert all((glass.level(free) == glass.of_line(line)) == (free == line) for line in lines)


@pytest.mark.parametrize("lines", [(19, 16, 13), (1950, 1625, 1300), (1748, 1745, 1743)])
def test_equal_is_on_the_line_and_one_page_more_or_less_is_another_row(
    lines: tuple[int, ...],
) -> None:
    glass = heights(lines, 11)
    for line in lines:
        rows = [glass.level(free) for free in (line + 1, line, line - 1)]
        assert rows[0] < rows[1] == glass.of_line(line) < rows[2]
        assert glass.surface(line) == rows[1] + 1, "at the line the lid is not under water"


def test_a_drain_far_above_the_lines_is_seen() -> None:
    """The small zone of L05: 1850 free pages, then 300, then 60, with lines at 65 to 70."""
    lines = (Line("high", 70), Line("low", 67), Line("min", 65, strong=True))
    surfaces = []
    for free in (1850, 300, 60):
        rows = [plain(row) for row in tank_rows(Tank("DMA", free, 3976, lines), 46, 12, BOXES)]
        surfaces.append(sum("█" in row for row in rows))
    assert surfaces == sorted(surfaces, reverse=True)
    assert len(set(surfaces)) == 3


def test_a_refused_caller_is_over_the_lid_and_a_served_one_is_gone() -> None:
    refused = drawn("tank", STATES["tank"][1], PLACES[0])
    (ball,) = (n for n, line in enumerate(refused) if "memeater refused" in line)
    lid = next(n for n, line in enumerate(refused) if "━" in line)
    assert ball < lid
    assert any(line.startswith("● memeater") for line in refused)
    served = [plain(row) for row in tank_rows(SERVED, *PLACES[0], BOXES)]
    assert "memeater served" in "".join(served)


def test_a_callers_name_is_whole_or_says_that_it_is_not() -> None:
    def seen(name: str) -> str:
        tank = AT_MIN._replace(asked=Visitor(name, COMES, 1300))
        rows = tank_rows(tank, 44, 16, BOXES)
        return next(plain(row) for row in rows if BOXES.ball in plain(row)).strip()

    beside = seen("wb_start_writeback")
    assert beside.endswith("│ wb_start_writeback"), "and no wall is written over"
    assert beside.count(BOXES.wall) == 2
    assert "..." in seen("a_name_that_is_as_long_as_the_sheet_is_wide")


def test_what_free_pages_are_stands_beside_their_number_in_the_order_of_reading() -> None:
    def said(free: int) -> list[str]:
        tank = AT_MIN._replace(free=free, state="below min", asked=None)
        rows = [plain(row).rpartition(BOXES.wall)[2] for row in tank_rows(tank, *PLACES[0], BOXES)]
        return [row.strip() for row in rows[:-1] if row.strip()]

    assert said(1100) == ["◀ 1100 free", "4.3 MiB", "below min"]
    assert said(1) == ["below min", "4 KiB", "◀ 1 free"], "where there is no room below it"


def test_a_line_that_is_hidden_is_not_told() -> None:
    alone = AT_MIN._replace(asked=None)
    hidden = alone._replace(lines=(*alone.lines[:2], alone.lines[2]._replace(drawn=False)))
    before, after = (
        [plain(row) for row in tank_rows(one, *PLACES[0], BOXES)] for one in (hidden, alone)
    )
    assert "min 1300" not in "".join(before)
    assert "min 1300" not in tank_words(hidden)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_pages_are_told_in_the_unit_that_suits_them() -> None:
    assert [mib_text(pages) for pages in (20, 1300, 443833)] == ["80 KiB", "5.1 MiB", "1.7 GiB"]


# moves


def test_a_move_goes_slow_fast_slow_in_whole_cells_and_ends_where_it_should() -> None:
    places = [moved(0, 20, step) for step in range(STEPS + 1)]
    assert (places[0], places[-1]) == (0, 20)
    steps = [b - a for a, b in pairwise(places)]
    assert steps[0] < max(steps) > steps[-1]
    assert [moved(20, 0, step) for step in range(STEPS + 1)] == [20 - place for place in places]
    assert EASE[STEPS] == 100


@pytest.mark.parametrize("kind", STATES)
def test_the_end_of_a_move_is_the_still_itself(kind: str) -> None:
    for state in STATES[kind]:
        without = drawn(kind, state._replace(past=None, step=STEPS), PLACES[1])
        assert drawn(kind, state._replace(step=STEPS), PLACES[1]) == without


def test_each_step_of_the_tank_is_another_picture() -> None:
    for past, still in ((AT_MIN, REFUSED), (ABOVE, SERVED)):
        seen = {
            "\n".join(plain(row) for row in tank_rows(still, *PLACES[0], BOXES, past, step))
            for step in range(STEPS + 1)
        }
        assert len(seen) >= STEPS - 1


def test_switches_are_told_once_they_are_known() -> None:
    assert "HIGH" not in bits_words(VEILED)
    assert "KSWAPD_RECLAIM, HIGH, NOTRACK on" in bits_words(KNOWN)


def test_nothing_is_drawn_beyond_the_sheet() -> None:
    sheet = Canvas(4, 2, BOXES)
    sheet.put(-1, 0, "abcdefg")
    sheet.put(0, 5, "x")
    sheet.put(1, 1, "漢")
    assert [plain(row) for row in sheet.rows()] == ["bcde", " ?  "]
    assert Canvas(-3, 1, BOXES).rows() == [()]


def test_a_glass_says_where_its_lines_were_moved_apart() -> None:
    assert heights([1950, 1625, 1300], 15).to_scale
    assert not heights([1748, 1745, 1743, 1738], 12, 3976).to_scale
    for lines, said in (((1950, 1300), False), ((1748, 1745, 1743, 1738), True)):
        tank = Tank("DMA", 1500, 3976, tuple(Line(str(one), one) for one in lines))
        drawn = [plain(row) for row in tank_rows(tank, 43, 13, BOXES)]
        assert any("not to scale" in row for row in drawn) is said, lines
    far = Tank("dirty pages", 500, 9000, (Line("background", 17608), Line("limit", 17609)))
    for width in range(30, 60):
        text = "".join(plain(row) for row in tank_rows(far, width, 13, BOXES))
        assert text.count("scal") == text.count("scale"), width
        assert width < 43 or "not to scale" in text, "as it is called elsewhere, where it has room"


def test_lines_that_all_lay_on_the_ground_are_drawn_without_what_is_above_them() -> None:
    """L16's zone: marks of 16238 to 24356 pages out of 443813, and 24000 free."""
    lines = tuple(Line(str(one), one) for one in (24356, 20297, 16238))
    drawn = [plain(row) for row in tank_rows(Tank("DMA32", 24000, 443813, lines), 74, 31, BOXES)]
    low = next(n for n, row in enumerate(drawn) if row.startswith("16238"))
    assert low < 15, "not on the ground: more than half of the glass is below min"
    assert not any("not to scale" in row for row in drawn)
    brim = [plain(row) for row in tank_rows(Tank("DMA32", 60000, 443813, lines), 74, 31, BOXES)]
    assert any("not to scale" in row for row in brim), "more is free than the glass reaches to"


def test_hidden_lines_tell_nothing_by_their_places() -> None:
    def drawn(*pages: int) -> list[str]:
        lines = tuple(Line(f"line {one}", one, drawn=False) for one in pages)
        return [plain(row) for row in tank_rows(Tank("DMA", 1739, 3976, lines), 43, 13, BOXES)]

    assert drawn(11, 13, 16) == drawn(1743, 1745, 1748)


@pytest.mark.parametrize("free", [489, 650])
def test_the_water_does_not_tell_who_is_served(free: int) -> None:
    """The same water stands in one place whether the line that is asked about is over it or not."""

    def drawn(pages: int) -> list[str]:
        lines = (*LINES, Line("its line", pages, True, drawn=False))
        tank = AT_MIN._replace(free=free, lines=lines, asked=Visitor("ring", COMES, pages))
        return [plain(row) for row in tank_rows(tank, *PLACES[0], BOXES)]

    def climbed(pages: int) -> list[str]:
        rungs = (Rung("min", 1300), Rung("HIGH", pages, drawn=False), Rung("no floor", 0))
        ladder = LADDER._replace(free=free, rungs=rungs, told=False, veiled=True)
        return [plain(row) for row in ladder_rows(ladder, *PLACES[0], BOXES)]

    assert drawn(488) == drawn(650)
    assert climbed(488) == climbed(650)
