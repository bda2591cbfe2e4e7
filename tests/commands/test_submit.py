"""`mmplay play --assignment` and `mmplay submit`: a student plays, and hands in what was played."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.levels.classroom.assignment import load_assignment, read_assignment
from mmplay.levels.classroom.handin import read_handin
from mmplay.levels.classroom.tries import in_words
from mmplay.levels.classroom.writing import student_edition
from mmplay.recordings.library import played_files
from mmplay.recordings.trace.reader import TraceReader
from tests.levels.classes import assignment_text

ME = ["--assignment", "handout.toml", "--student", "st01"]


@cache
def editions() -> tuple[str, str]:
    """Return a teacher's assignment and its student edition."""
    text = assignment_text("L01", "L03", students=2)
    one = read_assignment(text, "week3.toml")
    return text, student_edition(one, one.students, "handout.toml")


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    for name, text in zip(("week3.toml", "handout.toml"), editions(), strict=True):
        Path(name).write_text(text, encoding="utf-8")
    return home


def speak(monkeypatch: pytest.MonkeyPatch, level: str, words: Sequence[str], *who: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*words, "quit"])))
    return main(["speak", level, *(who or ME)])


def handed() -> tuple[dict[str, object], ...]:
    with Path("st01.mmhand").open("rb") as stream:
        found = read_handin(stream, "st01.mmhand")
    assert found.student == "st01"
    assert found.assignment == "week3"
    return tuple(TraceReader(io.BytesIO(one.data), one.name).header for one in found.traces)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("won, 1 stars, 0 acts of par 0", "won, 1 star"),
        ("won, 2 stars, 1 acts of par 3", "won, 2 stars, 1 act of par 3"),
        ("anything", "anything"),
    ],
)
def test_a_result_is_said_in_words(mark: str, said: str) -> None:
    assert in_words(mark) == said


def test_speak_opens_the_next_level(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("quit"))
    assert main(["speak", *ME]) == 0
    assert capsys.readouterr().out.startswith("L01 ")
    assert main(["speak"]) == 2
    assert "name a level, such as L05, or an assignment" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_without_a_terminal_the_same_is_played_line_by_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is told to type must count for the assignment, too."""
    assert main(["play", *ME]) == 2
    assert "mmplay speak L01 --assignment handout.toml --student st01\n" in capsys.readouterr().err
    assert main(["play", "L03", "--seed", "7"]) == 2
    assert "mmplay speak L03 --seed 7\n" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_what_is_played_is_handed_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert speak(monkeypatch, "L03", ["hint", "1", "2"]) == 0
    told = capsys.readouterr().out
    (path,) = played_files()
    assert f"L01: not played yet\nL03: not finished; recorded in {path}" in told
    assert "to hand in: mmplay submit --assignment handout.toml --student st01" in told
    assert main(["submit", *ME]) == 0
    out, said = capsys.readouterr()
    assert "st01.mmhand: 1 recording of st01 for week3" in out
    assert "not played yet: L01" in said
    code = next(word for word in out.split() if word.startswith("MM1."))
    assert main(["verify", code]) == 0
    (header,) = handed()
    assignment = load_assignment(Path("week3.toml"))
    assert (header["level"], header["student"]) == ("L03", "st01")
    assert header["seed"] == assignment.seed_of("st01")
    assert header["level_digest"] == assignment.find("L03").level.content
    assert main(["verify", str(path)]) == 0


@pytest.mark.usefixtures("folder")
def test_traces_may_be_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for level in ("L03", "l01"):
        assert speak(monkeypatch, level, ["1"]) == 0
    names = [str(path) for path in played_files()]
    assert main(["submit", *names, *ME, "--json"]) == 0
    told = capsys.readouterr().out
    assert json.loads(told[told.index("{") :])["student"] == "st01"
    assert {header["level"] for header in handed()} == {"L01", "L03"}


@pytest.mark.usefixtures("folder")
def test_only_ones_own_recordings_can_be_handed_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", *ME]) == 2
    assert "st01 has played no level of week3 here; begin with" in capsys.readouterr().err
    assert speak(monkeypatch, "L03", ["1"], *ME[:3], "st02") == 0
    (other,) = played_files()
    assert main(["submit", *ME]) == 2
    assert main(["submit", str(other), *ME]) == 2
    assert "is no recording that st01 made of a level of week3" in capsys.readouterr().err
    assert not Path("st01.mmhand").exists()


@pytest.mark.usefixtures("folder")
def test_a_recording_that_does_not_come_out_again_is_not_handed_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert speak(monkeypatch, "L03", ["1", "2"]) == 0
    (path,) = played_files()
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    capsys.readouterr()
    assert main(["submit", str(path), *ME]) == 2
    assert "cannot be handed in: " in capsys.readouterr().err


BAD = {
    ("play", "L03", "--student", "st01"): "name both: --assignment FILE --student ID",
    ("play",): "name a level",
    ("play", "--assignment", "handout.toml", "--student", "st09"): "st09 is not among the students",
    ("play", "L03", *ME, "--seed", "4"): "an assignment gives each student a seed",
    ("play", "L03", "--seed", "-4"): "expected a whole number",
    ("speak", "incident-run-none", "--seed", "4"): "--seed is for levels",
    ("play", "L5", *ME): "'L5' is no level of this assignment; there are L01, L03",
    ("submit", *ME, "-o", "st01.zip"): "name a file that ends in .mmhand",
    ("submit", *ME[:2], "--student", "../x"): "is no student id",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", BAD)
def test_bad_use_is_told_in_a_line(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words]) == 2
    assert BAD[words] in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_without_a_level_the_next_one_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    from argparse import Namespace

    from mmplay.commands.assigned import level_to_play

    args = Namespace(assignment="handout.toml", student="st01", seed=None)
    assert level_to_play(args, None).id == "L01"
    monkeypatch.setattr("mmplay.commands.assigned.tries_of", lambda *_: [])
    assert level_to_play(args, "L03").id == "L03"


def test_another_seed_draws_other_questions() -> None:
    from argparse import Namespace

    from mmplay.commands.assigned import level_to_play
    from mmplay.levels.play.solve import begin

    def asked(seed: str | None) -> str:
        level = level_to_play(Namespace(assignment=None, student=None, seed=seed), "L07")
        question = begin(level).open_question()
        assert question is not None
        return question.text

    assert asked("4") == asked("4")
    assert len({asked(str(seed)) for seed in range(6)}) > 1
