"""Scenario files: what is read, what is refused and how, and the machines that they start."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from mmplay.engine.errors import InputError
from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.state.tasks import RUNNABLE
from mmplay.levels.load_start import WorkloadTable
from mmplay.levels.model import FileTable
from mmplay.levels.scenario.build import Changes, choice_for, machine_of_scenario
from mmplay.levels.scenario.load import (
    Scenario,
    read_scenario,
    scenario_path,
    shipped_scenarios,
)
from mmplay.levels.scenario.tables import (
    CostsTable,
    DiskTable,
    MachineTable,
    NetworkTable,
    SizedZone,
    StartTable,
    SysctlTable,
    TaskTable,
)
from mmplay.recordings.live.capture import Capture, Plan, Roots
from tests.recordings import fake_proc

SCENARIOS = Path(__file__).parents[1] / "scenarios"

BOOT = """\
format = 1
kind = "scenario"
title = "a small machine"

[machine]
ram = "512M"
cpus = 2

[[task]]
name = "writer"
program = "writer"
groups = 2
start_s = 1.5
"""

ROW = """\
format = 1
kind = "scenario"
title = "from a row"

[machine]
cpus = 2

[[machine.zone]]
name = "DMA"
managed = 3977

[[machine.zone]]
name = "DMA32"
managed = 442607

[start]
from = "row"
file = "H0.csv"
at = 19.490179
"""


def scenario(text: str, folder: Path = SCENARIOS) -> Scenario:
    return read_scenario(text, str(folder / "x.toml"))


def machine(text: str, folder: Path = SCENARIOS) -> Machine:
    found = scenario(text, folder)
    return machine_of_scenario(found, choice_for(found, Changes()))


def refusal(text: str, folder: Path = SCENARIOS) -> str:
    with pytest.raises(InputError) as caught:
        machine(text, folder)
    return str(caught.value).removeprefix(f"{folder}/")


def test_a_boot_has_the_marks_of_a_real_one() -> None:
    m = machine(BOOT.replace('"512M"', '"2G"\ncrashkernel = "256M"'))
    dma, dma32 = m.state.zones
    assert abs(dma32.managed - 443_663) < 600
    assert abs(m.state.min_free_kbytes - 5250) <= 3
    assert (dma.min, dma.low, dma.high) == (11, 13, 16)
    assert abs(max(dma.reserve) - 1733) <= 2
    assert check(m) == []


def test_without_thp_nothing_raises_the_marks() -> None:
    with_thp = machine(BOOT.replace('"512M"', '"2G"')).state.min_free_kbytes
    without = machine(BOOT.replace('"512M"', '"2G"\nthp = false')).state.min_free_kbytes
    assert with_thp < without == pytest.approx(5728, abs=5)


def test_a_task_starts_at_its_time_on_the_machines_clock() -> None:
    m = machine(BOOT)
    assert [load.name for load in m.setup.workloads[3:]] == ["writer"]
    assert "writer" not in m.state.tasks.names
    run_until(m, 1_600_000_000)
    assert m.state.tasks.names.count("writer") == 2
    assert m.state.counters.nr_dirtied > 0


def test_rates_of_the_disk_follow_the_clock() -> None:
    m = machine(BOOT + "[disk]\nrate = [[0, 100], [1.25, 7], [2, 9]]\n")
    assert m.state.disk_rate == 100
    run_until(m, 1_300_000_000)
    assert m.state.disk_rate == 7


def test_an_event_counts_from_the_start() -> None:
    event = '[[event]]\nat_us = 250000\naction = "dirty_ratio"\nvalue = "33"\n'
    m = machine(BOOT + event)
    run_until(m, 1_249_000_000)
    assert m.state.dirty_ratio == 20
    run_until(m, 1_251_000_000)
    assert m.state.dirty_ratio == 33


def test_sysctls_and_costs_are_the_machines() -> None:
    m = machine(BOOT + "[sysctl]\nmin_free_kbytes = 8000\n[costs]\nreclaim_call_ns = 12\n")
    assert m.state.min_free_kbytes == 8000
    assert sum(zone.min for zone in m.state.zones) == pytest.approx(2000, abs=2)
    assert m.setup.costs.reclaim_call == 12
    assert m.setup.calibrated[0] == "reclaim_call_ns 12: as the scenario gives it"
    assert not any(line.startswith("reclaim_call_ns 435") for line in m.setup.calibrated)


@pytest.mark.parametrize("name", ["dirty_ratio", "vm.dirty_ratio", '"vm.dirty_ratio"'])
def test_a_sysctl_may_have_its_whole_name(name: str) -> None:
    assert machine(f"{BOOT}[sysctl]\n{name} = 34\n").state.dirty_ratio == 34
    problem = refusal(f"{BOOT}[sysctl]\n{name} = 134\n")
    assert problem.endswith("dirty_ratio: 134 is not in 0..100: EINVAL")


def test_a_row_is_put_where_it_was_counted() -> None:
    m = machine(ROW)
    dma, dma32 = m.state.zones
    assert (dma.free, dma32.free) == (1739, 1219)
    assert dma.pages_scanned == 5396
    # kswapd holds 32 of the 832 isolated pages; the others are nobody's
    assert dma.inactive_file + dma32.inactive_file == 144_489 + 800
    assert m.state.caches[0].slabs() == 53
    assert m.state.now_ns == 19_490_179_000
    # the hard limit has followed the thresholds down from where they began
    assert 52_608 < m.state.dirty_limit < 148_534
    assert check(m) == []


def test_a_row_with_nearly_all_memory_free() -> None:
    m = machine(ROW.replace("19.490179", "0"))
    assert m.state.zones[1].free == 426_545
    assert m.state.zones[1].buddy.lists[1 * 11 + 10]
    assert check(m) == []


def test_who_was_not_running_waits_in_balance_dirty_pages() -> None:
    tasks = '[[task]]\nname = "file_io"\nprogram = "writer"\ngroups = 192\n'
    pressed = ROW.replace("[start]", f"{tasks}\n[start]")
    assert machine(pressed).state.tasks.state.count(RUNNABLE) == 192
    m = machine(pressed.replace("19.490179", "19.390169"))
    assert m.state.tasks.state.count(RUNNABLE) == 2
    assert check(m) == []


PRINTED = """\
format = 1
kind = "scenario"
title = "from a dump"

