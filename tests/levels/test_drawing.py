"""Questions that draw their lines and numbers: from the seed, others after a miss, undo or not."""

from __future__ import annotations

import pytest

from mmplay.levels.level_text import LevelError
from mmplay.levels.play.drawing import Seen, number_of
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.regrade import play_again
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, play
from tests.levels.proofs import level

DRAWN = """
[[ask]]
id = "door"
text = "{free} pages are free, min is {least}. Does it pass?"
truth = "passes DMA32 plain {free} min"
options = ["yes", "no"]
hints = ["{free} <= {least}"]
before = ["set_free DMA32 {free}"]
after = ["request GFP_KERNEL"]
draw = {free = ["min", "min + 1", "low - 1", 40], least = ["min"]}
"""

PICKED = """
[[ask]]
id = "who"
text = "{0} asks at 14. Does it pass?"
truth = "passes DMA32 {1} 14 min"
options = ["yes", "no"]
pick = 2
each = ["a plain | plain", "b high | HIGH", "c both | HIGH+HARDER", "d harder | HARDER"]
"""


def text_of(run: LevelRun) -> str:
    question = run.open_question()
    return question.text if question is not None else ""


def missed(run: LevelRun) -> str:
    """Answer the open question wrong; return what is asked then."""
    question = run.open_question()
    assert question is not None
    right = run.truths[question.id].shown()
    assert not run.answer(question.id, "no" if right == "yes" else "yes").right
    return text_of(run)


def test_numbers_are_drawn_from_the_seed_and_read_off_the_machine() -> None:
    one = level(DRAWN)
    texts = {text_of(begin(one, seed)) for seed in range(20)}
    pages = {int(text.split()[0]) for text in texts}
    assert pages == {13, 14, 15, 40}
    assert all("min is 13." in text for text in texts)
    assert text_of(begin(one, 3)) == text_of(begin(one, 3))


def test_a_missed_question_comes_again_with_other_numbers() -> None:
    run = begin(level(DRAWN))
    asked = [text_of(run), missed(run), missed(run), missed(run)]
    assert len(set(asked)) == 4
    question = run.open_question()
    assert question is not None
    assert question.hints == (f"{run.session.live.state.zones[0].free} <= 13",)
    knows(run, question)
    assert (run.outcome, run.missed()) == (Outcome.WON, {"door"})


def test_what_the_level_does_after_a_question_waits_for_the_right_answer() -> None:
    run = begin(level(DRAWN))
    missed(run)
    question = run.open_question()
    assert question is not None
    counters = run.session.live.state.counters
    assert counters.request_served + counters.request_refused == 0
    knows(run, question)
    assert counters.request_served + counters.request_refused == 1


def test_an_undo_asks_for_other_numbers_too_and_the_same_again_when_replayed() -> None:
    one = level(DRAWN)
    run = begin(one)
    first = text_of(run)
    second = missed(run)
    assert run.undo()
    assert text_of(run) == second != first
    again = begin(one)
    play_again(again, run.session)
    assert text_of(again) == second
    assert again.missed() == run.missed() == {"door"}


def test_lines_are_picked_and_a_missed_one_gives_way_to_another() -> None:
    one = level(PICKED)
    assert [question.id for question in one.questions] == ["who.1", "who.2"]
    run = begin(one)
    asked = [text_of(run), missed(run), missed(run), missed(run)]
    assert len(set(asked)) == 4
    assert {text[0] for text in asked} == {"a", "b", "c", "d"}
    firsts = {text_of(begin(one, seed)) for seed in range(20)}
    assert len(firsts) == 4


def test_a_run_after_another_begins_with_other_numbers() -> None:
    one = level(DRAWN + PICKED)
    first = text_of(begin(one))
    assert first != text_of(begin(one, seen={"door": Seen((first,))}))


