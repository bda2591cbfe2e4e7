"""The whole state of a machine between two turns: ints and lists of ints, nothing else.

`copy` for forks, `packing` for keyframes, `digest` to compare: all follow from what is declared
here and in the classes that a state is made of.
"""

from __future__ import annotations

from hashlib import blake2b

from mmplay.engine.sim.state.counters import Counters
from mmplay.engine.sim.state.fields import Fields
from mmplay.engine.sim.state.packing import pack_state
from mmplay.engine.sim.state.slab_cache import Cache
from mmplay.engine.sim.state.tasks import Tasks
from mmplay.engine.sim.state.zone import Zone

HeapEntry = tuple[int, int, int, int, int]
"""(time_ns, sequence, actor kind, actor number, token)."""

BLOCK_NUMBERS = 3
"""Numbers of a block in `State.blocks`: number of its zone, first page, order."""


class Cpu(Fields):
    """One CPU: the task it runs (-1 none), its queue, and when its time slice ends.

    The first `first` tasks of the queue were put there for having slept long; `busy` tells that
    its next turn is on the heap, not before `ready_ns`.
    """

    current: int
    slice_end_ns: int
    ready_ns: int
    first: int
    busy: int
    queue: list[int]

    def __init__(self) -> None:
        """Idle."""
        super().__init__()
        self.current = -1


class State(Fields):
    """See the module. `started_ns` is the moment of the first turn; times are ns since boot.

    The lists are flat: `works` are runs of pages, reason, count; `limits` three rate limits of
    begin, printed, missed; `frags` the receive ring's fragments as order, buffers, zone; `flows`
    connections as end_ns, conntracks, extensions; `blocks` what requests at the door hold, as
    number of the zone, page, order.
    """

    now_ns: int
    turn: int
    sequence: int
    rng: int
    started_ns: int
    log_lines: int
    print_ready_ns: int
    # sysctls and choices
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
    # writeback
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
    # network
    ring: int
    frag_left: int
    packet_rate: int
    flow_token: int
    flow_rest: int
    conntracks: int
    # OOM killer
    oom_lock: int
    oom_victims: int
    first_fail_ns: int
    first_fail_task: int
    next_pid: int
    # reclaim
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
    caches: list[Cache]
    counters: Counters
    cpus: list[Cpu]
    heap: list[HeapEntry]
    tasks: Tasks
    zones: list[Zone]

    def __init__(self) -> None:
        """An empty machine at time 0."""
        super().__init__()
        self.zones = []
        self.cpus = []
        self.caches = []
        self.tasks = Tasks()
        self.counters = Counters()
        self.heap = []

    def copy(self) -> State:
        """Return an independent copy."""
        other = super().copy()
        other.zones = [zone.copy() for zone in self.zones]
        other.cpus = [cpu.copy() for cpu in self.cpus]
        other.caches = [cache.copy() for cache in self.caches]
        other.tasks = self.tasks.copy()
        other.counters = self.counters.copy()
        other.heap = self.heap[:]
        return other

    def digest(self) -> str:
        """Return a digest of everything; equal states have equal digests on every machine."""
        return blake2b(pack_state(self), digest_size=16).hexdigest()
