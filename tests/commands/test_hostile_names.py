"""Names that hold commands to a terminal: no verb passes them on, whatever file they stand in."""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.levels.authoring import new_level
from tests.traces import put_together, taken_apart

EVIL = "\x1b]0;owned\x07\x1b[31m\r\x9b2J\u202e"
"""Sets a window's title, turns red, goes to the line's start, wipes, writes backwards."""

ESCAPED = r"\u001b]0;owned\u0007\u001b[31m\u009b2J\u202e"
"""The same in a TOML string."""

LOG = f"""\
[    1.000000] a{EVIL}: page allocation failure: order:0, mode:0x20
[    1.000001] CPU: 0 PID: 1 Comm: a{EVIL} Not tainted 4.5.0-rc7{EVIL} #1
[    1.000002] Mem-Info:
[    1.000003] {EVIL} is a line that nobody knows
[    2.000000] b{EVIL}: page allocation failure: order:0, mode:0x20
"""
TEXT_FORMATS = ("csv", "json", "html", "svg", "perfetto")
COMMANDS = Path(__file__).parents[2] / "mmplay" / "commands"

Said = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    """Run a command; return what it printed on both streams."""

    def run(*args: str | Path, typed: str = "") -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        main([str(one) for one in args])
        out, err = capsys.readouterr()
        return out + err

    return run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / f"log{EVIL}.log"
    path.write_bytes(LOG.encode())
    return path


@pytest.fixture
def trace(tmp_path: Path, log: Path) -> Path:
    path = tmp_path / f"trace{EVIL}.mmtrace"
    assert main(["import", str(log), "-o", str(path)]) == 0
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a simulated run whose header says more than it should."""
    path = tmp_path / f"run{EVIL}.mmtrace"
    assert main(["run", "boot", "--until", "1", "-o", str(path)]) == 0
    header, records = taken_apart(path.read_bytes())
    path.write_bytes(put_together({**header, "title": EVIL, "level": EVIL}, records))
    return path


@pytest.fixture
def level(tmp_path: Path) -> Path:
    """Return a level whose every text is hostile."""
    path = tmp_path / f"level{EVIL}.toml"
    rows = new_level("evil", str(path)).splitlines()
    words = ("title = ", "task = ", "text = ", "why = ", "feedback = ")
    hostile = [
        row[:-1] + ESCAPED + '"' if row.startswith(words) and row.endswith('"') else row
        for row in rows
    ]
    assert hostile != rows
    path.write_text("\n".join(hostile))
    return path


def check(text: str) -> None:
    assert text
    bad = {c for c in text if not c.isprintable()} - {"\n", "\t"}
    assert not bad


def test_a_log(said: Said, log: Path, tmp_path: Path) -> None:
    for form in ("text", "json", "md", "html"):
        check(said("explain", log, "--format", form))
    check(said("import", log, "--json"))
    check(said("import", log, "-o", tmp_path / f"{EVIL}.mmtrace"))
    check(said("run", log, "--until", "1.1"))
    check(said("replay", log))
    check(said("speak", log, typed="help\nzones\nwhy\nlog 9\nstep\nevent\ngoto 1.0\n" + EVIL))
    for form in TEXT_FORMATS:
        check(said("export", log, "--format", form))


def test_a_trace(said: Said, log: Path, trace: Path, tmp_path: Path) -> None:
    out = tmp_path / f"out{EVIL}.mmtrace"
    check(said("info", trace))
    check(said("verify", trace))
    check(said("diff", trace, log))
    check(said("diff", trace, "incident-4.5.0-rc7"))
    check(said("cut", trace, "--to", "#1", "-o", out))
    check(said("speak", out, typed="here\nwhy\nlog\n"))
    check(said("anonymise", trace, "-o", tmp_path / EVIL / "a"))
    for form in TEXT_FORMATS:
        check(said("export", trace, "--format", form))


def test_a_run(said: Said, run: Path, tmp_path: Path) -> None:
    check(said("info", run))
    check(said("verify", run))
    check(said("explain", run, "--at", "#1", "--format", "md"))
    check(said("diff", run, "incident-run-atomic"))
    check(said("cut", run, "--to", "#9", "-o", tmp_path / f"cut{EVIL}.mmtrace"))
    check(said("run", run, "--until", "1.1"))
    check(said("speak", run, typed="why\nstep 3\nzones\n"))


def test_a_cast_holds_no_command_but_those_of_the_screen(said: Said, log: Path) -> None:
    cast = said("export", log, "--format", "cast")
    drawn = "".join(str(json.loads(row)[2]) for row in cast.splitlines()[1:])
    assert "\\x1b]0;owned" in drawn
    assert not {"\x07", "\x9b", "\u202e"} & set(drawn)
    assert "\x1b]" not in drawn


def test_a_level(said: Said, level: Path) -> None:
    check(said("levels", "check", level, "--runs", "1"))
    check(said("run", level))
    check(said("run", level, "--actions", level))
    check(said("speak", level, typed=f"task\ngoals\nanswer {EVIL}\nact {EVIL}\nhint\nstep 3\n"))
    check(said("play", level))


def test_levels_and_progress_of_your_own(
    said: Said, level: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / f"home{EVIL}"
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    folder = home / "mmplay" / "levels"
    folder.mkdir(parents=True)
    level.rename(folder / level.name)
    check(said("--paths"))
    check(said("levels", "list"))
    check(said("levels", "new", tmp_path / f"new{EVIL}.toml"))
    check(said("levels", "pack", folder, "-o", tmp_path / f"pack{EVIL}.toml"))
    check(said("progress", "--export", tmp_path / f"stars{EVIL}"))
    check(said("progress", "--import", tmp_path / f"none{EVIL}"))


@pytest.mark.parametrize("verb", [(), *((path.stem[:-5],) for path in COMMANDS.glob("*_verb.py"))])
def test_words_of_the_command_line(said: Said, verb: tuple[str, ...]) -> None:
    check(said(*verb, EVIL))
    check(said(*verb, f"--{EVIL}"))


def test_every_verb_prints_through_one_place() -> None:
    """No verb calls print: `tell` and `remark` make what they print printable."""
    calls = {
        path.name
        for path in COMMANDS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    }
    assert calls == {"output.py"}
