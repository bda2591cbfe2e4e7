"""What every start shares: CPUs, caches, kernel threads, rate limits, the first events.

And every number that no rule and no log determines, each with its reason: they lie in `data`, and
a start quotes the reasons of those that it uses in the run's header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.machine import NIC, SCRIPT, VMSTAT, Machine
from mmplay.engine.sim.machine.setup import LONGEST_EXTENSION, Costs, DiskKind, Setup, Workload
from mmplay.engine.sim.mm.balance import INIT_BW, begin_rates
from mmplay.engine.sim.mm.disk import start as start_disk
from mmplay.engine.sim.mm.kswapd import ASLEEP
from mmplay.engine.sim.mm.net import LARGE_ORDER, LONG_EXTENSION, RING, buffers_in
from mmplay.engine.sim.run.workloads import add_task
from mmplay.engine.sim.state.slab_cache import Cache, CacheKind, Slab, slab_order
from mmplay.engine.sim.state.state import LIMIT_NUMBERS, RATE_LIMITS, Cpu, State
from mmplay.engine.sim.state.tasks import BLOCKED
from mmplay.engine.tables import Table


class Constant(NamedTuple):
    """One constant: its value, and why it is what it is.

    With the incident's own, `least` and `most` are as far as it was tried and the incident came.
    """

    value: int
    reason: str
    least: int = 0
    most: int = 0


def _constant(row: list[Any]) -> Constant:
    return Constant(*row)


CALIBRATED = Table(_constant, __package__, "calibrated")
"""What was fitted to a measured or logged result."""

ASSUMED = Table(_constant, __package__, "assumed")
"""What was chosen because something had to be."""

RULES = Table(tuple[str, ...], __package__, "rules")
"""How a start from a frame chooses what the log does not say, for the run's header."""


_others: dict[str, int] = {}


@contextmanager
def calibrated_as(values: Mapping[str, int]) -> Iterator[None]:
    """Let constants have other values while machines are built, to see what hangs on them."""
    before = dict(_others)
    _others.update(values)
    try:
        yield
    finally:
        _others.clear()
        _others.update(before)


def value(name: str) -> int:
    """Return a constant by name; raises KeyError."""
    if name in _others:
        return _others[name]
    return (CALIBRATED.get(name) or ASSUMED[name]).value


