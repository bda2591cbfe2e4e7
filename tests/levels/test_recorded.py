"""Recorded runs of levels: their result, progress, and grading them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import find_level, levels_folder
from mmplay.levels.play.game import (
    LevelGame,
    begin_recorded,
    follow_recorded,
    keep_result,
)
from mmplay.levels.play.regrade import go_on_recorded, regrade, result_of
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import play
from mmplay.levels.progress import load
from mmplay.recordings.files import sessions_folder
from mmplay.recordings.library import played
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import load_session
from mmplay.recordings.run.verify import verify
from tests.levels.proofs import DOOR, EATER, level_text
from tests.sessions import session
from tests.traces import put_together, taken_apart
from tests.waiting import as_long_as

pytestmark = pytest.mark.usefixtures("home")

GOAL = """\
[[win]]
counter = "dirty_ratio"
op = "=="
value = 5
text = "dirty_ratio is 5"
at = "end"
[[solution]]
action = "dirty_ratio"
value = "5"
turn = 12
[[solution]]
action = "answer"
values = ["door.1 yes", "door.2 no", "door.3 no"]
"""


@pytest.fixture
def mine() -> Path:
    """A level in the user's folder: three questions at turn 20, one act, 100 turns."""
    door = DOOR.replace("[[ask]]", '[[ask]]\nat = "turn 20"')
    path = levels_folder() / "T1.toml"
    path.parent.mkdir(parents=True)
    text = level_text(door + GOAL, 'allow = ["dirty_ratio"]\ndigest = "d"', EATER)
    path.write_text(text)
    return path


def recording() -> Path:
    (path,) = sessions_folder().iterdir()
    return path


@contextmanager
def played_by(name: str, seed: int | None = None) -> Iterator[LevelRun]:
    """A recorded run that is solved, and ended afterwards."""
    run = begin_recorded(find_level(name), seed)
    with closing(LevelGame(run)):
        play(run, run.level.solution)
        yield run


def reloaded() -> Session:
    path = recording()
    with path.open("rb") as stream:
        return load_session(stream, str(path)).session


def solve(run: LevelRun) -> None:
    play(run, run.level.solution)


def clumsily(run: LevelRun) -> None:
    run.advance(5)
    run.act("dirty_ratio", "9")
    run.advance(3)
    run.undo()
    run.act("dirty_ratio", "5")
    run.advance(1 << 20)
    run.hint()
    run.hint()
    run.answer("door.1", "no")
    run.undo()
    run.answer("door.1", "yes")
    run.answer("door.2", "no")
    run.undo()
    run.redo()
    run.answer("door.3", "no")
    run.advance(1 << 20)


def badly(run: LevelRun) -> None:
    run.advance(1 << 20)
    run.skip("door.1")
    run.answer("door.2", "no")
    run.answer("door.3", "yes")
    run.answer("door.3", "no")
    run.advance(1 << 20)


def half(run: LevelRun) -> None:
    run.advance(17)


WAYS = [
    (solve, 3, "won, 3 stars, 1 acts of par 1"),
    (clumsily, 1, "won, 1 stars, 1 acts of par 1"),
    (badly, 0, "lost, 0 stars, 0 acts of par 1"),
    (half, 0, ""),
]


@pytest.mark.parametrize(("way", "stars", "said"), WAYS)
def test_a_recording_is_graded_as_it_was_played(
    mine: Path, way: Callable[[LevelRun], None], stars: int, said: str
) -> None:
    run = begin_recorded(find_level("T1"))
    way(run)
    score = run.score()
    assert score.stars == stars
    assert keep_result(run) == ""
    run.session.finish()
    graded = regrade(reloaded())
    assert graded.score == score
    assert graded.outcome is run.outcome
    assert graded.same
    assert not graded.changed
    assert graded.said == said
    assert verify(str(recording())).good
    listed = played(recording())
    assert listed.level == "T1"
    assert listed.result == (said or "not finished")
    best = load().levels.get("T1")
    assert (best.stars if best is not None else 0) == stars


def test_after_an_undo_the_result_is_open_again(mine: Path) -> None:
    with played_by("T1") as run:
        assert result_of(run.session).startswith("won")
        run.undo()
        assert result_of(run.session) == "playing"
        assert run.playing


def test_practice_and_other_files_are_not_progress(mine: Path, tmp_path: Path) -> None:
    with played_by("T1", seed=2) as run:
        assert keep_result(run) == ""
    elsewhere = tmp_path / "T1.toml"
    elsewhere.write_text(mine.read_text().replace("A test", "Another test"))
    with played_by(str(elsewhere)) as run:
        assert keep_result(run) == ""
        assert run.score().stars == 3
    assert load().levels == {}


def test_a_changed_level_is_told(mine: Path) -> None:
    with played_by("T1"):
        pass
    text = mine.read_text()
    mine.write_text("# a remark\n" + text.replace('digest = "d"', 'digest = "e"'))
    assert not regrade(reloaded()).changed
    mine.write_text(text.replace("dirty_ratio is 5", "five"))
    assert regrade(reloaded()).changed


