"""Assignment files: read and written, what students get of them, whose machine has which seed."""

from __future__ import annotations

import hmac
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.levels.authoring import toml_text
from mmplay.levels.classroom import unseen
from mmplay.levels.classroom.assignment import (
    Assignment,
    load_assignment,
    pass_seed,
    read_assignment,
)
from mmplay.levels.classroom.unseen import faults_of
from mmplay.levels.classroom.writing import (
    Choice,
    New,
    handout,
    new_assignment,
    student_edition,
    students_in,
)
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.level_text import LevelError
from mmplay.levels.load import read_level
from mmplay.levels.play.solve import won
from tests.levels.proofs import DOOR, level_text

DUE = "2026-12-01T23:59:00+01:00"
SECRET = "s" * 32
STUDENTS = ("st01", "st02")


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def teachers(*levels: str, students: tuple[str, ...] = STUDENTS) -> str:
    new = New("week3", "Week 3", DUE, 3, [Choice(one, 2) for one in levels], students)
    return new_assignment(new, "week3.toml")


def both(*levels: str) -> tuple[Assignment, Assignment, str]:
    """Return a teacher's assignment, its student edition, and that one's text."""
    teacher = read_assignment(teachers(*levels), "week3.toml")
    text = student_edition(teacher, teacher.students, "handout.toml")
    return teacher, read_assignment(text, "handout.toml"), text


def test_what_is_written_is_read_back() -> None:
    found = read_assignment(teachers("L03", "l02"), "week3.toml")
    assert (found.id, found.title, found.attempts) == ("week3", "Week 3", 3)
    assert found.due.isoformat() == DUE
    assert [(one.level.id, one.weight) for one in found.levels] == [("L03", 2), ("L02", 2)]
    assert found.students == STUDENTS
    assert len(found.secret) == 64


def test_every_secret_is_another() -> None:
    secrets = {read_assignment(teachers("L03"), "a.toml").secret for _ in range(3)}
    assert len(secrets) == 3


def test_seeds_are_made_as_documented() -> None:
    teacher, student, _ = both("L03")
    digest = hmac.digest(teacher.secret.encode(), b"week3:st01", "sha256")
    assert teacher.seed_of("st01") == int.from_bytes(digest[:4], "big")
    assert student.seed_of("st01") == teacher.seed_of("st01") != teacher.seed_of("st02")
    row = sha256(b"week3:st01").hexdigest()[:16]
    assert student.practice[row] == teacher.seed_of("st01")


def test_the_pass_seed_is_another_and_in_no_file() -> None:
    teacher, _, text = both("L03")
    hidden = [pass_seed(teacher.secret, teacher.id, one) for one in STUDENTS]
    assert not {*hidden} & {teacher.seed_of(one) for one in STUDENTS}
    assert not any(str(one) in text for one in hidden)


def test_who_is_not_in_the_class_is_told_so() -> None:
    teacher, student, _ = both("L03")
    with pytest.raises(InputError, match=r"handout.toml: st99 is not among the students"):
        student.seed_of("st99")
    assert teacher.seed_of("st99")  # the teacher's file can compute any
    with pytest.raises(InputError, match="is no student id"):
        student.seed_of("st 01")


