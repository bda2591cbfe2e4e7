"""The lines of a zone: its marks, and the floors below min at which callers are refused."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.explain.gate import ladder, ordinary_class
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.versions import Kernel

MARKS = ("high", "low", "min")


def floors_of(
    kernel: Kernel | None, dump: MemDump, zone: ZoneDump, class_index: int | None = None
) -> Iterator[tuple[str, str, int]]:
    """Yield (name, caller, pages) of every floor that a request of class zone `class_index` meets.

    None is the class zone of an ordinary caller. Without rules only the marks themselves, as they
    were printed.
    """
    index = ordinary_class(dump) if class_index is None else class_index
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
