"""Bursts of keys in real pseudo-terminals: `python -m tests.fuzz.keys [BURSTS [SEED]]`.

One mmplay gets each burst in one write, another the same bytes one by one. A burst ends in a prompt
with a word typed into it: both must come to the same screen, with exactly that word in the prompt.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import pyte

from mmplay.recordings.library import DATA
from tests.tui.test_terminal import Terminal

RECORDING = "incident-next-20160311.mmtrace"
PATIENCE_S = 20.0
MOST = 2

PIECES = (
    *(",", ".", "t", "T", "[", "]", "<", ">", "r", "Z", "n", "N", "v", "\t", "z", "y", "e", "i"),
    *("c", "s", "h", "j", "k", "l", "g", "G", "u", "o", "\r", "\x7f", "0", "5", "9"),
    *("ma", "mb", "'a", "'b", "''", "b#1\r", "b$\r", "bx\r", "/ks\r", "/zq\r", "/\r"),
    *("aw\r", "B\r", "?q", "Vq", "\x1b[A", "\x1b[B"),
)
"""Keys of the play screen; what opens a prompt or a list also closes it."""


class Failed(Exception):
    """A burst did not come to what it should."""


class Screen:
    """A terminal with what stands on its screen."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        path = folder / RECORDING
        shutil.copy(DATA / RECORDING, path)
        self.terminal = Terminal("replay", str(path))
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    def read(self) -> list[str]:
        """Take what was printed; return the screen's lines."""
        while select.select([self.terminal.master], [], [], 0)[0]:
            self._stream.feed(os.read(self.terminal.master, 65536))
        return [line.rstrip() for line in self._screen.display]


def burst(number: int, seed: int) -> tuple[str, str]:
    """Return the keys of a burst and the word that it ends in."""
    random = Random(f"{seed}.{number}")
    keys = "".join(random.choice(PIECES) for _ in range(random.randint(1, MOST)))
    return keys, "".join(chr(ord("a") + part) for part in divmod(number % 26**2, 26))


def play(bursts: int, seed: int) -> None:
    """Play so many bursts; raises Failed."""
    with tempfile.TemporaryDirectory() as name:
        screens = [Screen(Path(name) / one) for one in ("whole", "single")]
        try:
            _until(screens, "keys", "the start")
            for number in range(bursts):
                _one(screens, number, seed)
        finally:
            for one in screens:
                one.terminal.close()


def _one(screens: list[Screen], number: int, seed: int) -> None:
    keys, word = burst(number, seed)
    data = f"{keys}b{word}".encode()
    whole, single = (one.terminal.master for one in screens)
    os.write(whole, data)
    for byte in data:
        os.write(single, bytes([byte]))
    _until(screens, word, f"burst {number} of seed {seed}: {keys!r}")
    for one in screens:
        one.terminal.type(b"\r")


def _until(screens: list[Screen], word: str, what: str) -> None:
    """Wait until both screens are the same, with the word alone in the last line's prompt."""
    end = time.monotonic() + PATIENCE_S
    while True:
        shown = [one.read() for one in screens]
        last = [lines[-1].split() for lines in shown]
        if shown[0] == shown[1] and (word in last[0][:1] or word == "keys" in last[0]):
            return
        if any(one.terminal.process.poll() is not None for one in screens):
            raise Failed(f"{what}: mmplay ended\n" + "\n".join(shown[0]))
        if time.monotonic() > end:
            raise Failed("\n".join([what, *shown[0], "-" * 80, *shown[1]]))
        select.select([one.terminal.master for one in screens], [], [], 0.05)


if __name__ == "__main__":
    wanted = [int(text) for text in sys.argv[1:3]]
    count, first = (*wanted, *(2000, 1)[len(wanted) :])
    play(count, first)
    print(f"{count} bursts of seed {first}: the same screens, nothing lost")
