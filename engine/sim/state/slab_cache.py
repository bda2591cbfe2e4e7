"""A SLUB cache: slabs as counts, the CPUs' own slabs, and the partial slabs of the node.

Source: mm/slub.c of 4.5 (calculate_order, set_min_partial, get_partial_node, deactivate_slab).
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.watermarks import PAGE_SHIFT
from mmplay.engine.sim.state.fields import Fields, Label, Parts

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


class Slab(Fields):
    """One slab on a cache's partial list; `zone` is a place in the state, `pfmemalloc` 0 or 1."""

    free: int
    objects: int
    zone: int
    order: int
    pfmemalloc: int


class FullSlabs(Fields):
    """A run of full slabs that are alike; no list of the kernel's holds them."""

    slabs: int
    objects: int
    zone: int
    order: int
    pfmemalloc: int


class Cache(Fields):
    """The mutable state of one cache.

    A CPU slab is its free objects, how many it holds, its zone's number, its order and whether it
    came from the reserves (pfmemalloc); -1 as zone means that the CPU has none. `partial` is the
    node's list, `full` the full slabs, oldest first.
    """

    cpu_free: list[int]
    cpu_objects: list[int]
    cpu_zone: list[int]
    cpu_order: list[int]
    cpu_pfm: list[int]
    partial: list[Slab]
    full: list[FullSlabs]

    def __init__(self, cpus: int) -> None:
        """A cache without slabs."""
        super().__init__()
        for name in self.lists:
            setattr(self, name, [0] * cpus)
        self.cpu_zone = [-1] * cpus
        self.partial = []
        self.full = []

    def copy(self) -> Cache:
        """Return an independent copy."""
        other = super().copy()
        other.partial = [slab.copy() for slab in self.partial]
        other.full = [run.copy() for run in self.full]
        return other

    def parts(self) -> list[list[int]]:
        """Return the CPUs' columns, then the partial and the full slabs, row after row."""
        partial = [number for slab in self.partial for number in slab.row()]
        return [*super().parts(), partial, [number for run in self.full for number in run.row()]]

    @classmethod
    def labels(cls) -> list[Label]:
        """Return what each of `parts` is."""
        return [*super().labels(), Label("partial"), Label("full")]

    @classmethod
    def taken(cls, parts: Parts, cpus: int) -> Cache:
        """Return a cache from `parts`; raises PackError."""
        cache = cls(0)
        cache.take(parts, dict.fromkeys(cls.lists, cpus))
        cache.partial = [Slab.of(*row) for row in parts.rows(len(Slab.numbers))]
        cache.full = [FullSlabs.of(*row) for row in parts.rows(len(FullSlabs.numbers))]
        return cache

    def slabs(self) -> int:
        """Return all slabs (node_nr_slabs): full, partial and the CPUs' own."""
        owned = sum(zone >= 0 for zone in self.cpu_zone)
        return owned + len(self.partial) + sum(run.slabs for run in self.full)

    def objects(self) -> int:
        """Return the room for objects in all slabs (node_nr_objs)."""
        owned = sum(
            count for count, zone in zip(self.cpu_objects, self.cpu_zone, strict=True) if zone >= 0
        )
        full = sum(run.slabs * run.objects for run in self.full)
        return owned + sum(slab.objects for slab in self.partial) + full

    def free_objects(self) -> int:
        """Return the free objects on the node's partial list, which is what a report counts."""
        return sum(slab.free for slab in self.partial)

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
        partial = sum(1 << slab.order for slab in self.partial if slab.zone == zone)
        full = sum(run.slabs << run.order for run in self.full if run.zone == zone)
        return owned + partial + full

    def add_full(self, objects: int, zone: int, order: int, pfmemalloc: int) -> None:
        """Note one more full slab."""
        last = self.full[-1] if self.full else None
        if (
            last is not None
            and last.objects == objects
            and last.zone == zone
            and last.order == order
            and last.pfmemalloc == pfmemalloc
        ):
            last.slabs += 1
        else:
            self.full.append(FullSlabs.of(1, objects, zone, order, pfmemalloc))
