"""What a level wants now: its question, its goals with their reasons, what can be done."""

from __future__ import annotations

from mmplay.engine.frame import Ask
from mmplay.levels.model import Question
from mmplay.levels.play.goals import GoalState, Outcome
from mmplay.levels.play.questions import Reply
from mmplay.levels.play.run import LevelRun
from mmplay.tui.cells import CALM, Cell, Row, row, wrap
from mmplay.tui.views.pieces import piece_rows

STARS = 3
WIDE = 1000
"""Columns of rows that the box which shows them wraps."""


def task_rows(run: LevelRun, reply: Reply | None, said: str, width: int, density: str) -> list[Row]:
    """Return the rows of the task panel, `width` columns wide.

    `reply` is what the last answer was worth, `said` the last hint.
    """
    rows = _reply_rows(reply, width) if reply is not None else []
    rows += piece_rows(run.level, run.session.live, width) if run.playing else []
    question = run.open_question()
    if not run.playing:
        rows += _end_rows(run, width)
    elif question is not None:
        rows += _question_rows(run, question, width)
    else:
        rows += _goal_rows(run.goals(), width)
        rows += _choice_rows(run, width)
    if said:
        rows += [row(Cell(line, "link")) for line in wrap(f"hint: {said}", width)]
    if density != CALM and question is None and run.playing:
        rows += [row(Cell(line, "dim")) for line in wrap(run.level.task, width)]
    return rows


def _question_rows(run: LevelRun, question: Question, width: int) -> list[Row]:
    number = [one.id for one in run.questions].index(question.id) + 1
    head = f"{number}/{len(run.questions)}  "
    lines = wrap(head + question.text, width)
    rows: list[Row] = [row(Cell(line, "label")) for line in lines]
    for place, option in enumerate(question.options, 1):
        mark = Cell(f" {place} ", "number", Ask("choice", (place,)))
        shown = wrap(option.text, max(20, width - 4))
        rows.append(row(mark, Cell(shown[0])))
        rows += [row("   ", Cell(line)) for line in shown[1:]]
    unit = f" in {question.unit}" if question.unit else ""
    how = f"1-{len(question.options)} answer" if question.options else f"p answers{unit}"
    keys = f"{how}, H gives a hint, S skips (you cannot win with a skipped question)"
    rows += [row(Cell(line, "dim")) for line in wrap(keys, width)]
    return rows


def _goal_rows(goals: list[GoalState], width: int) -> list[Row]:
    rows: list[Row] = []
    for goal in goals:
        mark, role = ("[x]", "fine") if goal.met else ("[ ]", "below_min")
        lines = wrap(f"{goal.text}: {goal.why}", max(20, width - 4))
        rows.append(row(Cell(f"{mark} ", role), Cell(lines[0])))
        rows += [row("    ", Cell(line)) for line in lines[1:]]
    return rows


def _choice_rows(run: LevelRun, width: int) -> list[Row]:
    rows: list[Row] = []
    for place, option in enumerate(run.level.choices, 1):
        lines = wrap(option.text, max(20, width - 4))
        rows.append(row(Cell(f" {place} ", "number", Ask("choice", (place,))), Cell(lines[0])))
        rows += [row("   ", Cell(line)) for line in lines[1:]]
    if run.level.allow:
        words = f"x acts: {', '.join(run.level.allow)}"
        rows += [row(Cell(line, "dim")) for line in wrap(words, width)]
    return rows


def _reply_rows(reply: Reply, width: int) -> list[Row]:
    unit = f" {reply.question.unit}" if reply.question.unit else ""
    head = f"you said {reply.answer}: "
    if reply.right:
        text, role = f"{head}right", "fine"
    else:
        text, role = f"{head}the kernel says {reply.truth.shown()}{unit}", "refused"
    why = reply.wrong_because or "; ".join(reply.truth.explanation())
    rows = [row(Cell(line, role)) for line in wrap(text, width)]
    rows += [row(Cell(line)) for line in wrap(why, width) if why]
    if reply.question.why and not reply.right:
        rows += [row(Cell(line, "dim")) for line in wrap(reply.question.why, width)]
    return [*rows, row("")]


def _end_rows(run: LevelRun, width: int) -> list[Row]:
    score = run.score()
    if run.outcome is Outcome.WON:
        stars = "*" * score.stars + "." * (STARS - score.stars)
        head = f"won [{stars}]  acts {score.acts}, par {score.par}"
        rows = [row(Cell(head, "fine"))]
    else:
        rows = [row(Cell(line, "refused")) for line in wrap(f"lost: {run.reason}", width)]
    keys = "Enter reads on, u undoes, R begins again, q back"
    return [*rows, *(row(Cell(line, "dim")) for line in wrap(keys, width))]


def story_rows(run: LevelRun) -> list[Row]:
    """Return the rows that a level begins with: story, task, what it teaches."""
    level = run.level
    rows = [row(Cell(one)) for one in level.story.split("\n\n")]
    rows += [row(""), row(Cell(level.task, "label")), row("")]
    keys = ". one step   Space plays   digits choose   p answers   x acts   H hint   ? keys"
    return [*rows, row(Cell(f"learn: {level.learn}", "dim")), row(Cell(keys, "dim"))]


def closing_rows(run: LevelRun, reply: Reply | None) -> list[Row]:
    """Return what is read after a level: the last answer, the result, and the real kernel."""
    level, score, real = run.level, run.score(), run.level.real
    stars = "*" * score.stars + "." * (STARS - score.stars)
    rows = [
        *(_reply_rows(reply, WIDE) if reply is not None else []),
        row(Cell(f"{run.outcome} [{stars}]", "fine" if score.won else "refused")),
        row(Cell(run.reason)),
        row(Cell(_counts(run), "dim")),
        row(""),
        row(Cell(f"now the real kernel: {real.function}, {real.path}", "label")),
        row(Cell(real.text)),
        row(Cell(f"the model leaves out: {real.leaves_out}")),
    ]
    rows += [row(Cell(line, "log")) for line in real.log.split("\n") if line]
    if level.against:
        rows += [row(""), row(Cell(f"what this level was against: {level.against}", "dim"))]
    if level.recreates:
        rows.append(row(Cell(f"what it recreates: {level.recreates}", "dim")))
    return rows


def _counts(run: LevelRun) -> str:
    score = run.score()
    asked = f", {score.right} of {score.asked} right" if score.asked else ""
    return f"acts {score.acts}, par {score.par}{asked}, hints {score.hints}"
