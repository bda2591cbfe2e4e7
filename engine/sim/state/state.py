"""The whole state of a machine between two turns: ints and lists of ints, nothing else.

`copy` for forks, `pack`/`unpack` for keyframes, `digest` to compare: all three walk the same
fields, so that nothing can be forgotten in one of them.
"""

from __future__ import annotations

from hashlib import blake2b

from mmplay.engine.sim.state.counters import Counters
from mmplay.engine.sim.state.slab_cache import Cache
from mmplay.engine.sim.state.tasks import Tasks
from mmplay.engine.sim.state.zone import Zone

HeapEntry = tuple[int, int, int, int, int]
"""(time_ns, sequence, actor kind, actor number, token)."""


CPU_NUMBERS = ("current", "slice_end_ns", "ready_ns", "first", "busy")


class Cpu:
    """One CPU: the task it runs (-1 none), its queue, and when its time slice ends.

    The first `first` tasks of the queue were put there for having slept long; `busy` tells that
    its next turn is on the heap, not before `ready_ns`.
    """

    __slots__ = (*CPU_NUMBERS, "queue")

    current: int
    slice_end_ns: int
    ready_ns: int
    first: int
    busy: int

    def __init__(self) -> None:
        """Idle."""
        for name in CPU_NUMBERS:
            setattr(self, name, 0)
        self.current = -1
        self.queue: list[int] = []

    def copy(self) -> Cpu:
        """Return an independent copy."""
        other = Cpu.__new__(Cpu)
        for name in CPU_NUMBERS:
            setattr(other, name, getattr(self, name))
        other.queue = self.queue[:]
        return other


NUMBERS = (
    *("now_ns", "turn", "sequence", "rng", "started"),
    # sysctls
    *("min_free_kbytes", "watermark_scale_factor", "dirty_ratio", "dirty_background_ratio"),
    *("swappiness", "oom_reaper", "wb_mask", "slab_keeps_atomic", "reclaim_cost_ns"),
    # writeback
    *("works_queued", "flusher", "wb_wakeup", "under_io", "disk_left", "disk_on", "disk_rate"),
    *("disk_token", "last_dirty_limit"),
    # network
    *("ring", "frag_bytes", "frag_order", "packet_rate", "flow_token", "conntracks", "skbs"),
    # OOM killer and printing
    *("oom_lock", "oom_victims", "warn_begin_ns", "warn_printed", "warn_missed"),
    *("slab_begin_ns", "slab_printed", "slab_missed", "oom_begin_ns", "oom_printed", "oom_missed"),
    *("print_ready_ns", "first_fail_task", "first_fail_ns", "wb_lowest_free"),
    # reclaim
    *("kswapd_task", "kswapd_priority", "kswapd_awake", "throttled", "pressure"),
)
"""Every plain number of the state, in the order in which they are packed."""

LISTS = ("lowmem_reserve_ratio", "works", "min_seen")
"""Flat lists of ints. `works` are runs [pages, reason, count, ...]; `min_seen` free per zone."""


class State:
    """See the module. `started` is the moment of the first turn; times are ns since boot."""

    __slots__ = (*NUMBERS, *LISTS, "caches", "counters", "cpus", "heap", "tasks", "zones")

    now_ns: int
    turn: int
    sequence: int
    rng: int
    started: int
    min_free_kbytes: int
    watermark_scale_factor: int
    dirty_ratio: int
    dirty_background_ratio: int
    swappiness: int
    oom_reaper: int
    wb_mask: int
    slab_keeps_atomic: int
    reclaim_cost_ns: int
    works_queued: int
    flusher: int
    wb_wakeup: int
    under_io: int
    disk_left: int
    disk_on: int
    disk_rate: int
    disk_token: int
    last_dirty_limit: int
    ring: int
    frag_bytes: int
    frag_order: int
    packet_rate: int
    flow_token: int
    conntracks: int
    skbs: int
    oom_lock: int
    oom_victims: int
    warn_begin_ns: int
    warn_printed: int
    warn_missed: int
    slab_begin_ns: int
    slab_printed: int
    slab_missed: int
    oom_begin_ns: int
    oom_printed: int
    oom_missed: int
    print_ready_ns: int
    first_fail_task: int
    first_fail_ns: int
    wb_lowest_free: int
    kswapd_task: int
    kswapd_priority: int
    kswapd_awake: int
    throttled: int
    pressure: int
    lowmem_reserve_ratio: list[int]
    works: list[int]
    min_seen: list[int]

    def __init__(self) -> None:
        """An empty machine at time 0."""
        for name in NUMBERS:
            setattr(self, name, 0)
        for name in LISTS:
            setattr(self, name, [])
        self.zones: list[Zone] = []
        self.cpus: list[Cpu] = []
        self.caches: list[Cache] = []
        self.tasks = Tasks()
        self.counters = Counters()
        self.heap: list[HeapEntry] = []

    def copy(self) -> State:
        """Return an independent copy."""
        other = State.__new__(State)
        for name in NUMBERS:
            setattr(other, name, getattr(self, name))
        for name in LISTS:
            setattr(other, name, getattr(self, name)[:])
        other.zones = [zone.copy() for zone in self.zones]
        other.cpus = [cpu.copy() for cpu in self.cpus]
        other.caches = [cache.copy() for cache in self.caches]
        other.tasks = self.tasks.copy()
        other.counters = self.counters.copy()
        other.heap = self.heap[:]
        return other

    def digest(self) -> str:
        """Return a digest of everything; equal states have equal digests on every machine."""
        from mmplay.engine.sim.state.packing import pack_state

        return blake2b(pack_state(self), digest_size=16).hexdigest()
