"""Reclaim: scanning the file lists of a zone, try_to_free_pages, dropping caches.

The lists are counts. Pages that can be dropped at the tail are met first; the other clean ones lie
evenly among the rest, and what integer division leaves over is carried to the next scan. Without
swap only file lists are scanned. vm.drop_caches gives back clean pages wherever they lie (bit 1;
bit 2 asks the slab shrinkers, which are not simulated): dirty pages, pages under writeback and in
use stay, and so does the active list, of which this machine does not know what is clean.

A call makes two passes over twelve priorities. One turn is one (pass, priority) as long as the next
one scans something, and at most as many pages as a few milliseconds allow, for callers that overlap
trip each other's scan counts; a call that only polls zones it has given up is one turn. Source:
mm/vmscan.c of 4.5 (do_try_to_free_pages, shrink_zones, get_scan_count, shrink_zone_memcg,
shrink_inactive_list, shrink_page_list, shrink_active_list), fs/drop_caches.c
(drop_caches_sysctl_handler, drop_pagecache_sb) and mm/truncate.c (invalidate_mapping_pages).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mmplay.engine.sim.machine.asks import Ask
from mmplay.engine.sim.machine.machine import sleep
from mmplay.engine.sim.machine.page_decisions import (
    DropCaches,
    ShrinkInactiveList,
    TooManyIsolated,
)
from mmplay.engine.sim.machine.setup import MILLISECOND_NS
from mmplay.engine.sim.mm.disk import congested
from mmplay.engine.sim.mm.page_alloc import largest_free
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.mm.writeback import start_works, vm_writeout_waits
from mmplay.engine.sim.state.tasks import BLOCKED, FATAL, Tasks
from mmplay.engine.sim.state.zone import CONGESTED, Zone

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


SWAP_CLUSTER_MAX = 32
DEF_PRIORITY = 12

NEVER = 1 << 40
"""More pages than any scan frees."""


def shrink_zone(
    m: Machine, zone: Zone, priority: int, cpu: int, enough: int, least: int = 0
) -> tuple[int, int]:
    """Scan a zone at one priority; return (pages scanned on the inactive list, pages freed).

    The scan ends after the batch that brought the freed pages to `enough` (NEVER: it does not).
    Where the priority leaves nothing of either list, `least` pages of each are scanned.
    """
    scan = _begin_scan(zone, priority, least)
    return _shrink(m, zone, priority, scan, cpu, enough) if scan else (0, 0)


def _begin_scan(zone: Zone, priority: int, least: int = 0) -> int:
    """Deactivate pages if the active list is the longer; return how many inactive ones to scan."""
    scan, active = zone.inactive_file >> priority, zone.active_file >> priority
    if least and not scan and not active:
        scan, active = min(zone.inactive_file, least), min(zone.active_file, least)
    if zone.active_file > zone.inactive_file:
        _shrink_active(zone, active)
    return scan


def _shrink(
    m: Machine, zone: Zone, priority: int, scan: int, cpu: int, enough: int
) -> tuple[int, int]:
    """Scan so many pages of a zone's inactive list; return (pages scanned, pages freed)."""
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


WRITE_BACK_AFTER = SWAP_CLUSTER_MAX + SWAP_CLUSTER_MAX // 2
"""More pages scanned than this in a call, and every priority asks the flusher to write."""

PASSES = 2
CONGESTION_WAIT_NS = 100 * MILLISECOND_NS
GOING_ON = -1


def start_call(m: Machine, task: int) -> None:
    """Begin a call for this task."""
    tasks = m.state.tasks
    tasks.again[task] = tasks.left[task] = 0
    tasks.priority[task] = DEF_PRIORITY
    tasks.scanned[task] = 0
    tasks.reclaimed[task] = 0
    counters = m.state.counters
    counters.allocstall += 1
    counters.reclaim_calls += 1


def resume_call(m: Machine, task: int, ask: Ask, scanned: int) -> None:
    """Put a task where a call stands that has scanned so many pages and freed none.

    Two passes over the zones that are worth it; past them it is at the beginning of the next call.
    """
    tasks = m.state.tasks
    start_call(m, task)
    left = scanned
    for number in range(PASSES):
        for priority in range(DEF_PRIORITY, -1, -1):
            for place, zone in enumerate(m.zonelists[ask.class_zone]):
                pages = zone.inactive_file >> priority
                if not pages or not (priority == DEF_PRIORITY or m.reclaimable(zone)):
                    continue
                if left < pages:
                    tasks.again[task], tasks.priority[task] = number, priority
                    tasks.left[task] = pages - left << 2 | place
                    tasks.scanned[task] = scanned
                    return
                left -= pages


def reclaim(m: Machine, task: int, cpu: int, ask: Ask, way: str) -> tuple[int, int]:
    """Go on with a call; return (progress or GOING_ON, pages scanned in this turn)."""
    tasks = m.state.tasks
    if tasks.isolated[task]:
        _put_back(m, task)
    if ask.enters_fs and ask.does_io and _has_begun(tasks, task) and vm_writeout_waits(m):
        _wait_for_congestion(m, task)
        return GOING_ON, 0
    if _waits_for_isolated(m, task, ask, m.zonelists[ask.class_zone]):
        fatal = tasks.flags[task] & FATAL
        return (SWAP_CLUSTER_MAX if fatal else GOING_ON), 0
    return _by_priorities(m, task, cpu, ask, way)


