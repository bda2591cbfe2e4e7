"""One machine in motion: its state, the tables that follow from it, and which task acts when.

Between turns everything that matters is in the state; all else here can be rebuilt from it
(`bind`). A CPU goes round its queue, a time slice each. A task that slept for half a scheduling
period or more gets that much CPU time before the others: it goes to the front of the queue, runs at
the next tick, and keeps what it did not use over a nap, as CFS's credit for sleepers makes it
(kernel/sched/fair.c:place_entity, 4.5). Without credit a task goes to the back.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush

from mmplay.engine.printk.form import LineForm, Values, forms
from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.versions import Kernel, SimRules
from mmplay.engine.sim.machine.asks import Ask, Masks, make_ask, make_masks
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.gates import Gate, make_gates, zonelist
from mmplay.engine.sim.machine.setup import JIFFY_NS, MILLISECOND_NS, Setup
from mmplay.engine.sim.state.state import Cpu, State
from mmplay.engine.sim.state.tasks import RUNNABLE, SLEEPING, STOPPED
from mmplay.engine.sim.state.zone import Zone

Printed = tuple[int, LineForm, Values]
"""One printk: (time_ns, form, values)."""


class _Asks(dict[int, Ask]):
    """Requests by their keys, each made when it is first asked for."""

    def __init__(self, kernel: Kernel, populated: tuple[int, ...]) -> None:
        # Not the machine itself: each would wait for the collector with all its lists.
        super().__init__()
        self._kernel = kernel
        self._populated = populated

    def __missing__(self, key: int) -> Ask:
        found = self[key] = make_ask(self._kernel, self._populated, key)
        return found


class Machine:
    """See the module. `tell` takes each decision while someone listens, else it is None.

    Who decides tests it first, `if m.tell is not None: m.tell(Kfree(...))`: then it costs nothing.

    `ask` returns the request of a key (`asks.ask_key`): every request asks. `page_asks` are those
    behind the objects that were asked for, by cache, mask and context (`slub.page_asks`).
    `log` holds what was printed since the machine was made or bound; the state counts all lines.
    `zone` and `pfmemalloc` are how the page allocator answers besides the page itself. `weights`
    are those of the workloads, empty where none is nicer than another.
    """

    __slots__ = (
        *("setup", "kernel", "rules", "state", "tell", "log", "gates", "zonelists", "masks"),
        *("slab_mask", "cache_numbers", "line_ns", "load_masks", "weights"),
        *("zone", "pfmemalloc", "ask", "page_asks", "numbers"),
    )

    def __init__(self, setup: Setup, state: State) -> None:
        """Take a setup and a state that belongs to it."""
        self.setup = setup
        self.kernel: Kernel = setup.kernel
        self.rules: SimRules = setup.kernel.simulated()
        self.masks: Masks = make_masks(setup.kernel)
        encode = setup.kernel.gfp.encode
        self.load_masks = tuple(encode(load.gfp) if load.gfp else 0 for load in setup.workloads)
        nice = [load.nice for load in setup.workloads]
        self.weights = tuple(WEIGHTS[one + 20] for one in nice) if any(nice) else ()
        self.line_ns = setup.costs.print_line
        self.tell: Callable[[Decision], object] | None = None
        self.log: list[Printed] = []
        self.ask: Callable[[int], Ask] = _Asks(
            self.kernel, tuple(zone.index for zone in state.zones)
        ).__getitem__
        self.cache_numbers = {kind.name: number for number, kind in enumerate(setup.caches)}
        self.bind(state)

    def bind(self, state: State) -> None:
        """Go on from another state of the same setup."""
        self.state = state
        self.zonelists = [zonelist(state.zones, index) for index in range(4)]
        self.zone: Zone = state.zones[0]
        self.pfmemalloc = False
        self.numbers = {zone.index: number for number, zone in enumerate(state.zones)}
        keeps = self.kernel.slab.keeps | (self.masks.atomic if state.slab_keeps_atomic else 0)
        self.slab_mask = self.kernel.slab._replace(keeps=keeps)
        self.page_asks: dict[tuple[int, int, Context], tuple[Ask, Ask]] = {}
        self.refresh_gates()

    def refresh_gates(self) -> None:
        """Compute the floors again, after a mark or a reserve changed."""
        self.gates: list[Gate] = make_gates(self.kernel, self.state.zones)

    # small questions

    def zone_number(self, zone: Zone) -> int:
        """Return a zone's place in `state.zones`."""
        return self.numbers[zone.index]

    def reclaimable(self, zone: Zone) -> bool:
        """Tell whether reclaim still thinks a zone worth scanning (zone_reclaimable, 4.5)."""
        pages = zone.active_file + zone.inactive_file + zone.isolated_file
        return zone.pages_scanned < self.rules.unreclaimable_factor * pages

    def any_reclaimable(self, zones: tuple[Zone, ...]) -> bool:
        """Tell whether reclaim thinks one of these worth scanning: every priority asks."""
        factor = self.rules.unreclaimable_factor
        for zone in zones:
            # As `reclaimable` has it: a call for each zone is a tenth of the burst.
            pages = zone.active_file + zone.inactive_file + zone.isolated_file
            if zone.pages_scanned < factor * pages:
                return True
        return False

    # printing

    def printk(self, name: str, values: Values) -> None:
        """Print one printk, by its form's name; who prints next starts where this one ends."""
        state, form = self.state, forms()[name]
        time_ns = max(state.now_ns, state.print_ready_ns)
        self.log.append((time_ns, form, values))
        state.log_lines += form.size
        state.print_ready_ns = time_ns + form.size * self.line_ns

    def push(self, time_ns: int, kind: int, number: int, token: int = 0) -> None:
        """Let an actor act at a time; equal times go in the order of pushing."""
        state = self.state
        state.sequence += 1
        heappush(state.heap, (time_ns, state.sequence, kind, number, token))


