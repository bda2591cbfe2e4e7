"""How a victim dies: its mm goes first, then its file is closed, and that takes memory."""

from __future__ import annotations

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check
from mmplay.engine.sim.log.stacks import WARN, WB, Caller, functions
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice, block
from mmplay.engine.sim.state.tasks import EXITED, EXITING, THROTTLED

MS = 1_000_000
PLACES = (("active_anon", 2000), ("active_file", 50), ("mapped", 50))


def dying(free: int) -> tuple[Machine, int]:
    """Return a machine with so many free pages, all others in use, and a victim."""
    zone = BenchZone("DMA32", 4096, free, marks=(64, 80, 96), places=PLACES)
    loads = (Workload("file_io", "writer", 1, adj=1000), Workload("other", "writer", 2))
    m = from_bench(Bench((zone,), caches=True, workloads=loads), Choice(kernel_named("4.5-rc7")))
    block(m, m.state.kswapd_task)
    run_until(m, START_NS + MS)
    do_action(m, "sysrq_f", "")
    return m, m.state.tasks.names.index("file_io")


def test_a_victim_without_a_page_lives_on_and_reclaims_while_others_are_held_back() -> None:
    m, victim = dying(0)
    tasks = m.state.tasks
    run_until(m, START_NS + 200 * MS)
    assert tasks.state[victim] not in (EXITED, THROTTLED)
    assert tasks.flags[victim] & EXITING
    assert tasks.state.count(THROTTLED) == 2
    calls = m.state.counters.reclaim_calls
    run_until(m, START_NS + 400 * MS)
    assert m.state.counters.reclaim_calls > calls + 100


def test_the_killer_may_choose_again_once_the_victims_mm_is_gone() -> None:
    m, victim = dying(0)
    run_until(m, START_NS + 200 * MS)
    assert m.state.oom_victims == 0
    do_action(m, "sysrq_f", "")
    assert m.state.counters.oom_kill == 2
    killed = [values["pid"] for _, form, values in m.log if form.name.startswith("killed")]
    assert killed[0] == m.state.tasks.pid[victim] != killed[1]


def test_a_victim_dies_once_it_has_its_page() -> None:
    m, victim = dying(0)
    run_until(m, START_NS + 200 * MS)
    do_action(m, "set_free", "DMA32 1000")
    run_until(m, START_NS + 250 * MS)
    assert m.state.tasks.state[victim] == EXITED
    assert check(m) == []


def test_a_victim_that_finds_one_dies_at_once() -> None:
    m, victim = dying(1000)
    run_until(m, START_NS + 50 * MS)
    assert m.state.tasks.state[victim] == EXITED
    assert check(m) == []


def test_the_trace_of_a_dying_writer_is_that_of_a_real_kernel() -> None:
    """As in a measured run's console: the work is wanted inside the close of the victim's file."""
    caller = Caller(WB, 0, 0, 0x2088020, Context.PF_MEMALLOC, "reclaim/release")
    names = [function for _, function in functions(caller, WARN)]
    assert names.count("___slab_alloc") == 2
    at = names.index("kmem_zone_alloc")
    assert names[at + 1] == "xfs_efi_init"
    assert names[-7:-5] == ["do_exit", "do_group_exit"]
