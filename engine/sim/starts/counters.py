"""Where memory was, by a row of counters that were read off a running machine.

A row says how many pages are where in the whole machine; what lies in DMA besides its free pages
is taken as in use by nobody that a counter names, apart from the file pages of its scan count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.setup import HZ, JIFFY_NS
from mmplay.engine.sim.mm.balance import INIT_BW, UPDATE_NS, followed, measured
from mmplay.engine.sim.mm.pcp import batch_size
from mmplay.engine.sim.starts.bench import BenchZone, merged_zone, roomy_zone
from mmplay.engine.sim.starts.common import ASSUMED, RULES, reasons, value
from mmplay.engine.sim.starts.plan import Found
from mmplay.engine.sim.starts.zones import name_the_rest
from mmplay.engine.sim.state.buddy import MOVABLE, UNMOVABLE
from mmplay.engine.sim.state.zone import Zone

Row = Mapping[str, int]
"""A row: the column `t` in ns, all others as they stand."""

COLUMNS = {
    "active_anon": "active_anon",
    "inactive_anon": "inactive_anon",
    "active_file": "active_file",
    "inactive_file": "inactive_file",
    "isolated_anon": "iso_anon",
    "isolated_file": "iso_file",
    "dirty": "dirty",
    "writeback": "writeback",
    "slab_unreclaimable": "slab_unrecl",
    "slab_reclaimable": "slab_recl",
}
"""Places of a zone, and the columns that count them over all zones."""

NEEDED = ("t", *COLUMNS.values(), "k64_slabs", "dirty_thresh", "nr_running")
"""Columns of every row; and `free_ZONE` and `scanned_ZONE` of each zone (of a machine's Normal
zone no scan count is read)."""

WRITTEN = "nr_written"
USEFUL = (WRITTEN,)
"""Columns that need not be there: from this one the disk's bandwidth is known."""
LONE = 2
"""Tasks that run where one reclaims: it, and the one that reads the counters."""
LISTED = (UNMOVABLE, MOVABLE)
"""Types of which each CPU has pages at hand; two runs of a real machine had 56 to 74 in all."""
SUBSETS = ("dirty", "writeback")
"""Places that others hold already."""
SPILLED = ("active_anon", "inactive_anon", "active_file", "slab_unreclaimable")
"""What DMA holds where the zones above are full: on a real 4.5.0 it had 1284 anonymous pages."""
QUOTED = ("row_scanned_per_page", "row_least_unnamed", "row_unnamed", "row_most_single")
"""Constants behind what a row does not tell, for the run's header."""


def needed_columns(zones: Sequence[BenchZone]) -> tuple[str, ...]:
    """Return the columns that a row of a machine with these zones must have."""
    names = [one.name.lower() for one in zones]
    scanned = [f"scanned_{name}" for name in names if name in ("dma", "dma32")]
    return (*NEEDED, *(f"free_{name}" for name in names), *scanned)


def found_in_rows(rows: Sequence[Row], zones: Sequence[BenchZone], cpus: int) -> Found:
    """Return where memory was at the last of these rows, which go back to when they began.

    `zones` say what each zone manages. Raises InputError for more pages than there are.
    """
    row = dict(rows[-1])
    _check_counts(row, sum(one.managed for one in zones))
    row["writeback"] = max(0, min(row["writeback"], _on_lists(row) - row["dirty"]))
    row["dirty"] = min(row["dirty"], _on_lists(row))
    return Found(
        time_ns=row["t"],
        zones=_zones(row, zones, cpus),
        works=row["k64_slabs"],
        runnable=row["nr_running"],
        dirty_limit=_dirty_limit(rows),
        alone=_scanned_alone(rows),
        drift=0,
        bandwidth=_bandwidth(rows),
        assumed=(*RULES["row"], *reasons(ASSUMED, QUOTED)),
    )


def _check_counts(row: Row, managed: int) -> None:
    for column in (*COLUMNS.values(), "k64_slabs"):
        if not 0 <= row[column] <= managed:
            raise InputError(f"{column}: {row[column]} pages cannot be in {managed}")
    above = row["dirty"] + row["writeback"] - _on_lists(row)
    if above > value("row_skew"):
        raise InputError(f"dirty, writeback: {_on_lists(row)} file pages cannot hold so many")
    if row["k64_slabs"] > row["slab_unrecl"]:
        raise InputError(f"k64_slabs: {row['slab_unrecl']} slab pages cannot hold so many")


def _on_lists(row: Row) -> int:
    return row["active_file"] + row["inactive_file"] + row["iso_file"]


def _dirty_limit(rows: Sequence[Row]) -> int:
    """Return the hard limit that followed the thresholds of all rows (update_dirty_limit, 4.5)."""
    limit = at_ns = 0
    for row in rows:
        limit = max(limit, row["dirty_thresh"])
        if row["t"] < at_ns + UPDATE_NS:
            continue
        at_ns = row["t"]
        limit = followed(limit, row["dirty_thresh"], row["dirty"] + row["writeback"])
    return limit


