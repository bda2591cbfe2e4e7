"""`mmplay floors`: watermarks, lowmem_reserve and the floor of every class of caller."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import NamedTuple

from mmplay.commands.arguments import add_json, add_kernel, whole
from mmplay.commands.output import print_json, tell
from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import equation, term_json
from mmplay.engine.rules.floors import floor
from mmplay.engine.rules.versions import Kernel, kernel_named
from mmplay.engine.rules.watermarks import PAGE_KB, ZONES, reserves
from mmplay.engine.terms import Term, given

MAX_PAGES = (1 << 40) - 1
MAX_KBYTES = (1 << 31) - 1
MAX_SCALE = 1000
"""The kernel's own bounds: min_free_kbytes is an int, watermark_scale_factor at most 1000."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--zone",
        action="append",
        required=True,
        metavar="Z=PAGES",
        help=f"managed pages of a zone ({', '.join(ZONES)}); give it once for each zone",
    )
    parser.add_argument(
        "--min-free-kbytes", required=True, metavar="N", help="value of vm.min_free_kbytes"
    )
    parser.add_argument(
        "--boot-managed",
        action="append",
        default=[],
        metavar="Z=PAGES",
        help="managed pages when lowmem_reserve was computed, if they were fewer then",
    )
    parser.add_argument(
        "--watermark-scale-factor",
        metavar="N",
        help="value of vm.watermark_scale_factor, 1 to 1000",
    )
    add_kernel(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the table; raises InputError for a bad zone, number or kernel."""
    kernel = kernel_named(args.kernel)
    managed = _zones(args.zone, "--zone")
    boot = {**managed, **_zones(args.boot_managed, "--boot-managed")}
    if set(boot) != set(managed):
        extra = ", ".join(sorted(set(boot) - set(managed)))
        raise InputError(f"--boot-managed {extra}: there is no --zone {extra} to go with it")
    if not lowmem(kernel, managed):
        raise InputError(f"--zone {args.zone[0]}: name a zone that shares vm.min_free_kbytes too")
    kbytes = whole(args.min_free_kbytes, "--min-free-kbytes", MAX_KBYTES)
    table = Floors(kernel, managed, boot, kbytes, _scale(kernel, args.watermark_scale_factor))
    if args.json:
        print_json(_as_json(table))
    else:
        _print_text(table)
    return 0


def _zones(pairs: list[str], option: str) -> dict[str, int]:
    zones: dict[str, int] = {}
    for pair in pairs:
        name, equals, number = pair.partition("=")
        if name not in ZONES or not equals:
            raise InputError(f"{option} {pair}: write ZONE=PAGES; zones are {', '.join(ZONES)}")
        if name in zones:
            raise InputError(f"{option} {pair}: {name} was given twice")
        zones[name] = whole(number, f"{option} {name}", MAX_PAGES)
        if zones[name] == 0:
            raise InputError(f"{option} {pair}: leave out a zone that has no pages")
    return zones


def _scale(kernel: Kernel, text: str | None) -> int:
    if text is None:
        return kernel.watermark_scale_factor or 0
    if kernel.watermark_scale_factor is None:
        raise InputError(f"--watermark-scale-factor: kernel {kernel.name} does not have it")
    scale = whole(text, "--watermark-scale-factor", MAX_SCALE)
    if scale == 0:
        raise InputError("--watermark-scale-factor 0: the kernel takes 1 to 1000")
    return scale


def lowmem(kernel: Kernel, managed: dict[str, int]) -> int:
    """Return the pages of the zones that share vm.min_free_kbytes."""
    return sum(pages for name, pages in managed.items() if name not in kernel.capped_zones)


class Floors(NamedTuple):
    """A machine by its zones, and everything that follows from them. Pages."""

    kernel: Kernel
    managed: dict[str, int]
    boot_managed: dict[str, int]
    min_free_kbytes: int
    scale: int

    def marks(self, zone: str) -> dict[str, Term]:
        """Return min, low and high of a zone, each with its evaluation."""
        minimum, low, high = self.kernel.marks(
            zone,
            given("managed", self.managed[zone]),
            given("lowmem_pages", lowmem(self.kernel, self.managed)),
            given("min_free_kbytes", self.min_free_kbytes),
            given("watermark_scale_factor", self.scale),
        )
        return {"min": minimum, "low": low, "high": high}

    def reserve(self, zone: str) -> tuple[int, ...]:
        """Return lowmem_reserve of a zone for each class zone, as zoneinfo prints it."""
        pages = tuple(self.boot_managed.get(name, 0) for name in ZONES)
        table = reserves(pages, self.kernel.lowmem_reserve_ratio, self.kernel.reserve)
        return table[ZONES.index(zone)]

    def rows(self, zone: str) -> list[FloorRow]:
        """Return the floor of every class at every mark, for each class zone that has pages."""
        marks, reserve = self.marks(zone), self.reserve(zone)
        found = []
        for class_index in range(ZONES.index(zone), len(ZONES)):
            if ZONES[class_index] not in self.managed:
                continue
            kept = given("lowmem_reserve", reserve[class_index])
            for mark, pages in marks.items():
                for caller in self.kernel.classes_at(mark):
                    term = floor(
                        self.kernel.gate.reductions, _as_given(mark, pages), kept, caller.flags
                    )
                    found.append(FloorRow(ZONES[class_index], mark, caller.name, term))
        return found


def _as_given(mark: str, pages: Term) -> Term:
    """A floor starts from the mark's value; how the mark came about is shown beside it."""
    return given(mark, pages.value)


class FloorRow(NamedTuple):
    """One floor: for callers of which class zone, at which mark, of which class."""

    class_zone: str
    mark: str
    caller: str
    floor: Term


def _in_order(table: Floors) -> list[str]:
    return [name for name in ZONES if name in table.managed]


def _as_json(table: Floors) -> dict[str, object]:
    return {
        "kernel": table.kernel.name,
        "min_free_kbytes": table.min_free_kbytes,
        "watermark_scale_factor": table.scale or None,
        "zones": [_zone_json(table, name) for name in _in_order(table)],
    }


def _zone_json(table: Floors, name: str) -> dict[str, object]:
    return {
        "zone": name,
        "managed": table.managed[name],
        **{mark: pages.value for mark, pages in table.marks(name).items()},
        "lowmem_reserve": list(table.reserve(name)),
        "formulas": {mark: term_json(pages) for mark, pages in table.marks(name).items()},
        "floors": [
            {
                "class_zone": row.class_zone,
                "mark": row.mark,
                "caller": row.caller,
                "floor": row.floor.value,
                "formula": term_json(row.floor),
            }
            for row in table.rows(name)
        ],
    }


def _print_text(table: Floors) -> None:
    tell(f"kernel {table.kernel.name}   vm.min_free_kbytes {table.min_free_kbytes}")
    tell("a request of order 0 is refused when free <= floor; pages (kB)")
    for name in _in_order(table):
        reserve = " ".join(str(pages) for pages in table.reserve(name))
        tell("", f"{name}   managed {table.managed[name]}   lowmem_reserve[] {reserve}")
        for mark, pages in table.marks(name).items():
            tell(f"  {mark:<5}{_both(pages.value):>18}   {equation(pages)}")
        for row in table.rows(name):
            who = f"{row.caller} at {row.mark}"
            tell(
                f"  {row.class_zone + '-class':<14}{who:<30}{_both(row.floor.value):>16}   "
                f"{equation(row.floor)}"
            )


def _both(pages: int) -> str:
    return f"{pages} ({pages * PAGE_KB})"
