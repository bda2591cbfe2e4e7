"""What may be done to a machine: what it takes, what it refuses, and what then adds up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.run.actions import ACTIONS, RefusedError, do_action
from mmplay.engine.sim.run.turns import run_turns
from mmplay.engine.sim.starts.bench import Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.tasks import EXITED
from tests.engine.sim.machines import NEXT, RC7, incident


@pytest.fixture(scope="module")
def still() -> Machine:
    """The incident's machine, on which nothing has an effect in this module."""
    return incident()


def marks(m: Machine, zone: int) -> list[int]:
    one = m.state.zones[zone]
    return [one.min, one.low, one.high]


def bare() -> Machine:
    """A zone and nothing else: no caches, no card, no workload."""
    zone = BenchZone("DMA32", 2048, 600, (14, 17, 21), blocks=((3, 20, "U"),))
    return from_bench(Bench((zone,)), Choice(kernel_named(RC7)))


def worker(order: int = 0) -> Machine:
    """A machine with a workload that allocates blocks of 2^order pages."""
    zone = BenchZone("DMA32", 4096, 2000, marks=(64, 80, 96), places=(("active_anon", 1000),))
    load = Workload("eater", "allocator", 1, pages=500, order=order)
    return from_bench(Bench((zone,), caches=True, workloads=(load,)), Choice(kernel_named(RC7)))


REFUSED = (
    ("min_free_kbytes", "", "'' is no number: EINVAL"),
    ("min_free_kbytes", "1e3", "'1e3' is no number: EINVAL"),
    ("min_free_kbytes", "-1", r"-1 is not in 0\.\.2147483647: EINVAL"),
    ("min_free_kbytes", "2147483648", "is not in 0"),
    ("min_free_kbytes", "9" * 5000, "no number"),
    ("watermark_scale_factor", "10", "4.5-rc7 has no such sysctl: ENOENT"),
    ("lowmem_reserve_ratio", "", "3 numbers at most: EINVAL"),
    ("lowmem_reserve_ratio", "1 2 3 4", "3 numbers at most: EINVAL"),
    ("lowmem_reserve_ratio", "256 x", "'x' is no number"),
    ("dirty_ratio", "101", r"101 is not in 0\.\.100"),
    ("dirty_bytes", "8191", r"8191 is not in 8192\.\."),
    ("dirty_background_bytes", "0", "0 is not in 1"),
    ("swappiness", "101", "is not in"),
    ("oom_reaper", "yes", "'yes' is none of off, on"),
    ("wb_mask", "kernel", "'kernel' is none of"),
    ("slab_keeps_atomic", "", "'' is none of no, yes"),
    ("compact_memory", "now", "no number"),
    ("drop_caches", "8", "8 is not in"),
    ("drop_caches", "0", "0 is not in"),
    ("kill", "0", "0 is not in"),
    ("kill", "999999", r"\(999999\) - No such process: ESRCH"),
    ("kill", "2", r"2 \(kthreadd\) is a kernel thread: no effect"),
    ("kill_group", "999999", "No such process: ESRCH"),
    ("lock", "999999", "No such process"),
    ("stop", "nobody", "no workload 'nobody'; there are "),
    ("start", "", "no workload ''"),
    ("scale", "nobody 3", "no workload 'nobody'"),
    ("scale", "nobody", "'' is no number"),
    ("scale", "nobody 5000", "5000 is not in"),
    ("disk", "-1", "-1 is not in"),
    ("packets", "1000001", "1000001 is not in"),
    ("request", "", "empty flag name"),
    ("request", "GFP_KERNL", "did you mean GFP_KERNEL"),
    ("request", "GFP_KERNEL:irq", "'irq' is none of slab, task, softirq"),
    ("request", "GFP_KERNEL -1", "-1 is not in"),
    ("free", "1", "no block is held"),
    ("set_free", "Normal 1", "'Normal' is no zone of this machine"),
    ("set_free", "DMA32", "'' is no number"),
    ("kmalloc", "nothing 3", "no cache 'nothing' on this machine; there are "),
    ("kfree", "nothing 1", "no cache 'nothing'"),
    ("reboot", "now", "no such action; there are compact_memory, "),
)


