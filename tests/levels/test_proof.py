"""The proof finds what is wrong with a level."""

from __future__ import annotations

import pytest

from mmplay.levels import proof
from mmplay.levels.model import Level
from mmplay.levels.play.solve import won
from mmplay.levels.proof import DIGEST, RANDOM, prove
from tests.levels.proofs import DOOR, EATER, NUMBER, level

RIGHT = '[[solution]]\naction = "answer"\nvalues = ["door.1 yes", "door.2 no", "door.3 no"]\n'
LOW = '[[solution]]\naction = "answer"\nvalues = ["low 16"]\n'
ALLOW = 'allow = ["dirty_ratio"]\n'


def goal(kind: str, op: str, value: int) -> str:
    return (
        f'[[{kind}]]\ncounter = "dirty_ratio"\nop = "{op}"\nvalue = {value}\n'
        f'text = "dirty_ratio {op} {value}"\n'
    )


def move(kind: str, value: int) -> str:
    return f'[[{kind}]]\naction = "dirty_ratio"\nvalue = "{value}"\n'


def verdict(one: Level, name: str) -> tuple[bool, str]:
    result = next(result for result in prove(one, 10).results if result.name == name)
    return result.ok, result.text


def test_a_good_level_is_good() -> None:
    one = level(DOOR + RIGHT)
    first = prove(one, 40)
    assert [result.name for result in first.results if not result.ok] == [DIGEST]
    second = prove(one._replace(digest=first.digest), 40)
    assert second.ok
    assert second.digest == first.digest


WIN, LOSE = goal("win", "==", 5), goal("lose", ">", 50)
SOLVED = WIN + move("solution", 5)

BAD = [
    # tables, keys, which result, what it says
    (goal("win", "==", 20) + move("solution", 5), ALLOW, "start", "won before anybody acts"),
    (goal("lose", "==", 20) + SOLVED, ALLOW, "start", "lost before anybody acts"),
    (goal("win", "==", 20) + 'at = "end"\n' + move("solution", 5), ALLOW, "nothing", "by itself"),
    (SOLVED + LOSE, ALLOW, "losing", "needs a [[losing]] line"),
    (SOLVED + LOSE + move("losing", 5), ALLOW, "losing", "does not lose: won"),
    (SOLVED + LOSE + move("losing", 7), ALLOW, "losing", "by no [[lose]]"),
    (WIN, ALLOW, "solution", "there is no [[solution]]"),
    (WIN + move("solution", 6), ALLOW, "solution", "does not win"),
    (WIN + move("solution", 500), ALLOW, "solution", "EINVAL"),
    (DOOR + RIGHT.replace("door.2 no", "door.2 yes"), "", "solution", "door.2: the kernel says no"),
    (DOOR + move("losing", 7), ALLOW, "losing", "nothing to lose by"),
    (goal("win", "==", 5) + DOOR.replace("[[ask]]", '[[ask]]\nafter = ["dirty_ratio 5"]')
     + move("solution", 5), ALLOW, "nothing", "answers alone win"),
    (WIN + move("solution", 7) + move("solution", 5), ALLOW, "dropped act",
     "without `dirty_ratio 7`"),
    (DOOR.replace('"no"]', '"nein"]') + RIGHT, "", "solution", "yes or no"),
    (NUMBER + 'options = ["16", "16"]\n' + LOW, "", "questions", "2 options are right"),
    (DOOR.replace('"no"]', '"no", "perhaps"]') + RIGHT, "", "questions",
     "door.1: an option is 'perhaps': answer yes or no"),
    (NUMBER + 'options = ["17", "18"]\n', "", "solution", "'16' is no choice"),
    (NUMBER.replace("marks DMA32 low", "fact mark.retry") + 'options = ["min", "low"]\n', "",
     "questions", "no hint leads to it"),
    (WIN + move("solution", 5) + DOOR.replace("[[ask]]", '[[ask]]\nat = "turns < 0"'), ALLOW,
     "questions", "is never asked"),
    (SOLVED, ALLOW, "questions", "no hint for the acts"),
    (WIN + move("solution", 6), ALLOW, "goals", "not reached"),
    (DOOR.replace("Does it pass?", "x " * 900) + RIGHT, "", "texts", "lines of 76 columns"),
    (DOOR.replace("Does it pass?", "漢") + RIGHT, "", "texts", "two columns wide"),
    (DOOR + RIGHT, "", DIGEST, "--update"),
    (DOOR.replace('"14", "13", "12"', '"14"') + RIGHT.replace(', "door.2 no", "door.3 no"', ""),
     "", RANDOM, "over 5 %"),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "keys", "name", "said"), BAD)
def test_what_is_wrong_is_found(tables: str, keys: str, name: str, said: str) -> None:
    ok, text = verdict(level(tables, keys, EATER), name)
    assert not ok
    assert said in text


def test_a_level_that_some_seeds_cannot_win(monkeypatch: pytest.MonkeyPatch) -> None:
    one = level(SOLVED, ALLOW, EATER)
    assert verdict(one, "other seeds") == (
        True,
        "the solution's acts win with the seeds [1, 2, 3, 4], too",
    )
    unlucky = one._replace(solution=())
    monkeypatch.setattr(
        proof, "won", lambda _, seed, *rest: won(unlucky if seed == 3 else one, seed, *rest)
    )
    ok, text = verdict(one, "other seeds")
    assert not ok
    assert text == "the solution's acts do not win with the seeds [3] of [1, 2, 3, 4]"


def test_a_losing_line_that_loses() -> None:
    ok, text = verdict(level(SOLVED + LOSE + move("losing", 60), ALLOW, EATER), "losing")
    assert ok
    assert text.endswith("dirty_ratio > 50")


def test_a_fault_is_told_once_and_the_others_name_who_told_it() -> None:
    wrong = DOOR.replace("passes DMA32", "passes DMA33")
    texts = [one.text for one in prove(level(wrong + RIGHT), 1).results if not one.ok]
    told = "'DMA33' is no zone of this machine; did you mean DMA32?"
    assert sum(told in one for one in texts) == 1
    assert {*texts[1:]} == {"not proven, because of what 'start' says"}
