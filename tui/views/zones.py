"""The zones: free pages as bars, watermarks and callers' floors marked on them; the free lists."""

from __future__ import annotations

from mmplay.engine.explain.answer import class_zone_of, deciding_test, not_asked
from mmplay.engine.explain.dumps import refused_by, standing
from mmplay.engine.explain.finding import size
from mmplay.engine.explain.gate import Rung, ladder
from mmplay.engine.frame import Ask
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.recordings.diagnosis import NO_MEMORY
from mmplay.tui.cells import Cell, Row, fit, right, row, wrap
from mmplay.tui.views.scene import View

NAME_WIDTH = 7
VALUE_WIDTH = 8
SIZE_WIDTH = 10
STATE_WIDTH = 12
ROOMY = 60
"""Columns from which sizes stand beside pages, and letters are spelled out."""

BEYOND = 3
"""A bar shows up to this many times the highest mark; more free pages run off its end."""

LETTERS: tuple[tuple[str, str, str, str], ...] = (
    ("plain", "high", "h", "high"),
    ("plain", "low", "l", "low"),
    ("plain", "min", "m", "min"),
    ("HARDER", "min", "d", "HARDER"),
    ("HIGH", "min", "H", "HIGH"),
    ("HIGH+HARDER", "min", "A", "atomic"),
    ("OOM", "min", "o", "oom"),
    ("MIN_RESERVE", "min", "H", "HIGH"),
    ("MIN_RESERVE+NON_BLOCK", "min", "A", "atomic"),
)
"""Class, mark, the letter on the bar, its name in the legend; a kernel has some of the classes."""

CLASS_WORDS = {
    **{"HARDER": "harder", "HIGH": "__GFP_HIGH", "HIGH+HARDER": "atomic", "OOM": "OOM victims"},
    **{"MIN_RESERVE": "__GFP_HIGH", "MIN_RESERVE+NON_BLOCK": "atomic"},
}
"""What callers of a class are called in a list of those who are refused."""

PRIORITY = "hldoAHm"
"""Where letters fall into one column the last of these is shown."""


def zones_rows(view: View) -> list[Row]:
    """Return the rows of the zones panel."""
    dump = view.dump
    if dump is None:
        return [row(Cell(NO_MEMORY, "unknown"))]
    zones = _shown(dump)
    rows: list[Row] = []
    room = (view.height - 1) // max(1, len(zones))
    for zone in zones:
        rows += _zone_rows(view, zone)[: max(LEAST, room)]
    rows.append(_legend(view))
    return rows


LEAST = 3
"""Rows of a zone that are never left out: its bar, the letters below it, its marks."""


def least_rows(view: View) -> int:
    """Return how many rows show every zone, with nothing that may be left out."""
    return LEAST * len(_shown(view.dump)) + 1 if view.dump is not None else 1


def _shown(dump: MemDump) -> list[ZoneDump]:
    """Return the zones that are drawn: those that say something, if any does."""
    return [zone for zone in dump.zones if zone.kb] or dump.zones


def _zone_rows(view: View, zone: ZoneDump) -> list[Row]:
    rungs = _rungs(view, zone)
    marks = _marks_row(view, zone, rungs)
    told = marks[-1].role == "refused"
    return [
        _bar_row(view, zone, rungs),
        _letters_row(view, zone, rungs),
        marks,
        _floors_row(view, zone, rungs),
        *([] if told else _refused_row(view, zone, rungs)),
    ]


def _refused_row(view: View, zone: ZoneDump, rungs: list[Rung]) -> list[Row]:
    cells = _refused_cells(view, zone, rungs, 0)
    return [row(" " * _name_width(view), *cells)] if cells else []


def _rungs(view: View, zone: ZoneDump) -> list[Rung]:
    kernel = view.frame.kernel
    return [] if kernel is None else ladder(kernel, zone, class_zone_of(view.scene, zone))


def _name_width(view: View) -> int:
    """Return the columns of the zones' names, which have their node where there are several."""
    zones = view.dump.zones if view.dump else []
    return max([NAME_WIDTH, *(len(zone_name(view, zone)) + 1 for zone in zones)])


def _roomy(view: View) -> bool:
    return view.width >= ROOMY


def _bar_width(view: View) -> int:
    size_width = SIZE_WIDTH if _roomy(view) else 0
    return max(8, view.width - _name_width(view) - VALUE_WIDTH - size_width - STATE_WIDTH)


