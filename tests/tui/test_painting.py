"""What is sent to the terminal: only cells that change, and never a wrong one."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from mmplay.tui.painting import Painter, switch
from tests.bench.keys import MMPLAY, Terminal

WIDTH, HEIGHT = 120, 40
QUIET_S, PATIENCE_S = 0.3, 30
RED, BOLD = Style(color="red"), Style(bold=True)

LINES = (
    "free pages",
    "free frames of it",
    "日本 free",
    "x日本free",
    "日free日本日本",
    "",
    "é e\u0301 ok",
)


def painted(painter: Painter, screen: pyte.Screen, row: int, strip: Strip) -> str:
    sent = painter.sent([(row, 0, strip)], ColorSystem.TRUECOLOR)
    pyte.Stream(screen).feed(sent)
    return sent


def strip_of(text: str, style: Style) -> Strip:
    return Strip([Segment(text[:4], style), Segment(text[4:], BOLD)]).adjust_cell_length(30)


def cells(screen: pyte.Screen) -> list[tuple[str, str, bool]]:
    return [
        (cell.data, cell.fg, cell.bold)
        for row in range(screen.lines)
        for cell in (screen.buffer[row][column] for column in range(screen.columns))
    ]


@pytest.mark.parametrize("before", LINES)
@pytest.mark.parametrize("after", LINES)
def test_what_was_there_before_leaves_no_trace(before: str, after: str) -> None:
    changed, fresh = pyte.Screen(30, 1), pyte.Screen(30, 1)
    painter = Painter()
    painted(painter, changed, 0, strip_of(before, RED))
    painted(painter, changed, 0, strip_of(after, BOLD))
    painted(Painter(), fresh, 0, strip_of(after, BOLD))
    assert cells(changed) == cells(fresh)


def test_what_the_terminal_shows_is_not_sent_again() -> None:
    painter, screen = Painter(), pyte.Screen(30, 1)
    strip = strip_of("free 1738 pages", RED)
    assert painted(painter, screen, 0, strip)
    assert painted(painter, screen, 0, strip) == ""
    one = painted(painter, screen, 0, strip_of("free 1739 pages", RED))
    assert "9" in one
    assert "free" not in one
    painter.forget()
    assert "free" in painted(painter, screen, 0, strip)


STYLES = ("", "\x1b[1m", "\x1b[31m", "\x1b[1;38;2;1;2;3;48;2;9;9;9m", "\x1b[38;5;7;48;2;9;9;9m",
          "\x1b[97;40m", "\x1b[7;97;40m", "\x1b[4;3;38;2;3;2;1m")  # fmt: skip


@pytest.mark.parametrize("old", STYLES)
@pytest.mark.parametrize("new", STYLES)
def test_a_switch_of_styles_comes_to_the_new_one(old: str, new: str) -> None:
    def looks(text: str) -> object:
        screen = pyte.Screen(4, 1)
        pyte.Stream(screen).feed(text)
        cell = screen.buffer[0][0]
        return cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore, cell.italics

    assert looks(f"{old}{switch(old, new)}x") == looks(f"{new}x")
    assert len(switch(old, new)) <= len(f"\x1b[0m{new}")


class Seen:
    """mmplay on a pseudo-terminal, and what a terminal makes of its output."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.terminal = Terminal((*MMPLAY, *args), str(folder))
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.ByteStream(self.screen)

    def press(self, key: bytes) -> int:
        """Press a key; return how many bytes came until it was quiet."""
        os.write(self.terminal.master, key)
        return self.read()

    def read(self) -> int:
        count = 0
        while select.select([self.terminal.master], [], [], QUIET_S if count else PATIENCE_S)[0]:
            # pyte takes the kitty protocol's requests for text.
            got = os.read(self.terminal.master, 65536)
            self._stream.feed(got.replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))
            count += len(got)
        return count

    def until(self, text: str) -> None:
        while text not in "\n".join(self.screen.display):
            assert self.read(), text


BUDGETS = {b".": 6_000, b",": 6_000, b"\t": 6_000, b"\x1b[B": 2_000, b"\x1b[C": 2_000}
"""Bytes that a key may send at 120x40."""


def test_a_key_sends_few_bytes_and_the_screen_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    seen = Seen(tmp_path, "replay", "incident-4.5.0-rc7")
    try:
        seen.until("q back")
        for key, most in BUDGETS.items():
            assert 0 < seen.press(key) <= most, key
        seen.press(b"t")
        shown = cells(seen.screen)
        assert seen.press(b"\x0c") > 5_000
        assert cells(seen.screen) == shown
    finally:
        seen.terminal.close()
