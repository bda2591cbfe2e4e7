"""The gate of 6.1, 6.6 and 6.12: by the sources' rules, and against requests that were measured."""

import lzma
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import sentence
from mmplay.engine.explain.gate import Caller, Verdict, caller_of, distances, ladder, zone_floor
from mmplay.engine.explain.gate import test_all as all_zones
from mmplay.engine.report import FreeBlocks, MemDump, ZoneDump
from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.floors import PLAIN
from mmplay.engine.rules.versions import KERNELS, Kernel
from tests.conftest import shared

MODERN = ("6.1", "6.6", "6.12")
NONE, RESERVE, NON_BLOCK = AllocFlag.NONE, AllocFlag.MIN_RESERVE, AllocFlag.NON_BLOCK
OOM, ALL = AllocFlag.OOM, AllocFlag.NO_WATERMARKS

ALLOC = (
    ("GFP_KERNEL", Context.TASK, NONE),
    ("GFP_KERNEL", Context.PF_MEMALLOC, ALL),
    ("GFP_KERNEL", Context.TIF_MEMDIE, OOM),
    ("GFP_KERNEL|__GFP_NOMEMALLOC", Context.TIF_MEMDIE, NONE),
    ("GFP_KERNEL", Context.RT_TASK, RESERVE),
    ("GFP_KERNEL|__GFP_HIGH", Context.TASK, RESERVE),
    ("GFP_NOWAIT", Context.TASK, NON_BLOCK),
    ("GFP_NOWAIT", Context.RT_TASK, NON_BLOCK),
    ("GFP_ATOMIC", Context.SOFTIRQ, RESERVE | NON_BLOCK),
    ("GFP_ATOMIC|__GFP_NOMEMALLOC", Context.SOFTIRQ, RESERVE),
    ("GFP_ATOMIC|__GFP_MEMALLOC", Context.HARDIRQ, RESERVE | NON_BLOCK | ALL),
)


@pytest.mark.parametrize("name", MODERN)
@pytest.mark.parametrize(("mask", "context", "flags"), ALLOC)
def test_alloc_flags(name: str, mask: str, context: Context, flags: AllocFlag) -> None:
    kernel = KERNELS[name]
    found = kernel.alloc_flags(kernel.gfp.encode(mask), context)
    assert found & ~AllocFlag.UNBOOSTED == flags


def zone(free: int, boost: int = 0, highatomic: int = 0, types: str = "U") -> ZoneDump:
    kb = {"free": free, "boost": boost, "min": 247 + boost, "low": 361 + boost, "high": 475 + boost}
    kb |= {"managed": 114447, "reserved_highatomic": highatomic}
    blocks = (FreeBlocks(0, free, 4, types),)
    return ZoneDump(
        0,
        "DMA32",
        kb={key: 4 * value for key, value in kb.items()},
        reserve=(0, 0, 0, 0, 0),
        blocks=blocks,
    )


def floors(name: str, boost: int) -> dict[str, int]:
    rungs = ladder(KERNELS[name], zone(1000, boost), 1)
    return {rung.caller.name: rung.pages.value for rung in rungs if rung.mark == "min"}


@pytest.mark.parametrize("name", MODERN)
def test_floors_without_boost(name: str) -> None:
    assert floors(name, 0) == {
        "plain": 247,
        "NON_BLOCK": 247,
        "MIN_RESERVE": 124,
        "OOM": 124,
        "MIN_RESERVE+NON_BLOCK": 93,
        "NO_WATERMARKS": 0,
    }


@pytest.mark.parametrize(("name", "reserve"), [("6.1", 380), ("6.6", 124), ("6.12", 124)])
def test_the_boost_counts_for_fewer_callers(name: str, reserve: int) -> None:
    found = floors(name, 512)
    assert (found["plain"], found["NON_BLOCK"], found["OOM"]) == (759, 759, 380)
    assert (found["MIN_RESERVE"], found["MIN_RESERVE+NON_BLOCK"]) == (reserve, 93)


def verdict(name: str, mask: str, one: ZoneDump, context: Context, order: int = 0) -> Verdict:
    kernel = KERNELS[name]
    dump = MemDump(0, zones=[one])
    caller = caller_of(kernel, kernel.gfp.encode(mask), context, order, dump)
    assert caller is not None
    return all_zones(kernel, dump, caller)[0].verdict


