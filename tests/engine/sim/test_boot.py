"""Fresh machines beside the boot facts of a real 4.5.0, and what their tasks do."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import sentence
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.gates import zone_dirtyable
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.oom import mark_victim
from mmplay.engine.sim.mm.page_alloc import zone_dirty_ok
from mmplay.engine.sim.mm.writeback import dirty_limits, dirtyable
from mmplay.engine.sim.run.actions import ACTIONS, RefusedError, do_action
from mmplay.engine.sim.run.turns import run_turns, run_until
from mmplay.engine.sim.starts.boot import fresh_boot
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.state.tasks import EXITED
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.library import open_recording
from tests.engine.sim.machines import NEXT, RC7, SECOND, incident, log_text

MB = 1024


def boot(ram_mb: int, kernel: str = RC7, packets: int = 0) -> Machine:
    return fresh_boot(ram_mb * MB, Choice(kernel_named(kernel), packets=packets))


@pytest.mark.parametrize(
    ("ram_mb", "kbytes", "dma", "dma32"),
    [
        (256, 1985, (32, 40, 48), (463, 578, 694)),
        (512, 2841, (22, 27, 33), (687, 858, 1030)),
        (1024, 3904, (15, 18, 22), (960, 1200, 1440)),
        (2048, 5635, (10, 12, 15), (1397, 1746, 2095)),
        (4096, 7949, (7, 8, 10), (1497, 1871, 2245)),
    ],
)
def test_marks_of_a_real_boot(
    ram_mb: int, kbytes: int, dma: tuple[int, ...], dma32: tuple[int, ...]
) -> None:
    m = boot(ram_mb)
    assert abs(m.state.min_free_kbytes - kbytes) <= kbytes // 100
    for zone, marks in zip(m.state.zones, (dma, dma32), strict=False):
        for mark, real in zip((zone.min, zone.low, zone.high), marks, strict=True):
            assert abs(mark - real) <= max(1, real // 100)
    assert check(m) == []


def test_four_gigabytes_have_a_normal_zone() -> None:
    names = [zone.name for zone in boot(4096).state.zones]
    assert names == ["DMA", "DMA32", "Normal"]


def test_too_little_ram_is_said() -> None:
    with pytest.raises(InputError, match="32 MB"):
        fresh_boot(1024, Choice(kernel_named(RC7)))


@pytest.mark.parametrize("kernel", [RC7, NEXT])
def test_an_eater_meets_kswapd_then_the_oom_killer(kernel: str) -> None:
    m = boot(256, kernel, packets=50)
    do_action(m, "scale", "eater 1")
    seen = 0
    while not m.state.counters.oom_kill and m.state.turn < 200_000 and run_turns(m, 200):
        seen += 1
        if seen % 20 == 0:
            assert check(m) == []
    assert m.state.counters.kswapd_wakes > 0
    assert m.state.counters.pgsteal_kswapd > 0
    assert m.state.counters.oom_kill == 1
    run_turns(m, 3000)
    eater = m.state.tasks.names.index("eater")
    assert m.state.tasks.state[eater] == EXITED
    assert check(m) == []
    assert sum(zone.free for zone in m.state.zones) > 40_000


def test_writers_dirty_pages_and_the_flusher_writes_them() -> None:
    m = boot(256)
    do_action(m, "scale", "writers 2")
    run_until(m, 4 * SECOND)
    counters = m.state.counters
    assert counters.nr_dirtied > 10_000
    assert counters.nr_written > 1_000
    assert counters.balance_pauses > 0
    assert check(m) == []


def test_packets_are_tracked_and_forgotten() -> None:
    m = boot(256, packets=100)
    run_until(m, 20 * SECOND)
    tracked = m.state.conntracks
    assert 1500 <= tracked <= 2300
    assert m.state.counters.nf_new == tracked
    do_action(m, "packets", "1")
    run_until(m, 60 * SECOND)
    assert m.state.conntracks < 60
    assert check(m) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no_such_thing", "1"),
        ("min_free_kbytes", "-1"),
        ("min_free_kbytes", "many"),
        ("watermark_scale_factor", "10"),
        ("lowmem_reserve_ratio", "1 2 3 4 5"),
        ("dirty_ratio", "101"),
        ("dirty_bytes", "8191"),
        ("dirty_bytes", str(1 << 63)),
        ("dirty_background_bytes", "0"),
        ("swappiness", "101"),
        ("kill", "99999"),
        ("kill", "2"),
        ("kill_group", "99999"),
        ("scale", "writers -1"),
        ("scale", "nobody 3"),
        ("stop", "nobody"),
        ("disk", "fast"),
        ("packets", "-5"),
        ("wb_mask", "GFP_MAGIC"),
        ("oom_reaper", "maybe"),
        ("request", "GFP_MAGIC"),
        ("request", "GFP_KERNEL 11"),
        ("request", "GFP_KERNEL:nowhere"),
        ("free", "1"),
        ("set_free", "Nowhere 3"),
        ("set_free", "DMA 3978"),
        ("kmalloc", "kmalloc-64 none"),
        ("kfree", "kmalloc-64 full"),
        ("sysrq_f", ""),
    ],
)
def test_what_the_kernel_refuses_changes_nothing(name: str, value: str) -> None:
    m = boot(256)
    before = m.state.digest()
    with pytest.raises(RefusedError):
        do_action(m, name, value)
    assert m.state.digest() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_free_kbytes", "8192"),
        ("lowmem_reserve_ratio", "64 64 32"),
        ("dirty_ratio", "40"),
        ("dirty_background_ratio", "5"),
        ("dirty_bytes", "8192"),
        ("dirty_background_bytes", "4097"),
        ("swappiness", "0"),
        ("oom_reaper", "on"),
        ("wb_mask", "nowait"),
        ("slab_keeps_atomic", "yes"),
        ("scale", "writers 3"),
        ("disk", "0"),
        ("packets", "500"),
        ("request", "GFP_ATOMIC:slab:softirq 3"),
        ("set_free", "DMA32 900"),
        ("kmalloc", "kmalloc-64 200"),
        ("sysrq_m", ""),
    ],
)
def test_actions_leave_a_machine_that_adds_up(name: str, value: str) -> None:
    m = boot(256, packets=20)
    before = m.state.digest()
    do_action(m, name, value)
    assert m.state.digest() != before or m.log
    run_until(m, 2 * SECOND)
    assert check(m) == []


def test_every_action_has_a_test_above() -> None:
    tried = {"kill", "kill_group", "stop", "start", "sysrq_f", "watermark_scale_factor"}
    tried |= {"min_free_kbytes", "lowmem_reserve_ratio", "dirty_ratio", "dirty_background_ratio"}
    tried |= {"dirty_bytes", "dirty_background_bytes", "swappiness"}
    tried |= {"oom_reaper", "wb_mask", "slab_keeps_atomic", "scale", "disk", "packets", "sysrq_m"}
    tried |= {"request", "free", "set_free"}  # in test_bench
    tried |= {"lock"}  # in test_locks
    tried |= {"kmalloc", "kfree"}  # in test_slabs
    tried |= {"sync"}  # in test_sync
    tried |= {"compact_memory", "drop_caches", "fall_back"}  # in test_compaction
    assert set(ACTIONS) == tried


def test_dirty_limits_are_shares_or_bytes_whichever_was_written_last() -> None:
    m = boot(256)
    share = dirty_limits(m)
    do_action(m, "dirty_bytes", "40960001")
    do_action(m, "dirty_background_bytes", "4097")
    assert dirty_limits(m) == (2, 10001)
    assert (m.state.dirty_ratio, m.state.dirty_background_ratio) == (0, 0)
    dma = m.state.zones[0]
    dma.dirty = 10001 * zone_dirtyable(dma) // dirtyable(m)
    assert zone_dirty_ok(m, dma)
    dma.dirty += 1
    assert not zone_dirty_ok(m, dma)
    do_action(m, "dirty_ratio", "20")
    do_action(m, "dirty_background_ratio", "10")
    assert dirty_limits(m) == share
    assert (m.state.dirty_bytes, m.state.dirty_background_bytes) == (0, 0)


def test_sysrq_f_reports_and_kills_even_while_a_victim_is_dying(tmp_path: Path) -> None:
    m = incident()
    mark_victim(m, m.state.tasks.pid.index(4467))
    m.state.oom_lock = 0  # The report of the incident's own kill is printed.
    do_action(m, "sysrq_f", "")
    text = [line.partition("] ")[2] for line in log_text(m)]
    assert text[:4] == [
        "sysrq: SysRq : Manual OOM execution",
        "kworker/0:0 invoked oom-killer: gfp_mask=0x24000c0, order=-1, oom_score_adj=0",
        "kworker/0:0 cpuset=/ mems_allowed=0",
        "CPU: 0 PID: 4 Comm: kworker/0:0 Not tainted 4.5.0-rc7+ #1",
    ]
    assert "Workqueue: events moom_callback" in text
    assert any("moom_callback+" in line for line in text)
    assert not any("__alloc_pages_nodemask" in line for line in text)
    assert text[-1].startswith("Killed process")
    assert m.state.counters.oom_kill == 1
    assert m.state.oom_victims == 2
    log = tmp_path / "kern.log"
    log.write_text("\n".join(log_text(m)) + "\n")
    with open_recording(str(log)) as timeline:
        diagnosis = diagnose_frame(timeline, len(timeline) - 1).diagnosis
    assert diagnosis.asks == []
    assert diagnosis.verdict is not None
    assert "no watermark was tested" in sentence(diagnosis.verdict)
    assert check(m) == []


def test_a_stopped_workload_stands_still_and_goes_on() -> None:
    m = boot(256)
    do_action(m, "scale", "writers 1")
    run_until(m, 1_500_000_000)
    do_action(m, "stop", "writers")
    stopped = m.state.counters.nr_dirtied
    run_until(m, 2 * SECOND)
    assert m.state.counters.nr_dirtied == stopped
    do_action(m, "start", "writers")
    run_until(m, 4 * SECOND)
    assert m.state.counters.nr_dirtied > stopped


def test_scale_factor_widens_the_gaps_under_next() -> None:
    m = boot(1024, NEXT)
    low = m.state.zones[1].low
    do_action(m, "watermark_scale_factor", "1000")
    assert m.state.zones[1].low > low
