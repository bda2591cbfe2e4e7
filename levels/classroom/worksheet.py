"""A worksheet for pen and paper, and its key: made from level files and the engine, as blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmplay.levels.classroom.unseen import deeds
from mmplay.levels.model import Level, Question
from mmplay.levels.play.questions import right_answer
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import won
from mmplay.recordings.export.blocks import Block, Facts, Heading, Table, Text

LINE = "." * 60


def worksheet(title: str, levels: Sequence[Level]) -> Iterator[Block]:
    """Yield the sheet: each level's story, its questions in the file's order, room for answers."""
    yield Heading(1, title)
    yield Facts([("name", [LINE]), ("date", [LINE])])
    for level in levels:
        yield Heading(2, f"{level.id} {level.title}")
        yield from (Text(one) for one in level.story.split("\n\n"))
        yield Text(f"Task: {level.task}")
        for number, question in enumerate(_all(won(level)), 1):
            yield from _asked(number, question)


def _all(last: LevelRun) -> list[Question]:
    return [one for run in last.all_stages() for one in run.asking.forms_asked().values()]


def _asked(number: int, question: Question) -> Iterator[Block]:
    unit = f" (in {question.unit})" if question.unit else ""
    yield Text(f"{number}. {question.text}{unit}")
    if question.options:
        shown = [option.text for option in question.options]
        rows = [(f"[ ] {chr(ord('a') + place)}", text) for place, text in enumerate(shown)]
        yield Facts([(mark, [text]) for mark, text in rows])
    else:
        yield Text(f"Answer: {LINE}")


def key(title: str, levels: Sequence[Level]) -> Iterator[Block]:
    """Yield the key: each answer with the reason that the engine gives, and what wins."""
    yield Heading(1, f"{title}: key")
    yield Text(
        "Answers hold for the seed of the level file. Who plays has a machine of his own, on which "
        "some numbers differ; the rules are the same."
    )
    for level in levels:
        last = won(level)
        yield Heading(2, f"{level.id} {level.title}")
        rows = [row for run in last.all_stages() for row in _answers(run)]
        numbered = [(str(number), *row) for number, row in enumerate(rows, 1)]
        head = ("no.", "answer", "because")
        yield Table("answers", head, numbered)
        acts = [
            " ".join(act.fields) for run in last.all_stages() for act in deeds(run.session.acts)
        ]
        if acts:
            yield Facts([("acts that win", acts)])
        yield Text(
            f"In the real kernel: {level.real.function}, {level.real.path}: {level.real.text}"
        )
        if level.corrected:
            yield Text(" ".join(level.corrected))


def _answers(run: LevelRun) -> Iterator[tuple[str, str]]:
    for ident, question in run.asking.forms_asked().items():
        truth = run.truths[ident]
        said = right_answer(question, truth)
        shown = next((one.text for one in question.options if one.value == said), said)
        unit = f" {question.unit}" if question.unit and not question.options else ""
        yield f"{shown}{unit}", "; ".join(truth.explanation())
