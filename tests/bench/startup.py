"""How long mmplay takes to start: `python -m tests.bench.startup`.

`mmplay --version` beside `python -c pass`, and the first paint of the menu and of the play screen
beside that of a bare Textual app, each the best of several, measured in turn.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 9

BARE_APP = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("ready to go")
Bare().run()
"""


def command_seconds(*args: str) -> float:
    """Return how long a command takes from start to end."""
    start = time.perf_counter()
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - start


def paint_seconds(marker: bytes, *args: str) -> float:
    """Return how long a program takes from its start until `marker` is on its terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    start = time.perf_counter()
    process = subprocess.Popen(
        args, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, start_new_session=True
    )
    seen = b""
    try:
        while marker not in seen:
            if not select.select([master], [], [], 30)[0]:
                raise TimeoutError(f"{marker!r} did not appear")
            seen += os.read(master, 65536)
        return time.perf_counter() - start
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def best(*measures: object) -> list[float]:
    """Return the best of ROUNDS of each measure, taken in turn."""
    rounds = [[measure() for measure in measures] for _ in range(ROUNDS)]  # type: ignore[operator]
    return [min(column) for column in zip(*rounds, strict=True)]


def main() -> None:
    """Print the figures."""
    python = sys.executable
    bare, version = best(
        lambda: command_seconds(python, "-c", "pass"),
        lambda: command_seconds(python, "-m", "mmplay", "--version"),
    )
    print(f"python -c pass        {bare * 1000:7.1f} ms")
    print(
        f"mmplay --version      {version * 1000:7.1f} ms   ratio {version / bare:.2f} (at most 4)"
    )
    replay = (python, "-m", "mmplay", "replay", "incident-next-20160311")
    app, menu, play = best(
        lambda: paint_seconds(b"ready to go", python, "-c", BARE_APP),
        lambda: paint_seconds(b" levels", python, "-m", "mmplay"),
        lambda: paint_seconds(b"89.794733 rec", *replay),
    )
    print(f"bare Textual app      {app * 1000:7.1f} ms to first paint")
    print(f"mmplay                {menu * 1000:7.1f} ms   ratio {menu / app:.2f} (at most 1.5)")
    print(f"mmplay replay NAME    {play * 1000:7.1f} ms   ratio {play / app:.2f}, frame and answer")


if __name__ == "__main__":
    main()
