"""Grading: what a try is worth and why, what a cheat is called, and a class put together."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from mmplay.engine.sim import ENGINE
from mmplay.levels.classroom.assignment import Assignment
from mmplay.levels.classroom.collecting import Found
from mmplay.levels.classroom.grading import Grade, Graded, Grades, graded_class, graded_file
from mmplay.levels.classroom.handin import Handed, handin_bytes, read_handin
from mmplay.levels.classroom.judging import Judged, Status, judged, seat_of
from mmplay.levels.classroom.points import ELSEWHERE
from mmplay.levels.classroom.similar import similar
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.questions import right_answer
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, level_header, level_writer
from mmplay.recordings.parallel.spread import Workers
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.reader import Record
from mmplay.recordings.trace.writer import TraceWriter
from tests.levels.cheats import KINDS, Seat, made_up, sealed
from tests.levels.classes import (
    IN_TIME,
    TOO_LATE,
    assignment,
    assignment_text,
    hand_in,
    rightly,
    trace,
)
from tests.waiting import as_long_as

ACTS = ("wb_mask nowait",)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_kind_of_cheating_and_damage_has_its_name(seed: int) -> None:
    one = assignment("L03", students=len(KINDS))
    made = list(made_up(one, (), seed))
    assert [hand.kind for hand in made] == [*KINDS]
    found = {hand.kind: graded_file(one, hand.student, hand.data).status for hand in made}
    assert found == {hand.kind: hand.status for hand in made}


def judge(one: Assignment, data: bytes, student: str = "st01") -> Judged:
    return judged(one.levels[0], seat_of(one, student), [Handed("a", data)])


@pytest.fixture(scope="module")
def l02() -> tuple[Assignment, bytes]:
    """A level with goals and acts, and a run of it in which nothing is done."""
    one = assignment("L02")
    return one, trace(one.played_by("st01", "L02"))


def test_points_are_halved_between_goals_and_questions(l02: tuple[Assignment, bytes]) -> None:
    one, idle = l02
    found = judge(one, idle)
    level = one.levels[0].level
    assert one.levels[0].unseen
    assert found.status is Status.GRADED
    assert found.outcome == "lost"
    goals = [part for part in found.parts if part.max_score != found.parts[-1].max_score]
    assert len(found.parts) == 2 * len(level.wins) + len(level.questions)
    assert sum(part.max_score for part in found.parts) == 10
    assert sum(part.max_score for part in goals) in (5, 10)
    assert all(part.reason for part in found.parts)
    assert found.score < 10


def test_goals_count_on_a_machine_that_the_student_has_not_seen(
    l02: tuple[Assignment, bytes],
) -> None:
    one, idle = l02
    parts = judge(one, idle).parts
    elsewhere = [part for part in parts if part.name.startswith(ELSEWHERE)]
    assert len(elsewhere) == len(one.levels[0].level.wins)
    for part in elsewhere:
        here = next(one for one in parts if one.name == part.name.removeprefix(ELSEWHERE))
        assert here.max_score == part.max_score


def test_what_was_answered_right_earns_its_share_whatever_else_was_wrong() -> None:
    one = assignment("L03")
    level = one.played_by("st01", "L03")
    wrong: list[str] = []

    def answer(run: object) -> bool:
        from mmplay.levels.play.questions import right_answer
        from mmplay.levels.play.run import LevelRun

        assert isinstance(run, LevelRun)
        question = run.open_question()
        if question is None:
            return False
        truth = run.truths[question.id]
        said = right_answer(question, truth)
        if question.id == "again.1" and not wrong:
            said = next(o.value for o in question.options if not truth.accepts(o.value))
            wrong.append(said)
        run.answer(question.id, said)
        return True

    found = judge(one, trace(level, answers=answer))
    share = Fraction(10, len(level.questions))
    bad = next(part for part in found.parts if part.name.startswith("again.1: "))
    assert bad.score in (0, share / 2)
    assert wrong[0] in bad.reason
    assert found.score == 10 - share + bad.score
    assert [slip.question for slip in found.slips] == ["again.1"]
    assert found.slips[0].code.startswith("wrong.")


def test_an_answer_that_was_taken_back_was_the_first_all_the_same() -> None:
    one, taken = assignment("L03"), list[str]()

    def peek(run: LevelRun) -> bool:
        question = run.open_question()
        if question is None or not question.options or taken:
            return rightly(run)
        right = right_answer(question, run.truths[question.id])
        taken.append(question.id)
        run.answer(question.id, next(o.value for o in question.options if o.value != right))
        run.undo()
        return True

    found = judge(one, trace(one.played_by("st01", "L03"), answers=peek))
    (part,) = [part for part in found.parts if part.name.startswith(f"{taken[0]}:")]
    assert (found.status, part.reason) == (Status.GRADED, "right at answer 2")


def test_a_run_that_was_cut_earns_what_it_came_to() -> None:
    one = assignment("L03")
    data = trace(one.played_by("st01", "L03"))
    found = judge(one, data[: len(data) * 6 // 7])
    assert found.status is Status.CUT
    assert 0 < found.score < 10
    assert any("did not come to this question" in part.reason for part in found.parts)
    assert all(re.search(r": .*[a-z]{3}", part.name) for part in found.parts), found.parts


def test_a_run_that_is_over_needs_no_player_who_leaves() -> None:
    """Who hands in while the end is still on his screen has handed in the whole run."""
    one = assignment("L03")
    stream, level = io.BytesIO(), one.played_by("st01", "L03")
    seed = level.start.seed
    run = begin(level, seed, TraceWriter(stream, level_header(level, seed)))
    for _ in as_long_as(lambda: rightly(run)):
        pass
    run.session.reached()
    run.session.tape.flush()
    data = stream.getvalue()
    assert (run.outcome, judge(one, data).status) == (Outcome.WON, Status.GRADED)
    assert judge(one, data[:-1]).status is Status.CUT


def test_nobody_forged_what_another_mmplay_has_recorded() -> None:
    one = assignment("L03", students=len(KINDS))
    seat = Seat(one, "st01", "st02", (), Random(1))
    for kind in ("answer rewritten", "end rewritten", "result rewritten"):
        (hand,) = read_handin(io.BytesIO(KINDS[kind][0](seat)), "x").traces
        for other in ("mmplay 0.0.9", level_writer()[:-1]):  # the second: of this very version
            found = judge(one, sealed(hand.data, {"writer": other}))
            assert found.status is Status.NEWER, kind
            assert f"it was played with {other}, engine {ENGINE}, and this is" in found.reason


def test_nobody_damaged_what_this_mmplay_cannot_read() -> None:
    """A setup with other fields is that of another version, unless it calls itself this one."""
    one = assignment("L03")

    def edit(record: Record) -> Record:
        if record.code == Code.SETUP:
            record.fields.append(0)
        return record

    data = trace(one.played_by("st01", "L03"))
    assert judge(one, sealed(data, edit=edit)).status is Status.DAMAGED
    found = judge(one, sealed(data, {"writer": "mmplay 0.0.9"}, edit=edit))
    assert found.status is Status.NEWER
    assert "it was played with mmplay 0.0.9" in found.reason


def test_a_trace_cannot_go_on_longer_than_its_level() -> None:
    """A recording that says it went on for years is not run for years."""
    one = assignment("L03")

    def edit(record: Record) -> Record:
        if record.code == Code.REACHED:
            record.fields[0] = 1 << 40
        return record

    found = judge(one, sealed(trace(one.played_by("st01", "L03")), edit=edit))
    assert found.status is Status.FORGED_RESULT


def test_a_stage_that_is_missing_is_said() -> None:
    one = assignment("L19")
    level = one.played_by("st01", "L19")
    second = trace(level.stages[0])
    found = judge(one, second)
    assert found.status in (Status.CUT, Status.DAMAGED)
    assert "stage 1 is missing" in found.reason
    assert sum(part.max_score for part in found.parts) == 10


# a class


def klass(files: dict[str, bytes], tmp_path: Path, **more: object) -> Grades:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = [Found(name, tmp_path / name) for name in files]
    return graded_class(assignment_text("L03"), "week3.toml", found, **more)  # type: ignore[arg-type]


def grade(grades: Grades, student: str) -> Grade:
    return next(one for one in grades.students if one.student == student)


def file(grades: Grades, path: str) -> Graded:
    return next(one for one in grades.files if one.path == path)


def played(student: str, *answers: str) -> bytes:
    level = assignment("L03").played_by(student, "L03")
    if not answers:
        return trace(level)

    def skip(run: object) -> bool:
        from mmplay.levels.play.run import LevelRun

        assert isinstance(run, LevelRun)
        question = run.open_question()
        if question is not None:
            run.skip(question.id)
        return question is not None

    return trace(level, answers=skip)


def test_the_best_attempt_counts_and_everybody_has_a_row(tmp_path: Path) -> None:
    files = {
        "a.mmhand": hand_in("st01", played("st01", "skip")),
        "b.mmhand": hand_in("st01", played("st01")),
        "c.mmhand": hand_in("st02", played("st02", "skip"), played("st02")),
        "d.mmhand": hand_in("st99", played("st01")),
    }
    found = klass(files, tmp_path)
    assert [one.student for one in found.students] == [f"st{n:02}" for n in range(1, 7)]
    assert [float(one.score) for one in found.students] == [10, 10, 0, 0, 0, 0]
    assert grade(found, "st01").levels[0].tries == 2
    assert grade(found, "st03").levels[0].judged.status is Status.NONE
    assert file(found, "d.mmhand").status is Status.FOREIGN
    assert "is not in the list of students" in file(found, "d.mmhand").reason


def test_only_so_many_attempts_count(tmp_path: Path) -> None:
    text = assignment_text("L03").replace("attempts = 0", "attempts = 1")
    data = hand_in("st02", played("st02", "skip"), played("st02"))
    path = tmp_path / "a.mmhand"
    path.write_bytes(data)
    found = graded_class(text, "week3.toml", [Found("a.mmhand", path)])
    assert grade(found, "st02").levels[0].tries == 1
    assert grade(found, "st02").score == 0


def test_the_same_file_twice_counts_once(tmp_path: Path) -> None:
    data = hand_in("st01", played("st01"))
    found = klass({"a.mmhand": data, "b.mmhand": data}, tmp_path)
    assert file(found, "a.mmhand").status is Status.GRADED
    assert file(found, "b.mmhand").status is Status.DUPLICATE
    assert file(found, "b.mmhand").reason == "is the same file as a.mmhand"
    assert grade(found, "st01").score == 10


def test_what_stands_before_a_cut_or_a_change_counts(tmp_path: Path) -> None:
    """A level that is missing was not "not handed in" if the file ends early."""
    levels = ("L03", "L01")
    one = assignment(*levels)
    two = hand_in("st01", *(trace(one.played_by("st01", level)) for level in levels))
    changed = bytearray(two)
    changed[-300] ^= 1
    for data, status in ((two[:-300], Status.CUT), (bytes(changed), Status.DAMAGED)):
        (tmp_path / "a.mmhand").write_bytes(data)
        found = graded_class(
            assignment_text(*levels), "week3.toml", [Found("a.mmhand", tmp_path / "a.mmhand")]
        )
        first, second = (level.judged for level in grade(found, "st01").levels)
        assert (first.status, float(first.score)) == (Status.GRADED, 10)
        assert file(found, "a.mmhand").status is status
        assert second.status is Status.CUT
    unread = klass({"st02.mmhand": two[:40], "x_st03.mmhand": two[:40]}, tmp_path)
    assert [one.levels[0].judged.status for one in unread.students[1:3]] == [
        Status.DAMAGED,
        Status.NONE,
    ]
    assert "st02.mmhand: damaged header" in grade(unread, "st02").levels[0].judged.reason


def test_a_name_that_says_somebody_else_is_a_line(tmp_path: Path) -> None:
    name = "Doe Ann_12345_assignsubmission_file_st02.mmhand"
    found = klass({name: hand_in("st01", played("st01"))}, tmp_path)
    assert file(found, name).status is Status.GRADED
    assert file(found, name).reason == "its file name says st02, but the file itself says st01"
    fine = klass({"doeann_LATE_1234_567_st01-2.mmhand": hand_in("st01", played("st01"))}, tmp_path)
    assert fine.files[0].reason == ""


def test_late_is_what_was_received_else_what_is_claimed(tmp_path: Path) -> None:
    files = {
        "a.mmhand": hand_in("st01", played("st01"), written=TOO_LATE),
        "b.mmhand": hand_in("st02", played("st02"), written=IN_TIME),
        "c.mmhand": hand_in("st03", played("st03"), written=IN_TIME),
    }
    times = {"c.mmhand": datetime(2027, 1, 1, tzinfo=UTC)}
    found = klass(files, tmp_path, received=lambda one: times.get(one.label))
    said = [(one.late, one.late_by) for one in found.students[:4]]
    assert said == [(True, "claimed"), (False, "claimed"), (True, "received"), (None, "")]
    assert [float(one.score) for one in found.students[:3]] == [10, 10, 10]


def test_two_cores_grade_as_one_does(tmp_path: Path) -> None:
    one = assignment("L03")
    files = {f"{n}.mmhand": hand.data for n, hand in enumerate(made_up(one, (), 3, 6))}
    alone = klass(files, tmp_path, on=Workers(cores=1))
    both = klass(files, tmp_path, on=Workers(cores=2))
    assert (alone.students, alone.files) == (both.students, both.files)


def test_what_is_no_recording_in_a_hand_in_is_said() -> None:
    one = assignment("L03")
    junk = handin_bytes("week3", "st01", IN_TIME, [Handed("a", b"junk"), Handed("b", b"")])
    found = graded_file(one, "a.mmhand", junk)
    assert found.status is Status.DAMAGED
    assert "is not an mmplay trace" in found.reason
    other = trace(assignment("L01").played_by("st01", "L01"))
    found = graded_file(one, "a.mmhand", hand_in("st01", other))
    assert (found.status, found.tries[0].parts) == (Status.FOREIGN, ())
    assert "L01 is not a level of this assignment" in found.reason
    empty = graded_file(one, "a.mmhand", hand_in("st01"))
    assert (empty.status, empty.tries) == (Status.NONE, ())


def test_hidden_seeds_are_in_nothing_that_is_written(tmp_path: Path) -> None:
    from mmplay.levels.classroom.formats import FORMATS

    one = assignment("L02")
    data = hand_in("st01", trace(one.played_by("st01", "L02")))
    (tmp_path / "a.mmhand").write_bytes(data)
    text = assignment_text("L02")
    found = graded_class(text, "week3.toml", [Found("a.mmhand", tmp_path / "a.mmhand")])
    hidden = str(seat_of(one, "st01").unseen)
    assert hidden not in str(found.files)
    for write in FORMATS.values():
        assert hidden not in write(found)


def test_the_same_detours_are_shown_not_those_of_the_solution(tmp_path: Path) -> None:
    files = {f"{n}.mmhand": hand_in(n, played(n, "skip")) for n in ("st01", "st02")}
    files["st03.mmhand"] = hand_in("st03", played("st03"))
    files["st04.mmhand"] = hand_in("st04", played("st04"))
    (alike,) = similar(klass(files, tmp_path))
    assert alike.students == ("st01", "st02")
    assert alike.level == "L03"
    assert alike.same_acts == alike.acts >= 3


def test_the_seat_of_a_class(tmp_path: Path) -> None:
    """The generator itself: the same seed makes the same hand-ins, another one others."""
    from random import Random

    one = assignment("L03")
    seat = Seat(one, "st01", "st02", (), Random("x"))
    assert seat.honest() == seat.honest()
    assert seat.honest() != seat.honest("st02")