def reasons(table: Table[Constant], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `name value: reason` for the constants that a start used."""
    return tuple(f"{name} {value(name)}: {table[name].reason}" for name in names)


CACHES = (
    ("kmalloc-64", 64, 64, False),
    ("nf_conntrack", 320, 312, False),
    ("skbuff_head_cache", 256, 232, False),
    ("radix_tree_node", 576, 576, True),
    ("xfs_trans", 232, 232, False),
    ("biovec-256", 4096, 4096, False),
    ("xfs_efi_item", 400, 400, False),
)
"""(name, buffer size, object size, reclaimable) of the caches that are simulated."""

UNUSED = frozenset({"xfs_efi_item"})
"""Caches without a slab at the start: nobody has closed a file that grew yet."""

KERNEL_LOADS = (
    Workload("kthreadd", "kthreadd", 1),
    Workload("kswapd0", "kswapd", 1),
    Workload("kworker/u128:2", "flusher", 1),
)
"""The first workloads of every setup; their numbers are their places."""

KTHREADD, KSWAPD, FLUSHER = range(3)


class Choice(NamedTuple):
    """What whoever starts a run may choose: kernel, variant of the patch, seed, packets."""

    kernel: Kernel
    variant: str = "atomic"
    seed: int = 1
    keep_atomic: bool = False
    packets: int = -1

    @property
    def wb_mask(self) -> int:
        """The number of the variant."""
        return [name for name, _ in WB_VARIANTS].index(self.variant)


SMALLEST = 64
"""Bytes of an extension up to which it is an object of kmalloc-64."""


def cache_kinds(cpu_ids: int, extension_bytes: int = 0) -> tuple[CacheKind, ...]:
    """Return the simulated caches of a machine with so many possible CPUs.

    One for the connections' extensions is among them where kmalloc-64 is too small.
    """
    longer = (
        ((LONG_EXTENSION, LONGEST_EXTENSION, LONGEST_EXTENSION, False),)
        if extension_bytes > SMALLEST
        else ()
    )
    return tuple(
        CacheKind(name, size, object_size, slab_order(size, cpu_ids), reclaimable)
        for name, size, object_size, reclaimable in (*CACHES, *longer)
    )


def plain_setup(
    choice: Choice,
    name: str,
    cpus: int,
    disk: DiskKind,
    loads: tuple[Workload, ...] = (),
    assumed: tuple[str, ...] = (),
    cpu_ids: int = 0,
) -> Setup:
    """Return the setup of a machine without a network card and a script.

    It has all simulated caches. `loads` follow the kernel's own workloads; `assumed` names the
    constants that the start used; without `cpu_ids` no more CPUs are possible than there are.
    """
    return Setup(
        name=name,
        kernel=choice.kernel,
        cpus=cpus,
        cpu_ids=cpu_ids or cpus,
        release=choice.kernel.simulated().release,
        version="#1",
        hardware="",
        costs=costs(),
        disk=disk,
        flow=None,
        caches=cache_kinds(cpu_ids or cpus),
        workloads=(*KERNEL_LOADS, *loads),
        assumed=reasons(ASSUMED, assumed),
    )


def costs() -> Costs:
    """Return what things cost: the machine's, whatever kernel and mask it runs."""
    return Costs(
        reclaim_call=value("reclaim_call_ns"),
        scanned_page=value("scanned_page_ns"),
        page=value("page_ns"),
        write=value("write_ns"),
        read=value("read_ns"),
        packet=value("packet_ns"),
        print_line=value("print_line_ns"),
        oom_print_line=value("oom_print_line_ns"),
        exit_task=value("exit_ns"),
        exit_slab_pages=value("exit_slab_pages"),
        time_slice=0,
    )


def empty_state(kernel: Kernel, choice: Choice, cpus: int, start_ns: int) -> State:
    """Return a state with CPUs and sysctls, but without zones and tasks."""
    state = State()
    state.now_ns = state.started_ns = state.print_ready_ns = start_ns
    state.rng = choice.seed
    state.cpus = [Cpu() for _ in range(cpus)]
    state.watermark_scale_factor = kernel.watermark_scale_factor or 0
    state.dirty_ratio, state.dirty_background_ratio, state.swappiness = 20, 10, 60
    state.lowmem_reserve_ratio = list(kernel.lowmem_reserve_ratio)
    state.limits = [0] * (RATE_LIMITS * LIMIT_NUMBERS)
    state.wb_mask = choice.wb_mask
    state.slab_keeps_atomic = int(choice.keep_atomic)
    state.disk_left = -1
    state.dirty_limit_ns = start_ns
    begin_rates(state, INIT_BW, 1)
    state.kswapd_task = state.flusher_task = state.first_fail_task = -1
    return state


def add_caches(setup: Setup, state: State, full: dict[str, int]) -> None:
    """Give each cache its full slabs, or else one slab of free objects, in the highest zone.

    Caches that nobody has used yet have none.

    What the zone's slab counters hold beyond them belongs to caches that are not simulated.
    """
    number = len(state.zones) - 1
    zone = state.zones[number]
    for kind in setup.caches:
        cache = Cache(setup.cpus)
        order, objects = kind.orders.order, kind.orders.objects
        slabs = full.get(kind.name, 0)
        for _ in range(slabs):
            cache.add_full(objects, number, order, 0)
        if not slabs and kind.name not in UNUSED:
            cache.partial.append(Slab.of(objects, objects, number, order, 0))
        state.caches.append(cache)
    for index, one in enumerate(state.zones):
        one.slab_base = one.slab_unreclaimable - _slab_pages(setup, state, index, False)
        one.slab_reclaimable_base = one.slab_reclaimable - _slab_pages(setup, state, index, True)
    if zone.slab_base < 0 or zone.slab_reclaimable_base < 0:
        raise InputError(
            f"zone {zone.name}: it has {zone.slab_unreclaimable} and {zone.slab_reclaimable} slab "
            "pages, fewer than the simulated caches begin with"
        )


def _slab_pages(setup: Setup, state: State, number: int, reclaimable: bool) -> int:
    return sum(
        cache.pages(number)
        for kind, cache in zip(setup.caches, state.caches, strict=True)
        if kind.reclaimable == reclaimable
    )


def fill_ring(state: State) -> None:
    """Fill the receive ring with buffers cut from large fragments, whose pages are `held`."""
    zone = state.zones[-1]
    state.ring = RING
    each = buffers_in(LARGE_ORDER)
    fragments = -(-RING // each)
    if zone.other < fragments << LARGE_ORDER:
        state.ring = 0
        return
    for number in range(fragments):
        used = min(each, RING - number * each)
        state.frags += (LARGE_ORDER, each, len(state.zones) - 1)
        state.frag_left = each - used
    zone.held += fragments << LARGE_ORDER
    zone.other -= fragments << LARGE_ORDER


def add_kernel_threads(m: Machine) -> None:
    """Add kthreadd, kswapd and the flusher, all asleep."""
    for number, pid in ((KTHREADD, 2), (KSWAPD, 45), (FLUSHER, 98)):
        m.state.next_pid = pid
        add_task(m, number, 0, KERNEL_LOADS[number].name)
    m.state.tasks.pc[m.state.kswapd_task] = ASLEEP


def block(m: Machine, task: int) -> None:
    """Let a task wait for something that this machine never does."""
    m.state.tasks.state[task] = BLOCKED


def start_events(m: Machine) -> None:
    """Put the first frame, the script and the counters' timers on the heap."""
    state, flow = m.state, m.setup.flow
    if flow is not None:
        state.packet_rate = flow.frames_per_second
        if state.packet_rate:
            m.push(max(state.now_ns, flow.start_ns), NIC, flow.cpu, state.flow_token)
    start_disk(m)
    for number, (time_ns, _, _) in enumerate(m.setup.script):
        m.push(time_ns, SCRIPT, number)
    if state.drift:
        for cpu in range(len(state.cpus)):
            m.push(state.now_ns + (cpu + 1) * 1_000_000_000 // len(state.cpus), VMSTAT, cpu)