def verified(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = main(["verify", str(recording())])
    return status, capsys.readouterr().out


def test_verify_judges_a_win_by_the_level_at_hand(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with played_by("T1"):
        pass
    status, out = verified(capsys)
    assert status == 0
    assert "level T1, as it is here; the recording says won, 3 stars" in out
    mine.unlink()
    status, out = verified(capsys)
    assert status == 0
    assert "there is no level T1 here, so its result cannot be judged" in out


def test_a_win_of_a_level_that_was_cut_down_is_false(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = mine.read_text()
    mine.write_text(whole.replace("value = 5\n", "value = 20\n"))
    easy = find_level("T1")
    run = begin_recorded(easy)
    with closing(LevelGame(run)):
        run.advance(1 << 20)
        for answer in ("yes", "no", "no"):
            run.answer(f"door.{len(run.answers) + 1}", answer)
        run.advance(1 << 20)
    assert result_of(run.session).startswith("won, ")
    mine.write_text(whole)
    status, out = verified(capsys)
    assert status == 1
    assert f"played as {easy.content}, the level at hand is {find_level('T1').content}" in out
    assert "the level at hand gives lost, 0 stars" in out


def test_a_result_that_was_written_behind_a_run_is_false(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with played_by("T1") as run:
        run.session.mark(run.session.end, "result", "won, 3 stars, 0 acts of par 1")
        run.session.reached()
    assert verified(capsys)[0] == 1


def test_format_1_is_not_bound_to_a_level(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with played_by("T1"):
        pass
    header, records = taken_apart(recording().read_bytes())
    recording().write_bytes(put_together({**header, "format": 1}, records))
    status, out = verified(capsys)
    assert status == 0
    assert "level T1: not bound to a level; the recording says won, 3 stars" in out


def test_what_cannot_be_graded(mine: Path) -> None:
    with pytest.raises(InputError, match="is no run of a level"):
        regrade(session())
    with played_by("T1"):
        pass
    mine.write_text(mine.read_text().replace("dirty_ratio", "dirty_background_ratio"))
    with pytest.raises(InputError, match="no act of this level"):
        regrade(reloaded())
    mine.unlink()
    with pytest.raises(InputError, match="is no level"):
        regrade(reloaded())


def test_a_header_cannot_name_a_file(mine: Path) -> None:
    with played_by("T1") as run:
        run.session.header["level"] = str(mine)
        with pytest.raises(InputError, match="is no level"):
            regrade(run.session)


def test_a_disk_that_takes_nothing_does_not_stop_the_run(mine: Path, home: Path) -> None:
    sessions_folder().parent.mkdir(parents=True)
    sessions_folder().write_text("")
    with played_by("T1") as run:
        assert run.session.tape.trouble
        assert run.score().stars == 3


def left(run: LevelRun) -> None:
    """Go some way, not straight, and stop; the file is ended."""
    run.advance(5)
    run.act("dirty_ratio", "9")
    run.undo()
    run.act("dirty_ratio", "5")
    run.advance(1 << 20)
    run.hint()
    run.answer("door.1", "no")
    run.undo()
    run.hint()
    run.session.mark(run.session.first + 3, "a", "here it began")
    run.session.finish()


def test_an_unfinished_level_goes_on_from_its_recording(mine: Path) -> None:
    level = find_level("T1")
    before = begin_recorded(level, before=2)
    assert before.notes.anew == 2, "that is in the recording, and is done again"
    left(before)
    old = recording()
    run = go_on_recorded(level)
    assert run is not None
    assert run.score() == before.score()
    assert run.notes.asked == before.notes.asked
    assert run.notes.anew == 2
    assert run.session.to_end().state.digest() == before.session.to_end().state.digest()
    assert [mark.fields for mark in run.session.tape.marks] == [["a", "here it began"]]
    assert run.hint() == before.hint()
    for name, said in (("door.1", "yes"), ("door.2", "no"), ("door.3", "no")):
        run.answer(name, said)
    run.advance(1 << 20)
    assert run.score().won
    run.session.finish()
    assert recording() != old, "the file that it went on from is left beside it"
    assert verify(str(recording())).good
    assert regrade(reloaded()).score == run.score()


def test_a_level_that_was_not_ended_goes_on_and_its_file_stays(mine: Path) -> None:
    run = begin_recorded(find_level("T1"))
    run.advance(7)
    run.session.reached()
    again = go_on_recorded(find_level("T1"))
    assert again is not None
    assert again.session.end == again.session.first + 7
    assert len(list(sessions_folder().iterdir())) == 2
    run.session.finish()
    again.session.finish()


def test_what_does_not_go_on(mine: Path) -> None:
    level = find_level("T1")
    assert go_on_recorded(level) is None
    run = begin_recorded(level)
    half(run)
    run.session.finish()
    assert go_on_recorded(level._replace(content="00" * 16)) is None
    assert go_on_recorded(level, mine) is None
    other = begin_recorded(level, seed=7)
    other.session.finish()
    finished = begin_recorded(level)
    solve(finished)
    finished.session.finish()
    assert go_on_recorded(level) is None
    assert len(list(sessions_folder().iterdir())) == 3


def test_the_second_act_goes_on_behind_the_first() -> None:
    level = find_level("L19")
    run = begin_recorded(level)
    for _ in as_long_as(lambda: run.playing):
        question = run.open_question()
        if question is None:
            run.advance(1 << 20)
        else:
            run.answer(question.id, run.truths[question.id].shown())
    run.session.finish()
    second = follow_recorded(run)
    assert second is not None
    second.session.finish()
    again = go_on_recorded(level)
    assert again is not None
    assert (again.level.stage, again.score()) == (2, second.score())
    assert again.session.header == second.session.header
    again.session.finish()
    assert [one.level.stage for one in again.all_stages()] == [1, 2]
