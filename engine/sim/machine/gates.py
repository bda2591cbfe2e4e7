"""The floors of this machine at this moment: computed once per change, looked up per request.

Source: mm/page_alloc.c of 4.5 (__zone_watermark_ok, __setup_per_zone_wmarks,
setup_per_zone_lowmem_reserve, calculate_totalreserve_pages), mm/vmstat.c (thresholds).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from mmplay.engine.rules.alloc_flags import AllocFlag
from mmplay.engine.rules.floors import floor
from mmplay.engine.rules.memory import bytes_limit, dirty_limit, dirtyable
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import ZONES, reserves, zone_min
from mmplay.engine.rules.watermarks import total_reserve as total_reserve_pages
from mmplay.engine.sim.machine.asks import CODES, MIN
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.zone import Zone

Gate = tuple[tuple[Zone, int], ...]
"""(zone, floor) in the order of the zonelist: an order-0 request needs more than the floor free."""

FLAG_SETS = (AllocFlag.NONE, AllocFlag.HARDER, AllocFlag.HIGH, AllocFlag.HARDER | AllocFlag.HIGH)

MAX_THRESHOLD = 125
THRESHOLD_SHIFT = 15
"""128 MB in pages, as a shift: the unit of a zone's size in calculate_normal_threshold."""


def zonelist(zones: list[Zone], class_zone: int) -> tuple[Zone, ...]:
    """Return the zones a request of this class may use, the preferred one first."""
    return tuple(zone for zone in reversed(zones) if zone.index <= class_zone)


def make_gates(kernel: Kernel, zones: list[Zone]) -> list[Gate]:
    """Return all gates, by class zone * CODES + code."""
    return [
        tuple(
            (zone, _floor(kernel, zone, class_zone, code)) for zone in zonelist(zones, class_zone)
        )
        for class_zone in range(len(ZONES))
        for code in range(CODES)
    ]


def _floor(kernel: Kernel, zone: Zone, class_zone: int, code: int) -> int:
    flags = FLAG_SETS[max(0, code - MIN)]
    mark = (zone.low, zone.high, zone.min)[min(code, MIN)]
    return _known_floor(kernel.gate.reductions, mark, zone.reserve[class_zone], flags)


_known_floor: Callable[..., int] = lru_cache(maxsize=1 << 10)(floor)
"""Whoever looks at another moment of a run asks for all of them, and they are mostly the same."""


def set_marks(kernel: Kernel, state: State) -> None:
    """Compute min, low and high of every zone from min_free_kbytes (__setup_per_zone_wmarks)."""
    lowmem = sum(zone.managed for zone in state.zones)
    for zone in state.zones:
        zone.min = zone_min(state.min_free_kbytes, zone.managed, lowmem)
        set_gaps(kernel, state, zone)


def set_gaps(kernel: Kernel, state: State, zone: Zone) -> None:
    """Compute low, high and what hangs on them from a zone's min."""
    zone.low, zone.high = kernel.gaps(zone.min, zone.managed, state.watermark_scale_factor)
    zone.batch = zone.high - zone.low


def set_reserves(state: State) -> None:
    """Compute lowmem_reserve of every zone from the ratios (setup_per_zone_lowmem_reserve)."""
    managed = [0] * len(ZONES)
    for zone in state.zones:
        managed[zone.index] = zone.managed
    rows = reserves(tuple(managed), tuple(state.lowmem_reserve_ratio))
    for zone in state.zones:
        zone.reserve = list(rows[zone.index])


def total_reserve(zone: Zone) -> int:
    """Return what the allocator keeps of a zone: its largest reserve and high, not above managed.

    Source: calculate_totalreserve_pages (4.5).
    """
    return _kept(zone.managed, max(zone.reserve), zone.high)


_kept: Callable[[int, int, int], int] = lru_cache(maxsize=64)(total_reserve_pages)
"""Every writer that is paused asks, and marks and reserves hardly ever change."""


def zone_dirtyable(zone: Zone) -> int:
    """Return the pages of a zone that may become dirty (zone_dirtyable_memory, 4.5)."""
    file_pages = zone.active_file + zone.inactive_file
    return dirtyable(zone.free_seen, total_reserve(zone), file_pages)


def limit_of(pages: int, ratio: int, size_bytes: int) -> int:
    """Return a limit in pages: of two sysctls the one that was written last counts."""
    return bytes_limit(size_bytes) if size_bytes else dirty_limit(pages, ratio)


def set_thresholds(state: State) -> None:
    """Set how many pages a CPU may hold back of each zone's counter (mm/vmstat.c, 4.5).

    While kswapd is awake the threshold follows the distance from min to low, else the size of the
    machine; without drift it is 0.
    """
    if not state.drift:
        return
    cpus = len(state.cpus)
    threshold = pressure_threshold if state.kswapd_awake else normal_threshold
    for zone in state.zones:
        zone.threshold = threshold(zone, cpus)


def pressure_threshold(zone: Zone, cpus: int) -> int:
    """Return what a CPU may hold back of a zone's counter while kswapd is awake."""
    return max(1, min(MAX_THRESHOLD, (zone.low - zone.min) // cpus))


def normal_threshold(zone: Zone, cpus: int) -> int:
    """Return what a CPU may hold back of a zone's counter while kswapd sleeps."""
    units = (zone.managed >> THRESHOLD_SHIFT).bit_length()
    return min(MAX_THRESHOLD, 2 * cpus.bit_length() * (1 + units))
