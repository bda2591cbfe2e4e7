"""The film beside the menu: what it shows, that any key ends it, and that no one waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from mmplay.recordings.library import open_recording
from mmplay.tui import film, preview
from mmplay.tui.cells import plain
from mmplay.tui.film import CAPTIONS, ENDED, SHOWN, Film, caption_of, film_of, film_rows
from mmplay.tui.glyphs import BOXES
from mmplay.tui.screens.menu import MenuScreen
from mmplay.tui.screens.play import PlayScreen
from tests.tui.screens import ROUNDS, press, running, settle, text_of


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was played here yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(preview, "FILM_AFTER_S", 0.001)
    monkeypatch.setattr(preview, "SHOT_S", 0.001)


@pytest.fixture(scope="module")
def shown() -> Film:
    with open_recording(SHOWN) as recording:
        return film_of(recording)


def drawn(one: Film, number: int, size: tuple[int, int] = (38, 20)) -> str:
    return "\n".join(
        plain(row).rstrip() for row in film_rows(one, number, size, BOXES, "Enter: play L01")
    )


async def seen(pilot: Pilot[None], text: str) -> None:
    """Wait until the film shows a text."""
    for _ in range(ROUNDS):
        if text in text_of(pilot):
            return
        await settle(pilot)
    raise AssertionError(text_of(pilot))


def test_it_is_the_run_from_its_start_to_its_first_refusal(shown: Film) -> None:
    assert [vessel.name for vessel in shown.vessels] == ["DMA32", "DMA"]
    assert [vessel.line.pages for vessel in shown.vessels] == [1300, 1743]
    assert shown.shots[0].free == (1269, 1742)
    assert shown.shots[-1].free == (0, 0)
    assert 150 <= len(shown.shots) <= film.MOST_SHOTS + 1


def test_the_tanks_drain_and_the_log_has_the_last_word(shown: Film) -> None:
    first, last = drawn(shown, 0), drawn(shown, len(shown.shots))
    assert "1269 free" in first
    assert "locked" in first
    assert "refus" not in first
    assert last.count("empty") == 2
    assert "page allocation failure" in shown.refusal
    assert " ".join(shown.refusal.split()) in " ".join(last.split())
    assert "Enter: play L01" in last
    assert last.count("\n") < 20
    assert max(map(len, first.splitlines())) <= 38


def test_the_water_is_seen_to_sink_on_a_small_screen(shown: Film) -> None:
    levels: list[list[int]] = [[], []]
    for number in range(len(shown.shots)):
        tanks = drawn(shown, number).split("DMA\n")
        for level, tank in zip(levels, tanks, strict=True):
            level.append(sum("░" in line for line in tank.splitlines()))
    drains = [n for n, shot in enumerate(shown.shots) if shot.free[0]]
    assert len({levels[0][n] for n in drains}) >= 4
    assert len(set(levels[1][len(drains) :])) >= 4


@pytest.mark.parametrize("key", ["down", "enter"])
async def test_any_key_ends_it_and_is_not_lost(key: str) -> None:
    async with running(None, motion=True) as pilot:
        await seen(pilot, "runs out of memory")
        screen = await press(pilot, key)
        assert "runs out of memory" not in screen
        if key == "down":
            assert "L02 Split and merge" in screen.split("what it holds")[1]
        else:
            assert isinstance(pilot.app.screen_stack[2], PlayScreen)


async def test_the_panel_is_never_empty_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "FILM_AFTER_S", 3600)
    async with running(None, motion=True) as pilot:
        assert "runs out of memory" in text_of(pilot)
        assert "not won yet" in await press(pilot, "down")


async def test_without_motion_there_is_none() -> None:
    async with running(None) as pilot:
        await settle(pilot)
        assert "what it holds" in text_of(pilot)


async def test_a_key_shows_it_again_and_without_motion_only_its_end(
    shown: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(None) as pilot:
        await press(pilot, "down", "f")
        await seen(pilot, "runs out of memory")
        assert "Enter: play L02" in text_of(pilot)
        assert "runs out of memory" not in await press(pilot, "2")
    monkeypatch.setattr(preview, "SHOT_S", 3600)
    async with running(None, motion=True) as pilot:
        await press(pilot, "down", "f")
        await seen(pilot, f"{shown.shots[1].free[0]} free")
        assert isinstance(pilot.app.screen, MenuScreen)


def test_each_stage_has_a_sentence_of_its_own(shown: Film) -> None:
    said = [caption_of(shown, shot) for shot in shown.shots]
    assert list(dict.fromkeys(said)) == list(CAPTIONS)
    assert [one == CAPTIONS[1] for one in said] == [not shot.free[0] for shot in shown.shots]
    middle, last = (drawn(shown, n) for n in (len(said) // 2, len(said)))
    assert caption_of(shown, shown.shots[len(said) // 2]) in " ".join(middle.split())
    assert ENDED in " ".join(last.split())