@pytest.mark.parametrize(("name", "value", "why"), REFUSED)
def test_what_is_refused_says_why_and_changes_nothing(
    still: Machine, name: str, value: str, why: str
) -> None:
    before = still.state.digest()
    with pytest.raises(RefusedError, match=why):
        do_action(still, name, value)
    assert still.state.digest() == before


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("sync", "", "no slab caches"),
        ("packets", "10", "no network card: ENODEV"),
        ("sysrq_f", "", "no task that may be killed"),
        ("kmalloc", "kmalloc-256 1", "there are none"),
        ("stop", "eater", "no workload 'eater'; there are kthreadd, kswapd0, "),
    ],
)
def test_what_a_machine_lacks_is_named(name: str, value: str, why: str) -> None:
    m = bare()
    before = m.state.digest()
    with pytest.raises(RefusedError, match=why):
        do_action(m, name, value)
    assert m.state.digest() == before


# sysctls


def test_min_free_kbytes_moves_every_mark() -> None:
    m = incident()
    assert marks(m, 1)[0] == 1300
    do_action(m, "min_free_kbytes", "10498")
    assert [marks(m, 0), marks(m, 1)] == [[23, 28, 34], [2600, 3250, 3900]]
    assert check(m) == []


def test_a_wider_scale_spreads_low_and_high() -> None:
    m = incident("atomic", NEXT)
    managed = m.state.zones[1].managed
    before = marks(m, 1)
    do_action(m, "watermark_scale_factor", "1000")
    least, low, high = marks(m, 1)
    assert low - least == high - low == managed * 1000 // 10000
    assert (low, high) > (before[1], before[2])


def test_a_ratio_below_one_counts_as_one() -> None:
    m = incident()
    do_action(m, "lowmem_reserve_ratio", "0")
    managed = m.state.zones[1].managed
    assert m.state.lowmem_reserve_ratio == [1, 256, 32]
    assert m.state.zones[0].reserve[1] == managed
    do_action(m, "lowmem_reserve_ratio", "256")
    assert m.state.zones[0].reserve[1] == managed // 256


@pytest.mark.parametrize(
    ("name", "value", "rival"),
    [
        ("dirty_bytes", "8192", "dirty_ratio"),
        ("dirty_ratio", "5", "dirty_bytes"),
        ("dirty_background_bytes", "4096", "dirty_background_ratio"),
        ("dirty_background_ratio", "1", "dirty_background_bytes"),
    ],
)
def test_a_sysctl_clears_the_one_that_says_the_same_otherwise(
    name: str, value: str, rival: str
) -> None:
    m = bare()
    setattr(m.state, rival, 7)
    do_action(m, name, value)
    assert getattr(m.state, name) == int(value)
    assert getattr(m.state, rival) == 0


def test_swappiness_is_kept_and_nothing_follows_from_it() -> None:
    one, other = incident(), incident()
    do_action(one, "swappiness", "100")
    assert one.state.swappiness == 100
    run_turns(one, 50)
    run_turns(other, 50)
    assert [zone.free for zone in one.state.zones] == [zone.free for zone in other.state.zones]


# requests at the door


def test_a_block_is_given_back_by_its_place_or_its_number() -> None:
    m = bare()
    do_action(m, "request", "GFP_KERNEL 3")
    do_action(m, "request", "GFP_KERNEL 0")
    blocks = m.state.blocks
    page = next(blocks[at + 1] for at in (0, 3) if blocks[at + 2] == 3)
    assert page % 8 == 0
    with pytest.raises(RefusedError, match="no block that is held begins at page"):
        do_action(m, "free", f"DMA32 {page + 1}")
    with pytest.raises(RefusedError, match="'DMA' is no zone"):
        do_action(m, "free", f"DMA {page}")
    with pytest.raises(RefusedError, match=r"3 is not in 1\.\.2"):
        do_action(m, "free", "3")
    do_action(m, "free", f"DMA32 {page}")
    do_action(m, "free", "1")
    assert m.state.blocks == []
    assert m.state.zones[0].held == 0
    assert check(m) == []


@pytest.mark.parametrize("order", range(11))
def test_a_request_is_served_or_counted_as_refused(order: int) -> None:
    m = bare()
    do_action(m, "request", f"GFP_KERNEL {order}")
    counters = m.state.counters
    assert counters.request_served + counters.request_refused == 1
    assert (m.state.zones[0].held == 1 << order) is (counters.request_served == 1)
    assert check(m) == []


