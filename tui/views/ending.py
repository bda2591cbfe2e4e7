"""The end of a level: stars with their rule, what was missed, the own tries, the real kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmplay.engine.errors import how_many
from mmplay.engine.explain.finding import as_sentence
from mmplay.levels.level_list import LevelLine, next_of
from mmplay.levels.model import Level
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import FREE_HINTS, Outcome, Score, most_missed
from mmplay.levels.play.missed import what_was_missed
from mmplay.levels.play.run import LevelRun
from mmplay.levels.tries import LEAST_TRIES, Try, tries_of
from mmplay.tui.cells import Cell, Row, fit, row, wrap
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.menu import stars_text
from mmplay.tui.views.task import reply_rows

BARS = 4
"""Into how many bars the tries are counted at most."""

BAR_CELLS = 12

WIDE = 90
"""Columns for the keys and the next level's title in one row."""


def rows_at_end(game: LevelGame, level: Level, glyphs: Glyphs) -> Callable[[int], list[Row]]:
    """Return what makes the rows, for a width, of a level whose last stage is over in `game`."""
    run, told = game.level_run, game.reply if level.picture is None else None
    tries, following = tries_of(run.level.id), next_of(level)

    def rows(width: int) -> list[Row]:
        """Return the reply to the last answer, if it stands nowhere else, and the end."""
        said = reply_rows(told, width) if told is not None else []
        return said + ending_rows(run, tries, following, width, glyphs)

    return rows


def ending_rows(
    run: LevelRun, tries: Sequence[Try], following: LevelLine | None, width: int, glyphs: Glyphs
) -> list[Row]:
    """Return what is read after a level; `tries` are the player's own, this one the last."""
    score, level = run.score(), run.level
    rows = [*_head(run, tries, width, glyphs), *_rule_rows(run, width, glyphs)]
    rows += _apart([line for one in level.corrected for line in _texts(one, width)])
    rows += _apart(missed_rows(run, width, glyphs))
    lowest = tries[-1].lowest_free if tries and _is_about_free(level) else None
    rows += [*_apart(histogram_rows(tries, score.par > 0, width, glyphs, lowest)), row("")]
    real = level.real
    rows += _texts(f"In the real kernel: {real.function}, {real.path}", width, "label")
    rows += _texts(real.text.strip(), width)
    rows += _texts(f"What the model leaves out: {real.leaves_out}", width, "dim")
    rows += _texts(real.log_says and f"In the log: {real.log_says.strip()}", width)
    rows += [one for line in real.log.split("\n") for one in _texts(line, width, "log")]
    return [*rows, row(""), keys_row(following, score.missed, run.outcome, width)]


def _apart(rows: list[Row]) -> list[Row]:
    """Return a section with a blank row before it; nothing for none."""
    return [row(""), *rows] if rows else []


def _is_about_free(level: Level) -> bool:
    """Tell whether a goal of the level is about the free pages of a zone."""
    goals = (*level.wins, *level.loses)
    return any(one.counter.endswith((".free", ".lowest")) for one in goals)


def keys_row(
    following: LevelLine | None,
    missed: int = 0,
    outcome: Outcome = Outcome.WON,
    width: int = WIDE,
) -> Row:
    """Return what can be done now; what was missed can be played again, a lost level first.

    The next level's title stands there if the row is wide enough for it.
    """
    then = f"{following.id} {following.title}" if following is not None else "the menu"
    if following is not None and width < WIDE:
        then = following.id
    again = (("m", "what you missed"),) if missed else ()
    on = (("Enter", then), ("r", "again"))
    if outcome is Outcome.LOST:
        on = (("Enter", "again"), ("n", then))
    keys = (*on, *again, ("u", "undo"), ("Esc", "menu"))
    cells = [(Cell(f" {key} ", "number"), Cell(f"{text}  ", "dim")) for key, text in keys]
    return tuple(cell for pair in cells for cell in pair)


def _head(run: LevelRun, tries: Sequence[Try], width: int, glyphs: Glyphs) -> list[Row]:
    score = run.score()
    words = f" {run.outcome}  "
    took = _minutes(tries[-1].seconds) if tries else ""
    stars = stars_text(score.stars, glyphs)
    room = width - len(words) - len(stars) - len(took) - 1
    head = row(
        Cell(words, "label" if score.won else "refused"),
        Cell(stars, "here"),
        Cell(fit("", room)),
        Cell(took, "dim"),
    )
    why = [] if score.won else _texts(as_sentence(str(run.reason)), width, "refused")
    return [head, *why]


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d} min"


