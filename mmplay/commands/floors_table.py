"""The floors of a machine by its zones and settings, as rows, text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from mmplay.commands.output import tell
from mmplay.engine.explain.finding import equation, term_json
from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.floors import CallerClass, floor
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB, ZONES, reserves
from mmplay.engine.terms import Term, given, rule

Zone = tuple[int, str]
"""A zone by its node and name."""


class FloorRow(NamedTuple):
    """One floor: for callers of which class zone, at which mark, of which class."""

    class_zone: str
    mark: str
    caller: str
    floor: Term


class Floors(NamedTuple):
    """A machine by its zones, and everything that follows from them. Pages.

    `boot_managed` are the pages that lowmem_reserve was computed from; `boosts` what reclaim has
    added to the marks for now; `why` how vm.min_free_kbytes came about, empty where it was given.
    """

    kernel: Kernel
    managed: Mapping[Zone, int]
    boot_managed: Mapping[Zone, int]
    boosts: Mapping[Zone, int]
    ratios: tuple[int, ...]
    min_free_kbytes: int
    scale: int
    why: str = ""

    @property
    def zones(self) -> list[Zone]:
        """The zones in the order of their nodes and indices."""
        return sorted(self.managed, key=lambda zone: (zone[0], ZONES.index(zone[1])))

    @property
    def lowmem(self) -> int:
        """Return the pages of the zones that share vm.min_free_kbytes."""
        return lowmem(self.kernel, self.managed)

    def marks(self, zone: Zone) -> dict[str, Term]:
        """Return min, low and high of a zone, with its boost, each with its evaluation."""
        found: Iterable[Term] = self.kernel.marks(
            zone[1],
            given("managed", self.managed[zone]),
            given("lowmem_pages", self.lowmem),
            given("min_free_kbytes", self.min_free_kbytes),
            given("watermark_scale_factor", self.scale),
        )
        boost = self.boosts.get(zone, 0)
        if boost:
            found = [mark + given("boost", boost) for mark in found]
        return dict(zip(("min", "low", "high"), found, strict=True))

    def reserve(self, zone: Zone) -> tuple[int, ...]:
        """Return lowmem_reserve of a zone for each class zone, as zoneinfo prints it."""
        pages = tuple(self.boot_managed.get((zone[0], name), 0) for name in ZONES)
        return reserves(pages, self.ratios, self.kernel.reserve)[ZONES.index(zone[1])]

    def rows(self, zone: Zone) -> Iterator[FloorRow]:
        """Yield the floor of every class at every mark, for each class zone that has pages."""
        marks, reserve = self.marks(zone), self.reserve(zone)
        for index in range(ZONES.index(zone[1]), len(ZONES)):
            if (zone[0], ZONES[index]) not in self.managed:
                continue
            kept = given("lowmem_reserve", reserve[index])
            for mark, pages in marks.items():
                for caller in self.kernel.classes_at(mark):
                    tested = self._tested(zone, mark, pages, caller)
                    term = floor(self.kernel.gate.reductions, tested, kept, caller.flags)
                    yield FloorRow(ZONES[index], mark, caller.name, term)

    def _tested(self, zone: Zone, mark: str, pages: Term, caller: CallerClass) -> Term:
        """Return the mark that a caller meets: its value; how it came about is shown beside it."""
        boost = self.boosts.get(zone, 0)
        if boost and mark == "min" and caller.flags & AllocFlag.UNBOOSTED:
            return rule("unboosted", given(mark, pages.value) - given("boost", boost))
        return given(mark, pages.value)


def lowmem(kernel: Kernel, managed: Mapping[Zone, int]) -> int:
    """Return the pages of the zones that share vm.min_free_kbytes."""
    return sum(pages for (_, name), pages in managed.items() if name not in kernel.capped_zones)


def table_json(table: Floors) -> dict[str, object]:
    """Return the whole table as plain data."""
    return {
        "kernel": table.kernel.name,
        "min_free_kbytes": table.min_free_kbytes,
        "watermark_scale_factor": table.scale or None,
        "zones": [_zone_json(table, zone) for zone in table.zones],
    }


def _zone_json(table: Floors, zone: Zone) -> dict[str, object]:
    marks = table.marks(zone)
    return {
        "zone": zone[1],
        "node": zone[0],
        "managed": table.managed[zone],
        **{mark: pages.value for mark, pages in marks.items()},
        "boost": table.boosts.get(zone, 0),
        "lowmem_reserve": list(table.reserve(zone)),
        "formulas": {mark: term_json(pages) for mark, pages in marks.items()},
        "floors": [row_json(row) for row in table.rows(zone)],
    }


def row_json(row: FloorRow) -> dict[str, object]:
    """Return one floor as plain data."""
    return {
        "class_zone": row.class_zone,
        "mark": row.mark,
        "caller": row.caller,
        "floor": row.floor.value,
        "formula": term_json(row.floor),
    }


def print_table(table: Floors) -> None:
    """Print the whole table as text."""
    why = f" ({table.why})" if table.why else ""
    tell(f"kernel {table.kernel.name}   vm.min_free_kbytes {table.min_free_kbytes}{why}")
    tell("a request of order 0 is refused when free <= floor; pages (kB)")
    several = len({node for node, _ in table.managed}) > 1
    for zone in table.zones:
        reserve = " ".join(str(pages) for pages in table.reserve(zone))
        name = f"node {zone[0]} {zone[1]}" if several else zone[1]
        tell("", f"{name}   managed {table.managed[zone]}   lowmem_reserve[] {reserve}")
        for mark, pages in table.marks(zone).items():
            tell(f"  {mark:<5}{both(pages.value):>18}   {equation(pages)}")
        print_rows(table.rows(zone))


def print_rows(rows: Iterator[FloorRow]) -> None:
    """Print floors, a line each."""
    for row in rows:
        who = f"{row.caller} at {row.mark}"
        tell(
            f"  {row.class_zone + '-class':<14}{who:<30}{both(row.floor.value):>16}   "
            f"{equation(row.floor)}"
        )


def both(pages: int) -> str:
    """Return a number of pages, and how many kB that is."""
    return f"{pages} ({pages * PAGE_KB})"
