"""The whole state of a machine between two turns: ints and lists of ints, nothing else.

`copy` for forks, `pack_state` for keyframes, `digest` to compare: all follow from what is declared
here and in the classes that a state is made of. The simulator's own random numbers (splitmix64, one
64-bit integer of state) are here, too; never `random`, whose generator is not promised to stay the
same. Source of the algorithm: Steele, Lea, Flood, "Fast splittable pseudorandom number generators"
(2014).
"""

from __future__ import annotations

from hashlib import blake2b

from mmplay.engine.sim.state.fields import Fields, pack_state
from mmplay.engine.sim.state.slab_cache import Cache
from mmplay.engine.sim.state.tasks import Tasks
from mmplay.engine.sim.state.zone import Zone

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def advance(state: int) -> tuple[int, int]:
    """Return (next state, 64-bit random value)."""
    state = (state + GOLDEN) & MASK
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


class Counters(Fields):
    """One int per counter."""

    # /proc/vmstat
    pgalloc: int
    pgfree: int
    allocstall: int
    pgscan_direct: int
    pgscan_kswapd: int
    pgsteal_direct: int
    pgsteal_kswapd: int
    pageoutrun: int
    pgfault: int
    nr_dirtied: int
    nr_written: int
    oom_kill: int
    compact_stall: int
    compact_success: int
    # reclaim
    reclaim_calls: int
    reclaim_throttled: int
    kswapd_wakes: int
    congestion_waits: int
    drain_all: int
    oom_aborts: int
    oom_reaped: int
    # writeback
    wb_work: int
    wb_nowork: int
    wb_done: int
    wb_pages: int
    balance_pauses: int
    # failures by who asked, and what was printed of them
    alloc_fail_wb: int
    alloc_fail_net: int
    alloc_fail_task: int
    warn_printed: int
    warn_suppressed: int
    # network
    rx_packets: int
    rx_alloc_frag_failed: int
    alloc_rx_buff_failed: int
    rx_missed: int
    nf_new: int
    nf_drop: int
    nf_no_ext: int
    # page allocator
    file_pages_added: int
    slab_pages_added: int
    highatomic_reserved: int
    request_served: int
    request_refused: int

    def as_dict(self) -> dict[str, int]:
        """Return every counter by name."""
        return {name: getattr(self, name) for name in self.numbers}


COUNTERS = Counters.numbers


HeapEntry = tuple[int, int, int, int, int]
"""(time_ns, sequence, actor kind, actor number, token)."""

LIMIT_NUMBERS = 3
"""Numbers of a rate limit in `State.limits`."""
RATE_LIMITS = 3
"""Limits that every machine has: of reports of pages, of slabs, and of kills."""
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
    begin, printed, missed, and a fourth of answers where nobody listens for frames; `frags` the
    receive ring's fragments as order, buffers, zone; `flows` connections as end_ns, conntracks,
    extensions; `blocks` what requests at the door hold, as number of the zone, page, order.
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
    bio_vectors: int
    bio_pool_out: int
    dirty_limit: int
    dirty_limit_ns: int
    bandwidth: int
    mean_bandwidth: int
    dirty_ratelimit: int
    balanced_ratelimit: int
    written_stamp: int
    dirtied_stamp: int
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
