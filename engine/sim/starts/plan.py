"""A machine as somebody describes it: hardware, sysctls, tasks, network, disk, and what happens.

A start finds where memory was (`Found`: a boot, a log's dump, a row of counters, a sample); the
plan is the same whatever it begins from. Times are ns on the machine's clock. A task whose time has
come goes on where it must have stood: with nothing to be had above min it is in reclaim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.rules.watermarks import boot_min_free_kbytes, plain_min_free_kbytes
from mmplay.engine.sim.machine.asks import ANON, CACHE_PAGE, ask_key
from mmplay.engine.sim.machine.gates import set_gaps, set_marks, set_reserves, set_thresholds
from mmplay.engine.sim.machine.machine import Machine, enqueue, sleep_until
from mmplay.engine.sim.machine.setup import DiskKind, Flow, Setup, Workload
from mmplay.engine.sim.mm.balance import EXCEEDED_CHECK, INIT_BW, MAX_PAUSE_NS, begin_rates
from mmplay.engine.sim.mm.net import (
    CONNTRACK,
    CREDIT,
    FLOW_NUMBERS,
    LONG_EXTENSION,
    earlier_flows,
    first_answers,
)
from mmplay.engine.sim.mm.page_alloc import zone_watermark_ok
from mmplay.engine.sim.mm.slowpath import RECLAIM, RETRY, ask_of
from mmplay.engine.sim.mm.vmscan import SWAP_CLUSTER_MAX, resume_call
from mmplay.engine.sim.mm.writeback import dirty_threshold
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.run.exit import STACK_PAGES
from mmplay.engine.sim.run.programs import PAUSED
from mmplay.engine.sim.run.workloads import add_group, schedule
from mmplay.engine.sim.starts.bench import BenchZone
from mmplay.engine.sim.starts.common import (
    CALIBRATED,
    KERNEL_LOADS,
    RULES,
    Choice,
    add_caches,
    add_kernel_threads,
    block,
    cache_kinds,
    empty_state,
    fill_ring,
    plain_setup,
    reasons,
    start_events,
)
from mmplay.engine.sim.starts.telling import Told
from mmplay.engine.sim.state.state import State
from mmplay.engine.sim.state.tasks import RUNNABLE
from mmplay.engine.sim.state.zone import Zone

FIRST_PID = 1001
UNTIL_ALL_WRITTEN = 2
WORKS = "kmalloc-64"
FITTED = ("reclaim_call_ns", "scanned_page_ns", "print_line_ns", "oom_print_line_ns")
CHOSEN = ("page_ns", "write_ns", "packet_ns", "exit_ns", "exit_slab_pages")
CONSTANTS = {"exit_task": "exit_ns"}
"""Costs whose constant has another name."""


class Found(NamedTuple):
    """Where a machine's memory was at a moment.

    `printed` zones have their marks and reserves already. `works` are full slabs of kmalloc-64.
    `runnable` is how many tasks were running (-1: not known, then all were), `dirty_limit` the hard
    limit as it stood (0: the threshold), `alone` how many pages a call had scanned whose task alone
    was running a moment before (0: there was none), `drift` whether counters lag, `bandwidth` what
    the disk had shown, in pages/s. `assumed` says what was chosen, for the run's header; `told` is
    the log's report, whose tasks go on.
    """

    time_ns: int
    zones: list[Zone]
    printed: bool = False
    works: int = 0
    runnable: int = -1
    dirty_limit: int = 0
    alone: int = 0
    drift: int = 1
    bandwidth: int = INIT_BW
    assumed: tuple[str, ...] = ()
    told: Told | None = None


class Plan(NamedTuple):
    """A machine, apart from where its memory is.

    `zones` are what is said of them: marks and reserve of None follow from the rules. `thp` tells
    whether transparent huge pages raised min_free_kbytes at boot, `port_closed` that nobody listens
    for the frames. `costs` are (field of Costs, ns), `sysctls` (name, value as it is written to
    /proc/sys), `script` (time_ns, action, value).
    """

    name: str
    release: str
    cpus: int
    zones: tuple[BenchZone, ...] = ()
    thp: bool = True
    costs: tuple[tuple[str, int], ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    disk: DiskKind = DiskKind(0, 0, 64)
    flow: Flow | None = None
    port_closed: bool = False
    workloads: tuple[Workload, ...] = ()
    script: tuple[tuple[int, str, str], ...] = ()
    assumed: tuple[str, ...] = ()


class SysctlError(InputError):
    """A sysctl that the kernel does not take; `name` is its name, the message its reason."""

    def __init__(self, name: str, reason: str) -> None:
        """Note the sysctl beside the reason."""
        super().__init__(reason)
        self.name = name


def from_plan(plan: Plan, found: Found, choice: Choice) -> Machine:
    """Return the machine; raises SysctlError, and InputError for zones that cannot be."""
    m = bare_machine(plan, found, choice)
    _add_tasks(m, found)
    start_events(m)
    return m


def bare_machine(plan: Plan, found: Found, choice: Choice) -> Machine:
    """Return the machine without tasks and events; raises as `from_plan` does."""
    setup = _setup(plan, found, choice)
    state = empty_state(choice.kernel, choice, plan.cpus, found.time_ns)
    state.zones = found.zones
    m = Machine(setup, state)
    _set_marks(m, plan, found)
    add_caches(setup, state, {WORKS: found.works, **_track_earlier(m, found)})
    if setup.flow is not None:
        fill_ring(state)
    if setup.flow is not None and plan.port_closed:
        state.limits += first_answers(found.time_ns, 0 if state.flows else CREDIT)
    state.disk_rate = setup.disk.pages_per_second
    state.under_io = sum(zone.writeback for zone in state.zones)
    state.drift = found.drift
    set_thresholds(state)
    m.bind(state)
    state.dirty_limit = found.dirty_limit or dirty_threshold(m)
    return m


def _setup(plan: Plan, found: Found, choice: Choice) -> Setup:
    given = {CONSTANTS.get(name, f"{name}_ns"): ns for name, ns in plan.costs}
    chosen = tuple(name for name in CHOSEN if name not in given)
    fitted = tuple(name for name in FITTED if name not in given)
    setup = plain_setup(choice, plan.name, plan.cpus, plan.disk, plan.workloads, chosen)
    costs = tuple(f"{name} {ns}: as the scenario gives it" for name, ns in given.items())
    drift = RULES["drift"] if found.drift else ()
    flow = plan.flow
    if flow is not None and choice.packets >= 0:
        flow = flow._replace(frames_per_second=choice.packets)
    return setup._replace(
        release=plan.release,
        costs=setup.costs._replace(**dict(plan.costs)),
        flow=flow,
        caches=cache_kinds(plan.cpus, flow.extension_bytes if flow else 0),
        script=tuple(one for one in plan.script if one[0] >= found.time_ns),
        assumed=(*setup.assumed, *found.assumed, *plan.assumed, *drift),
        calibrated=(*costs, *reasons(CALIBRATED, fitted)),
    )


def _track_earlier(m: Machine, found: Found) -> dict[str, int]:
    """Remember the connections of the frames before the start; return their slabs, all full.

    They lie in slab pages that were found, of which they have half at most besides the works.
    Short extensions are not told apart from works.
    """
    flow, state = m.setup.flow, m.state
    if flow is None:
        return {}
    objects = m.setup.caches[m.cache_numbers[CONNTRACK]].orders.objects
    pages = max(0, state.zones[-1].slab_unreclaimable - found.works)
    begun = earlier_flows(flow, found.time_ns, objects * (pages // 2))
    tracked = sum(begun[1::FLOW_NUMBERS]) // objects * objects
    slabs = {CONNTRACK: tracked // objects}
    extended = 0
    if LONG_EXTENSION in m.cache_numbers:
        each = m.setup.caches[m.cache_numbers[LONG_EXTENSION]].orders.objects
        slabs[LONG_EXTENSION] = tracked // each
        extended = slabs[LONG_EXTENSION] * each
    state.flows = earlier_flows(flow, found.time_ns, tracked, extended)
    state.conntracks = tracked
    return slabs


# marks


def _set_marks(m: Machine, plan: Plan, found: Found) -> None:
    """Set marks and reserves by rule, then what the sysctls change, then what is given."""
    state, kernel = m.state, m.kernel
    if found.printed:
        state.min_free_kbytes = 4 * sum(zone.min for zone in state.zones)
    else:
        state.min_free_kbytes = _at_boot(plan, kernel, state)
        set_marks(kernel, state)
        set_reserves(state)
    for name, text in plan.sysctls:
        try:
            do_action(m, name, text)
        except RefusedError as error:
            raise SysctlError(name, str(error).removeprefix(f"{name}: ")) from None
    for one in plan.zones:
        for zone in state.zones:
            if zone.name == one.name:
                _mark(m, zone, one)
    if any(one.marks for one in plan.zones) and not _sets(plan, "min_free_kbytes"):
        state.min_free_kbytes = 4 * sum(zone.min for zone in state.zones)


def _at_boot(plan: Plan, kernel: Kernel, state: State) -> int:
    """Return vm.min_free_kbytes as the kernel chooses it."""
    managed = tuple(zone.managed for zone in state.zones)
    if not plan.thp:
        return plain_min_free_kbytes(managed)
    return boot_min_free_kbytes(kernel.gaps, managed, state.watermark_scale_factor).value


def _sets(plan: Plan, sysctl: str) -> bool:
    return any(name == sysctl for name, _ in plan.sysctls)


def _mark(m: Machine, zone: Zone, one: BenchZone) -> None:
    if one.marks is not None:
        zone.min, zone.low, zone.high = one.marks
        if not zone.low:
            set_gaps(m.kernel, m.state, zone)
        zone.batch = max(1, zone.high - zone.low)
    if one.reserve is not None:
        zone.reserve = [*one.reserve, *[one.reserve[-1]] * 4][:4]


# tasks


def _add_tasks(m: Machine, found: Found) -> None:
    """Add the kernel's threads and the tasks; where memory is used up each stands in reclaim."""
    add_kernel_threads(m)
    state, loads = m.state, m.setup.workloads
    state.next_pid = FIRST_PID
    begun: list[int] = []
    for number in range(len(KERNEL_LOADS), len(loads)):
        if loads[number].start_ns > found.time_ns:
            schedule(m, number)
            continue
        for group in range(loads[number].groups):
            begun += add_group(m, number, group)
    _give_stacks(state, len(begun))
    if found.told is None or not found.told.report.tasks:
        _give_anon(m, [task for task in begun if _program(m, task) == "eater"])
    writers = sum(_program(m, task) == "writer" for task in begun)
    begin_rates(state, found.bandwidth, writers)
    pressed = is_pressed(m)
    if pressed and found.told is None:
        block(m, state.kswapd_task)
        block(m, state.flusher_task)
        state.flusher_waits = UNTIL_ALL_WRITTEN
    running = _running(m, begun, found.runnable)
    for task in begun:
        _begin(m, task, pressed, task in running)
    if pressed and found.alone:
        _go_on_alone(m, begun, found.alone)
    _hold_isolated(m, begun)


