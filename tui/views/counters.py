"""The counters: totals of the dump with their change since the dump before it."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.frame import Ask
from mmplay.recordings.diagnosis import NO_MEMORY
from mmplay.tui.cells import Cell, Row, fit, right, row
from mmplay.tui.views.scene import View

ORDER = (
    *("free", "slab_unreclaimable", "dirty", "writeback", "inactive_file", "active_file"),
    *("isolated_file", "active_anon", "inactive_anon", "isolated_anon", "slab_reclaimable"),
    *("pagetables", "mapped", "shmem", "unevictable", "free_pcp", "unstable", "bounce", "free_cma"),
)
"""What tells most of an allocation failure comes first; fields not named here follow."""

SHORT = {
    "slab_unreclaimable": "slab_unrecl",
    "slab_reclaimable": "slab_recl",
    "inactive_file": "inact_file",
    "inactive_anon": "inact_anon",
    "isolated_file": "isol_file",
    "isolated_anon": "isol_anon",
    "kernel_misc_reclaimable": "misc_recl",
    "sec_pagetables": "sec_ptables",
}
"""Names for narrow panels."""

VALUE_WIDTH = 7
DELTA_WIDTH = 7
LONG_NAME = 19


def counters_rows(view: View) -> list[Row]:
    """Return the rows of the counters panel: pages, then the closing lines of the dump."""
    dump = view.dump
    if dump is None:
        return [row(Cell(NO_MEMORY, "unknown"))]
    names = [name for name in ORDER if name in dump.totals]
    names += [name for name in dump.totals if name not in ORDER]
    rows = [_counter_row(view, name, dump.totals[name]) for name in names]
    rows += _run_rows(view)
    rows += [
        row(_name(view, name), Cell(right(str(value), VALUE_WIDTH), "number", Ask("tail", (name,))))
        for name, value in dump.tail.items()
    ]
    return rows or [row(Cell("this dump has no totals", "unknown"))]


def _name(view: View, name: str) -> Cell:
    width = max(8, view.width - VALUE_WIDTH - DELTA_WIDTH)
    return Cell(fit(name if width >= LONG_NAME else SHORT.get(name, name), width), "label")


def _counter_row(view: View, name: str, value: int) -> Row:
    number = Cell(right(str(value), VALUE_WIDTH), "number", Ask("total", (name,)))
    delta = _delta(view, name, value)
    return row(_name(view, name), number, delta)


def _delta(view: View, name: str, value: int) -> Cell:
    shown, before = view.frame.shown, view.frame.before
    if shown is None or not shown.own or before is None or name not in before.totals:
        return Cell("")
    change = value - before.totals[name]
    return _change(change)


def _run_rows(view: View) -> list[Row]:
    """Return what a simulated run has counted, what this turn changed first."""
    facts = view.frame.facts
    if facts is None:
        return []
    changed = {
        name: value - facts.counters_before.get(name, 0) for name, value in facts.counters.items()
    }
    names = sorted((name for name, value in facts.counters.items() if value), key=_order(changed))
    return [
        row(
            _name(view, name),
            Cell(right(str(facts.counters[name]), VALUE_WIDTH), "number", Ask("counter", (name,))),
            _change(changed[name]) if facts.counters_before else Cell(""),
        )
        for name in names
    ]


def _order(changed: dict[str, int]) -> Callable[[str], bool]:
    return lambda name: not changed[name]


def _change(change: int) -> Cell:
    return Cell(right(f"{change:+d}", DELTA_WIDTH), "changed" if change else "dim")
