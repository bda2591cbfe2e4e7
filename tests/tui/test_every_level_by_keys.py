"""Every level is won on the screen as a person plays it: key by key, while time runs by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from mmplay.levels.catalogue import find_level
from mmplay.levels.model import ANSWER, PLACE, WAIT, Move
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.moments import moment_test
from mmplay.levels.progress import best
from mmplay.recordings.library import played, played_files
from mmplay.tui import player
from mmplay.tui.app import MmplayApp
from mmplay.tui.play import game, stage
from tests.tui.screens import ROUNDS, settle, spelled, text_of, typed
from tests.tui.test_level_screen import level_screen, opened, right_keys, run_of

MOST_KEYS = 400
STRIDES = 4
LEVELS = [f"L{number:02d}" for number in range(1, 21)]


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No frame stays longer than it must, and nothing that is won here counts for the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("SHORTEST_US", "IDLE_LIMIT_US"):
        monkeypatch.setattr(player, name, 0)
    for name in ("TURN_US", "STRIDE_US"):
        monkeypatch.setattr(stage, name, 0)
    monkeypatch.setattr(game, "LAST_LOOK_S", 0.001)


async def keys(pilot: Pilot[None], *names: str) -> None:
    """Press keys one after the other, as they are typed."""
    for name in names:
        await pilot.press(name)
    await typed(pilot)


async def answer(pilot: Pilot[None]) -> None:
    """Answer what is asked, right, and go on from there."""
    await keys(pilot, *right_keys(run_of(pilot)))
    face = level_screen(pilot).game
    assert face is not None
    if face.stage.landed is not None:
        await keys(pilot, "enter")


async def act(pilot: Pilot[None], move: Move) -> None:
    """Do what a move says: by its number where it has one, else by its name."""
    face = level_screen(pilot).game
    assert face is not None
    text = f"{move.action} {move.value}"
    numbers = {option.value: number for number, option in face.game.choices.items()}
    if text in numbers:
        await keys(pilot, str(numbers[text]))
    else:
        await keys(pilot, "x", *spelled(text), "enter")


async def come_to(pilot: Pilot[None], at: str) -> None:
    """Answer what is asked and let turn after turn pass, until the moment has come."""
    for _ in range(MOST_KEYS):
        run = run_of(pilot)
        there = moment_test(run.session.live, at or "now", run.end_turn)
        if run.open_question() is not None:
            await answer(pilot)
        elif there(run.session.to_end()):
            return
        else:
            await keys(pilot, "full_stop")
    raise AssertionError(f"{at} never came:\n{text_of(pilot)}")


async def pass_time(pilot: Pilot[None]) -> None:
    """Wait while time runs, as long as it moves; where it waits, let it run."""
    if run_of(pilot).playing and not level_screen(pilot).player.playing:
        await keys(pilot, "space")
    before = run_of(pilot), run_of(pilot).session.end
    for _ in range(ROUNDS):
        await pilot.pause()
        if (run_of(pilot), run_of(pilot).session.end) != before:
            return


async def to_the_end(pilot: Pilot[None]) -> None:
    """Answer what is asked; where time waits, let it run."""
    for _ in range(MOST_KEYS):
        run = run_of(pilot)
        if run.open_question() is not None:
            await answer(pilot)
        elif run.over:
            await settle(pilot)
            return
        else:
            await pass_time(pilot)
    raise AssertionError(f"it never ended:\n{text_of(pilot)}")


@pytest.mark.parametrize("name", LEVELS)
async def test_its_solution_wins_a_level_by_keys_while_time_runs_by_itself(name: str) -> None:
    level = find_level(name)
    if not level.by_turns:  # the same turns in fewer pictures
        level = level._replace(stride=level.stride * STRIDES)
    app = MmplayApp(level=level, motion=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for done, move in enumerate(level.solution):
            if move.action in (ANSWER, PLACE, WAIT):
                continue
            await come_to(pilot, move.at)
            before = run_of(pilot).score().acts
            await act(pilot, move)
            assert run_of(pilot).score().acts == before + 1, f"{done}: {move}\n{text_of(pilot)}"
        await to_the_end(pilot)
        assert run_of(pilot).outcome is Outcome.WON, text_of(pilot)
    won = best(level.id)
    assert won is not None
    assert won.stars == 3
    files = played_files()
    assert len(files) == 1 + len(level.stages)
    assert all(played(path).whole and played(path).result.startswith("won") for path in files)
