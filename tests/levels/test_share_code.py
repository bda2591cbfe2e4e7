"""Share codes: a run as a short text, played again to the same state; nothing else is believed."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import find_level, levels_folder
from mmplay.levels.model import Level
from mmplay.levels.play import share_code
from mmplay.levels.play.guesser import Guesser
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.share_code import code_of_run, looks_like_code, read_code, replayed
from mmplay.levels.play.solve import begin, begin_anew, knows, play
from tests.levels.proofs import DOOR, EATER, level_text

pytestmark = pytest.mark.usefixtures("home")

Captured = pytest.CaptureFixture[str]
STAGED = "L19"


@pytest.fixture
def mine() -> Level:
    path = levels_folder() / "T1.toml"
    path.parent.mkdir(parents=True)
    door = DOOR.replace("[[ask]]", '[[ask]]\nat = "turn 20"')
    path.write_text(level_text(door, 'allow = ["dirty_ratio"]', EATER))
    return find_level("T1")


def same(run: LevelRun, level: Level) -> bool:
    again = replayed(read_code(code_of_run(run)), level)
    assert again.problem == ""
    return again.run.digest() == run.digest() and again.run.score() == run.score()


@pytest.mark.parametrize("seed", range(6))
def test_any_run_comes_out_of_its_code_as_it_was(mine: Level, seed: int) -> None:
    guesser = Guesser(begin(mine, seed), seed)
    guesser.run.advance(seed)
    guesser.play()
    assert same(guesser.run, mine)


def test_hints_and_what_was_undone_are_in_the_code(mine: Level) -> None:
    run = begin(mine)
    begin_anew(run, 3)
    run.act("dirty_ratio", "9")
    run.advance(3)
    run.undo()
    run.advance(1 << 20)
    run.hint()
    run.answer("door.1", "no")
    run.undo()
    run.answer("door.1", "yes")
    assert run.playing
    assert same(run, mine)


def test_all_stages_of_a_level_are_in_one_code() -> None:
    level = find_level(STAGED)
    run = play(begin(level), level.solution, knows)
    shared = read_code(code_of_run(run))
    assert len(shared.stages) == len(run.all_stages()) > 1
    assert same(run, level)


def packed(text: str) -> str:
    return share_code._encoded(text)


HEAD = f"T1 {'0' * 16} 1 1"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("MM2.AAAA", "newer mmplay"),
        ("L05", "is no share code"),
        ("MM1.", "wrong or missing"),
        ("MM1.Ā" + "A" * 40, "wrong or missing"),
        ("MM1." + "A" * 9000, "is longer than"),
        (packed(""), "names no level"),
        (packed("../../x 00 1 1"), "names no level"),
        (packed(HEAD), "holds no stage"),
        (packed(HEAD + "\n0 wait"), "holds no stage"),
        (packed(HEAD + "\n=1 00000000\n0 WAIT"), "something that is not an act"),
        (packed(HEAD + "\n=1 00000000" * 17), "or too many"),
        (packed(HEAD + "\n=1 00000000" + "\n0 wait 1" * 2000), "more than 2000 acts"),
        (packed("x" * (1 << 20)), "no mmplay writes"),
    ],
)
def test_what_is_no_code_is_one_line(code: str, said: str, capsys: Captured) -> None:
    with pytest.raises(InputError, match=said):
        read_code(code)
    assert main(["verify", code]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_bomb_takes_no_more_memory_than_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    packer = zlib.compressobj(9, wbits=-15, zdict=share_code.WORDS)
    bomb = packer.compress(b"a" * 4_000_000) + packer.flush()
    text = "MM1." + urlsafe_b64encode(share_code._check(bomb) + bomb).decode().rstrip("=")
    assert len(text) < share_code.MOST_CHARACTERS
    with pytest.raises(InputError, match="no mmplay writes"):
        read_code(text)


def test_no_character_can_be_another(mine: Level) -> None:
    code = code_of_run(begin(mine))
    for place in range(len("MM1."), len(code)):
        other = "B" if code[place] != "B" else "C"
        wrong = code[:place] + other + code[place + 1 :]
        if place < len(code) - 1:
            with pytest.raises(InputError, match="wrong or missing"):
                read_code(wrong)
        with pytest.raises(InputError, match="wrong or missing"):
            read_code(code[:place])
    lines = f"{code[:20]}\n  {code[20:]}\n"
    assert read_code(lines) == read_code(code)


def test_verify_says_what_a_code_is_worth(mine: Level, capsys: Captured) -> None:
    code = code_of_run(play(begin(mine), ()))
    shared = read_code(code)
    (stage,) = shared.stages
    assert looks_like_code(code)
    assert main(["verify", code]) == 0
    assert capsys.readouterr().out.startswith("share code of T1: good: ended, 0 stars")

    def told(changed: share_code.Shared) -> str:
        (one,) = changed.stages
        first = f"{changed.level} {changed.content} {changed.engine} {changed.seed}"
        assert main(["verify", packed(f"{first}\n={one.end} {one.state}")]) == 1
        return capsys.readouterr().out

    other_state = shared._replace(stages=(stage._replace(state="00000000", done=()),))
    assert "is not reached" in told(other_state) or "another state" in told(other_state)
    assert "other content" in told(shared._replace(content="0" * 16))
    short = stage._replace(end=0, state="00000000", done=())
    assert "another state" in told(shared._replace(stages=(short,)))
    assert "engine 7" in told(shared._replace(stages=(short,), engine=7))


def test_run_prints_a_code_that_verify_takes(tmp_path: Path, mine: Level, capsys: Captured) -> None:
    moves = tmp_path / "moves.toml"
    moves.write_text('[[solution]]\naction = "dirty_ratio"\nvalue = "5"\n')
    assert main(["run", "T1", "--actions", str(moves), "--json"]) == 1
    code = json.loads(capsys.readouterr().out)["share_code"]
    assert main(["verify", code, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert (found["level"], found["good"], found["acts"]) == ("T1", True, 1)
    assert main(["play", code]) == 2
    assert "no terminal to open the run of a share code in" in capsys.readouterr().err


def test_verify_prints_the_code_of_a_recording(
    tmp_path: Path, mine: Level, capsys: Captured
) -> None:
    moves, trace = tmp_path / "moves.toml", tmp_path / "run.mmtrace"
    moves.write_text('[[solution]]\naction = "dirty_ratio"\nvalue = "5"\n')
    assert main(["run", "T1", "--actions", str(moves), "-o", str(trace), "--json"]) == 1
    code = json.loads(capsys.readouterr().out)["share_code"]
    assert main(["verify", str(trace)]) == 0
    assert capsys.readouterr().out.endswith(f"  share code: {code}\n")