@pytest.mark.parametrize("path", shipped_levels(), ids=lambda path: path.stem)
def test_a_handout_keeps_nothing_that_gives_the_level_away(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    level, given = read_level(text, path.name), handout(text)
    assert not {"solution", "losing", "digest"} & tomllib.loads(given).keys()
    lines = given.splitlines()
    for word in ("[[solution]]", "[[losing]]", 'action = "answer"', 'action = "place"', "digest ="):
        assert not any(line.startswith(word) for line in lines)
    for move in (*level.solution, *level.losing):
        if " " in move.value and move.action in ("answer", "place"):
            assert f'"{move.value}"' not in given
    mine = read_level(given, "handout")
    assert (mine.content, mine.par, mine.title) == (level.content, level.par, level.title)


def test_a_student_edition_has_no_secret_and_no_comment(tmp_path: Path) -> None:
    mine = written(tmp_path, level_text(DOOR + "# the right answer is no\n"))
    teacher, student, text = both(mine, "L03")
    assert teacher.secret not in text
    assert "secret" not in tomllib.loads(text)
    assert "teacher" not in tomllib.loads(text)
    assert "the right answer" not in text
    assert not any(one in text for one in STUDENTS)
    assert (student.secret, student.students) == ("", ())


def test_a_level_is_played_with_the_students_seed_and_bound_to_him() -> None:
    _, student, _ = both("L19")
    level = student.played_by("st02", "l19")
    stages = (level, *level.stages)
    assert len(stages) > 1
    for stage in stages:
        assert stage.start.seed == student.seed_of("st02")
        assert dict(stage.bound) == {"assignment": "week3", "student": "st02"}
    with pytest.raises(InputError, match=r"'L3' is no level of this assignment"):
        student.played_by("st01", "L3")


def test_an_assignment_bounds_the_turns(tmp_path: Path) -> None:
    text = teachers(written(tmp_path, level_text(DOOR)))
    found = read_assignment(text.replace("max_turns = 100", "max_turns = 9", 1), "a.toml")
    assert found.levels[0].level.max_turns == 9


WRONG = {
    "kind = 'assignment'": ("kind = 'assignments'", r": kind: .*did you mean assignment"),
    "format = 1": ("format = 2", r": format: this mmplay reads format 1"),
    "attempts = 3": ("atempts = 3", r": atempts: .*did you mean attempts"),
    f"due = {DUE}": ("due = 2026-12-01", r": due: write date, time and offset"),
    "id = 'week3'": ("id = 'week 3'", r": id: write a letter or digit"),
    "weight = 2": ("weight = -2", r": weight: must be a whole number from 0 to 1000"),
    "These are the lines": (
        "Those are the lines",
        r": digest: the level in the text has the digest .*: one was changed",
    ),
    "'st02'": ("'st01'", r": students: st01 is there twice"),
}


def test_a_title_is_printable_and_a_secret_long() -> None:
    text = teachers("L03")
    title = next(line for line in text.splitlines() if line.startswith("title = "))
    with pytest.raises(LevelError, match=r"title: holds the character '\\x1b'"):
        read_assignment(text.replace(title, 'title = "\\u001b]0;x\\u0007"'), "a.toml")
    secret = next(line for line in text.splitlines() if line.startswith("secret = "))
    with pytest.raises(LevelError, match="secret: must be a text of 32 to 4000 characters"):
        read_assignment(text.replace(secret, 'secret = "short"'), "a.toml")


@pytest.mark.parametrize("right", WRONG)
def test_a_complaint_names_the_line_and_what_is_allowed(right: str) -> None:
    wrong, complaint = WRONG[right]
    text = teachers("L03")
    right, wrong = (one.replace("'", '"') for one in (right, wrong))
    assert right in text
    with pytest.raises(LevelError, match=rf"^week3.toml:\d+{complaint}"):
        read_assignment(text.replace(right, wrong, 1), "week3.toml")


def test_a_level_is_assigned_once() -> None:
    with pytest.raises(LevelError, match="L03 is assigned already"):
        teachers("L03", "L03")


def test_students_are_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text('# id,name\nst01,Ann\n\n"st02"\n', encoding="utf-8")
    assert students_in(path) == ["st01", "st02"]
    path.write_text("st01\nst02\nst01\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"ids.txt:3: st01 is there already"):
        students_in(path)
    path.write_text("st 01\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"ids.txt:1: 'st 01' is no student id"):
        students_in(path)
    path.write_text("# nobody\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds 0 students"):
        students_in(path)


def test_without_students_there_is_no_student_edition() -> None:
    teacher = read_assignment(teachers("L03", students=()), "week3.toml")
    with pytest.raises(InputError, match="name the students"):
        student_edition(teacher, (), "handout.toml")


def test_a_level_that_cannot_be_won_is_found(tmp_path: Path) -> None:
    lost = '[[win]]\ncounter = "alloc_fail"\nop = ">="\nvalue = 9\ntext = "it fails"\n'
    text = teachers(written(tmp_path, level_text(DOOR + lost)), "L03")
    assert [one.level for one in faults_of(text, "a.toml")] == ["T1"]
    solution = '[[solution]]\naction = "answer"\nvalue = "door.1 yes"\n'
    mine = written(tmp_path, level_text(DOOR + lost + solution))
    (fault,) = faults_of(teachers(mine), "a.toml")
    many = f"{len(STUDENTS)} of {len(STUDENTS)} students; that of {STUDENTS[0]}"
    assert fault.problem.startswith(f"cannot be won with the seeds of {many}: its solution does")


def test_the_seed_of_every_student_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    last = STUDENTS[-1]
    monkeypatch.setattr(unseen, "problem_of", lambda *who: "no" if who[-1] == last else "")
    (fault,) = faults_of(teachers("L03"), "a.toml")
    said = f"cannot be won with the seeds of 1 of {len(STUDENTS)} students; that of {last}: no"
    assert fault == ("L03", said)


def test_right_answers_and_the_solutions_acts_win_on_any_machine() -> None:
    level = read_assignment(teachers("L02"), "a.toml").played_by("st01", "L02")
    assert won(level).score().stars == 3


def test_any_text_comes_back() -> None:
    values: dict[str, object] = {
        "plain": "a",
        "quotes": 'a "b" \\ c',
        "lines": "a\nb\n",
        "both": "it's\n'''\n\"\"\"",
        "ends": "a\nb'",
        "strange": "\x00\x7f\n\u202e",
        "list": ["x" * 60, "y" * 60],
        "none": [],
        "odd key": {"a.b": True, "n": -3},
        "tables": [{"x": 1, "inner": [{"y": 2}]}, {"x": 3}],
    }
    assert tomllib.loads(toml_text(values)) == values


def test_a_file_is_read_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(teachers("L03"), encoding="utf-8")
    assert load_assignment(path).levels[0].level.id == "L03"
    with pytest.raises(LevelError, match="cannot be read"):
        load_assignment(tmp_path / "none.toml")