def _rule_rows(run: LevelRun, width: int, glyphs: Glyphs) -> list[Row]:
    """Return in words for what each star is given, what came of it, and whether it was given."""
    score = run.score()
    says = [
        "for winning",
        f"for winning with {_within(score)}",
        f"for all that, with {_faultless(score)}",
    ]
    rows = []
    for n, text in enumerate(says):
        mark = glyphs.star if n < score.stars else glyphs.no_star
        role = "text" if n < score.stars else "dim"
        first, *more = wrap(text, width - 6)
        rows.append(row(Cell(f"  {mark}  ", "here"), Cell(first, role)))
        rows += [row("     ", Cell(line, role)) for line in more]
    return rows


def _within(score: Score) -> str:
    """Return what the second star is for, and what came of it."""
    found = []
    if score.par or score.acts:
        found.append(
            f"at most {how_many(score.par, 'acts')} ({_came_to('took', score.acts, score.par)})"
        )
    if score.asked:
        most = most_missed(score.asked)
        missed = _came_to("missed", score.missed, most)
        found.append(f"at most {most} of {score.asked} questions missed ({missed})")
    return " and ".join(found)


def _faultless(score: Score) -> str:
    """Return what the third star is for, and what came of it."""
    hints = f"at most {FREE_HINTS} hint ({_came_to('took', score.hints, FREE_HINTS)})"
    return f"no question missed (you missed {score.missed}) and {hints}" if score.asked else hints


def _came_to(did: str, count: int, most: int) -> str:
    return f"you {did} {count}{': too many' if count > most else ''}"


def missed_rows(run: LevelRun, width: int, glyphs: Glyphs) -> list[Row]:
    """Return the questions whose first answer was wrong, each with the rule that holds."""
    missed = what_was_missed(run)
    if not missed:
        return []
    rows = [row(Cell(" What you missed, and the rule that holds:", "label"))]
    for question, rule in missed:
        first, *more = wrap(question.text, width - 4)
        rows.append(row("  ", Cell(f"{glyphs.no} ", "refused"), Cell(first)))
        rows += [row("    ", Cell(line)) for line in more]
        rows += [row("    ", Cell(line, "link")) for line in wrap(as_sentence(rule), width - 6)]
    return rows


def histogram_rows(
    tries: Sequence[Try], by_acts: bool, width: int, glyphs: Glyphs, lowest: int | None = None
) -> list[Row]:
    """Return how many tries that won took so many acts (else missed so many questions).

    This one is marked. `lowest` are its fewest free pages, for a level that is about them. Nothing
    is to be compared before the second try, and a try that was lost early is not a short one.
    """
    if len(tries) < LEAST_TRIES:
        return []
    won = [one for one in tries if one.stars]
    rows = [row(Cell(_tries_head(len(tries), len(won), by_acts), "label"))]
    numbers = [one.acts if by_acts else one.missed for one in won]
    rows += _bars(numbers, numbers[-1] if tries[-1].stars else None, glyphs)
    if lowest is not None:
        rows.append(row(Cell(f" Fewest free pages in this try: {lowest}", "dim")))
    return rows


def _tries_head(tries: int, won: int, by_acts: bool) -> str:
    if not won:
        return f" Your {tries} tries: none was won yet."
    what = "acts taken" if by_acts else "questions missed"
    those = "the one that was won" if won == 1 else f"the {won} that were won"
    return f" Your {tries} tries{'' if won == tries else f'; {those}'}, by {what}:"


def _bars(numbers: Sequence[int], this: int | None, glyphs: Glyphs) -> list[Row]:
    """Return a bar for every range of numbers; marked is that of this try, if it is one of them."""
    if not numbers:
        return []
    step = -(-(max(numbers) - min(numbers) + 1) // BARS)
    starts = range(min(numbers), max(numbers) + 1, step)
    counts = [sum(start <= number < start + step for number in numbers) for start in starts]
    rows: list[Row] = []
    for start, count in zip(starts, counts, strict=True):
        mine = this is not None and start <= this < start + step
        label = str(start) if step == 1 else f"{start}-{start + step - 1}"
        cells = max(1 if count else 0, count * BAR_CELLS // max(counts))
        times = how_many(count, "tries")
        rows.append(
            row(
                Cell(f"{label:>9}  ", "dim"),
                Cell(glyphs.fine * cells, "here" if mine else "fine"),
                Cell(f" {times}{_mine(count) if mine else ''}", "number"),
            )
        )
    return rows


def _mine(count: int) -> str:
    return ", this one" if count == 1 else ", this one among them"


def _texts(text: str, width: int, role: str = "text") -> list[Row]:
    paragraphs = (" ".join(one.split()) for one in text.split("\n\n"))
    return [row(" ", Cell(line, role)) for one in paragraphs for line in wrap(one, width - 2)]
