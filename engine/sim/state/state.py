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
    *("now_ns", "turn", "sequence", "rng", "started_ns", "log_lines", "print_ready_ns"),
    # sysctls and choices
    *("min_free_kbytes", "watermark_scale_factor", "dirty_ratio", "dirty_background_ratio"),
    *("dirty_bytes", "dirty_background_bytes", "swappiness"),
    *("oom_reaper", "wb_mask", "slab_keeps_atomic", "drift"),
    # writeback
    *("works_queued", "flusher_task", "flusher_waits", "wb_wakeup", "wb_left", "wb_reason"),
    *("under_io", "disk_left", "disk_rate", "disk_token", "disk_busy", "dirtiers"),
    *("bio_vectors", "bio_pool_out"),
    *("dirty_limit", "dirty_limit_ns", "redirty_rest"),
    # network
    *("ring", "frag_left", "packet_rate", "flow_token", "flow_rest", "conntracks"),
    # OOM killer
    *("oom_lock", "oom_victims", "first_fail_ns", "first_fail_task", "next_pid"),
    # reclaim
    *("kswapd_task", "kswapd_awake", "kswapd_order", "kswapd_class", "throttled"),
)
"""Every plain number of the state, in the order in which they are packed."""

LISTS = ("lowmem_reserve_ratio", "works", "limits", "frags", "flows", "blocks")
"""Flat lists of ints: `works` are runs of pages, reason, count; `limits` three rate limits of
begin, printed, missed; `frags` the receive ring's fragments as order, buffers, zone; `flows`
connections as end_ns, conntracks, extensions; `blocks` what requests at the door hold, as number
of the zone, page, order."""
BLOCK_NUMBERS = 3
"""Numbers of a block in `State.blocks`: number of its zone, first page, order."""


class State:
    """See the module. `started_ns` is the moment of the first turn; times are ns since boot."""

    __slots__ = (*NUMBERS, *LISTS, "caches", "counters", "cpus", "heap", "tasks", "zones")

    now_ns: int
    turn: int
    sequence: int
    rng: int
    started_ns: int
    log_lines: int
    print_ready_ns: int
    min_free_kbytes: int
    watermark_scale_factor: int
    dirty_ratio: int
    dirty_background_ratio: int
    dirty_bytes: int
    dirty_background_bytes: int
    swappiness: int
    oom_reaper: int
    wb_mask: int
    slab_keeps_atomic: int
    drift: int
    works_queued: int
    flusher_task: int
    flusher_waits: int
    wb_wakeup: int
    wb_left: int
    wb_reason: int
    under_io: int
    disk_left: int
    disk_rate: int
    disk_token: int
    disk_busy: int
    dirtiers: int
    bio_vectors: int
    bio_pool_out: int
    dirty_limit: int
    dirty_limit_ns: int
    redirty_rest: int
    ring: int
    frag_left: int
    packet_rate: int
    flow_token: int
    flow_rest: int
    conntracks: int
    oom_lock: int
    oom_victims: int
    first_fail_ns: int
    first_fail_task: int
    next_pid: int
    kswapd_task: int
    kswapd_awake: int
    kswapd_order: int
    kswapd_class: int
    throttled: int
    lowmem_reserve_ratio: list[int]
    works: list[int]
    limits: list[int]
    frags: list[int]
    flows: list[int]
    blocks: list[int]

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
