"""Where the memory was: a table of owners, in pages, that adds up to what the kernel managed.

Anonymous, file and shmem pages are told apart by the LRU lists and the shmem counter: shmem pages
stand on the anonymous lists, or on the unevictable one. What nobody counts (drivers, network
buffers, vmalloc, per-CPU data, a balloon) is one row of its own. Source: show_free_areas and
show_mem, mm/page_alloc.c and lib/show_mem.c, 2.6.32 to 6.17.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mmplay.engine.explain.finding import Finding, finding, size
from mmplay.engine.report import MemDump, Report
from mmplay.engine.rules.watermarks import PAGE_KB

UNACCOUNTED = "unaccounted"

LRU = {
    "anon": ("active_anon", "inactive_anon", "isolated_anon"),
    "file": ("active_file", "inactive_file", "isolated_file"),
    "unevictable": ("unevictable",),
}
SHMEM = "shmem"

COUNTED = {
    "slab": ("slab_reclaimable", "slab_unreclaimable", "slab"),
    "page tables": ("pagetables", "sec_pagetables"),
    "kernel stacks": ("kernel_stack", "shadow_call_stack"),
    "kernel caches": ("kernel_misc_reclaimable",),
    "zsmalloc": ("zspages",),
    "bounce": ("bounce",),
    "fuse": ("writeback_tmp",),
    "free": ("free",),
    "per-CPU": ("free_pcp",),
}
"""Rows that are plain sums of counters, by the counters' names."""


MOVED = 64
"""Pages, and the share of all, that may move while a report is printed."""


class MemoryRow(NamedTuple):
    """Pages of one owner; `node` is None where the log gives only the sum of all nodes."""

    name: str
    node: int | None
    pages: int


class Swap(NamedTuple):
    """Swap space in kB."""

    total_kb: int
    free_kb: int


class MemoryTable(NamedTuple):
    """`rows` add up to `managed` exactly; the last one is what nobody accounts for.

    That row is negative where pages are counted twice, or moved while the report was printed.
    `page_kb` is the page size.
    """

    managed: int
    rows: tuple[MemoryRow, ...]
    swap: Swap | None = None
    page_kb: int = PAGE_KB

    def pages(self, name: str) -> int:
        """Return the pages of one owner on all nodes."""
        return sum(row.pages for row in self.rows if row.name == name)


