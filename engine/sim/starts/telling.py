"""Whether a report tells enough of a machine to go on with it, and if not, what is missing.

A simulated machine has one node with the zones of x86_64, pages of 4 kB, no swap and no CMA; where
a log shows another one, its future would be a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.report import MemDump, Report, ZoneDump
from mmplay.engine.rules.kernel import Kernel
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.mm.vmscan import SWAP_CLUSTER_MAX

NEEDED = ("managed", "present", "free", "min", "low", "high")
"""What a zone's own line must say."""

COUNTED = (
    *("active_anon", "inactive_anon", "active_file", "inactive_file", "dirty", "writeback"),
    *("slab_reclaimable", "slab_unreclaimable"),
)
"""What must be counted, in the zone lines or for the whole machine."""

LARGEST = {"DMA": 4096, "DMA32": 1 << 20}
"""Pages below 16 MB and below 4 GB."""

RAM_LOST = 8
"""A firmware keeps less than an eighth of the RAM for itself; what the zones have is the rest."""


class Told(NamedTuple):
    """A report, the kernel whose rules printed it, what that kernel calls itself, and its RAM.

    `ram_kb` is what somebody said of the machine, 0 for nothing.
    """

    report: Report
    printed_by: Kernel
    release: str = ""
    ram_kb: int = 0


def told_memory(report: Report) -> MemDump:
    """Return the report's own Mem-Info, with the zones that have pages; raises InputError.

    The message says what is missing, cut off, or beyond a simulated machine.
    """
    dump = report.memory
    if dump is None:
        raise InputError("this frame has no Mem-Info of its own; choose a frame that has one")
    if not dump.zones:
        raise InputError("this frame's Mem-Info has no zone lines, which a start needs")
    zones = [zone for zone in dump.zones if zone.pages("managed") != 0]
    for zone in zones:
        for check in ZONE_CHECKS:
            if problem := check(zone):
                raise InputError(f"zone {dump.label(zone)}: {problem}")
    for whole in DUMP_CHECKS:
        if problem := whole(dump, zones):
            raise InputError(problem)
    return MemDump(dump.time_us, dump.totals, zones, dump.nodes, tail=dump.tail)


def check_ram(dump: MemDump, ram_kb: int) -> None:
    """Raise InputError if a machine with so much RAM cannot have the zones of a dump."""
    pages, present = ram_kb // PAGE_KB, _present(dump.zones)
    if not pages - pages // RAM_LOST <= present <= pages:
        has = "fewer" if present > pages else "more"
        raise InputError(
            f"the log's zones have {present} pages ({present * PAGE_KB} kB): a machine with "
            f"{ram_kb} kB of RAM has {has}"
        )


def _present(zones: Sequence[ZoneDump]) -> int:
    return sum(zone.pages("present") or 0 for zone in zones)


# one zone


def _cut(zone: ZoneDump) -> str:
    if zone.cut:
        return f"its line is cut off at {zone.cut[:20]!r}; a start needs the whole line"
    if not zone.kb:
        return "its line is missing; a start needs it"
    return ""


def _other_machine(zone: ZoneDump) -> str:
    if zone.node:
        return f"it is on node {zone.node}; a simulated machine has one node"
    if zone.index is None:
        return "x86_64, which is simulated, has no zone of that name"
    if zone.page_kb != PAGE_KB:
        return f"its pages are of {zone.page_kb} kB; those of x86_64, which is simulated, of 4 kB"
    present, most = zone.pages("present") or 0, LARGEST.get(zone.name, 1 << 62)
    if present > most:
        return f"it has {present} pages; on x86_64, which is simulated, {most} at most"
    return ""


def _missing(zone: ZoneDump) -> str:
    for name in NEEDED:
        if zone.pages(name) is None:
            return f"the dump has no {name}; a start needs it"
    if zone.reserve is None:
        return "the dump has no lowmem_reserve; a start needs it"
    if zone.blocks is None:
        return "the dump has no free lists for it; a start needs them"
    return ""


def _impossible(zone: ZoneDump) -> str:
    managed, present, free, least, low, high = (zone.pages(name) or 0 for name in NEEDED)
    if managed > present:
        return f"it manages {managed} of {present} pages"
    if max(free, zone.listed_pages() or 0) > managed:
        return f"more pages are free than the {managed} that it manages"
    if not least <= low <= high <= managed:
        return f"marks {least}, {low}, {high} are not those of {managed} pages"
    return ""


def _cma(zone: ZoneDump) -> str:
    pages = zone.pages("free_cma") or 0
    return f"{pages} of its free pages are CMA, which is not simulated" if pages else ""


ZONE_CHECKS: tuple[Callable[[ZoneDump], str], ...] = (
    _cut,
    _other_machine,
    _missing,
    _impossible,
    _cma,
)


# all of them


def _populated(dump: MemDump, zones: Sequence[ZoneDump]) -> str:
    names = [zone.name for zone in zones]
    if not names:
        return "no zone of this frame has pages"
    if len(set(names)) < len(names):
        return "this frame has lines of one zone twice: two dumps are mixed up"
    if "Normal" in names and "DMA32" not in names:
        return "zone Normal without DMA32 below it is not an x86_64 machine's"
    return ""


def _ram(dump: MemDump, zones: Sequence[ZoneDump]) -> str:
    ram, present = dump.tail.get("ram_pages"), _present(dump.zones)
    if ram is None or ram == present:
        return ""
    return (
        f"the log counts {ram} pages of RAM, its zones have {present}: "
        "a zone's line is missing, or a number is wrong"
    )


def _uncounted(dump: MemDump, zones: Sequence[ZoneDump]) -> str:
    for name in COUNTED:
        if name not in dump.totals and any(zone.pages(name) is None for zone in zones):
            return f"the dump has no {name}, neither by zone nor in all; a start needs it"
    return ""


def _swap(dump: MemDump, zones: Sequence[ZoneDump]) -> str:
    pages = dump.tail.get("swap_free_kb", 0) // PAGE_KB
    if pages < SWAP_CLUSTER_MAX:
        return ""
    return f"{pages} pages of swap are free: swapping is not simulated"


DUMP_CHECKS: tuple[Callable[[MemDump, Sequence[ZoneDump]], str], ...] = (
    _populated,
    _ram,
    _uncounted,
    _swap,
)