CPU, TIMER, DISK, NIC, VMSTAT, SCRIPT, WORKLOAD, WORKER_KILL = range(8)
"""A CPU whose turn is over, a sleep that ends, a disk request that completes, a frame that
arrives, a CPU that folds its counters, an event of the script, a workload that begins, the worker
of sysrq-f that waits for oom_lock."""


LONG_SLEEP_NS = 12 * MILLISECOND_NS
"""Half of sysctl_sched_latency: who slept longer than this is put first for as long."""


LATENCY_NS, GRANULARITY_NS, LATENCY_TASKS = 6 * MILLISECOND_NS, MILLISECOND_NS * 3 // 4, 8
WEIGHTS = (
    *(88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904),
    *(3906, 3121, 2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110),
    *(87, 70, 56, 45, 36, 29, 23, 18, 15),
)
"""By nice, from -20 (prio_to_weight)."""
ORDINARY = WEIGHTS[20]
MOST_CPUS = 8
"""CPUs beyond these lengthen the slices no more (get_update_sysctl_factor)."""


def slice_ns(m: Machine, cpu: Cpu) -> int:
    """Return how long a CPU's task may run while others wait (sched_slice, check_preempt_tick).

    Up to eight tasks share the latency, more have the granularity each; both grow with the CPUs,
    once more for each doubling. The clock's tick ends the slice, the first that finds it used up.
    A task that is less nice than others runs so much longer.
    """
    if m.setup.costs.time_slice:
        return m.setup.costs.time_slice
    waiting = len(cpu.queue) + 1
    factor = min(MOST_CPUS, m.setup.cpus).bit_length()
    share = GRANULARITY_NS if waiting > LATENCY_TASKS else LATENCY_NS // waiting
    if m.weights and cpu.current >= 0:
        share = share * max(ORDINARY, m.weights[m.state.tasks.load[cpu.current]]) // ORDINARY
    return share * factor // JIFFY_NS * JIFFY_NS + JIFFY_NS


def sleep(m: Machine, task: int, ns: int, state: int = SLEEPING) -> None:
    """Put the running task to sleep for a time."""
    sleep_until(m, task, m.state.now_ns + ns, state)


def sleep_until(m: Machine, task: int, time_ns: int, state: int = SLEEPING) -> None:
    """Put the running task to sleep until a time, or until it is woken."""
    wait(m, task, state)
    m.push(time_ns, TIMER, task, m.state.tasks.token[task])


def wait(m: Machine, task: int, state: int = SLEEPING) -> None:
    """Put the running task to sleep until somebody wakes it."""
    tasks = m.state.tasks
    tasks.state[task] = state
    tasks.token[task] += 1
    tasks.since_ns[task] = m.state.now_ns


def wake(m: Machine, task: int) -> bool:
    """Wake a sleeping task; tell whether it slept."""
    state = m.state
    tasks = state.tasks
    if tasks.state[task] == RUNNABLE or tasks.state[task] >= STOPPED:
        return False
    tasks.state[task] = RUNNABLE
    tasks.token[task] += 1
    if state.now_ns - tasks.since_ns[task] >= LONG_SLEEP_NS:
        tasks.credit_ns[task] = LONG_SLEEP_NS
    enqueue(m, task)
    return True


def enqueue(m: Machine, task: int) -> None:
    """Put a runnable task on a CPU: an idle one if there is, else the queue it was on last."""
    state = m.state
    cpus = state.cpus
    number = state.tasks.cpu[task]
    if cpus[number].current >= 0:
        number = next((n for n, cpu in enumerate(cpus) if cpu.current < 0), number)
        state.tasks.cpu[task] = number
    cpu = cpus[number]
    if cpu.current < 0:
        cpu.current = task
        cpu.slice_end_ns = state.now_ns + slice_ns(m, cpu)
        if not cpu.busy:
            cpu.busy = 1
            m.push(max(state.now_ns, cpu.ready_ns), CPU, number)
        return
    if state.tasks.credit_ns[task] > 0:
        cpu.queue.insert(cpu.first, task)
        cpu.first += 1
        tick = state.now_ns - state.now_ns % JIFFY_NS + JIFFY_NS
        cpu.slice_end_ns = min(cpu.slice_end_ns, tick)
    else:
        cpu.queue.append(task)


def dequeue(m: Machine, task: int) -> None:
    """Take a runnable task off its CPU or queue: it was stopped."""
    cpu = m.state.cpus[m.state.tasks.cpu[task]]
    if task in cpu.queue:
        if cpu.queue.index(task) < cpu.first:
            cpu.first -= 1
        cpu.queue.remove(task)


def timer(m: Machine, task: int, token: int) -> None:
    """Wake a task whose time is up, unless something else woke it before."""
    if m.state.tasks.token[task] == token:
        wake(m, task)