[machine]
cpus = 2

[start]
from = "{kind}"
file = "{file}"
{at}
"""


def test_a_log_says_which_zones_there_are(tmp_path: Path) -> None:
    text = PRINTED.format(kind="log", file="incident-4.5.0-rc7", at="")
    m = machine(text, tmp_path)
    assert [(zone.name, zone.free) for zone in m.state.zones] == [("DMA", 1742), ("DMA32", 1300)]
    assert check(m) == []
    text = PRINTED.format(kind="log", file="incident-4.5.0-rc7", at='at = "#9"')
    assert refusal(text, tmp_path).startswith("x.toml:8: #9: frames go from #1 to #")
    problem = refusal(text.replace("cpus = 2", 'ram = "1G"'), tmp_path)
    assert problem == "x.toml:6: ram: the log says which zones there are"


def test_a_sample_of_record_is_a_start(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    fake_proc.write_proc(proc, fake_proc.Machine(free=1300))
    # two of its largest blocks in DMA are in use, where its file pages are
    for name, old, new in (("zoneinfo", "3808", "1760"), ("buddyinfo", "3 \n", "1 \n")):
        (proc / name).write_text((proc / name).read_text().replace(old, new))
    roots = Roots(proc, tmp_path / "no-kmsg")
    capture = Capture(tmp_path / "night.mmtrace", Plan(1_000_000, 3_600_000_000), roots)
    capture.sample()
    capture.abandon()
    m = machine(PRINTED.format(kind="sample", file="night.mmtrace", at=""), tmp_path)
    dma32 = m.state.zones[1]
    assert (dma32.free, dma32.min, dma32.managed) == (1300, 247, 114_447)
    assert sum(zone.slab_unreclaimable for zone in m.state.zones) == 2524
    assert check(m) == []


START = '[start]\nfrom = "row"\nfile = '


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format = 1", "format = 2", "x.toml:1: format: this mmplay reads format 1"),
        ('ram = "512M"', 'ram = "512"', "x.toml:6: ram: must be a size in quotes"),
        ('ram = "512M"', "", "x.toml:5: [machine] lacks ram, or [[machine.zone]]"),
        ('ram = "512M"', 'ram = "8M"', "x.toml:6: ram: must be 32M to 1024G"),
        ("cpus = 2", "cpus = 0", "x.toml:7: cpus: must be a whole number from 1 to 64"),
        ("cpus = 2", 'kernel = "6.12"', "x.toml:7: kernel: kernel 6.12 cannot be simulated"),
        ("cpus = 2", 'kernel = "99.9"', "x.toml:7: kernel: 99.9 follows the rules"),
        ("start_s = 1.5", "start_s = -1", "x.toml:13: start_s: must be seconds from 0"),
        ("start_s = 1.5", "start_s = nan", "x.toml:13: start_s: must be seconds from 0"),
        ("start_s = 1.5", "nive = 3", "x.toml:13: nive: "),
        ('program = "writer"', 'program = "wrter"', "x.toml:11: program: "),
        ("groups = 2", 'gfp = "GFP_NOWAIT"', "x.toml:12: gfp: only a task of allocator, reader"),
        ("start_s = 1.5", "[disk]\nrate = [[2, 1], [1, 1]]", "x.toml:14: rate: the seconds must"),
        ("start_s = 1.5", "[disk]\nrate = [[0]]", "x.toml:14: rate: write pairs"),
        ("start_s = 1.5", "[disk]\nrate = []", "x.toml:14: rate: write [[second, pages"),
        (
            "start_s = 1.5",
            "[sysctl]\nswappiness = 60\ndirty_ratio = 150",
            "x.toml:15: dirty_ratio: 150 is not in 0..100: EINVAL",
        ),
        (
            "start_s = 1.5",
            "[sysctl]\nwatermark_scale_factor = 10",
            "x.toml:14: watermark_scale_factor: 4.5-rc7 has no such sysctl: ENOENT",
        ),
        ("start_s = 1.5", '[start]\nfrom = "row"', "x.toml:13: [start] lacks file"),
        ("start_s = 1.5", START + '"a.csv"\nat = "x"', "x.toml:16: at: a row is found by"),
        ("start_s = 1.5", '[start]\nfrom = "boot"\nat = 3', "x.toml:15: at: a boot starts from"),
        ("start_s = 1.5", START + '"none.csv"', "x.toml:13: "),
    ],
)
def test_bad_scenarios_name_line_and_key(old: str, new: str, said: str) -> None:
    assert old in BOOT
    problem = refusal(BOOT.replace(old, new, 1))
    assert problem.startswith(said), problem
    assert "\n" not in problem


def test_a_csv_without_a_needed_column_names_it(tmp_path: Path) -> None:
    text = (SCENARIOS / "H0.csv").read_text()
    (tmp_path / "H0.csv").write_text(text.replace("k64_slabs", "k46_slabs"))
    problem = refusal(ROW, tmp_path)
    assert problem.startswith("x.toml:16: ")
    assert problem.endswith("H0.csv: lacks the column k64_slabs, which is needed")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("19.5,1", "H0.csv:2: 2 fields, the header has 24"),
        ("x" + ",1" * 23, "H0.csv:2: t: 'x' is no time in seconds"),
        ("1,x" + ",1" * 22, "H0.csv:2: free_dma: 'x' is no whole number"),
        ("inf" + ",1" * 23, "H0.csv:2: t: 'inf' is no time in seconds"),
        ("20" + ",9999999" * 23, "active_anon: 9999999 pages cannot be in 446584"),
        ("19.6" + ",99999" * 23, "zone DMA: 99999 of 3977 pages cannot be free"),
        ("3" + ",1" * 23, "H0.csv: no row is so late; the last is at 3 s"),
    ],
)
def test_a_bad_row_names_its_line(tmp_path: Path, line: str, said: str) -> None:
    head = (SCENARIOS / "H0.csv").read_text().partition("\n")[0]
    (tmp_path / "H0.csv").write_text(f"{head}\n{line}\n")
    assert said in refusal(ROW, tmp_path)


@pytest.mark.parametrize(
    ("column", "number", "said"),
    [
        ("dirty", "300000", "dirty, writeback: 155561 file pages cannot hold so many"),
        ("k64_slabs", "3000", "k64_slabs: 2193 slab pages cannot hold so many"),
        ("active_anon", "-1", "active_anon: -1 pages cannot be in 446584"),
        ("active_anon", "440000", "zone DMA32: the dump counts more pages than it manages"),
    ],
)
def test_a_row_that_cannot_be(tmp_path: Path, column: str, number: str, said: str) -> None:
    head, *rows = (SCENARIOS / "H0.csv").read_text().splitlines()
    cells = next(row for row in rows if row.startswith("19.490179")).split(",")
    cells[head.split(",").index(column)] = number
    (tmp_path / "H0.csv").write_text(f"{head}\n{','.join(cells)}\n")
    assert said in refusal(ROW, tmp_path)


def test_counters_that_lag_behind_are_no_contradiction(tmp_path: Path) -> None:
    head, *rows = (SCENARIOS / "H0.csv").read_text().splitlines()
    cells = next(row for row in rows if row.startswith("19.490179")).split(",")
    cells[head.split(",").index("writeback")] = str(155_561 - 40_484 + 7)
    (tmp_path / "H0.csv").write_text(f"{head}\n{','.join(cells)}\n")
    m = machine(ROW, tmp_path)
    assert sum(zone.dirty + zone.writeback for zone in m.state.zones) == 155_561
    assert check(m) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("managed = 3977", "managed = 4097", "x.toml:10: managed: DMA ends at 16 MB: it has 4096"),
        ("managed = 3977", "managed = 3977\npresent = 9", "x.toml:11: present: a zone does not"),
        ("managed = 3977", "managed = 3977\nmarks = [9, 8, 7]", "x.toml:11: marks: min, low"),
        ("managed = 3977", "managed = 3977\nmarks = [9, 8]", "x.toml:11: marks: write [min"),
        ("managed = 3977", "managed = 39\nmarks = [39, 40, 41]", "x.toml:11: marks: are above"),
        ('"DMA"', '"Normal"', "x.toml:8: zone: name each zone once, the lowest first"),
        ("cpus = 2", 'ram = "2G"', "x.toml:6: ram: give either ram or [[machine.zone]]"),
    ],
)
def test_zones_that_no_kernel_would_make(old: str, new: str, said: str) -> None:
    assert old in ROW
    problem = refusal(ROW.replace(old, new, 1))
    assert problem.startswith(said), problem


EVENT = '[[event]]\nat_us = 100\naction = "{}"\nvalue = "{}"\n'


@pytest.mark.parametrize(
    ("action", "value", "said"),
    [
        ("dirty_ratio", "900", "x.toml:17: value: dirty_ratio: 900 is not in 0..100: EINVAL"),
        ("packets", "9", "x.toml:17: value: packets: this machine has no network card: ENODEV"),
        ("stop", "nobody", "x.toml:17: value: no workload 'nobody'"),
        ("kill", "me", "x.toml:17: value: kill: 'me' is no number: EINVAL"),
    ],
)
def test_an_event_that_never_could_be_is_refused(action: str, value: str, said: str) -> None:
    assert refusal(BOOT + EVENT.format(action, value)).startswith(said)


@pytest.mark.parametrize("name", ["H0", "H2", "C0"])
def test_the_measured_machines_are_sound(name: str) -> None:
    m = machine((SCENARIOS / f"{name}.toml").read_text())
    assert check(m) == []
    run_until(m, m.state.now_ns + 300_000_000)
    assert check(m) == []


DOCS = Path(__file__).parents[2] / "docs" / "SCENARIOS.md"


def keys_of(shape: type[FileTable]) -> set[str]:
    return {one.encode_name for one in structs.fields(shape)}


@pytest.mark.parametrize(
    "shape",
    [MachineTable, SizedZone, SysctlTable, CostsTable, DiskTable, NetworkTable, StartTable],
)
def test_every_key_is_documented(shape: type[FileTable]) -> None:
    text = DOCS.read_text()
    assert [key for key in keys_of(shape) - {"zone"} if f"`{key}`" not in text] == []


def test_every_key_of_a_task_alone_is_documented() -> None:
    text = DOCS.read_text()
    own = keys_of(TaskTable) - keys_of(WorkloadTable)
    assert [key for key in own if f"`{key}`" not in text] == []


def test_the_shipped_scenarios_are_documented_and_can_be_run() -> None:
    text = DOCS.read_text()
    names = [path.name for path in shipped_scenarios()]
    assert len(names) == 5
    for path in shipped_scenarios():
        assert f"`{path.name}`" in text
        assert scenario_path(path.name) == path
        m = machine(path.read_text(), path.parent)
        assert check(m) == []
