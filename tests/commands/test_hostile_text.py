"""Names that would command a terminal: none of them reaches it raw, from a verb or an export."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.errors import printable
from mmplay.recordings.library import open_recording
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import session_header
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.writer import TraceWriter
from mmplay.tui.exporting import FORMATS
from tests.engine.sim.machines import incident
from tests.sessions import session

pytestmark = pytest.mark.usefixtures("home")

NAME = "ev\x1b]0;OWNED\x07\x1b[31mil\r\x9b2J\u202e"
"""A title, a red text, a cleared screen, and a text that runs backwards."""

LOG = f"""\
[    1.000000] {NAME}: page allocation failure: order:0, mode:0x20
[    1.000001] CPU: 0 PID: 7 Comm: {NAME} Not tainted 4.5.0-rc7 #1
""".encode()

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal may obey; tabs and line ends are the only control characters that stay."""

COLOURS = re.compile(r"\x1b\[[0-9;?]*[mHJl]")
"""What the cast itself sends, and the player of a cast is told to obey."""

PAPER = tuple(name for name in FORMATS if name not in ("dmesg", "cast"))
"""Formats whose text is read as it stands; a log keeps its bytes, a cast is played."""


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / f"{NAME}.log"
    path.write_bytes(LOG)
    return str(path)


@pytest.fixture(scope="module")
def run() -> SessionTimeline:
    one = session(59_640_000_000)
    one.header["title"] = NAME
    one.mark(one.first + 3, NAME, NAME)
    return SessionTimeline(one)


def exported(name: str, recording: str) -> str:
    with open_recording(recording) as opened:
        return b"".join(FORMATS[name].load()(opened)).decode()


@pytest.mark.parametrize("name", PAPER)
def test_an_export_of_a_log_commands_no_terminal(log: str, name: str) -> None:
    assert not COMMANDS.findall(exported(name, log))


@pytest.mark.parametrize("name", PAPER)
def test_an_export_of_a_run_commands_no_terminal(run: SessionTimeline, name: str) -> None:
    assert not COMMANDS.findall(b"".join(FORMATS[name].load()(run)).decode())


def test_a_cast_sends_what_the_screen_sends_and_no_more(log: str) -> None:
    header, *events = map(json.loads, exported("cast", log).splitlines())
    texts = [header["title"], *(text for _, _, text in events)]
    assert any("OWNED" in text for text in texts)
    assert not any(COMMANDS.findall(COLOURS.sub("", text)) for text in texts)


def test_the_log_is_written_to_a_file_as_it_came(log: str, tmp_path: Path) -> None:
    out = tmp_path / "out.log"
    assert main(["export", log, "--format", "dmesg", "-o", str(out)]) == 0
    assert out.read_bytes() == LOG


def test_the_log_on_a_terminal_is_made_visible(
    log: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["export", log, "--format", "dmesg"]) == 0
    out = capsys.readouterr().out
    assert "OWNED" in out
    assert not COMMANDS.findall(out)


@pytest.mark.parametrize(
    "words", [["info"], ["explain"], ["explain", "--format", "md"], ["explain", "--format", "html"]]
)
def test_a_verb_prints_no_command(
    log: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([*words, log])
    out, err = capsys.readouterr()
    assert "OWNED" in out + err
    assert not COMMANDS.findall(out + err)


def test_speak_says_no_command(
    log: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("here\nwhy\nlog\nzones\n\x1b[31m\nquit\n"))
    main(["speak", log])
    out, err = capsys.readouterr()
    assert "OWNED" in out
    assert not COMMANDS.findall(out + err)


def test_a_run_from_a_file_of_a_hostile_name_prints_no_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, path = session_header(NAME, start="incident"), tmp_path / f"{NAME}.mmtrace"
    with path.open("wb") as stream:
        one = Session(incident(), header, TraceWriter(stream, header))
        one.advance(turns=50)
        one.finish()
    for words in (["info"], ["verify"], ["run", "--until", "60"]):
        main([words[0], str(path), *words[1:]])
        out, err = capsys.readouterr()
        assert out
        assert not COMMANDS.findall(out + err)


def test_a_byte_that_is_no_utf8_is_shown_as_it_came() -> None:
    assert printable("caf\udce9\x1b") == "caf\\xe9\\x1b"
