"""Logs of hosts that never were: a failed request and its dump, as a kernel of some version prints.

The text is put together here by hand, not rendered by the forms that read it.
"""

from __future__ import annotations

from typing import NamedTuple

TOTALS_4_5 = """\
active_anon:9000 inactive_anon:2000 isolated_anon:0
 active_file:100 inactive_file:200 isolated_file:0
 unevictable:0 dirty:{dirty} writeback:0 unstable:0
 slab_reclaimable:900 slab_unreclaimable:2900
 mapped:400 shmem:50 pagetables:60 bounce:0
 free:{free} free_pcp:0 free_cma:0
"""
TOTALS_LATER = TOTALS_4_5.replace(" unstable:0", "")

ZONE_4_5 = (
    "Node 0 {name} free:{free}kB min:{min}kB low:{low}kB high:{high}kB active_anon:100kB "
    "inactive_anon:0kB active_file:400kB inactive_file:800kB unevictable:0kB isolated(anon):0kB "
    "isolated(file):0kB present:{managed}kB managed:{managed}kB mlocked:0kB dirty:0kB "
    "writeback:0kB mapped:0kB shmem:0kB slab_reclaimable:0kB slab_unreclaimable:0kB "
    "kernel_stack:0kB pagetables:0kB unstable:0kB bounce:0kB free_pcp:0kB local_pcp:0kB "
    "free_cma:0kB writeback_tmp:0kB pages_scanned:0 all_unreclaimable? no"
)
ZONE_LATER = (
    "Node 0 {name} free:{free}kB boost:{boost}kB min:{min}kB low:{low}kB high:{high}kB "
    "reserved_highatomic:{highatomic}KB active_anon:100kB inactive_anon:0kB active_file:400kB "
    "inactive_file:800kB unevictable:0kB writepending:0kB present:{managed}kB managed:{managed}kB "
    "mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB"
)


class HostZone(NamedTuple):
    """A zone of a made-up host, in pages; `reserve` is lowmem_reserve by class zone."""

    name: str
    free: int
    marks: tuple[int, int, int]
    reserve: tuple[int, ...]
    managed: int = 100_000
    boost: int = 0
    highatomic: int = 0


class Host(NamedTuple):
    """A made-up host at the moment when a request of `mask` fails.

    `stack` are the functions of its call trace, innermost first; no trace is printed without any.
    """

    release: str
    mask: int
    names: str
    zones: tuple[HostZone, ...]
    order: int = 0
    stack: tuple[str, ...] = ()
    comm: str = "worker"
    dirty: int = 0

    @property
    def old(self) -> bool:
        """Tell whether it prints as 4.5 does."""
        return self.release.startswith("4.5")


def log(host: Host, *, start_us: int = 100_000_000) -> bytes:
    """Return what the kernel prints; ten microseconds a line."""
    lines = [_header(host), _cpu(host), *_trace(host), "Mem-Info:"]
    totals = TOTALS_4_5 if host.old else TOTALS_LATER
    free = sum(zone.free for zone in host.zones)
    lines += totals.format(free=free, dirty=host.dirty).splitlines()
    for zone in host.zones:
        lines += [_zone(host, zone), "lowmem_reserve[]:" + _numbers(zone.reserve)]
    lines += [_blocks(zone) for zone in host.zones]
    lines += ["300 total pagecache pages", "0 pages in swap cache"]
    lines += ["Free swap  = 0kB", "Total swap = 0kB", "524158 pages RAM"]
    stamped = [
        f"[{(start_us + 10 * number) // 1_000_000:>5}.{(start_us + 10 * number) % 1_000_000:06}] "
        f"{line}\n"
        for number, line in enumerate(lines)
    ]
    return "".join(stamped).encode()


def _header(host: Host) -> str:
    asked = f"{host.comm}: page allocation failure: order:{host.order}, mode:{host.mask:#x}"
    if host.old and "next" not in host.release:
        return asked
    return f"{asked}({host.names})" + ("" if host.old else ", nodemask=(null)")


def _cpu(host: Host) -> str:
    return f"CPU: 0 PID: 7 Comm: {host.comm} Not tainted {host.release} #1"


def _trace(host: Host) -> list[str]:
    if not host.stack:
        return []
    mark = " [<ffffffff81000000>] " if host.old else " "
    return ["Call Trace:", *(f"{mark}{symbol}+0x10/0x20" for symbol in host.stack)]


def _zone(host: Host, zone: HostZone) -> str:
    least, low, high = (4 * (mark + zone.boost) for mark in zone.marks)
    return (ZONE_4_5 if host.old else ZONE_LATER).format(
        name=zone.name,
        free=4 * zone.free,
        min=least,
        low=low,
        high=high,
        managed=4 * zone.managed,
        boost=4 * zone.boost,
        highatomic=4 * zone.highatomic,
    )


def _blocks(zone: HostZone) -> str:
    """All free pages as single ones, but for what fills a block of 512."""
    large, single = divmod(zone.free, 512)
    counts = [single, *[0] * 8, large, 0]
    texts = [
        f"{count}*{4 << order}kB{' (UME)' if count else ''}" for order, count in enumerate(counts)
    ]
    return f"Node 0 {zone.name}: {' '.join(texts)} = {4 * zone.free}kB"


def _numbers(values: tuple[int, ...]) -> str:
    return "".join(f" {value}" for value in values)