def _by_priorities(m: Machine, task: int, cpu: int, ask: Ask, way: str) -> tuple[int, int]:
    """Scan as `reclaim` says, with the task's columns at hand: this is what a burst spends most on.

    Each priority asks the flusher once; if the rest of the pass scans nothing, all of it at once. A
    refusal that is reported ends the turn: others go on while it is printed.
    """
    tasks, counters = m.state.tasks, m.state.counters
    zones = m.zonelists[ask.class_zone]
    priority, scanned = tasks.priority[task], tasks.scanned[task]
    before, freed_before = scanned, tasks.reclaimed[task]
    freed = freed_before
    while True:
        first = priority == DEF_PRIORITY
        enough = NEVER if first else SWAP_CLUSTER_MAX - freed
        tasks.priority[task] = priority
        looked, got = _scan(m, task, cpu, zones, enough)
        scanned += looked
        freed += got
        if tasks.left[task]:
            _isolate(m, task, zones)
            progress = GOING_ON
            break
        progress = freed
        if freed >= SWAP_CLUSTER_MAX:
            break
        more = m.any_reclaimable(zones)
        works = 1 if more else priority + 1
        told = False
        if scanned > WRITE_BACK_AFTER:
            works, told = _start_works(m, task, cpu, way, works, scanned)
        priority -= works
        if priority < 0:
            tasks.again[task] += 1
            if freed or tasks.again[task] >= PASSES:
                # do_try_to_free_pages: 4.5 calls it progress that a zone is reclaimable still.
                progress = freed or int(more and m.rules.reclaimable_is_progress)
                break
            priority = DEF_PRIORITY
            counters.allocstall += 1
        if more or told or _sleeps(m, task, ask, zones):
            if more or not told:
                _isolate(m, task, zones)
            progress = GOING_ON
            break
    tasks.priority[task], tasks.scanned[task], tasks.reclaimed[task] = priority, scanned, freed
    counters.pgscan_direct += scanned - before
    counters.pgsteal_direct += freed - freed_before
    return progress, scanned - before


def _start_works(
    m: Machine, task: int, cpu: int, way: str, works: int, scanned: int
) -> tuple[int, bool]:
    """Ask the flusher; return how often that was, and whether a refusal was reported."""
    lines = m.state.log_lines
    return start_works(m, task, cpu, way, works, scanned), m.state.log_lines != lines


SCAN_NS = 4 * MILLISECOND_NS
"""What one turn scans takes at most so long: more goes on in later ones, among other callers'."""


@lru_cache(maxsize=8)
def _most(page_ns: int) -> int:
    """Return the pages that one turn scans at most, from what a page takes."""
    return max(SWAP_CLUSTER_MAX, SCAN_NS // max(1, page_ns))


def _scan(m: Machine, task: int, cpu: int, zones: tuple[Zone, ...], enough: int) -> tuple[int, int]:
    """Scan every zone that is worth it at the task's priority; return pages (scanned, freed).

    The task's `left` is what is not done of that: a scan that has begun goes on, whatever the zone
    has become.
    """
    tasks = m.state.tasks
    priority, left = tasks.priority[task], tasks.left[task]
    tasks.left[task] = scanned = freed = 0
    most = _most(m.setup.costs.scanned_page)
    for place, zone in enumerate(zones):
        if left:
            if place < left & 3:
                continue
            scan, left = left >> 2, 0
        elif priority < DEF_PRIORITY and not m.reclaimable(zone):
            continue
        else:
            scan = _begin_scan(zone, priority)
            if not scan:
                continue
        looked, got = _shrink(m, zone, priority, scan if scan < most else most, cpu, enough)
        scanned += looked
        freed += got
        if scan > most and got < enough:
            tasks.left[task] = scan - most << 2 | place
            break
    return scanned, freed


def _waits_for_isolated(m: Machine, task: int, ask: Ask, zones: tuple[Zone, ...]) -> bool:
    """Wait while so many pages are off a zone's list that reclaim must wait (too_many_isolated).

    Who may do I/O and enter the file system waits at an eighth, so that others get further.
    """
    shift = 3 if ask.enters_fs and ask.does_io else 0
    for zone in zones:
        if zone.isolated_file > zone.inactive_file >> shift:
            break
    else:
        return False
    if m.tell is not None:
        m.tell(TooManyIsolated(task))
    if not m.state.tasks.flags[task] & FATAL:
        _wait_for_congestion(m, task)
    return True


def _sleeps(m: Machine, task: int, ask: Ask, zones: tuple[Zone, ...]) -> bool:
    """Wait for the disk where the kernel would, between two priorities.

    Too much under writeback holds who may do I/O and enter the file system for as long as it lasts
    (`reclaim` looks again), any other for one wait: it may hold what the disk needs.
    """
    waits = congested(m) and any([waits_for_disk(m, zone) for zone in zones])
    if not waits and not vm_writeout_waits(m):
        return False
    _wait_for_congestion(m, task)
    return True


def _has_begun(tasks: Tasks, task: int) -> bool:
    """Tell whether this call has scanned at a priority already."""
    return tasks.again[task] > 0 or tasks.priority[task] < DEF_PRIORITY


def _wait_for_congestion(m: Machine, task: int) -> None:
    sleep(m, task, CONGESTION_WAIT_NS, BLOCKED)
    m.state.counters.congestion_waits += 1


def _isolate(m: Machine, task: int, zones: tuple[Zone, ...]) -> None:
    """Between two turns a reclaimer holds one batch off the list."""
    zone = zones[0]
    count = min(SWAP_CLUSTER_MAX, zone.inactive_file - zone.clean - zone.clean_tail)
    if count > 0:
        zone.inactive_file -= count
        zone.isolated_file += count
        m.state.tasks.isolated[task] = zone.index << 8 | count


def _put_back(m: Machine, task: int) -> None:
    tasks = m.state.tasks
    held = tasks.isolated[task]
    zone = m.state.zones[m.numbers[held >> 8]]
    zone.inactive_file += held & 0xFF
    zone.isolated_file -= held & 0xFF
    tasks.isolated[task] = 0
