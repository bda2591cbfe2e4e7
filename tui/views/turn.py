"""A simulated turn: who acted, what was decided, and the call stack of one decision."""

from __future__ import annotations

from mmplay.engine.frame import START, Ask, Decided, TurnFacts
from mmplay.tui.cells import CALM, RAW, Cell, Row, row, wrap
from mmplay.tui.views.scene import View

MARK_WIDTH = 2
CALL_STACK = "call stack, innermost first"
AT_START = "The run begins here: nothing has been decided yet."
UNDECIDED = "Nothing was decided in this turn: a task ran, slept or wrote."


def turn_rows(view: View, facts: TurnFacts) -> list[Row]:
    """Return the rows of a turn; the decision that the screen stands at has its stack below."""
    rows = [row(Cell(facts.actor, "label"))]
    shown = facts.decisions if view.inside is None else facts.decisions[: view.inside + 1]
    chosen = chosen_decision(facts, view.inside)
    for number, one in enumerate(shown):
        rows += _decision_rows(view, number, one, number == chosen)
    if not facts.decisions and not facts.acts:
        said = AT_START if facts.actor == START else UNDECIDED
        rows += [row(Cell(line, "dim")) for line in wrap(said, max(20, view.width))]
    if view.inside is not None:
        left = len(facts.decisions) - len(shown)
        rows.append(row(Cell(f"inside this turn: {left} decisions to come; i goes out", "dim")))
    rows += [row(Cell(f"> {act}", "here")) for act in facts.acts]
    if chosen is not None:
        rows += _stack_rows(view, facts.decisions[chosen])
    return rows


def chosen_decision(facts: TurnFacts, inside: int | None) -> int | None:
    """Return the decision whose stack is shown: where we stand, else a refusal, else the last."""
    if inside is not None:
        return min(inside, len(facts.decisions) - 1) if facts.decisions else None
    refused = [number for number, one in enumerate(facts.decisions) if one.refused]
    if refused:
        return refused[-1]
    return len(facts.decisions) - 1 if facts.decisions else None


def _decision_rows(view: View, number: int, one: Decided, chosen: bool) -> list[Row]:
    mark = ">" if chosen else "x" if one.refused else " "
    role = "refused" if one.refused else "text"
    lines = wrap(one.text, max(20, view.width - MARK_WIDTH))
    first = Cell(lines[0], role, Ask("decision", (number,)))
    return [
        row(Cell(f"{mark} ", "mark"), first),
        *(row("  ", Cell(line, role)) for line in lines[1:]),
    ]


def _stack_rows(view: View, one: Decided) -> list[Row]:
    if view.density == CALM or not one.stack:
        return []
    if view.density == RAW:
        listed = [row("  ", Cell(name)) for name in one.stack]
    else:
        text = " < ".join(one.stack)
        listed = [row("  ", Cell(line, "dim")) for line in wrap(text, max(20, view.width - 2))]
    return [row(Cell(CALL_STACK, "dim")), *listed]
