"""The stage of a level: what stands beside its picture fits at 80x24, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.engine.sim.metrics import read
from mmplay.levels.catalogue import find_level
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.model import Level, Picture
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.solve import begin
from mmplay.tui.app import MmplayApp
from mmplay.tui.cells import plain, row, wrap
from mmplay.tui.glyphs import ASCII
from mmplay.tui.play.meaning import run_us
from mmplay.tui.play.panels import Panels
from mmplay.tui.play.stage import SLOW_TICKS, STRIDE_US, TURN_US, Stage, in_the_middle
from mmplay.tui.player import Player
from mmplay.tui.screens.play import PlayScreen
from mmplay.tui.views.pictures.kinds import Still, said_of
from mmplay.tui.views.pictures.sight import sight_of
from mmplay.tui.views.stage import question_rows
from tests.levels.proofs import level
from tests.tui.screens import press, settle, text_of
from tests.tui.test_level_screen import answer_right
from tests.waiting import PUMPS, as_long_as

NAMES = [path.stem for path in shipped_levels()]

OF_SCREEN, LINES, VERDICT = 24, 80, 4
"""Rows and columns of the smallest screen, and rows of it that a question may take."""

BESIDE = 33
"""Columns beside the picture."""

FIXED = 7
"""Header, footer, borders, and three rows of feedback."""


def stages(name: str) -> tuple[Level, ...]:
    level = find_level(name)
    return (level, *level.stages)


@pytest.mark.parametrize("name", NAMES)
def test_every_level_has_a_picture_and_its_questions_fit_beside_it(name: str) -> None:
    for stage in stages(name):
        assert stage.picture is not None
        for question in stage.questions:
            asked = wrap(question.text, LINES - 2)
            assert len(asked) <= VERDICT, question.id
            room = OF_SCREEN - FIXED - len(asked)
            rows = question_rows(question, (BESIDE, room), ASCII)
            assert len(rows) <= room, question.id
            assert max(len(plain(row)) for row in rows) <= BESIDE, question.id


@pytest.mark.parametrize("name", NAMES)
def test_what_a_picture_says_is_made_from_its_view(name: str) -> None:
    game = LevelGame(begin(find_level(name)))
    said = said_of(game)
    picture = game.showing.picture
    assert isinstance(picture, Picture)
    if picture.kind == "history":
        assert said == ""
        return
    assert said.endswith(".")
    assert said.isascii()
    truth = game.level_run.truths[game.question.id] if game.question is not None else None
    if truth is not None and isinstance(truth.value, int) and truth.value > 9:
        assert str(truth.value) not in said.replace(",", " ").split()


def test_an_edge_that_has_not_turned_is_not_told() -> None:
    game = LevelGame(begin(find_level("L12")))
    still = Still.of(sight_of(game.session.live, ASCII, game.showing))
    assert still is not None
    assert {edge.words for edge in still.facts.edges} == {"?"}
    locked, at_min = still.facts.gauges
    assert (locked.words, locked.role) == ("locked by reserve 1732", "refused")
    assert (at_min.words, at_min.role) == ("at min", "below_min")


def test_water_has_the_colour_of_the_line_that_it_is_below() -> None:
    game = LevelGame(begin(find_level("L05")))
    shown = game.showing
    asked = Still.of(sight_of(game.session.live, ASCII, shown))
    told = Still.of(sight_of(game.session.live, ASCII, shown._replace(hidden=())))
    assert asked is not None
    assert told is not None
    assert (told.facts.state, told.facts.role) == ("below min+1732", "below_min")
    assert (asked.facts.state, asked.facts.role) == ("", "fine"), "its marks are asked about"


FALLS = """\
[picture]
kind = "tank"
zone = "DMA32"

[[ask]]
id = "left"
text = "Programs take what they get. How many pages are left?"
truth = "marks DMA32 min"
options = ["13", "14"]
after = ["set_free DMA32 13"]
"""


async def second_answer(tables: str) -> tuple[str, int, int]:
    """Return the screen after the second option, and DMA32's free pages: pictured, and left."""
    app = MmplayApp(level=level(tables))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        shown = await press(pilot, "2")
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        assert screen.game is not None
        assert screen.game.stage.landed is not None
        assert screen.game.stage.landed.still is not None
        left = read(screen.game.game.session.live, "zones.DMA32.free")
        return shown, screen.game.stage.landed.still.facts.free, left


async def test_a_wrong_answer_lands_too_and_the_machine_stays_as_it_is() -> None:
    shown, pictured, left = await second_answer(FALLS)
    assert "The right answer is 13" in shown
    assert (pictured, left) == (13, 600)


