"""Kills of a cgroup and of a cpuset: whose limit, whose memory, who was weighed.

Every log here is made up; the lines have the form that the named version prints.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.engine.explain.chosen import tasks_of
from mmplay.engine.explain.event import cgroup_rows
from mmplay.engine.report import ReportKind
from tests.recordings.kind_logs import MEMCG_V1, MEMCG_V2, about, only, told


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


def test_no_share_is_more_than_all(path: Path) -> None:
    """Resident pages may be shared, or be another cgroup's: 48 MB in one of 40 MB."""
    _, event = only(path, MEMCG_V2.replace("20000     8000 ", "20000    12000 "))
    said = about(event, "tasks.largest")
    assert "cooker (300) 46.9 MiB (12000 pages; more than all, for pages that are shared" in said
    assert "spoon (301) 400 kB (100 pages, 1 %)" in said


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