def test_in_6_1_only_gfp_atomic_is_tested_without_boost() -> None:
    boosted = zone(300, boost=512)
    assert verdict("6.1", "GFP_ATOMIC", boosted, Context.SOFTIRQ) is Verdict.PASSES
    high = "__GFP_HIGH|__GFP_KSWAPD_RECLAIM"
    # 759 - 379 = 380, less a quarter of it = 285
    assert verdict("6.1", high, zone(286, boost=512), Context.SOFTIRQ) is Verdict.PASSES
    assert verdict("6.1", high, zone(285, boost=512), Context.SOFTIRQ) is Verdict.REFUSED
    assert verdict("6.12", high, zone(285, boost=512), Context.SOFTIRQ) is Verdict.PASSES


@pytest.mark.parametrize("name", MODERN)
def test_above_order_0_the_boost_counts_for_everybody(name: str) -> None:
    one = zone(300, boost=512)
    one.blocks = (FreeBlocks(1, 150, 8, "U"),)
    assert verdict(name, "GFP_ATOMIC", one, Context.SOFTIRQ, order=1) is Verdict.PASSES
    one.kb["free"] = 4 * 286
    assert verdict(name, "GFP_ATOMIC", one, Context.SOFTIRQ, order=1) is Verdict.REFUSED


@pytest.mark.parametrize("name", MODERN)
@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("GFP_KERNEL", Verdict.REFUSED),
        ("GFP_NOWAIT", Verdict.PASSES),
        ("GFP_ATOMIC", Verdict.PASSES),
    ],
)
def test_highatomic_pages_count_only_below_min(name: str, mask: str, expected: Verdict) -> None:
    one = zone(600, highatomic=512, types="UH")
    assert verdict(name, mask, one, Context.TASK) is expected


def test_from_6_12_only_the_free_ones_among_them_are_hidden() -> None:
    one = zone(600, highatomic=512)
    assert verdict("6.6", "GFP_KERNEL", one, Context.TASK) is Verdict.REFUSED
    assert verdict("6.12", "GFP_KERNEL", one, Context.TASK) is Verdict.PASSES
    one.kb["free_highatomic"] = 4 * 400
    assert verdict("6.12", "GFP_KERNEL", one, Context.TASK) is Verdict.REFUSED


@pytest.mark.parametrize("name", MODERN)
def test_a_highatomic_block_serves_who_cannot_wait(name: str) -> None:
    only = zone(300, types="H")
    assert verdict(name, "GFP_ATOMIC", only, Context.SOFTIRQ) is Verdict.PASSES
    assert verdict(name, "GFP_KERNEL", only, Context.TIF_MEMDIE) is Verdict.PASSES
    assert verdict(name, "GFP_KERNEL", only, Context.TASK) is Verdict.NO_BLOCK


@pytest.mark.parametrize("name", MODERN)
def test_distance_of_a_zone(name: str) -> None:
    atomic, plain = distances(KERNELS[name], zone(629), 1)
    assert sentence(atomic) == "GFP_ATOMIC is 536 pages from refusal (629 > 247 - 123 - 124/4 = 93)"
    assert sentence(plain) == "GFP_KERNEL is 382 pages from refusal (629 > 247)"
    assert sentence(distances(KERNELS[name], zone(93), 1)[0]).startswith(
        "GFP_ATOMIC is refused here"
    )
    unknown = ZoneDump(0, "DMA32", kb={"free": 4})
    assert distances(KERNELS[name], unknown, 1) == []


@pytest.mark.parametrize("name", MODERN)
def test_slub_passes_gfp_atomic_on(name: str) -> None:
    kernel = KERNELS[name]
    asked = kernel.gfp.encode("GFP_ATOMIC|__GFP_ZERO|__GFP_COMP")
    assert kernel.slab.page_mask(asked) == kernel.gfp.encode("GFP_ATOMIC")


@pytest.mark.parametrize("name", MODERN)
def test_they_cannot_be_simulated(name: str) -> None:
    with pytest.raises(InputError, match=r"cannot be simulated.*simulated are 4\.5-rc7, next"):
        KERNELS[name].simulated()


