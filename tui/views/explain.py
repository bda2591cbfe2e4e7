"""The explain panel: the answer to the number under the cursor."""

from __future__ import annotations

from mmplay.engine.explain.answer import Answer, Scene, not_asked, zone_of
from mmplay.engine.explain.ask import answer
from mmplay.engine.explain.finding import equation, symbolic
from mmplay.engine.frame import Ask
from mmplay.engine.terms import GIVEN, Term
from mmplay.tui.cells import CALM, RAW, Cell, Row, row, wrap
from mmplay.tui.views.scene import View

LABEL_WIDTH = 9
ROLES = {"numbers": "number", "what": "label", "from": "dim"}


ASK_ONE = "Move the cursor to a number to ask why it is what it is."
NO_NUMBER = "No memory was printed until here, so there is no number to explain."

FIRST = ("what", "numbers", "change")
"""What stands first where there is no room for all: what would change it is what is looked for."""

BETWEEN, ITEM = " · ", "· "
"""What stands between several remedies or tests in a part, and before each of them in a list."""

OF_A_REQUEST = ("zone", "floor", "blocks")
"""Questions whose answer depends on how much was asked for."""


def why_title(scene: Scene, ask: Ask) -> str:
    """Return what is explained, and the order of the request that it was tested for."""
    title, caller = answer(scene, ask).title, scene.diagnosis.caller
    if ask.kind not in OF_A_REQUEST or caller is None or caller.order < 0:
        return title
    if not scene.diagnosis.asks or _about_another(scene, ask):
        return title
    return f"{title}, asked for order {caller.order}"


def _about_another(scene: Scene, ask: Ask) -> bool:
    """Tell whether a question is about a zone that the request could not use."""
    zone = zone_of(scene, ask)
    return zone is not None and not_asked(scene, zone)


def explain_rows(view: View, trail: tuple[Ask, ...]) -> list[Row]:
    """Return the answer to the last question of the trail; earlier ones are the way back."""
    if not trail:
        said = NO_NUMBER if view.dump is None else ASK_ONE
        return [row(Cell(line, "dim")) for line in wrap(said, max(20, view.width))]
    found = answer(view.scene, trail[-1])
    parts = found.parts()
    if view.density == CALM and len(parts) > 2:
        parts = [parts[0], *(part for part in parts if part[0] in ("numbers", "so"))]
    rows = [_part_rows(view, label, text) for label, text in _in_order(view, parts)]
    return [*(one for part in rows for one in part), *_foot(view, found, len(trail))]


def _in_order(view: View, parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the parts, those of FIRST before the others if the last would be out of sight."""
    before = [part for part in parts if part[0] != FIRST[-1]]
    if sum(len(_part_rows(view, *part)) for part in before) < view.height:
        return parts
    return sorted(parts, key=lambda part: part[0] not in FIRST)


def _part_rows(view: View, label: str, text: str) -> list[Row]:
    """Return a part in rows; where it says several things, each begins one, behind a mark."""
    said = text.split(BETWEEN)
    item = ITEM if len(said) > 1 else ""
    width = max(20, view.width - LABEL_WIDTH) - len(item)
    cells = [
        Cell(f"{item if n == 0 else ' ' * len(item)}{line}", _role(label, one))
        for one in said
        for n, line in enumerate(wrap(one, width))
    ]
    return [
        row(Cell(f"{label if n == 0 else '':<{LABEL_WIDTH}}", "dim"), cell)
        for n, cell in enumerate(cells)
    ]


def _role(label: str, text: str) -> str:
    if label == "numbers" and "refused" in text:
        return "refused"
    return ROLES.get(label, "text")


def _foot(view: View, found: Answer, depth: int) -> list[Row]:
    rows: list[Row] = []
    if found.links:
        cells: list[Cell] = [Cell(f"{'see':<{LABEL_WIDTH}}", "dim")]
        for name, ask in found.links:
            cells += [Cell(name, "link", ask), Cell("  ")]
        if depth > 1:
            cells.append(Cell("Backspace goes back", "dim"))
        rows.append(tuple(cells))
    if found.source and view.density != CALM:
        rows += _part_rows(view, "from", found.source)
    if found.term is not None and view.density == RAW:
        rows += [row(" " * LABEL_WIDTH, Cell(line)) for line in _tree(found.term, 0)]
    return rows


def _tree(term: Term, depth: int) -> list[str]:
    """Return the evaluation, one line a step, operands indented."""
    name = symbolic(term) if term.op != GIVEN else term.name or "constant"
    lines = [f"{'  ' * depth}{name}  {equation(term)}"]
    for operand in term.operands:
        if operand.op != GIVEN or operand.name:
            lines += _tree(operand, depth + 1)
    return lines
