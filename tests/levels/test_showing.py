"""What the screen may show of a level: its words, what a question hides, no number that answers."""

from __future__ import annotations

import pytest

from mmplay.levels.language import shown_words
from mmplay.levels.level_text import LevelError
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.showing import EVERYTHING, Showing
from mmplay.levels.play.solve import begin
from tests.levels.proofs import DOOR, NUMBER, level

PICTURE = """
[picture]
kind = "tank"
zone = "DMA32"
callers = ["memeater"]
edges = ["zones.DMA32.free <= 600 | drained", "after {asked} | known"]
"""


def game(tables: str, asked: str) -> LevelGame:
    return LevelGame(begin(level(PICTURE.replace("{asked}", asked) + tables)))


def test_left_out_is_everything() -> None:
    assert all(EVERYTHING.shows(word) for word in shown_words())


def test_a_part_shows_its_panel_and_nothing_beside_it() -> None:
    some = Showing(words=("zones.DMA32", "marks", "log"), hidden=("marks.min",))
    shown = [word for word in shown_words() if some.shows(word)]
    assert shown == ["zones", "marks", "log", "zones.DMA32", "marks.low", "marks.high"]


def test_the_picture_and_who_comes() -> None:
    one = game(
        DOOR.replace("[[ask]]", '[[ask]]\npicture = "ladder"\nhides = ["marks.min"]'), "door"
    )
    showing = one.showing
    assert showing.picture is not None
    assert (showing.picture.kind, showing.picture.zone, showing.caller) == (
        "ladder", "DMA32", "memeater",
    )  # fmt: skip
    assert not showing.shows("marks.min")
    for answer in ("yes", "no", "no"):
        one.answer(answer)
    assert one.showing.picture is not None
    assert (one.showing.picture.kind, one.showing.caller) == ("tank", "")
    assert one.showing.shows("marks.min")


def test_a_question_may_be_about_another_zone() -> None:
    one = game(DOOR.replace("[[ask]]", '[[ask]]\npicture = "tank DMA"'), "door")
    assert one.showing.picture is not None
    assert (one.showing.picture.kind, one.showing.picture.zone) == ("tank", "DMA")


def test_an_edge_is_lit_by_the_machine_or_by_an_answer() -> None:
    one = game(NUMBER, "low")
    assert [(edge.text, edge.lit) for edge in one.showing.edges] == [
        ("drained", True), ("known", False),
    ]  # fmt: skip
    one.answer("16")
    assert one.showing.edges[1].lit


def test_an_edge_that_was_missed_is_known_and_not_lit() -> None:
    one = game(NUMBER, "low")
    assert one.showing.edges[1].asked
    one.answer("17")
    edge = one.showing.edges[1]
    assert (edge.lit, edge.known, edge.over) == (False, True, False)


def test_an_edge_is_broken_once_its_second_moment_has_come() -> None:
    tables = PICTURE.replace("<= 600 |", "<= 600 until low >= 16 |").replace("low", "dirty_ratio")
    one = LevelGame(begin(level(tables.replace("{asked}", "low") + NUMBER)))
    assert one.showing.edges[0].over
    none = tables.replace(">= 16", ">= 99")
    assert (
        not LevelGame(begin(level(none.replace("{asked}", "low") + NUMBER))).showing.edges[0].over
    )


def test_no_number_that_answers_is_to_be_read_until_then() -> None:
    one = game(NUMBER, "low")
    said = "low 16, 64 kB; 160, 164, 16.5, 0.16 and DMA16 are others"
    assert one.showing.veiled(said) == "low ??, ?? kB; 160, 164, 16.5, 0.16 and DMA16 are others"
    own = "you answered: 64"
    assert one.showing.veiled(own) == own, "a veil would tell that it is right"
    one.answer("16")
    assert one.showing.veiled(said) == said


@pytest.mark.parametrize(
    ("tables", "keys", "said"),
    [
        (DOOR, 'shows = ["marks.mim"]', "did you mean marks.min?"),
        (DOOR, 'shows = ["zone"]', "did you mean zones?"),
        (DOOR + 'hides = ["counters.fre"]', "", "did you mean counters.free?"),
        (DOOR + 'picture = "tnak"', "", "did you mean tank?"),
        ('[picture]\nkind = "lader"\n' + DOOR, "", "did you mean ladder?"),
        ('[picture]\nkind = "tank"\nzone = "DMA23"\n' + DOOR, "", "did you mean DMA32?"),
        ('[picture]\nkind = "loop"\nedges = ["soon | x"]\n' + DOOR, "", "is not a condition"),
        ('[picture]\nkind = "loop"\nedges = ["after x | y"]\n' + DOOR, "", "of this level"),
        ('[picture]\nkind = "loop"\nedges = ["end until x | y"]\n' + DOOR, "", "is not a"),
    ],
)  # fmt: skip
def test_a_wrong_word_has_its_line_and_the_nearest_right_one(
    tables: str, keys: str, said: str
) -> None:
    with pytest.raises(LevelError) as error:
        level(tables, keys)
    assert said in str(error.value)
    assert str(error.value).startswith("t.toml:")


def test_what_the_question_says_itself_is_not_veiled() -> None:
    asked = NUMBER.replace('text = "', 'text = "It is 16, is it not? ')
    assert game(NUMBER, "low").showing.secrets == (16, 64)
    assert game(asked, "low").showing.secrets == (64,)