def _scanned_alone(rows: Sequence[Row]) -> int:
    """Return what a caller had scanned that alone was running at the last row or the one before.

    Who reads the counters runs, too. Scans are counted from the last page that was freed, and a
    lone call ends with some (4.5: __alloc_pages_direct_reclaim, drain_all_pages).
    """
    for row in reversed(rows[-2:]):
        if row["nr_running"] <= LONE:
            return row.get("scanned_dma32", 0)
    return 0


def _bandwidth(rows: Sequence[Row]) -> int:
    """Return the disk's bandwidth as the kernel had measured it over all rows, in pages/s.

    A row more than a second after the last is no measurement; without nr_written there is none.
    """
    bandwidth = mean = INIT_BW
    last = rows[0]
    for row in rows if WRITTEN in last else ():
        elapsed = (row["t"] - last["t"]) // JIFFY_NS
        if row["t"] < last["t"] + UPDATE_NS:
            continue
        written = max(0, row[WRITTEN] - last[WRITTEN])
        last = row
        if elapsed <= HZ:
            bandwidth, mean = measured(bandwidth, mean, written, elapsed)
    return mean


def _zones(row: Row, zones: Sequence[BenchZone], cpus: int) -> list[Zone]:
    """Return the zones, with what the row counts shared among those above DMA by their room."""
    free = [row[f"free_{one.name.lower()}"] for one in zones]
    for one, pages in zip(zones, free, strict=True):
        if not 0 <= pages <= one.managed:
            raise InputError(f"zone {one.name}: {pages} of {one.managed} pages cannot be free")
    room = [one.managed - pages for one, pages in zip(zones, free, strict=True)]
    if len(zones) > 1:
        room[0] = 0
    counts = {place: shared(row[column], room) for place, column in COLUMNS.items()}
    if len(zones) > 1:
        _share_with_dma(counts, row["scanned_dma"])
        for number in range(1, len(zones)):
            used = room[number] - _on_cpus(zones[number], cpus)
            _spill(counts, number, used, zones[0].managed - free[0])
    return [
        _zone(row, one, free[number], {name: part[number] for name, part in counts.items()}, cpus)
        for number, one in enumerate(zones)
    ]


def shared(pages: int, room: Sequence[int]) -> list[int]:
    """Return pages in parts, each like its room; what integer division leaves goes to the last."""
    parts = [pages * one // max(1, sum(room)) for one in room]
    parts[-1] += pages - sum(parts)
    return parts


def _share_with_dma(counts: dict[str, list[int]], scanned: int) -> None:
    """Put as many of the file pages in DMA as its scan count says: it was given up long ago.

    All of them are dirty: the row does not tell.
    """
    pages = scanned // value("row_scanned_per_page")
    pages = min(pages, counts["dirty"][-1], counts["inactive_file"][-1])
    for name in ("inactive_file", "dirty"):
        counts[name][0] += pages
        counts[name][-1] -= pages


def _spill(counts: dict[str, list[int]], number: int, room: int, dma_room: int) -> None:
    """Let DMA hold what a zone above it has no room for, anonymous pages first, if DMA has it.

    The zone keeps some pages for what no column counts: the receive ring, kernel stacks.
    """
    here, in_dma = (
        sum(counts[place][zone] for place in COLUMNS if place not in SUBSETS)
        for zone in (number, 0)
    )
    unnamed = value("row_unnamed")
    over = here - room + unnamed
    if over <= unnamed - value("row_least_unnamed") or over > dma_room - in_dma:
        return
    for place in SPILLED:
        pages = min(over, counts[place][number])
        counts[place][0] += pages
        counts[place][number] -= pages
        over -= pages


def _zone(row: Row, one: BenchZone, free: int, places: Mapping[str, int], cpus: int) -> Zone:
    scanned = row.get(f"scanned_{one.name.lower()}", 0)
    told = (*places.items(), ("mapped", places["active_file"]), ("pages_scanned", scanned))
    blocks = sum(count << order for order, count, _ in one.blocks)
    if blocks > free:
        raise InputError(f"zone {one.name}: {free} pages are free, not {blocks} as in its blocks")
    make = roomy_zone if free <= value("row_most_single") else merged_zone
    on_lists = _on_cpus(one, cpus)
    if free + on_lists > one.managed:
        on_lists = 0
    zone = make(one._replace(free=free + on_lists, places=told), cpus)
    _fill_lists(zone, on_lists)
    zone.marked = zone.dirty + zone.writeback
    zone.clean = max(0, zone.inactive_file - zone.marked)
    name_the_rest(zone)
    return zone


def _half_batch(one: BenchZone) -> int:
    """Return how many pages each list of a CPU has, which are not free: on average half a batch."""
    return batch_size(one.managed) // 2


def _on_cpus(one: BenchZone, cpus: int) -> int:
    """Return how many pages all CPUs have at hand."""
    return _half_batch(one) * cpus * len(LISTED)


def _fill_lists(zone: Zone, pages: int) -> None:
    """Move free pages to the CPUs' lists, in equal parts."""
    cpus = len(zone.pcp)
    for number in range(pages):
        kind = LISTED[number // cpus % len(LISTED)]
        zone.pcp[number % cpus][kind].append(zone.buddy.take(0, kind))
    zone.free -= pages
    zone.lowest = zone.free
