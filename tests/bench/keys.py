"""How long a key takes to the screen, on a real pseudo-terminal of 120x40, and what it sends.

Run with `python -m tests.bench.keys`: median and worst from the key to the first and to the last
byte of what it paints, on a recording, on a run and on a level, beside a bare Textual app whose
label changes at every key; then the bytes that it paints. Figures are printed, nothing is asserted;
what a key may send is held by tests/tui/test_painting.py.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

KEYS = 40
QUIET_S = 0.06
"""What is painted has ended when nothing came for so long."""

BARE_APP = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    n = 0
    def compose(self):
        yield Static("ready to go")
    def on_key(self, event):
        self.n += 1
        self.query_one(Static).update(f"key {self.n}")
Bare().run()
"""

MMPLAY = (sys.executable, "-m", "mmplay")
PROGRAMS: tuple[tuple[str, tuple[str, ...], bytes, bytes, bytes], ...] = (
    ("bare Textual app", (sys.executable, "-c", BARE_APP), b"ready to go", b"", b"ab"),
    ("recording, frames", (*MMPLAY, "replay", "incident-4.5.0-rc7"), b"keys", b"", b".,"),
    (
        "run, turns",
        (*MMPLAY, "run", "incident", "--screen", "--until", "59.8"),
        b"keys",
        b"5",
        b".,",
    ),
    ("level, panels", (*MMPLAY, "play", "levels/data/L03.toml"), b"goes on", b"\r", b"\tv"),
    ("recording, panels", (*MMPLAY, "replay", "incident-4.5.0-rc7"), b"keys", b"", b"\t\t"),
    ("recording, cursor", (*MMPLAY, "replay", "incident-4.5.0-rc7"), b"keys", b"", b"jk"),
)


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, args: tuple[str, ...], folder: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "XDG_STATE_HOME": folder, "XDG_DATA_HOME": folder}
        self.process = subprocess.Popen(
            args,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def wait_for(self, text: bytes) -> None:
        """Read until a text was painted, then until it is quiet."""
        seen = b""
        while text not in seen:
            if not select.select([self.master], [], [], 30)[0]:
                raise TimeoutError(f"{text!r} did not appear")
            seen += os.read(self.master, 65536)
        self.until_quiet()

    def until_quiet(self) -> None:
        """Read until nothing comes any more."""
        while select.select([self.master], [], [], 0.4)[0]:
            os.read(self.master, 65536)

    def press(self, key: bytes) -> tuple[float, float, int]:
        """Press a key; return the seconds to the first and the last byte painted, and how many."""
        start = time.perf_counter()
        os.write(self.master, key)
        first = last = 0.0
        count = 0
        while select.select([self.master], [], [], QUIET_S if first else 5)[0]:
            count += len(os.read(self.master, 65536))
            last = time.perf_counter() - start
            first = first or last
        return first, last, count

    def close(self) -> None:
        """End the program."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def measure(args: tuple[str, ...], marker: bytes, before: bytes, keys: bytes) -> list[list[float]]:
    """Return the times to the first and to the last byte of every key, and how many came."""
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(args, folder)
        try:
            terminal.wait_for(marker)
            if before:
                terminal.press(before)
                terminal.until_quiet()
            found = [terminal.press(keys[n % 2 : n % 2 + 1]) for n in range(KEYS)]
        finally:
            terminal.close()
    return [[one[at] for one in found] for at in range(3)]


def p95(values: list[float]) -> float:
    """Return what 95 % of the values do not exceed."""
    return sorted(values)[len(values) * 95 // 100 - 1]


def main() -> None:
    """Print the figures."""
    bare = 0.0
    for name, args, marker, before, keys in PROGRAMS:
        first, last, count = measure(args, marker, before, keys)
        median = statistics.median(last)
        bare = bare or median
        print(
            f"{name:<20} first byte {statistics.median(first) * 1e3:6.1f} ms  "
            f"painted {median * 1e3:6.1f} ms median, {max(last) * 1e3:6.1f} worst  "
            f"ratio {median / bare:.1f}, p95 {p95(last) / bare:.1f}  "
            f"{statistics.median(count):.0f} bytes, p95 {p95(count):.0f}"
        )


if __name__ == "__main__":
    main()
