"""A real pseudo-terminal: start, draw, quit, and leave the terminal as it was."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

ROOT = Path(__file__).parents[2]
ALTERNATE_SCREEN_ON, ALTERNATE_SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
PATIENCE_S = 30


class Terminal:
    """mmplay in a pseudo-terminal of 80x24."""

    def __init__(self, *args: str, before_start: Callable[[], object] | None = None) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mmplay", *args],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
            preexec_fn=before_start,
        )
        self.seen = b""

    def wait_for(self, text: bytes) -> None:
        """Read until `text` was printed; raise AssertionError after PATIENCE_S in all."""
        until = monotonic() + PATIENCE_S
        while text not in self.seen:
            left = max(0.0, until - monotonic())
            ready, _, _ = select.select([self.master], [], [], left)
            assert ready, f"{text!r} did not appear in {self.seen[-2000:]!r}"
            self.seen += os.read(self.master, 65536)

    def type(self, keys: bytes) -> None:
        """Send keys."""
        os.write(self.master, keys)

    def end(self) -> int:
        """Wait for the end, draining the terminal; return the exit status."""
        while self.process.poll() is None:
            if select.select([self.master], [], [], 0.05)[0]:
                self.seen += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536)
        return self.process.returncode

    def close(self) -> None:
        """Let go of the terminal."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    terminal = Terminal(*getattr(request, "param", ()))
    yield terminal
    terminal.close()


def test_menu_recording_and_back(opened: Terminal) -> None:
    opened.wait_for(b" levels")
    opened.type(b"2")
    opened.wait_for(b"100 lines, 4 frames")
    opened.type(b"\r")
    opened.wait_for(b"59.562581 rec")
    opened.type(b"q")
    opened.wait_for(b"what it holds")
    opened.type(b"q")
    assert opened.end() == 0
    assert termios.tcgetattr(opened.slave) == opened.before
    assert opened.seen.count(ALTERNATE_SCREEN_ON) == opened.seen.count(ALTERNATE_SCREEN_OFF)


@pytest.mark.parametrize(
    "opened", [("replay", "incident-next-20160311", "--at", "#2")], indirect=True
)
def test_replay_starts_where_it_is_told(opened: Terminal) -> None:
    opened.wait_for(b"90.549072 rec")
    opened.type(b"\x11")
    assert opened.end() == 0


def test_names_in_a_log_command_no_terminal(tmp_path: Path) -> None:
    name = "a\x1b]0;owned\x07\x1b[31m"
    log = tmp_path / f"{name}.log"
    log.write_text(f"[    1.000000] {name}: page allocation failure: order:0, mode:0x20\n")
    terminal = Terminal("replay", str(log))
    try:
        terminal.wait_for(b"1.000000 rec")
        terminal.type(b"\x11")
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert b"\\x1b]0;owned\\x07" in terminal.seen
    assert b"\x1b]0;" not in terminal.seen
    assert b"owned\x07" not in terminal.seen


def test_ctrl_c_inside_does_not_quit(opened: Terminal) -> None:
    opened.wait_for(b"what it holds")
    opened.type(b"\x03")
    opened.wait_for(b"Ctrl+Q to quit")
    opened.type(b"\x11")
    assert opened.end() == 0


def test_ctrl_c_outside_the_app_ends_with_130(tmp_path: Path) -> None:
    pipe = tmp_path / "log"
    os.mkfifo(pipe)
    # A suite that runs in the background has this signal ignored.
    heard = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    terminal = Terminal("import", str(pipe), "--json", before_start=heard)
    try:
        # Opening the pipe waits until mmplay has opened it, too, and is about to read.
        writer = os.open(pipe, os.O_WRONLY)
        os.killpg(terminal.process.pid, signal.SIGINT)
        assert terminal.end() == 130
        os.close(writer)
    finally:
        terminal.close()
    assert b"Traceback" not in terminal.seen


@pytest.mark.parametrize("opened", [("--theme", "none-such")], indirect=True)
def test_an_unknown_theme_is_one_line(opened: Terminal) -> None:
    assert opened.end() == 2
    assert b"themes are" in opened.seen
    assert b"Traceback" not in opened.seen


@pytest.mark.parametrize("hangup", [signal.SIG_DFL, signal.SIG_IGN])
def test_the_program_ends_when_its_terminal_is_gone(hangup: signal.Handlers) -> None:
    terminal = Terminal(before_start=lambda: signal.signal(signal.SIGHUP, hangup))
    terminal.wait_for(b"what it holds")
    os.close(terminal.slave)
    os.close(terminal.master)
    assert terminal.process.wait(PATIENCE_S) != 0


IN_BROWSER = """
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-m", "mmplay"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    env={**os.environ, "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"},
)
assert child.stdout.readline() == b"__GANGLION__\\n"
print(child.pid, flush=True)
sys.stdin.read()
os._exit(0)
"""
"""A server that starts a screen for a browser, and is gone when its input ends."""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux says when a process ends")
def test_a_screen_in_a_browser_ends_with_its_server() -> None:
    command = [sys.executable, "-c", IN_BROWSER]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        screen = os.pidfd_open(int(server.stdout.readline()))
        server.communicate()
    try:
        assert select.select([screen], [], [], PATIENCE_S)[0]
    finally:
        os.close(screen)
