"""A SLUB cache: slabs as counts, the CPUs' own slabs, and the partial slabs of the node.

Source: mm/slub.c of 4.5 (calculate_order, set_min_partial, get_partial_node, deactivate_slab).
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.watermarks import PAGE_SHIFT

PAGE_SIZE = 1 << PAGE_SHIFT
MAX_SLAB_ORDER = 3
MIN_PARTIAL, MAX_PARTIAL = 5, 10
WASTE = (16, 8, 4)
"""At most one part in these may be wasted, tried in this order (calculate_order)."""


class SlabOrder(NamedTuple):
    """How large a slab is and how many objects it holds, preferred and at the least."""

    order: int
    objects: int
    min_order: int
    min_objects: int


def slab_order(size: int, cpu_ids: int) -> SlabOrder:
    """Return the slab orders for objects of `size` bytes with `cpu_ids` possible CPUs."""
    wanted = min(4 * (cpu_ids.bit_length() + 1), (PAGE_SIZE << MAX_SLAB_ORDER) // size)
    order = _calculate_order(size, wanted)
    least = max(0, (-(-size // PAGE_SIZE) - 1).bit_length())
    return SlabOrder(order, (PAGE_SIZE << order) // size, least, (PAGE_SIZE << least) // size)


def _calculate_order(size: int, objects: int) -> int:
    while objects > 1:
        for part in WASTE:
            first = (objects * size - 1 >> PAGE_SHIFT).bit_length()
            for order in range(first, MAX_SLAB_ORDER + 1):
                slab = PAGE_SIZE << order
                if slab % size <= slab // part:
                    return order
        objects -= 1
    return max(0, (size - 1 >> PAGE_SHIFT).bit_length())


def min_partial(size: int) -> int:
    """Return how many empty slabs a cache keeps on its partial list (set_min_partial)."""
    return min(MAX_PARTIAL, max(MIN_PARTIAL, (size.bit_length() - 1) // 2))


class CacheKind(NamedTuple):
    """What never changes about a cache; `reclaimable` caches count as slab_reclaimable."""

    name: str
    size: int
    object_size: int
    orders: SlabOrder
    reclaimable: bool = False


class Cache:
    """The mutable state of one cache.

    A CPU slab is its free objects, how many it holds, its zone's number, its order and whether it
    came from the reserves (pfmemalloc); -1 as zone means that the CPU has none. A partial slab is
    [free objects, objects, zone, order, pfmemalloc]; `full` are runs of full slabs, oldest first:
    [slabs, objects, zone, order, pfmemalloc].
    """

    __slots__ = ("cpu_free", "cpu_objects", "cpu_order", "cpu_pfm", "cpu_zone", "full", "partial")

    def __init__(self, cpus: int) -> None:
        """A cache without slabs."""
        self.cpu_free = [0] * cpus
        self.cpu_objects = [0] * cpus
        self.cpu_zone = [-1] * cpus
        self.cpu_order = [0] * cpus
        self.cpu_pfm = [0] * cpus
        self.partial: list[list[int]] = []
        self.full: list[list[int]] = []

    def copy(self) -> Cache:
        """Return an independent copy."""
        other = Cache.__new__(Cache)
        other.cpu_free = self.cpu_free[:]
        other.cpu_objects = self.cpu_objects[:]
        other.cpu_zone = self.cpu_zone[:]
        other.cpu_order = self.cpu_order[:]
        other.cpu_pfm = self.cpu_pfm[:]
        other.partial = [slab[:] for slab in self.partial]
        other.full = [run[:] for run in self.full]
        return other

    def slabs(self) -> int:
        """Return all slabs (node_nr_slabs): full, partial and the CPUs' own."""
        owned = sum(zone >= 0 for zone in self.cpu_zone)
        return owned + len(self.partial) + sum(run[0] for run in self.full)

    def objects(self) -> int:
        """Return the room for objects in all slabs (node_nr_objs)."""
        owned = sum(
            count for count, zone in zip(self.cpu_objects, self.cpu_zone, strict=True) if zone >= 0
        )
        full = sum(run[0] * run[1] for run in self.full)
        return owned + sum(slab[1] for slab in self.partial) + full

    def free_objects(self) -> int:
        """Return the free objects on the node's partial list, which is what a report counts."""
        return sum(slab[0] for slab in self.partial)

    def in_use(self) -> int:
        """Return the objects that are in use (/sys/kernel/slab/NAME/objects)."""
        on_cpus = sum(
            free for free, zone in zip(self.cpu_free, self.cpu_zone, strict=True) if zone >= 0
        )
        return self.objects() - self.free_objects() - on_cpus

    def partial_slabs(self) -> int:
        """Return the slabs on the node's partial list (nr_partial)."""
        return len(self.partial)

    def pages(self, zone: int) -> int:
        """Return the pages that the slabs of one zone take."""
        owned = sum(
            1 << order
            for order, where in zip(self.cpu_order, self.cpu_zone, strict=True)
            if where == zone
        )
        partial = sum(1 << slab[3] for slab in self.partial if slab[2] == zone)
        return owned + partial + sum(run[0] << run[3] for run in self.full if run[2] == zone)

    def add_full(self, objects: int, zone: int, order: int, pfmemalloc: int) -> None:
        """Note one more full slab."""
        last = self.full[-1] if self.full else None
        if last is not None and last[1:] == [objects, zone, order, pfmemalloc]:
            last[0] += 1
        else:
            self.full.append([1, objects, zone, order, pfmemalloc])