REFUSED_FIRST = """\
[picture]
kind = "tank"
zone = "DMA32"

[[ask]]
id = "first"
text = "15 pages are free; low is 16. A first try is held against low. What happens?"
truth = "passes DMA32 plain 15 low"
options = ["yes | it gets a page", "no | it is refused"]
before = ["min_free_kbytes 52", "set_free DMA32 15"]
after = ["request GFP_KERNEL"]
"""


async def test_a_first_try_that_is_refused_lands_as_it_was_refused() -> None:
    _, pictured, left = await second_answer(REFUSED_FIRST)
    assert (pictured, left) == (15, 14), "the next try was held against min"


@pytest.mark.parametrize(("size", "shown"), [((120, 40), 2), ((200, 60), 3)])
async def test_panels_below_a_picture_share_the_width(
    size: tuple[int, int], shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Panels, "hide_empty", lambda self: None)  # nothing was printed yet
    app = MmplayApp(level=find_level("L12"))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        panels = [app.screen.query_one(f"#{name}") for name in ("report", "lists", "log")]
        seen = [panel.region for panel in panels if panel.region.area]
        assert len(seen) == shown
        assert len({region.y for region in seen}) == 1
        assert sum(region.width for region in seen) == size[0]
        await press(pilot, "L")
        if size == (120, 40):
            assert app.screen.query_one("#log").region.width == size[0], "no corner is empty"


@pytest.mark.parametrize(
    ("name", "motion", "least"),
    [("L02", True, TURN_US), ("L02", False, 0), ("L17", True, STRIDE_US)],
)
async def test_where_any_turn_may_want_an_act_time_runs_slowly(
    name: str, motion: bool, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    app = MmplayApp(level=find_level(name), motion=motion)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        assert screen.mover.least_us() == least


async def test_time_that_is_let_run_stops_at_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    app = MmplayApp(level=find_level("L04"), motion=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        for _ in range(3):
            await answer_right(pilot)
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        assert not screen.player.playing, "a level with acts waits for the player"
        before = len(screen.mover.timeline)
        await press(pilot, "2", "space")
        for _ in as_long_as(lambda: screen.player.playing, PUMPS):
            await pilot.pause()
        assert len(screen.mover.timeline) > before
        assert screen.game is not None
        assert screen.game.game.question is not None
        assert "end of the recording" not in text_of(pilot)


async def test_a_line_that_is_too_slow_for_moves_gets_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(Stage, "_is_behind", lambda stage: True)
    app = MmplayApp(level=find_level("L01"), motion=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "1")
        screen = app.screen
        assert isinstance(screen, PlayScreen)
        assert screen.game is not None
        stage = screen.game.stage
        for _ in range(SLOW_TICKS):
            stage._tick()
        assert not stage.moving
        await press(pilot, "enter")
        assert not stage.moving


async def test_a_history_shows_only_what_its_level_taught() -> None:
    app = MmplayApp(level=find_level("L04"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        shown = await press(pilot, "enter")
        assert "min 1300" in shown
        assert "HARDER" not in shown, "floors below min are no part of this level"
        assert "DMA " not in shown, "nor is the other zone"


def test_a_picture_that_is_lower_than_its_panel_stands_in_its_middle() -> None:
    drawn = [row("a"), row(""), row("b"), *[row("")] * 6]
    assert [plain(one) for one in in_the_middle(drawn, 9)] == ["", "", "", "a", "", "b"]
    assert in_the_middle(drawn[:3], 3) == drawn[:3]
    assert in_the_middle([], 4) == [row("")] * 2


async def test_a_picture_that_is_narrower_than_its_panel_stands_in_its_middle() -> None:
    app = MmplayApp(level=find_level("L12"))
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        drawn = (await press(pilot, "enter")).splitlines()
        gauge = next(line for line in drawn if "DMA32   1300" in line)
        assert gauge.index("DMA32") > 20


async def test_free_lists_alone_leave_the_picture_its_room() -> None:
    async with MmplayApp(level=find_level("L17")).run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        heights = [
            pilot.app.screen.query_one(f"#{name}").region.height for name in ("lists", "picture")
        ]
        assert 0 < heights[0] <= 10
        assert heights[1] > 35


def test_a_levels_run_passes_in_twelve_seconds_at_most() -> None:
    player = Player(LevelGame(begin(find_level("L09"))))
    for seconds, said in ((0, "x1"), (12, "x1"), (13, "x2"), (40, "x4"), (10_000, "x64")):
        player.pace(seconds * 1_000_000)
        assert player.speed_text() == said
    assert run_us(find_level("L09"), 1_000_000) == 40_000_000
    assert run_us(find_level("L02"), 0) == 0, "its end is no moment of the clock"
