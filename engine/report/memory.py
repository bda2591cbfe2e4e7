"""A Mem-Info dump as numbers. What the dump does not say is None, never 0.

Field names are the kernel's (`active_file`, `isolated_anon`); zone fields are kB as printed, totals
are pages. Source: mm/page_alloc.c:show_free_areas (4.5).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mmplay.engine.rules.watermarks import PAGE_KB, ZONES

PAGE_FIELDS = frozenset({"pages_scanned"})
"""Zone fields that are printed in pages, not in kB."""


@dataclass(frozen=True, slots=True)
class FreeBlocks:
    """Free blocks of one order: how many, how large each, and the letters of their types."""

    order: int
    count: int
    size_kb: int
    types: str


@dataclass(slots=True)
class ZoneDump:
    """One zone of a dump.

    `kb` holds the fields of the zone line in kB (pages for PAGE_FIELDS); `reserve` is
    lowmem_reserve[class zone] in pages; `blocks` the free lists and `blocks_total_kb` the sum that
    the kernel printed behind them; `page_kb` the page size that the lists show.
    """

    node: int
    name: str
    page_kb: int = PAGE_KB
    time_us: int | None = None
    kb: dict[str, int] = field(default_factory=dict)
    all_unreclaimable: bool | None = None
    reserve: tuple[int, ...] | None = None
    blocks: tuple[FreeBlocks, ...] | None = None
    blocks_total_kb: int | None = None

    def pages(self, name: str) -> int | None:
        """Return one field in pages, or None if the dump does not have it."""
        value = self.kb.get(name)
        if value is None or name in PAGE_FIELDS:
            return value
        return value // self.page_kb

    @property
    def index(self) -> int | None:
        """The zone's index among x86_64's zones; None for a zone that x86_64 does not have."""
        return ZONES.index(self.name) if self.name in ZONES else None

    def reserve_for(self, class_zone: int) -> int | None:
        """Return lowmem_reserve[class_zone] in pages, or None if the dump does not say."""
        if self.reserve is None or not 0 <= class_zone < len(self.reserve):
            return None
        return self.reserve[class_zone]

    def listed_pages(self) -> int | None:
        """Return the free pages that the free lists add up to, or None without lists."""
        if self.blocks is None:
            return None
        return sum(blocks.count * blocks.size_kb for blocks in self.blocks) // self.page_kb

    def reclaimable_pages(self, swap_pages: int = 0) -> int | None:
        """Return the pages reclaim could look at (zone_reclaimable_pages, mm/vmscan.c 4.5)."""
        names = ["active_file", "inactive_file", "isolated_file"]
        if swap_pages > 0:
            names += ["active_anon", "inactive_anon", "isolated_anon"]
        parts = [self.pages(name) for name in names]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None


@dataclass(slots=True)
class MemDump:
    """One Mem-Info dump: totals in pages, zones in the order printed, and the closing lines.

    `tail` holds the closing lines by field name (`ram_pages`, `swap_free_kb`, ...); `nodes` the
    node lines of 4.8 and later, in kB.
    """

    time_us: int | None
    totals: dict[str, int] = field(default_factory=dict)
    zones: list[ZoneDump] = field(default_factory=list)
    nodes: dict[int, dict[str, int]] = field(default_factory=dict)
    hugepages: list[dict[str, int]] = field(default_factory=list)
    tail: dict[str, int] = field(default_factory=dict)

    def zone(self, name: str, node: int | None = None) -> ZoneDump | None:
        """Return the zone of that name (on `node`, if given), or None."""
        for zone in self.zones:
            if zone.name == name and node in (None, zone.node):
                return zone
        return None

    def populated(self) -> list[ZoneDump]:
        """Return the zones that have pages, highest index first: the order of a zonelist."""
        known = [zone for zone in self.zones if zone.index is not None and zone.kb]
        return sorted(known, key=lambda zone: -(zone.index or 0))
