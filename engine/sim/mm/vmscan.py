"""Scanning the file lists of a zone, and dropping the clean page cache.

The lists are counts. Pages that can be dropped at the tail are met first; the other clean ones lie
evenly among the rest, and what integer division leaves over is carried to the next scan. Without
swap only file lists are scanned. vm.drop_caches gives back clean pages wherever they lie (bit 1;
bit 2 asks the slab shrinkers, which are not simulated): dirty pages, pages under writeback and in
use stay, and so does the active list, of which this machine does not know what is clean. Source:
mm/vmscan.c of 4.5 (get_scan_count, shrink_zone_memcg, shrink_inactive_list, shrink_page_list,
shrink_active_list), fs/drop_caches.c (drop_caches_sysctl_handler, drop_pagecache_sb) and
mm/truncate.c (invalidate_mapping_pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.page_decisions import DropCaches, ShrinkInactiveList
from mmplay.engine.sim.mm.disk import congested
from mmplay.engine.sim.mm.page_alloc import largest_free
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.state.zone import CONGESTED, Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


SWAP_CLUSTER_MAX = 32
DEF_PRIORITY = 12

NEVER = 1 << 40
"""More pages than any scan frees."""


def shrink_zone(m: Machine, zone: Zone, priority: int, cpu: int, enough: int) -> tuple[int, int]:
    """Scan a zone at one priority; return (pages scanned on the inactive list, pages freed).

    The scan ends after the batch that brought the freed pages to `enough` (NEVER: it does not).
    """
    scan = zone.inactive_file >> priority
    if zone.active_file > zone.inactive_file:
        _shrink_active(zone, zone.active_file >> priority)
    if scan == 0:
        return 0, 0
    if zone.clean_tail or zone.clean:
        return _shrink_inactive(m, zone, scan, cpu, enough)
    if zone.marked < zone.dirty + zone.writeback:
        _mark(zone, scan, zone.inactive_file)
    zone.pages_scanned += scan
    if m.tell is not None:
        m.tell(ShrinkInactiveList(zone.index, priority, scan, 0))
    return scan, 0


def _shrink_active(zone: Zone, scan: int) -> None:
    """Move pages that nobody maps from the active to the inactive list."""
    movable = max(0, zone.active_file - zone.mapped)
    if not scan or not movable:
        return
    moved, zone.active_rest = divmod(scan * movable + zone.active_rest, zone.active_file)
    moved = min(moved, movable)
    zone.active_file -= moved
    zone.inactive_file += moved
    zone.clean += moved
    zone.pages_scanned += scan


def _shrink_inactive(m: Machine, zone: Zone, scan: int, cpu: int, enough: int) -> tuple[int, int]:
    """Scan part of the inactive list and free the clean pages met, until `enough` are freed."""
    tail = min(scan, zone.clean_tail, _batches(enough))
    rest = scan - tail if tail < enough else 0
    general = zone.inactive_file - zone.clean_tail
    found = 0
    if rest and zone.clean:
        need = -(-(enough - tail) * general // zone.clean)
        rest = min(rest, _batches(need))
        found, zone.clean_rest = divmod(rest * zone.clean + zone.clean_rest, general)
        found = min(found, zone.clean)
    if rest:
        _mark(zone, rest, general)
    freed = tail + found
    zone.clean_tail -= tail
    zone.clean -= found
    zone.inactive_file -= freed
    zone.pages_scanned += tail + rest
    if freed:
        give_pages(m, zone, cpu, freed, cold=True)
    if m.tell is not None:
        m.tell(ShrinkInactiveList(zone.index, -1, tail + rest, freed))
    return tail + rest, freed


def _batches(pages: int) -> int:
    return -(-pages // SWAP_CLUSTER_MAX) * SWAP_CLUSTER_MAX


def _mark(zone: Zone, scanned: int, listed: int) -> None:
    """Set PageReclaim on the dirty and writeback pages met: once clean they go to the tail."""
    plain = zone.dirty + zone.writeback - zone.marked
    if plain > 0:
        more, zone.marked_rest = divmod(scanned * plain + zone.marked_rest, max(1, listed))
        zone.marked += min(more, plain)


def waits_for_disk(m: Machine, zone: Zone) -> bool:
    """Tell whether a direct reclaimer must wait for the disk after a scan (wait_iff_congested).

    Source: the end of shrink_inactive_list: the zone counts as congested if the dirty pages met
    belong to a device whose queue is full.
    """
    if not congested(m):
        return False
    if zone.dirty + zone.writeback:
        zone.flags |= CONGESTED
    return bool(zone.flags & CONGESTED)


def too_many_isolated(zone: Zone, shift: int) -> bool:
    """Tell whether so many pages are already taken off the list that a reclaimer must wait.

    `shift` is 3 for who may do I/O and enter the file system, so that others get further, else 0.
    """
    return zone.isolated_file > zone.inactive_file >> shift


PAGE_CACHE, MOST = 1, 4
"""Bit of the value that means the page cache; the largest value (4: do not log it)."""


def drop_caches(m: Machine, value: int) -> int:
    """Drop what the value asks for, on CPU 0; return the pages that came back."""
    dropped = 0
    for zone in m.state.zones if value & PAGE_CACHE else []:
        count = zone.clean + zone.clean_tail
        zone.clean = zone.clean_tail = zone.clean_rest = 0
        zone.inactive_file -= count
        give_pages(m, zone, 0, count, cold=False)
        dropped += count
        if m.tell is not None:
            m.tell(DropCaches(zone.index, count, zone.free, largest_free(zone)))
    return dropped