def is_pressed(m: Machine) -> bool:
    """Tell whether page cache finds no page above min in any zone that it may use."""
    gate = m.gates[m.ask(ask_key(m.masks.page_cache)).gate]
    return not any(zone_watermark_ok(zone, floor, 0, harder=False) for zone, floor in gate)


def _program(m: Machine, task: int) -> str:
    return m.setup.workloads[m.state.tasks.load[task]].program


def _running(m: Machine, begun: Sequence[int], runnable: int) -> frozenset[int]:
    """Return the tasks that were running: those that do not write first, they are never paused."""
    if runnable < 0:
        return frozenset(begun)
    writing = [task for task in begun if _program(m, task) == "writer"]
    others = [task for task in begun if _program(m, task) != "writer"]
    return frozenset([*others, *writing[: max(0, runnable - len(others))]])


def _give_stacks(state: State, tasks: int) -> None:
    """Let tasks that have begun have kernel stacks where nothing counts them (a row does not)."""
    zone = state.zones[-1]
    if any(one.stack_pages for one in state.zones):
        return
    pages = min(tasks * STACK_PAGES, zone.other // STACK_PAGES * STACK_PAGES)
    zone.stack_pages += pages
    zone.other -= pages


def _give_anon(m: Machine, eaters: Sequence[int]) -> None:
    """Let the anonymous pages be those of the eaters that have begun, in equal parts."""
    tasks = m.state.tasks
    columns = (tasks.rss0, tasks.rss1, tasks.rss2, tasks.rss3)
    for zone in m.state.zones:
        for task in eaters:
            columns[zone.index][task] = zone.active_anon // len(eaters)


def _begin(m: Machine, task: int, pressed: bool, running: bool) -> None:
    """Let a task run, in reclaim if memory is used up, or wait in balance_dirty_pages."""
    state = m.state
    tasks, program = state.tasks, _program(m, task)
    if not running:
        tasks.pc[task] = PAUSED
        sleep_until(m, task, state.now_ns + 1 + MAX_PAUSE_NS * (task + 1) // len(tasks))
        return
    if pressed and program in IN_RECLAIM:
        purpose, mask = IN_RECLAIM[program]
        tasks.purpose[task] = purpose
        tasks.ask[task] = getattr(m.masks, mask)
        tasks.stage[task] = RETRY
        tasks.pause_at[task] = EXCEEDED_CHECK if program == "writer" else 0
    tasks.state[task] = RUNNABLE
    enqueue(m, task)


def _go_on_alone(m: Machine, begun: Sequence[int], scanned: int) -> None:
    """Let the only eater be as far in its call as it came while nobody else ran."""
    eaters = [task for task in begun if _program(m, task) == "eater"]
    if len(eaters) != 1:
        return
    m.state.tasks.stage[eaters[0]] = RECLAIM
    resume_call(m, eaters[0], ask_of(m, eaters[0]), scanned)


IN_RECLAIM = {"writer": (CACHE_PAGE, "page_cache"), "eater": (ANON, "fault")}
"""Programs that stand in reclaim at a start: what for, and the mask of their request."""


def _hold_isolated(m: Machine, begun: Sequence[int]) -> None:
    """Let reclaimers hold the isolated pages, a batch each; what nobody can hold goes back."""
    state = m.state
    tasks = state.tasks
    holders = iter(
        [state.kswapd_task, *(task for task in begun if tasks.stage[task] == RETRY)]
        if state.flusher_waits
        else []
    )
    for zone in state.zones:
        left = zone.isolated_file
        while left and (task := next(holders, -1)) >= 0:
            count = min(left, SWAP_CLUSTER_MAX)
            tasks.isolated[task] = zone.index << 8 | count
            left -= count
        zone.isolated_file -= left
        zone.inactive_file += left
