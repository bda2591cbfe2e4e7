"""Whom the OOM killer chooses and who dies, and what a request that may not fail gets."""

from __future__ import annotations

import pytest

from mmplay.engine.explain.decisions import worded
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.page_decisions import SacrificeChild
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.mm.oom import badness, child_of, kill_worst, select_worst
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_until, turn
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice, block
from mmplay.engine.sim.state.tasks import FATAL, TIF_MEMDIE
from tests.engine.sim.machines import RC7, listened, log_text


def machine(*loads: Workload, free: int = 100) -> Machine:
    """Return a small zone whose tasks have all begun; nothing of it can be reclaimed."""
    zone = BenchZone("DMA32", 4096, free, marks=(64, 80, 96), places=(("active_anon", 2000),))
    m = from_bench(Bench((zone,), workloads=loads), Choice(kernel_named(RC7)))
    while len(m.state.tasks) < 3 + sum(load.groups * load.per_group for load in loads):
        turn(m)
    return m


def family(own_mm: bool = True, child_adj: int = 0) -> Machine:
    """Return a large shell, and two editors that it has forked."""
    parent = "shell" if own_mm else ""
    m = machine(
        Workload("shell", "parent", 1),
        Workload("editor", "parent", 2, adj=child_adj, parent=parent, numbered=True),
    )
    tasks = m.state.tasks
    for name, pages in (("shell", 900), ("editor.00", 50), ("editor.01", 70)):
        tasks.rss1[tasks.names.index(name)] = pages
    return m


def test_the_worst_child_dies_for_its_parent() -> None:
    m = family()
    tasks = m.state.tasks
    shell, worst = tasks.names.index("shell"), tasks.names.index("editor.01")
    assert select_worst(m) == shell
    made = listened(m)
    kill_worst(m, 0)
    assert [one for one in made if isinstance(one, SacrificeChild)] == [
        SacrificeChild(shell, worst, 70)
    ]
    assert tasks.flags[worst] & FATAL
    assert tasks.flags[worst] & TIF_MEMDIE
    assert not tasks.flags[shell] & FATAL
    chosen, killed = log_text(m)
    assert f"Kill process {tasks.pid[shell]} (shell) score 219 or sacrifice child" in chosen
    assert f"Killed process {tasks.pid[worst]} (editor.01) " in killed
    assert "anon-rss:280kB" in killed
    told = next(one for one in made if isinstance(one, SacrificeChild))
    assert "(1003) has an mm of its own and 70 points: it dies for shell" in worded(m, told).text


def test_a_child_that_may_not_be_killed_or_is_none_dies_for_nobody() -> None:
    for m in (family(child_adj=-1000), family(own_mm=False)):
        shell = m.state.tasks.names.index("shell")
        assert child_of(m, shell) == -1
        kill_worst(m, 0)
        assert m.state.tasks.flags[shell] & FATAL


def test_root_is_forgiven_3_percent_of_its_pages() -> None:
    m = machine(Workload("mine", "parent", 1, adj=100), Workload("root", "parent", 1, 1, uid=0))
    tasks = m.state.tasks
    for name in ("mine", "root"):
        tasks.rss1[tasks.names.index(name)] = 999
    assert badness(m, tasks.names.index("mine")) == 999 + 4096 // 1000 * 100
    assert badness(m, tasks.names.index("root")) == 999 - 29


@pytest.mark.parametrize(("tables", "points"), [(0, 10), (1, 12), (512, 523), (513, 525)])
def test_page_tables_of_both_levels_count(tables: int, points: int) -> None:
    m = machine(Workload("one", "parent", 1))
    task = m.state.tasks.names.index("one")
    m.state.tasks.rss1[task], m.state.tasks.tables[task] = 10, tables
    assert badness(m, task) == points


@pytest.mark.parametrize(("gfp", "got"), [("GFP_KERNEL|__GFP_NOFAIL", True), ("GFP_KERNEL", False)])
def test_a_request_that_may_not_fail_ends_below_every_floor(gfp: str, got: bool) -> None:
    loads = (
        Workload("victim", "parent", 1, start_ns=START_NS),
        Workload("asks", "allocator", 1, start_ns=START_NS, pages=1, adj=-1000, gfp=gfp),
    )
    m = machine(*loads, free=60)
    tasks = m.state.tasks
    m.state.oom_victims = 1
    asks = tasks.names.index("asks")
    for _ in range(400):
        turn(m)
        assert check(m) == []
    assert tasks.done[asks] == int(got)
    assert m.state.zones[0].free == 60 - got
    assert m.state.counters.oom_aborts >= 1


def test_a_kill_by_hand_waits_for_the_lock_of_the_report_that_is_being_printed() -> None:
    """moom_callback takes oom_lock first; it then chooses the same task, though it is a victim."""
    m = machine(Workload("shell", "parent", 1))
    block(m, m.state.tasks.names.index("shell"))
    m.state.oom_lock = 1
    do_action(m, "sysrq_f", "")
    run_until(m, START_NS + 20_000_000)
    assert m.state.counters.oom_kill == 0
    assert check(m) == []
    kill_worst(m, 0)
    m.state.oom_lock = 0
    run_until(m, m.state.now_ns + 20_000_000)
    killed = [line for line in log_text(m) if "Killed process" in line]
    assert len(killed) == 2
    assert killed[0].partition("] ")[2] == killed[1].partition("] ")[2]
    assert m.state.oom_victims == 1
