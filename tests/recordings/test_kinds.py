"""What happened, told apart: cgroups, nodes, SysRq, stalls, vmalloc, CMA, daemons, and quotations.

Every log here is made up; the lines have the form that the named version prints.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recordings.kind_logs import MEMCG_V1, about, only, stamped, told


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


ON = ", mode:0xcc0(GFP_KERNEL), nodemask=(null)"
VMALLOCS = {
    "vmalloc: allocation failure: 4096 bytes\na: page allocation failure: order:0, mode:0xd2": None,
    "a: vmalloc: allocation failure: 4096 bytes, mode:0x14000c0(GFP_KERNEL)": None,
    "a: vmalloc: allocation failure: 4096 bytes, mode:0xcc0(GFP_KERNEL), nodemask=(null)": None,
    "a: vmalloc error: size 4096, failed to map pages, mode:0xcc0(GFP_KERNEL), nodemask=0": None,
}


@pytest.mark.parametrize("text", VMALLOCS)
def test_a_vmalloc_that_failed(path: Path, text: str) -> None:
    report, event = only(path, text + "\n")
    assert (event["kind"], report.asked_bytes) == ("vmalloc", 4096)
    assert report.request is not None
    assert report.request.comm == "a"
    assert (report.request.order or None) == VMALLOCS[text]


REFUSED_PAGES = {
    f"a: vmalloc error: size 8192, page order 9, failed to allocate pages{ON}": (None, 9),
    f"a: vmalloc error: size 8192, failed to allocate pages{ON}": (None, 0),
    f"a: vmalloc size 8192 allocation failure: page order 9 allocation failed{ON}": (None, 9),
    f"a: vmalloc: allocation failure, allocated 8192 of 16384 bytes{ON}": (16384, 0),
    "vmalloc: allocation failure, allocated 8192 of 16384 bytes\n"
    "a: page allocation failure: order:0, mode:0xd2": (16384, 0),
}
"""(bytes that it was asked for, order that it was refused); it had 8192."""


@pytest.mark.parametrize("text", REFUSED_PAGES)
def test_a_vmalloc_that_was_refused_pages_prints_what_it_had(path: Path, text: str) -> None:
    report, event = only(path, text + "\n")
    asked, order = REFUSED_PAGES[text]
    assert (report.asked_bytes, report.got_bytes) == (asked, 8192)
    assert report.request is not None
    assert report.request.order == order
    of = " of 16 kB" if asked else ""
    assert f"refused pages for a vmalloc{of} that had 8 kB" in event["headline"]
    assert "no address space" not in str(event)
    assert "no zone was asked" not in str(event)


def test_a_vmalloc_without_memory_for_its_own_tables_asked_some_zone(path: Path) -> None:
    text = f"a: vmalloc error: size 8192, failed to map pages{ON}\n"
    _, event = only(path, text)
    assert "which request for that was refused is not in this log" in event["headline"]
    assert "no zone was asked" not in str(event)


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
