"""`mmplay class`: assignments as a teacher makes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mmplay.__main__ import main

DUE = "2026-12-01T23:59:00+01:00"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ids.txt").write_text("st01\nst02\n", encoding="utf-8")
    return tmp_path


def new(*more: str) -> int:
    words = ["class", "new", "-o", "week3.toml", "--due", DUE, "--level", "L03=2"]
    return main([*words, *more])


def test_from_a_new_assignment_to_its_student_edition(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new("--level", "L02", "--students", "ids.txt", "--attempts", "3", "--title", "W") == 0
    assert "L03 (2), L02 (1); 2 students" in capsys.readouterr().out
    assert (folder / "week3.toml").stat().st_mode & 0o077 == 0
    assert main(["class", "check", "week3.toml"]) == 0
    assert capsys.readouterr().out.count("can be won") == 2
    assert main(["class", "student-edition", "week3.toml", "-o", "handout.toml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["assignment"], told["title"]) == (1, "week3", "W")
    assert [one["level"] for one in told["levels"]] == ["L03", "L02"]
    assert main(["class", "check", "handout.toml"]) == 2
    assert "is a student edition; name the teacher's file" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_assignment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def on_a_full_disk(path: str, flags: int) -> int:
        os.close(os.open(path, flags, 0o600))
        return os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr("mmplay.commands.class_verb._owner_only", on_a_full_disk)
    assert new() == 2
    said = "mmplay: week3.toml: cannot be written: No space left on device\n"
    assert capsys.readouterr().err == said
    assert not (folder / "week3.toml").exists()


def test_a_class_list_may_come_from_a_spreadsheet(folder: Path) -> None:
    (folder / "ids.txt").write_text("\ufeffst01,Anna\r\nst02,Ben\r\n", encoding="utf-8")
    assert new("--students", "ids.txt") == 0
    assert 'students = ["st01", "st02"]' in (folder / "week3.toml").read_text()


def test_the_name_of_the_file_is_the_id(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--due", DUE, "--level", "L03"]
    assert main(["class", "new", "-o", "week 3.toml", *words]) == 2
    said = "mmplay: week 3.toml: the id is the name before .toml: write a letter or digit"
    assert capsys.readouterr().err.startswith(said)


def test_an_assignment_is_not_replaced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new() == 0
    before = (folder / "week3.toml").read_bytes()
    assert new() == 2
    assert "week3.toml: it exists already" in capsys.readouterr().err
    assert (folder / "week3.toml").read_bytes() == before


BAD = {
    ("--level", "L3"): "did you mean L03",
    ("--level", "L05=x"): "--level L05 x: expected a whole number",
    ("--students", "none.txt"): "none.txt: cannot be read",
    ("--attempts", "-1"): "expected",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", BAD)
def test_bad_use_is_told_in_a_line(
    words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert new(*words) == 2
    complaint = capsys.readouterr().err
    assert BAD[words] in complaint
    assert complaint.count("\n") == 1


@pytest.mark.usefixtures("folder")
def test_a_date_needs_its_offset(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["class", "new", "-o", "a.toml", "--level", "L03", "--due", "tomorrow"]) == 2
    assert "'tomorrow': write date, time and offset" in capsys.readouterr().err
    assert main(["class", "new", "-o", "a.txt", "--level", "L03", "--due", DUE]) == 2
    assert "name a file that ends in .toml" in capsys.readouterr().err


def test_a_level_that_cannot_be_won_makes_the_check_false(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mmplay.levels.classroom.writing import handout
    from mmplay.levels.level_list import shipped_levels

    given = handout(shipped_levels()[4].read_text(encoding="utf-8"))
    (folder / "given.toml").write_text(given, encoding="utf-8")
    words = ["class", "new", "-o", "b.toml", "--level", "given.toml", "--due", DUE]
    assert main(words) == 0
    assert main(["class", "check", "b.toml"]) == 1
    assert "BAD L05" in capsys.readouterr().out
    assert main(["class", "check", "b.toml", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["faults"][0]["level"]) == (False, "L05")
