"""Who has a CPU: by slices, by how nice tasks are, and what outlasts a slice."""

from __future__ import annotations

from collections import Counter

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.machine.machine import ORDINARY, Machine
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.run.turns import run_until, turn
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice, block
from mmplay.engine.sim.state.tasks import RUNNABLE

MS = 1_000_000
PLACES = (("active_anon", 1000), ("inactive_file", 2000), ("dirty", 2000))


def stuck(*loads: Workload, scanned_page: int = 100) -> Machine:
    """Return a machine of one CPU whose writers find no page above min, and go on for ever."""
    zone = BenchZone("DMA32", 4096, 50, marks=(64, 80, 96), places=PLACES)
    bench = Bench((zone,), cpus=1, caches=True, workloads=loads)
    m = from_bench(bench, Choice(kernel_named("4.5-rc7")))
    m.setup = m.setup._replace(costs=m.setup.costs._replace(scanned_page=scanned_page))
    for task in (m.state.kswapd_task, m.state.flusher_task):
        block(m, task)
    m.state.flusher_waits = 2
    run_until(m, START_NS)
    return m


def shares(m: Machine, ms: int) -> Counter[str]:
    """Return how long each task had the CPU, in ns."""
    had: Counter[str] = Counter()
    while m.state.now_ns < START_NS + ms * MS:
        before, task = m.state.now_ns, m.state.cpus[0].current
        turn(m)
        had[m.state.tasks.names[task]] += m.state.now_ns - before
    return had


def test_a_nice_task_has_the_share_that_its_weight_gives_it() -> None:
    m = stuck(Workload("a", "writer", 1), Workload("b", "writer", 1, nice=5))
    had = shares(m, 400)
    # 335 of 1024: one round in four, as whole turns go
    assert 3 <= had["a"] / had["b"] <= 4.5
    assert m.weights[-2:] == (ORDINARY, 335)


def test_a_task_that_is_less_nice_runs_longer() -> None:
    m = stuck(Workload("a", "writer", 1), Workload("b", "writer", 1, nice=-5))
    had = shares(m, 400)
    assert 2 <= had["b"] / had["a"] <= 4


def test_equal_tasks_have_equal_shares() -> None:
    m = stuck(Workload("a", "writer", 1), Workload("b", "writer", 1))
    had = shares(m, 400)
    assert m.weights == ()
    assert abs(had["a"] - had["b"]) <= sum(had.values()) // 20


def test_a_long_scan_is_made_in_pieces_among_those_of_others() -> None:
    m = stuck(Workload("a", "writer", 1), Workload("b", "writer", 1), scanned_page=100_000)
    tasks, zone = m.state.tasks, m.state.zones[0]
    a, b = tasks.names.index("a"), tasks.names.index("b")
    both = most = 0
    while m.state.now_ns < START_NS + 400 * MS:
        before = zone.pages_scanned
        turn(m)
        most = max(most, zone.pages_scanned - before)
        both += bool(tasks.left[a] and tasks.left[b])
    assert most == 4 * MS // 100_000
    assert both > 10


def test_a_report_takes_the_time_of_who_prints_it() -> None:
    """It is out when its task has had the CPU for that long: others run meanwhile."""
    m = stuck(Workload("hog", "eater", 1), *(Workload(f"w{n}", "writer", 1) for n in range(9)))
    while not m.state.oom_lock:
        turn(m)
    began, calls = m.state.now_ns, m.state.counters.reclaim_calls
    lines = m.state.print_ready_ns - began
    while not m.state.counters.oom_kill:
        turn(m)
    assert m.state.now_ns - began > 2 * lines
    assert m.state.counters.reclaim_calls > calls


def test_nobody_is_lost() -> None:
    m = stuck(*(Workload(f"w{n}", "writer", 1, nice=n) for n in range(20)))
    run_until(m, START_NS + 200 * MS)
    tasks, cpu = m.state.tasks, m.state.cpus[0]
    living = [n for n, state in enumerate(tasks.state) if state == RUNNABLE]
    assert sorted([*cpu.queue, cpu.current]) == living
