"""The end of a level: stars with their rule, what was missed, the own tries, the real kernel."""

from __future__ import annotations

from collections.abc import Sequence

from mmplay.engine.explain.finding import as_sentence
from mmplay.levels.level_list import LevelLine
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.missed import what_was_missed
from mmplay.levels.play.run import LevelRun
from mmplay.levels.tries import Try
from mmplay.tui.cells import Cell, Row, fit, row, wrap
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.menu import stars_text

BARS = 4
"""Into how many bars the tries are counted at most."""

BAR_CELLS = 12


def ending_rows(
    run: LevelRun, tries: Sequence[Try], following: LevelLine | None, width: int, glyphs: Glyphs
) -> list[Row]:
    """Return what is read after a level; `tries` are the player's own, this one the last."""
    score, level = run.score(), run.level
    rows = [*_head(run, tries, width, glyphs), *_rule_rows(run, width, glyphs), row("")]
    rows += [*histogram_rows(tries, score.par > 0, width, glyphs), row("")]
    missed = missed_rows(run, width, glyphs)
    if missed:
        rows += [*missed, row("")]
    real = level.real
    rows += _texts(f"In the real kernel: {real.function}, {real.path}", width, "label")
    rows += _texts(real.text.strip(), width)
    rows += _texts(f"What the model leaves out: {real.leaves_out}", width, "dim")
    rows += [one for line in real.log.split("\n") for one in _texts(line, width, "log")]
    if level.against:
        rows += _texts(f"The mistake that this level corrects: {level.against}", width, "dim")
    return [*rows, row(""), keys_row(following, score.missed, run.outcome)]


def keys_row(following: LevelLine | None, missed: int = 0, outcome: Outcome = Outcome.WON) -> Row:
    """Return what can be done now; what was missed can be played again, a lost level first."""
    then = f"{following.id} {following.title}" if following is not None else "the menu"
    again = (("m", f"the {missed} missed"),) if missed else ()
    on = (("Enter", then), ("r", "again"))
    if outcome is Outcome.LOST:
        on = (("Enter", "again"), ("n", then))
    keys = (*on, *again, ("u", "undo"), ("Esc", "menu"))
    cells = [(Cell(f" {key} ", "number"), Cell(f"{text}  ", "dim")) for key, text in keys]
    return tuple(cell for pair in cells for cell in pair)


def _head(run: LevelRun, tries: Sequence[Try], width: int, glyphs: Glyphs) -> list[Row]:
    """Return how it went, and why it was lost: on lines of its own where that is long."""
    score = run.score()
    words = f" {run.outcome}  "
    took = _minutes(tries[-1].seconds) if tries else ""
    stars = stars_text(score.stars, glyphs)
    room = width - len(words) - len(stars) - len(took) - 1
    why = "" if score.won else f"  {run.reason}"
    first = row(
        Cell(words, "label" if score.won else "refused"),
        Cell(stars, "here"),
        Cell(fit(why if len(why) <= room else "", room)),
        Cell(took, "dim"),
    )
    return [first, *(_texts(run.reason, width) if len(why) > room else ())]


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d} min"


def _rule_rows(run: LevelRun, width: int, glyphs: Glyphs) -> list[Row]:
    """Return for what each star is given, and whether it was."""
    score = run.score()
    acts = f"{score.acts} {'act' if score.acts == 1 else 'acts'}, par {score.par}"
    first = f"{score.missed} of {score.asked} first answers missed"
    within = [acts] if score.par or score.acts else []
    within += [f"{first} (a quarter may be)"] if score.asked else []
    says = [
        "won" if score.won else "for winning",
        "; ".join(within),
        f"no question missed, at most the free hint; hints used: {score.hints}",
    ]
    return [
        row(
            Cell(f"  {glyphs.star if n < score.stars else glyphs.no_star}  ", "here"),
            Cell(fit(text, width - 5), "text" if n < score.stars else "dim"),
        )
        for n, text in enumerate(says)
    ]


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


def histogram_rows(tries: Sequence[Try], by_acts: bool, width: int, glyphs: Glyphs) -> list[Row]:
    """Return how many acts (else first answers missed) the own tries took; this one is marked."""
    if not tries:
        return []
    numbers = [one.acts if by_acts else one.missed for one in tries]
    name = "acts" if by_acts else "missed"
    span = max(numbers) - min(numbers) + 1
    step = -(-span // BARS)
    starts = range(min(numbers), max(numbers) + 1, step)
    counts = [sum(start <= number < start + step for number in numbers) for start in starts]
    rows = []
    for start, count in zip(starts, counts, strict=True):
        mine = start <= numbers[-1] < start + step
        label = str(start) if step == 1 else f"{start}-{start + step - 1}"
        cells = max(1 if count else 0, count * BAR_CELLS // max(counts))
        lowest = f"   lowest free {tries[-1].lowest_free}" if start == starts[0] else ""
        head = f" you, {name} " if start == starts[0] else ""
        rows.append(
            row(
                Cell(fit(head, 13), "label"),
                Cell(f"{label:>7} ", "dim"),
                Cell(glyphs.fine * cells, "here" if mine else "fine"),
                Cell(f" {count}{' this try' if mine else ''}", "number"),
                Cell(lowest, "dim"),
            )
        )
    return rows


def _texts(text: str, width: int, role: str = "text") -> list[Row]:
    paragraphs = (" ".join(one.split()) for one in text.split("\n\n"))
    return [row(" ", Cell(line, role)) for one in paragraphs for line in wrap(one, width - 2)]
