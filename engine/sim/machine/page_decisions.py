"""What the kernel decides about pages: requests, reclaim, and whom the OOM killer kills.

What the operands are is said in `decisions`, which holds the other kinds.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class FastPath(NamedTuple):
    """The first try at low gave a block of a zone."""

    zone: int
    free: int
    floor: int
    order: int


class FastPathFails(NamedTuple):
    """The first try at low found nothing from a zone down."""

    class_zone: int
    order: int


class ZoneDirtyOk(NamedTuple):
    """A zone is over its share of dirty pages: pages to be written come from another."""

    zone: int
    dirty: int
    writeback: int


class ZoneWatermarkOk(NamedTuple):
    """A zone's free pages were compared with a floor; `kept` pages were no use to the caller."""

    zone: int
    free: int
    floor: int
    order: int
    ok: bool
    gfp: int
    kept: int


class NoWatermarks(NamedTuple):
    """A caller that may take the reserves asked a zone without any floor."""

    zone: int
    free: int
    order: int
    ok: bool
    gfp: int


class WakeupKswapd(NamedTuple):
    """kswapd was woken: a zone of the request is below its high mark."""

    class_zone: int
    order: int


class RmqueueBulk(NamedTuple):
    """A CPU's empty list was filled with pages of one migrate type."""

    zone: int
    type: int
    pages: int
    free: int


class FreePcppagesBulk(NamedTuple):
    """A CPU's list gave pages back to a zone."""

    zone: int
    pages: int
    free: int


class DrainAllPages(NamedTuple):
    """Every CPU gave the pages on its lists back."""

    pages: int


class ReserveHighatomic(NamedTuple):
    """A pageblock was set aside for high-order atomic requests."""

    zone: int
    page: int
    reserved: int


class UnreserveHighatomic(NamedTuple):
    """A pageblock that was set aside was given back."""

    zone: int
    page: int
    reserved: int


class CompactZone(NamedTuple):
    """A zone was compacted for one block of an order."""

    zone: int
    order: int
    page: int


class CompactMemory(NamedTuple):
    """A zone was compacted as a whole, since vm.compact_memory was written."""

    zone: int
    moved: int
    largest: int


class DropCaches(NamedTuple):
    """A zone's clean page cache was dropped."""

    zone: int
    pages: int
    free: int
    largest: int


class ThrottleDirectReclaim(NamedTuple):
    """A task that wants to reclaim was held back: too little of the reserves is left."""

    task: int
    free: int


class TooManyIsolated(NamedTuple):
    """A task waits, since others have taken too many pages off the list."""

    task: int


class ShrinkInactiveList(NamedTuple):
    """Pages of a zone's inactive list were scanned; a `priority` of -1 is not told."""

    zone: int
    priority: int
    scanned: int
    freed: int


class TryToFreePages(NamedTuple):
    """A task ended its direct reclaim."""

    task: int
    scanned: int
    progress: int


class ShouldReclaimRetry(NamedTuple):
    """Whether another round of reclaim can help in a zone (next-20160311)."""

    zone: int
    loops: int
    left: int
    free: int
    floor: int
    ok: bool


class Nopage(NamedTuple):
    """A task's request failed for good."""

    task: int
    order: int
    gfp: int


class NoOomForNofs(NamedTuple):
    """A caller that may not enter the file system kills nobody and goes round again."""

    task: int
    gfp: int


class OomLockBusy(NamedTuple):
    """A task found oom_lock taken and sleeps a jiffy."""

    task: int


class OutOfMemory(NamedTuple):
    """A task called the OOM killer."""

    task: int
    gfp: int
    order: int


class OomAborts(NamedTuple):
    """An earlier victim has not ended yet, so nobody is killed."""

    task: int
    victims: int


class OomKillProcess(NamedTuple):
    """A task was killed."""

    task: int
    points: int
    total: int


class SacrificeChild(NamedTuple):
    """A child with an mm of its own dies in the stead of the task that was chosen."""

    task: int
    child: int
    points: int


PageDecision: TypeAlias = (
    FastPath
    | FastPathFails
    | ZoneDirtyOk
    | ZoneWatermarkOk
    | NoWatermarks
    | WakeupKswapd
    | RmqueueBulk
    | FreePcppagesBulk
    | DrainAllPages
    | ReserveHighatomic
    | UnreserveHighatomic
    | CompactZone
    | CompactMemory
    | DropCaches
    | ThrottleDirectReclaim
    | TooManyIsolated
    | ShrinkInactiveList
    | TryToFreePages
    | ShouldReclaimRetry
    | Nopage
    | NoOomForNofs
    | OomLockBusy
    | OutOfMemory
    | OomAborts
    | OomKillProcess
    | SacrificeChild
)
