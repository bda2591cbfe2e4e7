"""Counting free pages, with or without the differences that CPUs hold back.

Source: mm/vmstat.c of 4.5 (__mod_zone_page_state, refresh_cpu_vm_stats).
"""

from __future__ import annotations

from mmplay.engine.sim.state.zone import Zone


def count_taken(zone: Zone, cpu: int, pages: int) -> None:
    """Count pages that left the free lists in one go."""
    if zone.threshold:
        held = zone.diffs[cpu] - pages
        if -held <= zone.threshold:
            zone.diffs[cpu] = held
            return
        zone.diffs[cpu] = 0
        pages = -held
    zone.free -= pages
    if zone.free < zone.lowest:
        zone.lowest = zone.free


def count_given(zone: Zone, cpu: int, pages: int) -> None:
    """Count pages that came back one after the other, each on its own."""
    if zone.threshold:
        limit = zone.threshold + 1
        held = zone.diffs[cpu] + pages
        folds = held // limit if held > 0 else 0
        zone.diffs[cpu] = held - folds * limit
        pages = folds * limit
    zone.free += pages


def count_block(zone: Zone, cpu: int, pages: int) -> None:
    """Count one block that came back (a single change of the counter)."""
    if zone.threshold:
        held = zone.diffs[cpu] + pages
        if held <= zone.threshold:
            zone.diffs[cpu] = held
            return
        zone.diffs[cpu] = 0
        pages = held
    zone.free += pages


def fold(zone: Zone, cpu: int) -> None:
    """Give back what this CPU held of the counter (refresh_cpu_vm_stats)."""
    zone.free += zone.diffs[cpu]
    zone.diffs[cpu] = 0
    if zone.free < zone.lowest:
        zone.lowest = zone.free