def memory_table(report: Report) -> MemoryTable | None:
    """Return where the memory was by the report's own dump.

    None without a dump, or where the dump does not say how many pages the kernel managed: the
    zones that are printed are too few for its totals.
    """
    dump = report.memory
    managed = managed_pages(dump) if dump is not None else None
    if dump is None or managed is None or not _has_totals(dump):
        return None
    page_kb = dump.zones[0].page_kb if dump.zones else PAGE_KB
    rows = _rows(dump, page_kb)
    left = managed - sum(row.pages for row in rows)
    if left < -(MOVED + managed // MOVED) and "reserved_pages" not in dump.tail:
        return None
    return MemoryTable(managed, (*rows, MemoryRow(UNACCOUNTED, None, left)), _swap(dump), page_kb)


def managed_pages(dump: MemDump) -> int | None:
    """Return the pages that the kernel managed: RAM less reserved, else the sum of the zones.

    From 6.1 on, and for a request bound to nodes, only some zones are printed: the closing lines
    count all. Where the zones have all RAM, their own numbers count: 3.13 prints what the last zone
    reserves as if it were all. Where they have all that is free, they are all there are, whatever
    those lines say. RAM alone, where the rest is lost, counts what was reserved at boot as well.
    """
    ram, reserved = dump.tail.get("ram_pages"), dump.tail.get("reserved_pages")
    printed = _sum_of(dump, "managed") or _sum_of(dump, "present")
    if ram is None or reserved is None or ram <= reserved:
        return printed or ram
    if _sum_of(dump, "present") == ram and printed is not None:
        return printed if _sum_of(dump, "managed") is not None else ram - reserved
    if printed and ram - reserved > 2 * printed and _zones_are_all(dump):
        return printed
    return ram - reserved


def _sum_of(dump: MemDump, name: str) -> int | None:
    """Return a counter over all zones, None if one of them does not print it."""
    return summed([zone.pages(name) for zone in dump.zones if zone.kb])


def summed(pages: Sequence[int | None]) -> int | None:
    """Return the sum of numbers, None if one of them is not known or there are none."""
    known = [one for one in pages if one is not None]
    return sum(known) if known and len(known) == len(pages) else None


def _zones_are_all(dump: MemDump) -> bool:
    """Tell whether no zone with free pages is missing: the total is what the zones have."""
    free, total = _sum_of(dump, "free"), dump.totals.get("free")
    return free is not None and total is not None and abs(free - total) <= MOVED


def _has_totals(dump: MemDump) -> bool:
    return "free" in dump.totals and any(name in dump.totals for name in LRU["anon"])


def _rows(dump: MemDump, page_kb: int) -> list[MemoryRow]:
    """Return the rows of counters: by node where every part of a row is known by node."""
    by_node = _by_node(dump, page_kb)
    rows: list[MemoryRow] = []
    for name, total in _owners(_totals(dump, page_kb)).items():
        parts = [MemoryRow(name, node, _owners(one).get(name, 0)) for node, one in by_node.items()]
        moved = abs(sum(part.pages for part in parts) - total)
        known = all(_FIELDS[name] & one.keys() for one in by_node.values())
        if len(parts) > 1 and known and moved <= MOVED + total // MOVED:
            rows += parts
        else:
            rows.append(MemoryRow(name, None, total))
    return [row for row in rows if row.pages or row.name in ("anon", "file", SHMEM, "slab", "free")]


_FIELDS = {name: frozenset(fields) for name, fields in (*LRU.items(), *COUNTED.items())}
_FIELDS |= {SHMEM: frozenset({SHMEM}), "hugetlb": frozenset({"hugetlb"})}


def _owners(counters: dict[str, int]) -> dict[str, int]:
    """Return pages by owner. Counters are in pages."""
    lru = {name: _sum(counters, fields) for name, fields in LRU.items()}
    shmem = counters.get(SHMEM, 0)
    on_anon = min(shmem, lru["anon"])
    locked = min(shmem - on_anon, lru["unevictable"])
    owners = {
        "anon": lru["anon"] - on_anon,
        "file": lru["file"],
        SHMEM: on_anon + locked,
        "unevictable": lru["unevictable"] - locked,
    }
    owners |= {name: _sum(counters, fields) for name, fields in COUNTED.items()}
    return owners | {"hugetlb": counters.get("hugetlb", 0)}


def _sum(counters: dict[str, int], fields: Iterable[str]) -> int:
    return sum(counters.get(field, 0) for field in fields)


def _totals(dump: MemDump, page_kb: int) -> dict[str, int]:
    """Return the machine's counters in pages: totals first, else the sum over nodes or zones."""
    counters: dict[str, int] = {}
    for one in _by_node(dump, page_kb).values():
        for name, pages in one.items():
            counters[name] = counters.get(name, 0) + pages
    return counters | dump.totals


def _by_node(dump: MemDump, page_kb: int) -> dict[int, dict[str, int]]:
    """Return the counters of each node in pages: its zones' sums, its own line where it has one."""
    nodes: dict[int, dict[str, int]] = {}
    for zone in dump.zones:
        of_node = nodes.setdefault(zone.node, {})
        for name in zone.kb:
            of_node[name] = of_node.get(name, 0) + (zone.pages(name) or 0)
    for node, fields in dump.nodes.items():
        of_node = nodes.setdefault(node, {})
        of_node |= {name: value // page_kb for name, value in fields.items()}
    for huge in dump.hugepages:
        of_node = nodes.setdefault(huge.get("node", 0), {})
        of_node["hugetlb"] = of_node.get("hugetlb", 0) + huge["total"] * huge["size"] // page_kb
    return nodes


def _swap(dump: MemDump) -> Swap | None:
    total, free = dump.tail.get("swap_total_kb"), dump.tail.get("swap_free_kb")
    if total is None or free is None:
        return None
    return Swap(total, free)


LARGEST_SLABS = 4
"""Slab caches, and places in the source that allocate, that are named."""

MUCH = 20
"""The share of the managed pages, one in so many, from which unaccounted pages are told."""


def memory_findings(report: Report) -> list[Finding]:
    """Return where the memory was: owners, largest first, nodes, swap, and what nobody counts."""
    table = memory_table(report)
    found: list[Finding] = []
    if table is not None:
        found += _owners_told(table)
        if table.pages(UNACCOUNTED) * MUCH <= -table.managed:
            over = -table.pages(UNACCOUNTED) * table.page_kb
            found.append(finding("memory.overcounted", over=over))
        if table.pages(UNACCOUNTED) * MUCH >= table.managed:
            left = table.pages(UNACCOUNTED) * table.page_kb
            found.append(finding(_unaccounted_code(report.memory), unaccounted=left))
    if report.memory is not None and report.memory.sites:
        sites = [f"{name} {size(kb)}" for name, kb in report.memory.sites[:LARGEST_SLABS]]
        found.append(finding("memory.sites", sites=sites))
    if report.slabs:
        slabs = sorted(report.slabs, key=lambda row: -row[2])[:LARGEST_SLABS]
        caches = [f"{name} {size(total)}" for name, _, total in slabs]
        found.append(finding("memory.slabs", caches=caches))
    return found


def _unaccounted_code(dump: MemDump | None) -> str:
    """Tell apart a table of all RAM, reserved pages included, from one of the managed pages."""
    if dump is None or "reserved_pages" in dump.tail:
        return "memory.unaccounted"
    told = any("present" in zone.kb for zone in dump.zones)
    return "memory.unaccounted" if told else "memory.unaccounted_all"


def _owners_told(table: MemoryTable) -> list[Finding]:
    kb = table.page_kb
    names = dict.fromkeys(row.name for row in table.rows)
    whole = [(name, table.pages(name)) for name in names]
    managed = {"managed": table.managed * kb, "pages": table.managed}
    found = [finding("memory.owners", **managed, owners=_told(whole, kb))]
    for node in dict.fromkeys(row.node for row in table.rows if row.node is not None):
        own = [(row.name, row.pages) for row in table.rows if row.node == node]
        if told := _told(own, kb):
            found.append(finding("memory.node", node=node, owners=told))
    if table.swap is None:
        return found
    if table.swap.total_kb == 0:
        return [*found, finding("memory.no_swap")]
    swap = finding("memory.swap", free=table.swap.free_kb, total=table.swap.total_kb)
    return [*found, swap]


def _told(owners: Iterable[tuple[str, int]], page_kb: int) -> list[str]:
    """Return what each owner holds, in pages too, the largest first, without empty ones."""
    ordered = sorted(owners, key=lambda row: -row[1])
    return [f"{name} {size(pages * page_kb)} ({pages})" for name, pages in ordered if pages > 0]