def _scale(zone: ZoneDump, rungs: list[Rung]) -> int:
    """Return the page count at the right end of the bar."""
    marks = [rung.pages.value for rung in rungs] or [zone.pages("high") or 1]
    top = max(1, *marks)
    free = zone.pages("free") or 0
    return min(max(free, top + top // 20), top * BEYOND)


def _column(pages: int, scale: int, width: int) -> int:
    return min(width - 1, pages * width // scale)


def _bar_row(view: View, zone: ZoneDump, rungs: list[Rung]) -> Row:
    free = zone.pages("free")
    ask = Ask("zone", (zone.node, zone.name, "free"))
    name = fit(zone_name(view, zone), _name_width(view))
    width = _bar_width(view)
    if free is None:
        return row(
            Cell(name, "label"), fit("", width), Cell(right("?", VALUE_WIDTH), "unknown", ask)
        )
    role, glyph = level_of(view, zone, free)
    scale = _scale(zone, rungs)
    full = 0 if free == 0 else max(1, min(width, free * width // scale))
    bar = glyph * full + view.glyphs.rest * (width - full)
    if free > scale:
        bar = bar[:-1] + view.glyphs.beyond
    state, role = _state(view, zone, rungs, role)
    value = right("0!" if free == 0 else str(free), VALUE_WIDTH)
    size_text = right(size(free * PAGE_KB), SIZE_WIDTH) if _roomy(view) else ""
    return row(
        Cell(name, "label"),
        Cell(bar[:full], role),
        Cell(bar[full:], "dim"),
        Cell(value, "zero" if free == 0 else "number", ask),
        Cell(size_text, "dim"),
        Cell(fit(f" {state}", STATE_WIDTH), role),
    )


def zone_name(view: View, zone: ZoneDump) -> str:
    """Return what a zone is called: with its node, where there are several."""
    nodes = {other.node for other in view.dump.zones} if view.dump else set()
    return f"{zone.node}:{zone.name}" if len(nodes) > 1 else zone.name


def level_of(view: View, zone: ZoneDump, free: int) -> tuple[str, str]:
    """Return role and glyph for a free count by the zone's own marks."""
    glyphs = view.glyphs
    low, high, minimum = (zone.pages(mark) for mark in ("low", "high", "min"))
    if minimum is not None and free <= minimum:
        return "below_min", glyphs.below_min
    if low is not None and free <= low:
        return "below_low", glyphs.below_low
    if high is not None and free <= high:
        return "below_high", glyphs.below_high
    return "fine", glyphs.fine


def _state(view: View, zone: ZoneDump, rungs: list[Rung], role: str) -> tuple[str, str]:
    """Return the word behind the bar: the verdict of this frame's request, else the level."""
    decided = deciding_test(view.result.diagnosis, zone)
    if decided is not None:
        verdict = str(decided[1].verdict)
        return verdict, "refused" if verdict in ("refused", "no block") else role
    if not_asked(view.scene, zone):
        return "not asked", "dim"
    if role == "fine" and refused_by(rungs, zone.pages("free")).all:
        return "locked", "refused"
    return "empty" if zone.pages("free") == 0 else standing(zone), role


def _letters_row(view: View, zone: ZoneDump, rungs: list[Rung]) -> Row:
    width = _bar_width(view)
    columns = [" "] * width
    scale = _scale(zone, rungs)
    placed = {
        letter: column
        for cls, mark, letter, _ in LETTERS
        if (column := _letter_column(rungs, cls, mark, scale, width)) is not None
    }
    for letter in PRIORITY:
        column = placed.get(letter)
        if column is not None:
            columns[column] = letter
    managed = zone.pages("managed")
    ask = Ask("zone", (zone.node, zone.name, "managed"))
    return row(
        " " * _name_width(view),
        Cell("".join(columns), "mark"),
        Cell(right("of ", VALUE_WIDTH), "dim"),
        Cell("?" if managed is None else str(managed), "number", ask),
    )


def _letter_column(rungs: list[Rung], cls: str, mark: str, scale: int, width: int) -> int | None:
    for rung in rungs:
        if rung.caller.name == cls and rung.mark == mark:
            return _column(rung.pages.value, scale, width)
    return None


def _marks_row(view: View, zone: ZoneDump, rungs: list[Rung]) -> Row:
    cells: list[Cell] = [Cell(" " * _name_width(view))]
    for name in ("min", "low", "high"):
        pages = zone.pages(name)
        cells.append(Cell(f"{name} ", "dim"))
        ask = Ask("zone", (zone.node, zone.name, name))
        cells.append(Cell("?" if pages is None else str(pages), "number", ask))
        cells.append(Cell(" "))
    class_index = class_zone_of(view.scene, zone)
    kept = zone.reserve_for(class_index)
    cells.append(Cell("reserve ", "dim"))
    ask = Ask("reserve", (zone.node, zone.name, class_index))
    cells.append(Cell("?" if kept is None else str(kept), "number", ask))
    cells += _refused_cells(view, zone, rungs, sum(len(cell.text) for cell in cells))
    return tuple(cells)


def _refused_cells(view: View, zone: ZoneDump, rungs: list[Rung], used: int) -> list[Cell]:
    """Return who is refused now, in words, where there is room."""
    refused = refused_by(rungs, zone.pages("free"))
    if not refused.names or not _roomy(view):
        return []
    if refused.all:
        locked = standing(zone) == "above high"
        texts = ["above high but locked: refuses everybody"] if locked else []
        texts += ["refuses everybody"]
    else:
        names = [CLASS_WORDS.get(name, name) for name in refused.names]
        texts = [f"refuses {', '.join(names)}"]
    fits = (text for text in texts if used + 1 + len(text) <= view.width)
    return [Cell(f" {text}", "refused") for text in [*fits][:1]]


def _floors_row(view: View, zone: ZoneDump, rungs: list[Rung]) -> Row:
    long = {cls: f"{letter} {name} " for cls, mark, letter, name in LETTERS if mark == "min"}
    spelled = _floor_cells(view, zone, rungs, long)
    if sum(len(cell.text) for cell in spelled) <= view.width:
        return spelled
    short = {cls: f"{letter} " for cls, mark, letter, _ in LETTERS if mark == "min"}
    spaced = _floor_cells(view, zone, rungs, short)
    if sum(len(cell.text) for cell in spaced[:-1]) <= view.width:
        return spaced
    return _floor_cells(view, zone, rungs, short, " ")


def _floor_cells(
    view: View, zone: ZoneDump, rungs: list[Rung], words: dict[str, str], gap: str = "  "
) -> Row:
    cells: list[Cell] = [Cell(" " * _name_width(view)), Cell("floors ", "dim")]
    for cls, mark, *_ in reversed(LETTERS):
        for rung in rungs:
            if rung.caller.name == cls and rung.mark == mark and mark == "min":
                cells.append(Cell(words[cls], "mark"))
                ask = Ask("floor", (zone.node, zone.name, cls))
                cells.append(Cell(str(rung.pages.value), "number", ask))
                cells.append(Cell(gap))
    return tuple(cells)


def _legend(view: View) -> Row:
    kernel = view.frame.kernel
    if kernel is None:
        return row(Cell("rules unknown for this kernel: no floors", "unknown"))
    classes = {caller.name for caller in kernel.gate.classes}
    words = ""
    for cls, _, letter, name in reversed(LETTERS):
        longer = f"{words}  {letter} {name}".lstrip()
        if cls in classes and len(longer) <= view.width:
            words = longer
    return row(Cell(words, "mark"))


COLUMN = 6
ZONE_COLUMN = 15


def lists_rows(view: View) -> list[Row]:
    """Return the rows of the free list panel: a column per order where it fits, else a row."""
    zones = [zone for zone in view.dump.zones if zone.blocks] if view.dump else []
    if not zones:
        return [row(Cell("unknown: no free lists in this dump", "unknown"))]
    orders = max(len(zone.blocks or ()) for zone in zones)
    if view.width >= NAME_WIDTH + COLUMN * orders:
        return _by_column(view, zones, orders)
    return _by_row(view, zones, orders)


def _by_column(view: View, zones: list[ZoneDump], orders: int) -> list[Row]:
    name = max([NAME_WIDTH, *(len(zone_name(view, zone)) for zone in zones)])
    head = "".join(right(str(order), COLUMN) for order in range(orders))
    rows = [row(Cell(fit("order", name), "dim"), Cell(head, "dim"))]
    for zone in zones:
        counts = [Cell(fit(zone_name(view, zone), name), "label")]
        letters = [Cell(" " * name)]
        for blocks in zone.blocks or ():
            counts.append(_count(zone, blocks.order, blocks.count, COLUMN))
            letters.append(Cell(right(blocks.types if blocks.count else "", COLUMN), "mark"))
        rows += [tuple(counts), tuple(letters), *_sum_rows(view, zone)]
    return rows


def _by_row(view: View, zones: list[ZoneDump], orders: int) -> list[Row]:
    wide = max(COLUMN + 2, min(ZONE_COLUMN, (view.width - NAME_WIDTH) // len(zones)))
    names = "".join(fit(zone_name(view, zone), wide) for zone in zones)
    rows = [row(Cell(fit("order", NAME_WIDTH), "dim"), Cell(names, "label"))]
    for order in range(orders):
        cells = [Cell(fit(str(order), NAME_WIDTH), "dim")]
        for zone in zones:
            blocks = (zone.blocks or ())[order : order + 1]
            count = blocks[0].count if blocks else 0
            types = blocks[0].types if blocks and count else ""
            cells.append(_count(zone, order, count, COLUMN))
            cells.append(Cell(fit(f" {types}", wide - COLUMN), "mark"))
        rows.append(tuple(cells))
    return [*rows, *(one for zone in zones for one in _sum_rows(view, zone))]


def _count(zone: ZoneDump, order: int, count: int, width: int) -> Cell:
    ask = Ask("blocks", (zone.node, zone.name, order))
    return Cell(right(str(count), width), "number" if count else "dim", ask)


def _sum_rows(view: View, zone: ZoneDump) -> list[Row]:
    listed, free = zone.listed_pages(), zone.pages("free")
    text = f"{zone_name(view, zone)} lists sum to {listed} pages"
    if free is not None and listed is not None and free != listed:
        text += f"; free says {free}"
    lines = wrap(text, max(20, view.width - NAME_WIDTH))
    return [row(" " * NAME_WIDTH, Cell(line, "dim")) for line in lines]