def test_movable_has_a_min_of_its_own_since_6_6() -> None:
    zones = {"DMA": 3840, "DMA32": 249134, "Movable": 196608}
    lowmem = 3840 + 249134
    assert KERNELS["6.12"].marks("Movable", 196608, lowmem, 4024, 10)[0] == 128
    assert KERNELS["6.12"].marks("Movable", 0, lowmem, 4024, 10)[0] == 32
    old = KERNELS["6.1"].marks("Movable", 196608, sum(zones.values()), 4024, 10)
    assert old[0] == 1006 * 196608 // sum(zones.values())


# What was measured: single requests of chosen masks, each with the state of every zone before it.


class Measured(NamedTuple):
    """One request: its mask, the zone that gave the page (None: failure), and the zones before."""

    mask: int
    zone: str | None
    zones: dict[str, dict[str, int]]


_LINE = re.compile(
    r"gfptest: (?P<what>ok|FAIL) gfp=0x(?P<gfp>[0-9a-f]+) order=0 "
    r"(?:ctx=softirq )?n=\d+ (?:zone=(?P<zone>\w+) )?before: (?P<zones>.*)"
)
_ZONE = re.compile(r"(\w+)\[free=(\d+) min=(\d+) boost=(\d+) hiatomic=(\d+)\]")


def measured(text: str) -> Iterator[Measured]:
    for line in text.splitlines():
        if found := _LINE.search(line):
            zones = {
                name: dict(zip(("free", "min", "boost", "hiatomic"), map(int, rest), strict=True))
                for name, *rest in _ZONE.findall(found["zones"])
            }
            yield Measured(int(found["gfp"], 16), found["zone"], zones)


DRIFT = 8
"""By so many pages the free counter of a small zone may run ahead: 2 CPUs with a threshold of 4."""


def as_dump(kernel: Kernel, one: Measured, managed: dict[str, int], reserve: int) -> MemDump:
    zones = []
    for name, values in one.zones.items():
        kb = {key: values[key] for key in ("free", "boost", "min")}
        kb["reserved_highatomic"] = values["hiatomic"]
        low, _ = kernel.gaps(values["min"] - values["boost"], managed[name], 10)
        kb["low"] = low + values["boost"]
        kept = reserve if name == "DMA" else 0
        pages = {key: 4 * value for key, value in kb.items()}
        zones.append(ZoneDump(0, name, kb=pages, reserve=(0, kept, kept, kept)))
    return MemDump(None, zones=zones)


def predicted(kernel: Kernel, one: Measured, dump: MemDump) -> str | None:
    """The fast path looks at low without any flag, the slow path at min with them."""
    caller = caller_of(kernel, one.mask, Context.SOFTIRQ, 0, dump)
    assert caller is not None
    takes_h = caller.caller.flags & NON_BLOCK
    for look in (Caller(PLAIN, caller.class_zone, 0, mark="low"), caller):
        for test in all_zones(kernel, dump, look):
            name = test.zone.name
            # No lists were printed: what is free beyond the reserved blocks is certainly there.
            only_h = one.zones[name]["free"] <= one.zones[name]["hiatomic"] + DRIFT
            if test.verdict is Verdict.PASSES and (takes_h or not only_h):
                return name
    return None


@pytest.mark.parametrize(
    ("name", "managed", "reserve"),
    [
        ("6.1", {"DMA": 3840, "DMA32": 112697}, 428),
        ("6.12", {"DMA": 3840, "DMA32": 114451}, 436),
    ],
)
def test_measured_requests(name: str, managed: dict[str, int], reserve: int) -> None:
    path = shared("truth", "modern", f"{name}-512M-gfp-noboost.log.xz")
    kernel = KERNELS[name]
    with lzma.open(path, "rt", errors="replace") as stream:
        requests = list(measured(stream.read()))
    assert len(requests) > 100
    assert sum(one.zone is None for one in requests) > 15
    for one in requests:
        assert predicted(kernel, one, as_dump(kernel, one, managed, reserve)) == one.zone, one


def test_zone_floor_needs_what_a_dump_may_lack() -> None:
    kernel = KERNELS["6.12"]
    bare = ZoneDump(0, "DMA32", kb={"free": 400})
    assert zone_floor(kernel, bare, kernel.gate.classes[0], 1) is None