def test_every_form_is_known_with_what_is_right() -> None:
    run = begin(level(DRAWN))
    forms = list(run.asking.forms("door", run.session.to_end()))
    said = {form.text.split()[0]: right.shown() for form, right in forms}
    assert said == {"13": "no", "14": "yes", "15": "yes", "40": "yes"}


@pytest.mark.parametrize(
    ("entry", "value"),
    [(7, 7), ("7", 7), ("min + 1", 14), ("low", 16),
     ("floor DMA32 HIGH + 1", 8), ("marks DMA32 high - 1", 18)],
)  # fmt: skip
def test_an_entry_is_a_number_a_mark_or_a_truth(entry: str | int, value: int) -> None:
    one = level(DRAWN)
    assert number_of(one, entry, begin(one).session.live) == value


def test_what_is_no_number_cannot_be_drawn() -> None:
    with pytest.raises(LevelError, match=r"t\.toml:\d+: door: draw: .*no number"):
        begin(level(DRAWN.replace('"min", "min + 1"', '"passes DMA32 plain 14"')))


def test_a_level_of_drawn_questions_is_won_without_a_written_answer() -> None:
    one = level(DRAWN + PICKED)
    assert {play(begin(one, seed), (), knows).outcome for seed in range(5)} == {Outcome.WON}


ALIKE = """
[[ask]]
id = "who"
text = "{0} asks. Does it pass at {free}?"
truth = "passes DMA32 {1} {free} min"
options = ["yes", "no"]
pick = 2
draw = {free = [20, 30]}
each = [
  "a plain | plain", "b high | HIGH", "c plain | GFP_KERNEL", "d high | GFP_NOWAIT|__GFP_HIGH",
]
"""


def test_a_missed_question_comes_again_as_one_of_its_kind() -> None:
    one = level(ALIKE)
    for seed in range(8):
        run = begin(one, seed)
        first = text_of(run)
        missed(run)
        while text_of(run) != first and run.open_question() is not None:
            question = run.open_question()
            assert question is not None
            if question.id in run.missed():
                assert question.text.split()[1] == first.split()[1], (first, question.text)
                break
            knows(run, question)
        assert text_of(run) != first


FORMS = """
[[ask]]
id = "line"
text = "Which is min?"
truth = "marks DMA32 min"
unit = "pages"

[[ask.form]]
text = "Does a plain request pass at {free}?"
truth = "passes DMA32 plain {free} min"
options = ["yes", "no"]
unit = ""
before = ["set_free DMA32 {free}"]
"""


def test_a_missed_question_comes_again_in_another_form() -> None:
    run = begin(level(FORMS.replace('unit = "pages"', 'unit = "pages"\ndraw = {free = [13, 14]}')))
    first = run.open_question()
    assert first is not None
    right = run.truths[first.id].shown()
    run.answer(first.id, {"yes": "no", "no": "yes"}.get(right, "77"))
    second = run.open_question()
    assert second is not None
    assert {first.kind, second.kind} == {"number", "choice"}
    assert {first.unit, second.unit} == {"pages", ""}
    firsts = {text_of(begin(run.level, seed)) for seed in range(20)}
    forms = [form.text for form, _ in run.asking.forms("line", run.session.to_end())]
    assert len(firsts) == 3
    assert firsts == set(forms)


def test_a_form_is_checked_and_a_complaint_names_its_line() -> None:
    text = FORMS.replace("passes DMA32 plain {free} min", "passes DMA32 plain {fre} min")
    with pytest.raises(LevelError, match=r"t\.toml:\d+: .*fre"):
        level(text)
    with pytest.raises(LevelError, match=r"t\.toml:\d+: options: a choice needs two or more"):
        level(FORMS.replace('["yes", "no"]', '["yes"]').replace("{free}", "14"))
    with pytest.raises(LevelError, match=r"t\.toml:\d+: each: .*`pick`"):
        level(FORMS.replace('unit = "pages"', 'each = ["a", "b"]').replace("{free}", "14"))
