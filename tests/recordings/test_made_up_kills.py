"""OOM kills of hosts that never were: what each version prints, and what is read from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmplay.__main__ import main
from mmplay.engine.report import Report, ReportKind
from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json
from mmplay.recordings.export import FORMATS
from mmplay.recordings.library import open_recording
from tests.recordings.hosts import Host, HostZone, log


class Victim(NamedTuple):
    """Who is killed; sizes in kB."""

    pid: int = 1234
    comm: str = "eater"
    score: int = 905
    total_vm: int = 8_000_000
    anon: int = 7_000_000
    file: int = 4
    shmem: int = 0


class Version(NamedTuple):
    """How a kernel words a kill: its header, the head of its table, a row, and the kill lines."""

    release: str
    header: str
    head: str
    row: str
    kill: str
    killed: str


V3 = Version(
    "3.10.0-1160.el7.x86_64",
    "{comm} invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0",
    "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
    "",
    "Out of memory: Kill process {v.pid} ({v.comm}) score {v.score} or sacrifice child",
    "Killed process {v.pid} ({v.comm}) total-vm:{v.total_vm}kB, anon-rss:{v.anon}kB, "
    "file-rss:{v.file}kB",
)
V4_5 = Version(
    "4.5.0-rc7+",
    "{comm} invoked oom-killer: gfp_mask=0x24201ca, order=0, oom_score_adj=0",
    "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
    "[{pid:5d}] {uid:5d} {pid:5d} {vm:8d} {rss:8d} {ptes:7d} {pmds:7d} {swap:8d}"
    "         {adj:5d} {name}",
    "Out of memory: Kill process {v.pid} ({v.comm}) score {v.score} or sacrifice child",
    "Killed process {v.pid} ({v.comm}) total-vm:{v.total_vm}kB, anon-rss:{v.anon}kB, "
    "file-rss:{v.file}kB, shmem-rss:{v.shmem}kB",
)
NEXT = V4_5._replace(
    release="4.5.0-rc7-next-20160311+",
    header="{comm} invoked oom-killer: gfp_mask=0x24201ca(GFP_HIGHUSER_MOVABLE|__GFP_COLD), "
    "order=0, oom_score_adj=0",
)
V6_1 = Version(
    "6.1.148",
    "{comm} invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, "
    "oom_score_adj=0",
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
    "[{pid:7d}] {uid:5d} {pid:5d} {vm:8d} {rss:8d} {ptes:8d} {swap:8d}         {adj:5d} {name}",
    "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
    "task_memcg=/,task={v.comm},pid={v.pid},uid=0",
    "Out of memory: Killed process {v.pid} ({v.comm}) total-vm:{v.total_vm}kB, "
    "anon-rss:{v.anon}kB, file-rss:{v.file}kB, shmem-rss:{v.shmem}kB, UID:0 pgtables:120kB "
    "oom_score_adj:0",
)
V6_12 = V6_1._replace(
    release="6.12.30",
    head="[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes "
    "swapents oom_score_adj name",
    row="[{pid:7d}] {uid:5d} {pid:5d} {vm:8d} {rss:8d} {rss:8d} {zero:8d} {zero:9d} {ptes:8d} "
    "{swap:8d}         {adj:5d} {name}",
)
VERSIONS = (V3, V4_5, NEXT, V6_1, V6_12)
WITH_ROWS = tuple(one for one in VERSIONS if one.row)
IDS = [one.release for one in VERSIONS]
ROW_IDS = [one.release for one in WITH_ROWS]


class Task(NamedTuple):
    """A row of the task table; sizes in pages."""

    pid: int
    name: str
    rss: int
    adj: int = 0
    vm: int = 100
    uid: int = 0
    ptes: int = 8
    pmds: int = 3
    swap: int = 0
    zero: int = 0


TASKS = (Task(1, "init", 400), Task(1234, "eater", 1_750_000), Task(77, "sshd", 300, -1000))


def dump(version: Version, free: int) -> list[str]:
    """Return Mem-Info as this release prints it, without stamps."""
    release = version.release if not version.release.startswith("3") else "4.5.0-rc7+"
    zone = HostZone("DMA32", free, (1300, 1625, 1950), (0, 0, 0, 0))
    lines = log(Host(release, 0x20, "GFP_ATOMIC", (zone,))).decode().splitlines()
    bare = [line.split("] ", 1)[1] for line in lines]
    return bare[bare.index("Mem-Info:") :]


def killing(
    version: Version,
    victim: Victim = Victim(),  # noqa: B008
    tasks: tuple[Task, ...] = TASKS,
    caller: str = "caller",
    free: int = 900,
) -> bytes:
    """Return what a kernel prints when it kills, ten microseconds a line."""
    lines = [
        version.header.format(comm=caller),
        f"CPU: 1 PID: 99 Comm: {caller} Not tainted {version.release} #1",
        *dump(version, free),
        version.head,
    ]
    if version.row:
        lines += [version.row.format(**one._asdict()) for one in tasks]
    lines += [version.kill.format(v=victim), version.killed.format(v=victim)]
    return "".join(f"[   50.{10 * n:06}] {line}\n" for n, line in enumerate(lines)).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kill.log"


def read(path: Path, data: bytes) -> tuple[Report, dict[str, Any]]:
    """Return the only report of a log, and its diagnosis; every line must come back."""
    path.write_bytes(data)
    with open_recording(str(path)) as recording:
        assert b"".join(FORMATS["dmesg"].load()(recording)) == data
        assert len(recording) == 1
        report = recording.frame(0).report
        assert report is not None
        return report, diagnosis_json(diagnose_frame(recording, 0))


@pytest.mark.parametrize("version", VERSIONS, ids=IDS)
def test_a_kill_is_read_whole(version: Version, path: Path) -> None:
    victim = Victim()
    report, found = read(path, killing(version, victim))
    assert report.kind is ReportKind.OOM_KILL
    assert found["title"] == "OOM kill: eater (1234)"
    kill = report.kill
    assert kill is not None
    assert (kill.killed_pid, kill.killed_comm) == (1234, "eater")
    assert (kill.total_vm_kb, kill.anon_rss_kb, kill.file_rss_kb) == (8_000_000, 7_000_000, 4)
    assert kill.shmem_rss_kb == (None if version is V3 else 0)
    assert kill.score == (905 if "score" in version.kill else None)


@pytest.mark.parametrize("version", VERSIONS, ids=IDS)
def test_who_asked_is_not_who_is_killed(version: Version, path: Path) -> None:
    report, _ = read(path, killing(version, caller="innocent"))
    assert report.request is not None
    assert report.request.comm == "innocent"
    assert report.kill is not None
    assert report.kill.killed_comm == "eater"


@pytest.mark.parametrize("version", VERSIONS, ids=IDS)
def test_the_report_spans_from_header_to_deed(version: Version, path: Path) -> None:
    data = killing(version)
    report, _ = read(path, data)
    assert (report.first_line, report.last_line) == (1, data.count(b"\n"))
    assert report.time_us == 50_000_000
    assert report.memory is not None
    assert report.memory_delay_us() == 20


@pytest.mark.parametrize("version", WITH_ROWS, ids=ROW_IDS)
def test_the_task_table_has_every_row(version: Version, path: Path) -> None:
    report, _ = read(path, killing(version))
    assert [(row["pid"], row["comm"], row["rss"], row["adj"]) for row in report.tasks] == [
        (one.pid, one.name, one.rss, one.adj) for one in TASKS
    ]


@pytest.mark.parametrize("version", [V4_5, NEXT, V6_1, V6_12], ids=lambda one: one.release)
def test_the_last_look_before_a_kill_is_at_the_high_mark(version: Version, path: Path) -> None:
    _, found = read(path, killing(version, free=1950))
    assert found["asks"][-1]["mark"] == "high"
    (zone,) = found["asks"][-1]["zones"]
    assert (zone["verdict"], zone["free"], zone["floor"]["value"]) == ("refused", 1950, 1950)


def test_a_kill_of_an_old_distribution_is_judged(path: Path) -> None:
    report, found = read(path, killing(V3))
    assert found["kernel"] == "3.10.el7-1160"
    assert found["verdict"]["status"] == "exact"
    assert report.memory is not None
    assert report.memory.zones[0].pages("free") == 900


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-/.", min_size=1, max_size=15)
SIZES = st.integers(0, 1 << 32)
PIDS = st.integers(1, 4_194_304)
QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(
    st.sampled_from(WITH_ROWS),
    st.tuples(PIDS, NAMES, st.integers(1, 2000), SIZES, SIZES, SIZES),
    st.lists(st.tuples(PIDS, NAMES, st.integers(0, 1 << 25), st.integers(-1000, 1000))),
)
def test_whatever_the_numbers_they_are_read(
    path: Path, version: Version, numbers: Any, rows: list[Any]
) -> None:
    victim, tasks = Victim(*numbers), [Task(*row) for row in rows]
    report, found = read(path, killing(version, victim, tuple(tasks)))
    kill = report.kill
    assert kill is not None
    assert (kill.killed_pid, kill.killed_comm) == (victim.pid, victim.comm)
    assert (kill.anon_rss_kb, kill.file_rss_kb) == (victim.anon, victim.file)
    assert [(row["pid"], row["comm"]) for row in report.tasks] == [
        (one.pid, one.name) for one in tasks
    ]
    assert found["title"] == f"OOM kill: {victim.comm} ({victim.pid})"


@QUICK
@given(st.sampled_from(VERSIONS), st.data())
def test_a_torn_log_is_read_as_far_as_it_goes(
    path: Path, version: Version, data: st.DataObject
) -> None:
    """Any lines may be missing: what is left is told, nothing is made up, nothing is lost."""
    lines = killing(version).splitlines(keepends=True)
    kept = [line for n, line in enumerate(lines) if n == 1 or data.draw(st.integers(0, 4))]
    path.write_bytes(b"".join(kept))
    with open_recording(str(path)) as recording:
        assert b"".join(FORMATS["dmesg"].load()(recording)) == b"".join(kept)
        reports = [recording.frame(index).report for index in range(len(recording))]
    kills = [one.kill for one in reports if one is not None and one.kill is not None]
    assert all(kill.pid == 1234 for kill in kills)
    naming = (b"Kill process", b"Killed process", b"task=")
    named = [line for line in kept if any(one in line for one in naming)]
    assert bool(kills) is bool(named)


@pytest.mark.parametrize("version", VERSIONS, ids=IDS)
def test_explain_names_the_victim(
    version: Version, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(killing(version))
    assert main(["explain", str(path)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("#1  50.000000 s  Out of memory: eater (1234) with ")


@pytest.mark.parametrize("count", [2, 3])
def test_kills_in_a_row_are_reports_of_their_own(count: int, path: Path) -> None:
    parts = []
    for number in range(count):
        text = killing(V4_5, Victim(pid=100 + number)).decode()
        parts.append(text.replace("[   50.", f"[   5{number}."))
    path.write_text("".join(parts))
    with open_recording(str(path)) as recording:
        kills = [recording.frame(index).report for index in range(len(recording))]
        pids = [one.kill.killed_pid for one in kills if one is not None and one.kill is not None]
    assert pids == [100 + number for number in range(count)]
