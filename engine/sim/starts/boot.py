"""A fresh boot of an x86_64 machine of any size.

How much of memory the kernel image and the struct pages take is
assumed, and so is the small userland that has just started.
"""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.rules.watermarks import PAGE_KB, ZONES, boot_min_free_kbytes
from mmplay.engine.sim.machine.gates import set_marks, set_reserves
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import DiskKind, Flow, Workload
from mmplay.engine.sim.starts.bench import BenchZone
from mmplay.engine.sim.starts.common import (
    ASSUMED,
    Choice,
    add_caches,
    add_kernel_threads,
    empty_state,
    fill_ring,
    plain_setup,
    reasons,
    start_events,
    value,
)
from mmplay.engine.sim.starts.plan import Found
from mmplay.engine.sim.starts.zones import fresh_zone
from mmplay.engine.sim.state.zone import Zone

DMA_PRESENT, DMA_MANAGED = 3998, 3977
"""The first 16 MB, of which the BIOS keeps some."""
DMA_END = 4096
LOW_PAGES = 3 * 1024 * 1024 // PAGE_KB
"""RAM below the hole for devices: 3 GiB; the rest lies above 4 GiB."""
BOOTED_NS = 1_000_000_000
"""When a fresh boot begins: a second after the kernel's clock."""
USERLAND = (
    ("active_anon", 128),
    ("active_file", 128),
    ("inactive_file", 64),
    ("slab_unreclaimable", 256),
    ("slab_reclaimable", 256),
    ("stack_pages", 1024),
    ("pagetables", 2048),
    ("other", 128),
)
"""(place, what part of memory is there): a text console and a few daemons."""

LOADS = (
    Workload("writers", "writer", 0, 4, numbered=True),
    Workload("eater", "eater", 0),
    Workload("allocator", "allocator", 0, gap_ns=10_000_000),
)
"""What waits for `scale`; nothing runs at first."""


def fresh_boot(ram_kb: int, choice: Choice, cpus: int = 4) -> Machine:
    """Return a machine with so much RAM, a second after boot; raises InputError below 32 MB."""
    if ram_kb < 32 * 1024:
        raise InputError(f"{ram_kb} kB of RAM: a machine needs 32 MB or more")
    kernel = choice.kernel
    flow = Flow(max(0, choice.packets), 1, cpu=0)
    disk = DiskKind(value("disk_rate"), value("disk_requests"), value("pages_per_request"))
    assumed = ("reserved_shift", "reserved_pages", "disk_rate", "page_ns")
    setup = plain_setup(choice, "boot", cpus, disk, LOADS, assumed)._replace(flow=flow)
    state = empty_state(kernel, choice, cpus, BOOTED_NS)
    state.zones = [_fresh(one, cpus) for one in zones_at_boot(ram_kb)]
    state.disk_rate = setup.disk.pages_per_second
    managed = tuple(zone.managed for zone in state.zones)
    scale = state.watermark_scale_factor
    state.min_free_kbytes = boot_min_free_kbytes(kernel.gaps, managed, scale).value
    set_marks(kernel, state)
    set_reserves(state)
    for zone in state.zones:
        _boot_userland(zone)
    add_caches(setup, state, {})
    fill_ring(state)
    m = Machine(setup, state)
    add_kernel_threads(m)
    m.state.next_pid = 1001
    start_events(m)
    return m


def zones_at_boot(
    ram_kb: int, crashkernel_kb: int = 0, log_buf_kb: int = 0
) -> tuple[BenchZone, ...]:
    """Return the zones of so much RAM: DMA, DMA32 up to 3 GiB, Normal for the rest.

    What crashkernel= sets aside is taken from below 3 GiB; the buffer of log_buf_len=, from the top
    (setup_log_buf, 4.5).
    """
    pages = ram_kb // PAGE_KB
    struct_pages = pages >> value("reserved_shift")
    low, high = min(pages, LOW_PAGES), max(0, pages - LOW_PAGES)
    lost = value("reserved_pages") + (struct_pages if not high else low >> value("reserved_shift"))
    present = low - DMA_END
    managed = max(DMA_END, present - lost - crashkernel_kb // PAGE_KB)
    zones = [
        BenchZone("DMA", DMA_MANAGED, 0, present=DMA_PRESENT),
        BenchZone("DMA32", managed, 0, present=present),
    ]
    if high:
        left = high - (high >> value("reserved_shift"))
        zones.append(BenchZone("Normal", left, 0, present=high))
    top = zones.pop()
    return (*zones, top._replace(managed=top.managed - _log_buffer(log_buf_kb)))


def _log_buffer(size_kb: int) -> int:
    """Return the pages of a log buffer beside the one in the kernel image: a power of two."""
    return (1 << (size_kb - 1).bit_length()) // PAGE_KB if size_kb else 0


def _fresh(one: BenchZone, cpus: int) -> Zone:
    present = one.present or one.managed
    return fresh_zone(one.name, ZONES.index(one.name), one.managed, present, cpus)


def found_at_boot(zones: tuple[BenchZone, ...], cpus: int) -> Found:
    """Return a machine's memory a second after boot: a small userland, all else free."""
    fresh = [_fresh(one, cpus) for one in zones]
    for zone in fresh:
        _boot_userland(zone)
    return Found(BOOTED_NS, fresh, assumed=reasons(ASSUMED, ("reserved_shift", "reserved_pages")))


def _boot_userland(zone: Zone) -> None:
    """Take the pages of a small userland off the free lists."""
    if zone.index == 0:
        return
    for place, part in USERLAND:
        pages = zone.managed // part // 4 * 4
        for _ in range(pages):
            zone.hand_out(zone.buddy.take(0, 1), 1)
        setattr(zone, place, getattr(zone, place) + pages)
        zone.free -= pages
    zone.clean = zone.inactive_file
    zone.lowest = zone.free
