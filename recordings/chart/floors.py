"""The lines of a zone: its marks, and the floors below min at which callers are refused."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.explain.gate import ladder
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.memory import class_zone
from mmplay.engine.rules.versions import Kernel

MARKS = ("high", "low", "min")


def floors_of(
    kernel: Kernel | None, dump: MemDump, zone: ZoneDump, class_index: int | None = None
) -> Iterator[tuple[str, str, int]]:
    """Yield (name, caller, pages) of every floor that a request of class zone `class_index` meets.

    None is the class zone of an ordinary caller. Without rules only the marks themselves, as they
    were printed.
    """
    index = class_zone_index(dump) if class_index is None else class_index
    if kernel is None or index is None:
        for mark in MARKS:
            pages = zone.pages(mark)
            if pages is not None:
                yield mark, "", pages
        return
    for rung in ladder(kernel, zone, index):
        if rung.caller.name == "NO_WATERMARKS":
            continue
        plain = rung.caller.name == "plain"
        yield rung.mark if plain else rung.caller.name, rung.caller.name, rung.pages.value


def class_zone_index(dump: MemDump) -> int | None:
    """Return the class zone of a caller that may use Normal, as an index of the dump's columns."""
    columns = dump.columns()
    return class_zone(
        columns.index("Normal"), (columns.index(zone.name) for zone in dump.populated())
    )
