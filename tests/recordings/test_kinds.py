"""What happened, told apart: cgroups, nodes, SysRq, stalls, vmalloc, CMA, daemons, and quotations.

Every log here is made up; the lines have the form that the named version prints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmplay.engine.explain.chosen import tasks_of
from mmplay.engine.explain.victim import cgroup_rows
from mmplay.engine.report import Report, ReportKind
from mmplay.recordings.diagnosis import diagnose_frame, event_json
from mmplay.recordings.export import FORMATS
from mmplay.recordings.library import open_recording

MEMCG_V2 = """\
cooker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 1 PID: 300 Comm: cooker Not tainted 6.6.30 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x5d/0x80
 mem_cgroup_out_of_memory+0x13f/0x160
RIP: 0033:0x7f3fa8a9c43b
RAX: 00007f3fa5ae4a90 RBX: 00007f3f98001510 RCX: 0000000000000000
 </TASK>
memory: usage 40960kB, limit 40960kB, failcnt 7
swap: usage 100kB, limit 2048kB, failcnt 0
Memory cgroup stats for /kitchen/pot:
anon 33554432
file 4194304
kernel 3145728
slab 1048576
pgfault 99
workingset_refault_anon 3
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[    300]  1000   300    20000     8000    81920       10             0 cooker
[    301]  1000   301     2000      100    40960        0           200 spoon
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=pot,mems_allowed=0-1,\
oom_memcg=/kitchen/pot,task_memcg=/kitchen/pot/lid,task=cooker,pid=300,uid=1000
Memory cgroup out of memory: Killed process 300 (cooker) total-vm:80000kB, anon-rss:32000kB, \
file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:80kB oom_score_adj:0
Tasks in /kitchen/pot/lid are going to be killed due to memory.oom.group set
Memory cgroup out of memory: Killed process 301 (spoon) total-vm:8000kB, anon-rss:400kB, \
file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:40kB oom_score_adj:200
oom_reaper: reaped process 300 (cooker), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
"""

MEMCG_V1 = """\
baker invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
baker cpuset=oven mems_allowed=0
CPU: 0 PID: 55 Comm: baker Not tainted 3.10.0-514.el7.x86_64 #1
Task in /oven killed as a result of limit of /oven
memory: usage 8192kB, limit 8192kB, failcnt 3
memory+swap: usage 8192kB, limit 9007199254740988kB, failcnt 0
kmem: usage 1024kB, limit 9007199254740988kB, failcnt 0
Memory cgroup stats for /oven: cache:168KB rss:7000KB rss_huge:0KB mapped_file:20KB swap:0KB
[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
[   55]     0    55    25000     1750      50        0             0 baker
Memory cgroup out of memory: Kill process 55 (baker) score 878 or sacrifice child
Killed process 55 (baker), UID 0, total-vm:100000kB, anon-rss:7000kB, file-rss:0kB, shmem-rss:0kB
"""


def stamped(text: str) -> bytes:
    lines = text.splitlines()
    return "".join(f"[   70.{n:06}] {line}\n" for n, line in enumerate(lines)).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kinds.log"


def told(path: Path, data: bytes) -> list[tuple[Report, dict[str, Any]]]:
    """Return every event of a log with what JSON says of it; its bytes must come back."""
    path.write_bytes(data)
    with open_recording(str(path)) as recording:
        assert b"".join(FORMATS["dmesg"].load()(recording)) == data
        found = []
        for index in range(len(recording)):
            report = recording.frame(index).report
            assert report is not None
            found.append((report, event_json(diagnose_frame(recording, index))))
        return found


def only(path: Path, text: str) -> tuple[Report, dict[str, Any]]:
    (one,) = told(path, stamped(text))
    return one


def about(event: dict[str, Any], code: str) -> str:
    """Return the sentence that an event has by this code."""
    (text,) = [one["text"] for one in event["about"] if one["code"] == code]
    return str(text)


def test_a_kill_in_a_cgroup_says_whose_limit_it_was(path: Path) -> None:
    report, event = only(path, MEMCG_V2)
    assert event["kind"] == "memcg_oom"
    cgroup = report.cgroup
    assert cgroup is not None
    assert (cgroup.path, cgroup.task_path) == ("/kitchen/pot", "/kitchen/pot/lid")
    assert (cgroup.usage_kb, cgroup.limit_kb, cgroup.failcnt) == (40960, 40960, 7)
    assert cgroup.parts_kb == {"anon": 32768, "file": 4096, "kernel": 3072, "slab": 1024}
    assert cgroup_rows(cgroup) == [
        ("anon", 32768),
        ("file", 4096),
        ("kernel", 3072),
        ("not itemised", 1024),
    ]
    assert "40.0 MiB of its 40.0 MiB (40960 of 40960 kB)" in about(event, "cgroup.limit")
    assert "/kitchen/pot/lid" in about(event, "cgroup.below")


def test_a_cgroup_can_die_as_a_whole(path: Path) -> None:
    report, event = only(path, MEMCG_V2)
    assert [kill.victim for kill in report.also_killed] == [("spoon", 301)]
    assert "spoon (301)" in about(event, "victim.others")
    assert report.reaped


def test_a_victim_that_its_group_names_again_died_once(path: Path) -> None:
    again = next(line for line in MEMCG_V2.splitlines() if "Killed process 300" in line)
    rest = "Memory cgroup out of memory: Killed process 301"
    report, _ = only(path, MEMCG_V2.replace(rest, f"{again}\n{rest}"))
    assert [kill.victim for kill in report.also_killed] == [("spoon", 301)]


def test_no_zone_is_asked_for_a_cgroup(path: Path) -> None:
    _, event = only(path, MEMCG_V2)
    assert event["verdict"]["status"] == "not_asked"
    assert event["verdict"]["candidates"] == []


STATS = ("anon 33554432", "file 4194304", "kernel 3145728", "slab 1048576", "pgfault 99")


def continued(stamp: str, indent: str) -> bytes:
    """Return a kill whose memory.stat is one printk of many lines, as a tool shows it."""
    head, rest = MEMCG_V2.split("anon 33554432")
    lines = [stamp + line for line in (*head.splitlines(), STATS[0])]
    lines += [indent + line for line in STATS[1:]]
    lines += [stamp + line for line in rest.split("anon 3\n")[1].splitlines()]
    return "".join(f"{line}\n" for line in lines).encode()


STAMPS = {
    "raw": "",
    "dmesg": "[  100.000000] ",
    "dmesg -T": "[Wed Jun 17 10:37:10 2020] ",
    "journalctl": "Jun 17 10:37:10 n1 kernel: ",
}


@pytest.mark.parametrize("stamp", STAMPS.values(), ids=list(STAMPS))
def test_counters_of_one_printk_are_read_however_they_are_shown(path: Path, stamp: str) -> None:
    ((report, _),) = told(path, continued(stamp, " " * len(stamp)))
    assert report.cgroup is not None
    assert report.cgroup.parts_kb == {"anon": 32768, "file": 4096, "kernel": 3072, "slab": 1024}
    assert report.unknown == 0


def test_counters_joined_by_syslog(path: Path) -> None:
    stamp = STAMPS["journalctl"]
    data = continued(stamp, "\0").replace(b"\n\0", b"#012")
    ((report, _),) = told(path, data)
    assert report.cgroup is not None
    assert report.cgroup.parts_kb["slab"] == 1024


def test_what_would_have_helped_a_cgroup(path: Path) -> None:
    _, event = only(path, MEMCG_V2.replace("limit 2048kB", "limit 0kB"))
    swap, limit = event["remedies"]
    assert "32.0 MiB of its memory could leave" in swap["text"]
    assert limit["text"].startswith("memory.max above 40960 kB")
    _, old = only(path, MEMCG_V1)
    assert old["remedies"][0]["text"].startswith("memory.limit_in_bytes above 8192 kB")


def test_every_line_of_a_cgroups_kill_is_understood(path: Path) -> None:
    report, _ = only(path, MEMCG_V2)
    assert report.lines == list(range(1, len(MEMCG_V2.splitlines()) + 1))


def test_why_this_task_of_the_cgroup(path: Path) -> None:
    """8000 + 10 + 81920/4096 = 8030 pages; spoon: 110 + 200 * ((40960 + 2048)/4)/1000."""
    _, event = only(path, MEMCG_V2)
    assert about(event, "victim.most").startswith("it had the most points of 2 tasks: 8030 ")
    assert about(event, "victim.second") == "next came spoon (301) with 2110 points"


def test_the_rule_of_the_version_weighs_the_tasks(path: Path) -> None:
    """3.13 forgives root 3 %: 2000 - 60 = 1940 of 4000 pages is a score of 485, and 2000 is 500."""
    for printed, code in (
        (485, "victim.score"),
        (500, "victim.score"),
        (7, "victim.score_computed"),
    ):
        text = f"""\
a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
CPU: 0 PID: 9 Comm: a Not tainted 3.14.1 #1
Mem-Info:
active_anon:3000 inactive_anon:0 isolated_anon:0
 free:100 free_pcp:0 free_cma:0
Total swap = 0kB
4100 pages RAM
100 pages reserved
[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
[    7]     0     7     9000     1900     100        0             0 baker
[    8]    10     8     9000      100       0        0           100 spoon
Out of memory: Kill process 7 (baker) score {printed} or sacrifice child
"""
        _, event = only(path, text)
        assert str(printed) in about(event, code)
        forgiven = [one["code"] for one in event["about"] if one["code"] == "victim.forgiven"]
        assert bool(forgiven) is (printed == 485)
        assert about(event, "victim.second") == "next came spoon (8) with 500 points"


def test_a_kill_of_cgroup_v1(path: Path) -> None:
    report, event = only(path, MEMCG_V1)
    assert report.kind is ReportKind.MEMCG_OOM
    assert report.cgroup is not None
    assert cgroup_rows(report.cgroup) == [
        ("rss", 7000),
        ("cache", 168),
        ("kernel (kmem)", 1024),
        ("not itemised", 0),
    ]
    assert event["victim"] == {"comm": "baker", "pid": 55}
    assert about(event, "victim.score") == "the kernel gave it a score of 878"
    assert report.kill is not None
    assert (report.kill.uid, report.kill.anon_rss_kb) == (0, 7000)


TABLES = {
    "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
    "[    7]     0     7   900000    20000    4096        0             0 baker": 24096,
    "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
    "[    7]     0     7  9000000    20000 22183936        0             0 baker": 25416,
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
    "[3117813]     0 3117813  9000000    20000 22183936        0             0 baker": 25416,
    "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name\n"
    "[    7]     0     7   900000    20000     100       4        9             0 baker": 20113,
    "[    7]     0     7  9000000    20000 22183936        0             0 baker": 25416,
    "[    7]     0     7   900000    20000      97        0             0 baker": 20097,
}


@pytest.mark.parametrize("table", TABLES)
def test_page_tables_are_counted_as_the_head_says(path: Path, table: str) -> None:
    """22183936 bytes are 5416 pages; a row alone may look like one of another version."""
    head = "a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
    report, _ = only(path, f"{head}{table}\n")
    assert [task.pages for task in tasks_of(report)] == [TABLES[table]]


@pytest.mark.parametrize(
    ("constraint", "kind"),
    [
        ("CONSTRAINT_NONE", "oom"),
        ("CONSTRAINT_CPUSET", "cpuset_oom"),
        ("CONSTRAINT_MEMORY_POLICY", "cpuset_oom"),
        ("CONSTRAINT_MEMCG", "memcg_oom"),
    ],
)
def test_the_constraint_tells_the_kind(path: Path, constraint: str, kind: str) -> None:
    text = f"""\
a b invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
oom-kill:constraint={constraint},nodemask=1-2,cpuset=c,mems_allowed=1-3,global_oom,task_memcg=/,\
task=big one,pid=9,uid=3
Out of memory: Killed process 9 (big one) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB
"""
    report, event = only(path, text)
    assert (event["kind"], report.constraint) == (kind, constraint)
    assert report.request is not None
    assert (report.request.nodemask, report.request.mems_allowed) == ((1, 2), (1, 2, 3))
    assert event["invoker"] == {"comm": "a b", "pid": None}
    assert event["victim"] == {"comm": "big one", "pid": 9}


@pytest.mark.parametrize(
    ("tail", "nodemask", "cpuset", "mems"),
    [
        ("(null)", None, None, None),
        ("0", (0,), None, None),
        ("(null),cpuset=/,mems_allowed=0-1", None, "/", (0, 1)),
        ("0,2-3,cpuset=a,b,mems_allowed=3", (0, 2, 3), "a,b", (3,)),
        ("5-99999999999", None, None, None),
    ],
)
def test_the_nodes_of_a_request(
    path: Path,
    tail: str,
    nodemask: tuple[int, ...] | None,
    cpuset: str | None,
    mems: tuple[int, ...] | None,
) -> None:
    text = f"a: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL), nodemask={tail}\n"
    report, _ = only(path, text)
    request = report.request
    assert request is not None
    assert (request.nodemask, request.cpuset, request.mems_allowed) == (nodemask, cpuset, mems)


def test_a_kill_by_hand(path: Path) -> None:
    text = "kworker/0:2 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0\n"
    _, event = only(path, text)
    assert event["kind"] == "sysrq"


@pytest.mark.parametrize("word", ["allocation", "alloction"])
def test_a_stall_is_no_refusal(path: Path, word: str) -> None:
    text = f"a: page {word} stalls for 12040ms, order:1, mode:0x14000c0(GFP_KERNEL)\n"
    report, event = only(path, text)
    assert (event["kind"], report.stalled_ms) == ("stall", 12040)
    assert "not a refusal" in about(event, "event.stall")


VMALLOCS = {
    "vmalloc: allocation failure: 4096 bytes\na: page allocation failure: order:0, mode:0xd2": None,
    "a: vmalloc: allocation failure: 4096 bytes, mode:0x14000c0(GFP_KERNEL)": None,
    "a: vmalloc: allocation failure: 4096 bytes, mode:0xcc0(GFP_KERNEL), nodemask=(null)": None,
    "a: vmalloc error: size 4096, failed to map pages, mode:0xcc0(GFP_KERNEL), nodemask=0": None,
    "a: vmalloc error: size 4096, page order 9, failed to allocate pages, mode:0xcc0(GFP_KERNEL), "
    "nodemask=(null)": 9,
}


@pytest.mark.parametrize("text", VMALLOCS)
def test_a_vmalloc_that_failed(path: Path, text: str) -> None:
    report, event = only(path, text + "\n")
    assert (event["kind"], report.asked_bytes) == ("vmalloc", 4096)
    assert report.request is not None
    assert report.request.comm == "a"
    assert (report.request.order or None) == VMALLOCS[text]


def test_slub_alone(path: Path) -> None:
    text = """\
SLUB: Unable to allocate memory on CPU 3 (of node 0) on node -1, gfp=0x820(GFP_ATOMIC)
  cache: names, object size: 64, buffer size: 64, default order: 0, min order: 0
  node 0: slabs: 3, objs: 192, free: 0
"""
    report, event = only(path, text)
    assert event["kind"] == "slub"
    assert report.lines == [1, 2, 3]


def test_slab_counts_its_free_objects(path: Path) -> None:
    text = """\
SLAB: Unable to allocate memory on node 0, gfp=0x14000c0(GFP_KERNEL)
  cache: names, object size: 64, order: 1
  node 0: slabs: 2/3, objs: 150/192
"""
    report, _ = only(path, text)
    assert report.request is not None
    assert report.request.slub is not None
    assert report.request.slub.nodes == ((0, 3, 192, 42),)


def test_cma_without_room(path: Path) -> None:
    text = """\
cma: cma_alloc: reserved: alloc failed, req-size: 1024 pages, ret: -12
cma: number of available pages: 3@125+20@236=> 23 free of 8192 total pages
"""
    report, event = only(path, text)
    assert event["kind"] == "cma"
    assert report.cma == ("reserved", 1024, -12, 23, 8192)
    assert "area reserved was asked for 1024 pages" in about(event, "event.cma")


def test_nobody_can_be_killed(path: Path) -> None:
    report, event = only(path, "Out of memory and no killable processes...\n")
    assert event["kind"] == "oom"
    assert report.nobody_killable
    assert event["victim"] is None


def test_who_invoked_is_not_who_died(path: Path) -> None:
    text = """\
proxy invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=200
CPU: 6 PID: 31 Comm: proxy Not tainted 6.6.30 #1
"""
    report, event = only(path, text)
    assert event["victim"] is None
    assert event["invoker"] == {"comm": "proxy", "pid": 31}
    assert about(event, "victim.unknown") == "who was killed is not in this log"
    assert report.kill is None


@pytest.mark.parametrize(
    "line",
    [
        "Killed process 7 (nau tilus)",
        "Killed process 7 (nau tilus) vsz:8kB, anon-rss:4kB, file-rss:0kB",
        "Killed process 7, UID 27, (nau tilus) total-vm:8kB, anon-rss:4kB, file-rss:0kB",
        "Killed process 7 (nau tilus), UID 27, total-vm:8kB, anon-rss:4kB, file-rss:0kB",
        "Out of memory: Killed process 7 (nau tilus) total-vm:8kB, anon-rss:4kB, file-rss:0kB, "
        "shmem-rss:0kB, UID:27 pgtables:12kB oom_score_adj:-5",
    ],
)
def test_killed_lines_of_all_versions(path: Path, line: str) -> None:
    report, event = only(path, line + "\n")
    assert event["victim"] == {"comm": "nau tilus", "pid": 7}
    assert report.kill is not None
    if "UID" in line:
        assert report.kill.uid == 27


def test_the_oldest_forms(path: Path) -> None:
    text = """\
nautilus invoked oom-killer: gfp_mask=0x201da, order=0, oomkilladj=0
Pid: 20, comm: nautilus Not tainted 2.6.31-20-generic #58
Mem-Info:
DMA per-cpu:
CPU    0: hi:    0, btch:   1 usd:   0
Active_anon:447100 active_file:272 inactive_anon:152700
 inactive_file:257 unevictable:0 dirty:0 writeback:0 unstable:0
 free:17322 slab:9847 mapped:5678 pagetables:2836 bounce:0
721000 pages RAM
493298 pages HighMem
Out of memory: kill process 20 (nautilus) score 50000 or a child
Killed process 20 (nautilus)
"""
    report, event = only(path, text)
    assert report.lines == list(range(1, 13))
    assert event["memory"]["managed"] == 721000
    assert sum(row["pages"] for row in event["memory"]["rows"]) == 721000


def test_a_program_that_quotes_the_kernel_is_no_event(path: Path) -> None:
    kill = "Out of memory: Killed process 77 (bash) total-vm:6kB, anon-rss:6kB, file-rss:0kB, "
    kill += "shmem-rss:0kB, UID:0 pgtables:14kB oom_score_adj:0"
    log = f"""\
Jun  3 04:05:06 n1 kernel: [  139.201482] {kill}
Jun  3 04:05:06 n1 watcher[4208]: I0519 monitor.go:159] New status: Message:{kill}
Jun  3 04:05:07 n1 watcher[4208]: bash invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0
"""
    assert len(told(path, log.encode())) == 1


OOMD = """\
Jun  3 04:05:06 n1 systemd-oomd[512]: Killed /user.slice/app.scope due to memory used (8123 MiB) \
/ total (8192 MiB) and swap used (1023 MiB) / total (1024 MiB) being more than 90.00%
"""
OOMD_PRESSURE = """\
Jun  3 04:05:06 n1 systemd-oomd[512]: Killed /user.slice/app.scope due to memory pressure for \
/user.slice being 62.13% > 50.00% for > 20s with reclaim activity
"""


@pytest.mark.parametrize("log", [OOMD, OOMD_PRESSURE])
def test_systemd_oomd_is_named(path: Path, log: str) -> None:
    ((report, event),) = told(path, log.encode())
    assert (event["kind"], report.daemon) == ("userspace", "systemd-oomd")
    assert event["verdict"]["status"] == "not_asked"
    assert "systemd-oomd" in event["headline"]
    assert "/user.slice/app.scope" in event["headline"]


SENT = 'sending SIGTERM to process 4242 uid 1000 "big one": badness 852, VmRSS 345 MiB'
EARLYOOMS = (
    SENT,
    SENT.replace(" uid 1000", ""),
    SENT.replace("badness", "oom_score") + ', cmdline "/usr/bin/big one"',
    "Killing process: big one, pid: 4242, badness: 852, VmRSS: 345 MiB",
)


EARLYOOM = "Jun  3 04:05:06 n1 earlyoom[77]: "
LOW = "low memory! at or below SIGTERM limits: mem 10.00%, swap 10.00%"


@pytest.mark.parametrize("sent", EARLYOOMS)
def test_earlyoom_is_named(path: Path, sent: str) -> None:
    ((report, event),) = told(path, f"{EARLYOOM}{LOW}\n{EARLYOOM}{sent}\n".encode())
    assert (event["kind"], report.daemon) == ("userspace", "earlyoom")
    assert event["victim"] == {"comm": "big one", "pid": 4242}
    assert "earlyoom" in event["headline"]


LMKD = """\
05-28 12:00:00.000   500   500 I lowmemorykiller: Kill 'com.app.big' (1234), uid 10023, \
oom_score_adj 905 to free 54321kB rss, 123kB swap; reason: low watermark is breached
"""
LMK_DRIVER = """\
[   70.000001] lowmemorykiller: Killing 'com.app.big' (1234) (tgid 1234), adj 900,
[   70.000001]    to free 54321kB on behalf of 'kswapd0' (72) because
[   70.000001]    cache 300kB is below limit 400kB for oom_score_adj 529
"""


@pytest.mark.parametrize("log", [LMKD, LMK_DRIVER])
def test_androids_killer_is_named(path: Path, log: str) -> None:
    ((report, event),) = told(path, log.encode())
    assert (event["kind"], report.daemon) == ("userspace", "lowmemorykiller")
    assert event["victim"] == {"comm": "com.app.big", "pid": 1234}


def test_a_victim_that_is_exiting_is_left_alone(path: Path) -> None:
    line = "Memory cgroup out of memory: OOM victim 7 (a) is already exiting. Skip killing the task"
    _, event = only(path, f"{line}\n")
    assert event["kind"] == "memcg_oom"
    assert about(event, "victim.exiting").endswith("nobody was killed")


PANICS = {
    "Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled": "compulsory",
    "Kernel panic - not syncing: out of memory. Compulsory panic_on_oom is selected.": "Compulsory",
    "Kernel panic - not syncing: Out of memory and no killable processes...": None,
    "Kernel panic - not syncing: System is deadlocked on memory": None,
}


@pytest.mark.parametrize("line", PANICS)
def test_a_panic_in_place_of_a_kill(path: Path, line: str) -> None:
    report, event = only(path, f"{line}\n")
    assert event["kind"] == "oom"
    assert report.panicked == PANICS[line]
    assert report.nobody_killable is (PANICS[line] is None)
    assert ("the kernel panicked instead" in event["headline"]) is (PANICS[line] is not None)


def test_a_kill_by_hand_that_finds_nobody(path: Path) -> None:
    report, event = only(path, "sysrq: OOM request ignored. No task eligible\n")
    assert (event["kind"], report.nobody_killable) == ("sysrq", True)


SITES = {
    "  3176243200   247900 mm/slub.c:2264 func:alloc_slab_page": ("mm/slub.c:2264", 3101800),
    "   327781760   512159 fs/inode.c:82 [ext4] func:alloc_slab_page": ("fs/inode.c:82", 320099),
    "    1.50 GiB   247900 mm/slub.c:2264 func:alloc_slab_page": ("mm/slub.c:2264", 1572864),
    "       512 B        1 mm/slub.c:2264 func:alloc_slab_page": ("mm/slub.c:2264", 0),
}


@pytest.mark.parametrize("line", SITES)
def test_places_that_allocated_most(path: Path, line: str) -> None:
    report, event = only(path, f"Mem-Info:\nMemory allocations:\n{line}\n")
    assert report.memory is not None
    place, kb = SITES[line]
    assert report.memory.sites == [(f"alloc_slab_page ({place})", kb)]
    assert place in about(event, "memory.sites")


def test_a_kill_in_a_cpuset_is_measured_by_its_nodes(path: Path) -> None:
    """1000 pages on node 1: oom_score_adj 500 adds 500, not half of both nodes."""
    text = """\
a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
Mem-Info:
active_anon:3000 inactive_anon:0 isolated_anon:0
 free:100 free_pcp:0 free_cma:0
Node 0 Normal free:200kB min:40kB present:16000kB managed:16000kB
Node 1 Normal free:200kB min:40kB present:4000kB managed:4000kB
Total swap = 0kB
5000 pages RAM
0 pages reserved
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[      7]    10     7     9000      190    40960        0             0 baker
[      8]    10     8     9000       10        0        0           500 spoon
oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),cpuset=c,mems_allowed=1,global_oom,\
task_memcg=/,task=spoon,pid=8,uid=10
Out of memory: Killed process 8 (spoon) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB
"""
    _, event = only(path, text)
    assert about(event, "victim.most_other").startswith("it had the most points of 2 tasks: 510 ")


def test_a_line_that_seems_to_go_on_for_ever_takes_no_time(path: Path) -> None:
    """Several texts of any length in one form would be tried in every way."""
    again = "a,cpuset=b,mems_allowed=c,d,task_memcg=e,task=f,pid=x,"
    told(path, stamped(f"oom-kill:constraint=C,nodemask={again * 400}\n3 pages RAM\n"))


ARM = """\
[   10.000000] oven: page allocation failure: order:4, \
mode:0x40cc1(GFP_KERNEL|GFP_DMA|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0
[   10.000001] CPU: 2 PID: 47 Comm: oven Tainted: G         C         6.1.21-v7l+ #1642
[   10.000002] Hardware name: Kitchen
[   10.000003]  unwind_backtrace from show_stack+0x18/0x1c
[   10.000004]  show_stack from dump_stack_lvl+0x90/0xac
[   10.000005]  dump_stack_lvl from warn_alloc+0x104/0x15c
"""


def test_a_trace_of_32_bit_arm_needs_no_heading(path: Path) -> None:
    report, _ = only(path, ARM)
    assert report.request is not None
    assert [one.symbol for one in report.request.stack] == [
        "unwind_backtrace",
        "show_stack",
        "dump_stack_lvl",
    ]


def test_a_child_that_dies_for_its_parent_is_not_weighed(path: Path) -> None:
    text = MEMCG_V1.replace("Killed process 55 (baker)", "Killed process 91 (apprentice)")
    report, event = only(path, text)
    assert report.kill is not None
    assert report.kill.victim == ("apprentice", 91)
    assert about(event, "victim.score_of") == "the kernel gave baker (55) a score of 878"
    codes = {one["code"] for one in event["about"]}
    assert not codes & {"victim.not_most", "victim.score_computed", "victim.most", "victim.only"}


def test_the_blank_before_a_pasted_header_is_no_name(path: Path) -> None:
    report, _ = only(path, " oven: page allocation failure: order:4, mode:0x40c40(GFP_NOFS)\n")
    assert report.request is not None
    assert report.request.comm == "oven"