def test_set_free_stops_where_nothing_is_left_to_give_back() -> None:
    m = bare()
    zone = m.state.zones[0]
    before = zone.other
    do_action(m, "set_free", f"DMA32 {zone.managed}")
    assert zone.other == 0
    assert zone.free == 600 + before
    do_action(m, "set_free", "DMA32 0")
    assert zone.free == 0
    assert check(m) == []


# tasks


def test_a_killed_process_is_gone_and_cannot_be_killed_again() -> None:
    m = incident()
    tasks = m.state.tasks
    pid = next(pid for pid, name in zip(tasks.pid, tasks.names, strict=True) if name == "memeater")
    do_action(m, "kill", str(pid))
    while tasks.state[tasks.pid.index(pid)] != EXITED:
        assert run_turns(m, 10) == 10
    with pytest.raises(RefusedError, match="ESRCH"):
        do_action(m, "kill", str(pid))
    assert check(m) == []


def test_a_workload_is_stopped_and_started_again() -> None:
    m = worker()
    run_turns(m, 20)
    assert "eater" in m.state.tasks.names
    do_action(m, "stop", "eater")
    run_turns(m, 20)
    assert check(m) == []
    do_action(m, "start", "eater")
    do_action(m, "scale", "eater 3")
    run_turns(m, 60)
    assert check(m) == []
    assert m.state.tasks.names.count("eater") >= 3


def test_only_who_asks_for_blocks_falls_back_to_single_pages() -> None:
    m = worker()
    run_turns(m, 5)
    with pytest.raises(RefusedError, match="asks for no blocks"):
        do_action(m, "fall_back", "eater")
    m = worker(order=3)
    run_turns(m, 5)
    do_action(m, "fall_back", "eater")
    run_turns(m, 50)
    assert check(m) == []


# devices and sysrq


def test_a_stopped_disk_finishes_nothing() -> None:
    m = incident()
    do_action(m, "disk", "0")
    assert m.state.disk_busy <= m.state.disk_rate == 0
    before = m.state.counters.nr_written
    run_turns(m, 100)
    assert m.state.disk_busy <= 0
    assert m.state.counters.nr_written == before
    assert check(m) == []


def test_without_packets_the_ring_rests() -> None:
    m = incident()
    token = m.state.flow_token
    do_action(m, "packets", "0")
    assert (m.state.packet_rate, m.state.flow_token) == (0, token + 1)
    do_action(m, "packets", "50")
    run_turns(m, 50)
    assert check(m) == []


def test_show_memory_prints_and_changes_no_page() -> None:
    m = incident()
    free = [zone.free for zone in m.state.zones]
    before = len(m.log)
    do_action(m, "sysrq_m", "")
    assert [zone.free for zone in m.state.zones] == free
    assert m.log[before][1].name == "sysrqm/4.5"
    assert any(form.name == "meminfo/4.5" for _, form, _ in m.log[before:])


def test_the_killer_is_called_by_hand() -> None:
    m = worker()
    run_turns(m, 20)
    victims = m.state.counters.oom_kill
    do_action(m, "sysrq_f", "")
    assert m.state.counters.oom_kill == victims + 1
    assert check(m) == []


VALUES = st.sampled_from(
    [
        *("", "0", "1", "2", "50", "3000", "on", "off", "yes", "256 256 32"),
        *("DMA32 10", "DMA32 1900", "GFP_ATOMIC 0", "GFP_KERNEL 4", "GFP_KERNEL:rt_task 2"),
        *("eater", "eater 2", "kmalloc-256 4"),
    ]
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), VALUES), max_size=12))
def test_whatever_is_done_adds_up(acts: list[tuple[str, str]]) -> None:
    m = worker(order=1)
    for name, value in acts:
        before = m.state.digest()
        try:
            do_action(m, name, value)
        except RefusedError:
            assert m.state.digest() == before
        run_turns(m, 3)
        assert check(m) == []
    assert faults(m.setup, m.state) == []


def test_set_free_leaves_as_many_pages_on_the_lists_as_are_counted() -> None:
    """The incident's counter runs ahead of its lists: CPUs took pages and have not counted them."""
    for pages in (0, 1, 650):
        m = incident()
        zone = m.state.zones[1]
        assert zone.free > sum(zone.buddy.count(order) << order for order in range(11))
        do_action(m, "set_free", f"DMA32 {pages}")
        assert zone.free == pages
        assert sum(zone.buddy.count(order) << order for order in range(11)) == pages
        assert check(m) == []
