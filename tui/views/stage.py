"""Beside a level's picture: the choices, and what the last answer was worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmplay.engine.errors import how_many
from mmplay.engine.explain.finding import as_sentence
from mmplay.engine.frame import Ask
from mmplay.levels.model import NUMBER, Level, Option, Question
from mmplay.levels.play.deeds import ONLY_ACTS
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import ASKED
from mmplay.levels.play.questions import QUESTIONS_FIRST, Reply
from mmplay.levels.play.run import LevelRun
from mmplay.tui.cells import Cell, Row, fit, row, wrap
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.task import choice_rows, coming, limits_of, reply_rows

RIGHT, WRONG = "right", "wrong"

PER_MILLE = "thousandths"
"""With what the name of a number begins that is a share."""

NEXT = "Enter goes on"


def level_header(run: LevelRun, width: int, instead: str = "") -> Row:
    """Return the line over everything: the level, the moment, what it is worth so far.

    `instead` stands there where it is worth nothing.
    """
    level, score, time_us = run.level, run.score(), run.session.live.state.now_ns // 1000
    count = level.stage + len(level.stages)
    parts = [f"stage {level.stage} of {count}"] if count > 1 else []
    parts += [f"{time_us // 1_000_000}.{time_us % 1_000_000 // 1000:03d} s"] if level.end else []
    asked = run.questions
    if asked:
        parts.append(f"{run.right()} of {len(asked)} right")
    if level.allow:
        parts.append(f"acts {score.acts}, par {score.par}")
    tail = instead or "   ".join(parts)
    return row(
        Cell(fit(f" {level.id}  {level.title}", width - len(tail) - 2), "header"),
        Cell(f"{tail}  ", "header"),
    )


def question_rows(
    question: Question,
    size: tuple[int, int],
    glyphs: Glyphs,
    reply: Reply | None = None,
    again: bool = False,
    hints: int = 0,
) -> list[Row]:
    """Return what can be answered; once there is a reply, which answer was right.

    `size` is the width and the height to fill; blank rows are left out where they do not fit,
    and after a reply the options that were neither right nor chosen.
    `again` tells that the question was missed before, `hints` how many were given in the level.
    """
    width, height = size
    options = [_option(n, one, width, glyphs, reply) for n, one in enumerate(question.options, 1)]
    keys = [row(Cell(f"   {NEXT}", "here"))] if reply is not None else _keys(question, width, hints)
    if again and reply is None:
        keys.insert(0, row(Cell("   asked again", "dim")))
    roomy = _apart(options, keys)
    if len(roomy) <= height:
        return roomy
    tight = [line for one in options for line in one]
    if reply is not None and len(tight) + len(keys) > height:
        tight = [
            line
            for one, lines in zip(question.options, options, strict=True)
            for line in lines
            if _worth(one.value, reply, glyphs)[0].strip()
        ]
    return tight + keys


def _option(
    place: int, option: Option, width: int, glyphs: Glyphs, reply: Reply | None
) -> list[Row]:
    mark, role = _worth(option.value, reply, glyphs)
    number = Cell(f" {place} ", "number", Ask("choice", (place,)) if reply is None else None)
    first, *more = wrap(option.text, max(12, width - 7))
    rows = [row(Cell(f" {mark}", role), number, " ", Cell(first, role))]
    return [*rows, *(row("      ", Cell(line, role)) for line in more)]


HINT = ("hint (one is free)", "hint (no third star)", "hint")
"""What is said of a hint before the first, the second, and all others."""

FREE_FOR_ALL = len(HINT)
"""As many hints as if none cost anything any more, as in a review."""


def _keys(question: Question, width: int, hints: int) -> list[Row]:
    unit = f" in {question.unit}" if question.unit else ""
    key = "0-9" if question.kind == NUMBER else "p"
    keys = [] if question.options else [(key, f"type the answer{unit}")]
    rows: list[Row] = []
    for key, text in (
        *keys,
        ("H", HINT[min(hints, len(HINT) - 1)]),
        ("S", "skip    I  the story"),
    ):
        first, *more = wrap(text, max(12, width - 9))
        rows.append(row(Cell(f"   {key:<3}  ", "label"), Cell(first, "dim")))
        rows += [row(" " * 8, Cell(line, "dim")) for line in more]
    return rows


def _worth(value: str, reply: Reply | None, glyphs: Glyphs) -> tuple[str, str]:
    """Return the mark and the role of an option: what was right, what was chosen."""
    if reply is None:
        return " ", "text"
    if reply.truth.accepts(value):
        return glyphs.yes, "right"
    return (glyphs.no, "refused") if value == reply.answer else (" ", "dim")


BEFORE_MORE = "Time waits while you act."
BEFORE_LAST = "One act is left. After it time runs by itself."
AFTER_LAST = "No act is left."


RUNNING = (row(Cell(" Space  ", "number"), Cell("stops time", "dim")),)


def step_of(level: Level) -> str:
    """Return how much time the key for a step lets pass, in words."""
    return "one turn" if level.stride == 1 else how_many(level.stride, "turns")


def time_rows(game: LevelGame, width: int) -> list[Row]:
    """Return what lets time pass, and when it does so by itself."""
    if game.stands_still:
        return [row(Cell(line, "dim")) for line in wrap(as_sentence(ONLY_ACTS), width)]
    dot = row(Cell(" .      ", "number"), Cell(f"lets {step_of(game.level_run.level)} pass", "dim"))
    time = row(Cell(" Space  ", "number"), Cell("lets time run", "dim"))
    if game.level_run.level.by_turns:
        return [dot]
    allow, left = game.level_run.level.allow, game.acts_left
    told = AFTER_LAST if allow else ""
    if not game.level_run.notes.may_act(game.level_run.level):
        told = as_sentence(QUESTIONS_FIRST)
    if left:
        told = BEFORE_LAST if left == 1 else BEFORE_MORE
    return [*(row(Cell(line, "dim")) for line in wrap(told, width) if line), dot, time]


def _apart(groups: Iterable[Sequence[Row]], keys: Sequence[Row]) -> list[Row]:
    """Return groups of rows with a blank one around each, then the keys."""
    return [row(""), *(line for group in groups for line in (*group, row(""))), *keys]


def waiting_rows(game: LevelGame, size: tuple[int, int], keys: Sequence[Row]) -> list[Row]:
    """Return what can be done while nothing is asked; keys of the footer only where they fit.

    `size` is the width and the height to fill, `keys` are what lets time pass or stops it.
    """
    run, width, height = game.level_run, *size
    groups = choice_rows(run, width) if game.acts_left else []
    acts = [one for group in groups for one in group]
    roomy = _apart(groups, keys)
    if len(roomy) <= height:
        return roomy
    return [*acts, *keys] if len(acts) + len(keys) <= height else acts


def standing_rows(run: LevelRun, width: int) -> list[Row]:
    """Return what comes next by itself, the goals as they stand, and what loses."""
    limits, rows = limits_of(run), []
    goals = [one for one in run.goals() if not (one.met and one.text == ASKED)]
    for goal in goals:
        number = goal.now.partition(";")[0]
        ends = [one.removeprefix(f"{number} (") for one in limits if one.startswith(number)]
        limits = [one for one in limits if not one.startswith(number)]
        now = _short(goal.now)
        now = now.replace("now ", "so far ", 1) if goal.early and run.playing else now
        now = "; ".join((now, *(one.removesuffix(")") for one in ends)))
        mark, role = ("[x]", "fine") if goal.met else ("[ ]", "below_min")
        first, *more = wrap(f"{goal.text} ({now})", max(20, width - 4))
        rows.append(row(Cell(f"{mark} ", role), Cell(first)))
        rows += [row("    ", Cell(line)) for line in more]
    told = wrap("; ".join(limits), max(20, width - 4)) if limits else []
    rows += [row("    ", Cell(line, "number")) for line in told]
    comes = coming(run)
    return [*([row(Cell(comes, "number"))] if comes else []), *rows]


def _short(now: str) -> str:
    """Return a goal's number without what it counts, which the goal says; but with its unit."""
    what, colon, number = now.rpartition(": ")
    if not colon:
        return now
    return now if what.startswith(PER_MILLE) else f"now {number}"


def feedback_rows(reply: Reply | None, hinted: str, width: int) -> list[Row]:
    """Return what is said under the picture: the worth of the last answer, and the hint."""
    rows = reply_rows(reply, width) if reply is not None else []
    if hinted:
        rows += [row(Cell(line, "link")) for line in wrap(f"Hint: {hinted}", width)]
    return rows
