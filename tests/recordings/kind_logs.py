"""Made-up logs with one event, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmplay.engine.report import Report
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
