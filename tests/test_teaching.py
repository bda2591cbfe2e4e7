"""docs/teaching.md: every command in it is typed, in order, as a teacher and a student would."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mmplay.__main__ import main

PAGE = Path(__file__).parents[1] / "docs" / "teaching.md"
NO_TERMINAL = {"play", "--screen"}
"""What needs a terminal, which a test has none of."""


def commands() -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8")
    lines = re.findall(r"^    (mmplay .+)$", text, re.MULTILINE)
    return [shlex.split(line)[1:] for line in lines]


def test_every_command_works(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / "ids.txt").write_text("st01,Ann\nst02,Ben\n", encoding="utf-8")
    (home / "in").mkdir()
    (home / "times.csv").write_text("st01.mmhand,2030-11-30T12:00\n", encoding="utf-8")
    answers = "\n".join(["2", "2", "1", "3", "1", "1", "2", "2", "quit"])
    for words in commands():
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        wanted = 2 if NO_TERMINAL & {*words} else 0
        if words == ["levels", "check", "my.toml", "--update"]:
            words = [*words, "--runs", "2"]
        assert main(words) == wanted, words
        if words[0] == "submit":
            (home / "st01.mmhand").rename(home / "in" / "st01.mmhand")
    made = {path.name for path in home.iterdir()}
    assert {"sheet.html", "key.md", "grades.csv", "report.html", "autograder"} <= made
    _the_cell_prints_a_share(home)


def _the_cell_prints_a_share(home: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    bin_folder = home / "bin"
    bin_folder.mkdir()
    script = bin_folder / "mmplay"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m mmplay "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    code = code.replace('"st01.mmhand"', '"in/st01.mmhand"')
    env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert 0 < float(result.stdout) < 1


def test_the_lesson_takes_ninety_minutes() -> None:
    spans = re.findall(r"^\| (\d+)-(\d+) \| (L\d\d) \|", PAGE.read_text(encoding="utf-8"), re.M)
    assert [level for _, _, level in spans] == ["L03", "L05", "L07", "L11", "L12", "L13"]
    ends = [int(end) for _, end, _ in spans]
    assert [int(start) for start, _, _ in spans] == [0, *ends[:-1]]
    assert ends[-1] == 90
