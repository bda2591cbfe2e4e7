"""README's picture is the real screen, and its two commands are what .ci/run and users run."""

import json
from pathlib import Path

import pyte
import pytest

from mmplay.tui.cast import SIZE
from tests.tui.minute import CAST
from tests.tui.picture import README, drawn, parts
from tests.tui.screens import press, running

ROOT = README.parent

MOVE_S = 0.31
"""How long before an answer has landed it is given."""


async def test_the_picture_is_the_screen() -> None:
    """After a change of the screen: `python -m tests.tui.picture`."""
    assert parts()[1].split("\n") == (await drawn()).split("\n")


def test_there_are_exactly_two_set_up_commands() -> None:
    before, _, after = parts()
    commands = [line for line in (before + after).splitlines() if line.startswith("    ")]
    assert len(commands) == 2
    assert all(line.startswith("    python3 -m venv ") for line in commands)
    assert commands[0].endswith("/mmplay")
    assert commands[1].endswith("-m pytest")


def test_three_sentences_say_what_it_is() -> None:
    first = README.read_text().split("\n\n")[1]
    assert first.replace("\n", " ").count(". ") + 1 == 3


def test_the_architecture_page_is_short() -> None:
    assert len((ROOT / "docs" / "ARCHITECTURE.md").read_text().splitlines()) <= 120


async def test_the_first_minute_is_what_a_new_player_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a change of the first level or of its screen: `python -m tests.tui.minute`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    header, *events = map(json.loads, CAST.read_text().splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, *SIZE)
    assert 55 < events[-1][0] <= 62
    terminal = pyte.Screen(*SIZE)
    stream = pyte.Stream(terminal)
    right = next(n for n, event in enumerate(events) if event[1:] == ["m", "right"])
    answered = events[right][0]
    for time_s, code, text in events:
        if code == "o" and time_s < answered - MOVE_S:
            stream.feed(text)
    async with running(None) as pilot:
        shown = await press(pilot, "enter", "enter")
    assert [line.rstrip() for line in terminal.display] == shown.split("\n")
