"""What is mutated: the shipped recordings, kernel logs, and logs that are packed."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
from collections.abc import Callable
from functools import cache

from mmplay.recordings.library import shipped
from mmplay.recordings.log.importing import MAX_LINE_BYTES, LogToTrace, read_lines, trace_header
from mmplay.recordings.trace.writer import TraceWriter
from tests.bench.serial_log import serial_log
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text

SERIAL_BYTES = 40_000


def _recordings() -> dict[str, bytes]:
    files = {f"{one.name}.mmtrace": one.path.read_bytes() for one in shipped()}
    long_line = b"x" * (MAX_LINE_BYTES + 1) + b"\n"
    return {**files, "cut-line.mmtrace": _recorded(long_line + incident_text(INCIDENT_NEXT))}


def _recorded(log: bytes) -> bytes:
    stream = io.BytesIO()
    writer = TraceWriter(stream, trace_header("imported", "demo", None))
    LogToTrace(writer).write(read_lines(io.BytesIO(log), "demo"))
    writer.close()
    return stream.getvalue()


def _logs() -> dict[str, bytes]:
    old, new = incident_text(INCIDENT_RC7), incident_text(INCIDENT_NEXT)
    serial = b"".join(serial_log(SERIAL_BYTES))
    logs = {"rc7.log": old, "next.log": new, "boots.log": old + new + old, "serial.log": serial}
    return {**logs, "kill.log": MEMCG_KILL, "json.log": _as_json(new), "joined.log": _joined(old)}


MEMCG_KILL = b"""\
Jun  3 04:05:06 n1 kernel: worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, \
oom_score_adj=0
Jun  3 04:05:06 n1 kernel: CPU: 1 PID: 4711 Comm: worker Tainted: P  OE  ------------   5.14 #1
Jun  3 04:05:06 n1 kernel: memory: usage 524288kB, limit 524288kB, failcnt 90
Jun  3 04:05:06 n1 kernel: Memory cgroup stats for /app.slice/job-7.scope:
Jun  3 04:05:06 n1 kernel: anon 501219328
Jun  3 04:05:06 n1 kernel: Tasks state (memory values in pages):
Jun  3 04:05:06 n1 kernel: [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents \
oom_score_adj name
Jun  3 04:05:06 n1 kernel: [   4711]     0  4711   131072   122368   999424        0             0 \
worker
Jun  3 04:05:06 n1 kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,\
mems_allowed=0,oom_memcg=/app.slice/job-7.scope,task_memcg=/app.slice/job-7.scope,task=worker,\
pid=4711,uid=0
Jun  3 04:05:06 n1 kernel: Memory cgroup out of memory: Killed process 4711 (worker) \
total-vm:524288kB, anon-rss:489472kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:976kB \
oom_score_adj:0
Jun  3 04:05:07 n1 systemd-oomd[812]: Killed /user.slice/a.scope due to memory pressure for \
/user.slice being 62.29% > 50.00% for > 20s with reclaim activity
"""


def _as_json(log: bytes) -> bytes:
    """Return a log as a journal gives it."""
    lines = log.decode("utf-8", "surrogateescape").splitlines()
    fields = {"SYSLOG_IDENTIFIER": "kernel", "__REALTIME_TIMESTAMP": "1767225605000000"}
    return b"".join(json.dumps({**fields, "MESSAGE": one}).encode() + b"\n" for one in lines)


def _joined(log: bytes) -> bytes:
    """Return a log whose printks of several lines stand in one, as rsyslog writes them."""
    return re.sub(rb"\n\[ *[0-9.]+\]  (?=[a-z_]+:)", b"#012 ", log)


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def _packed() -> dict[str, bytes]:
    log = incident_text(INCIDENT_RC7)
    return {
        "rc7.log.xz": lzma.compress(log),
        "rc7.log.gz": gzip.compress(log),
        "rc7.log.bz2": bz2.compress(log),
        "logs.tar": _tar({"rc7.log": log, "next.log.gz": gzip.compress(log)}),
        "logs.tar.gz": gzip.compress(_tar({"rc7.log": log})),
        "utf-16.log": ("\ufeff" + log.decode()).encode("utf-16-le"),
    }


FAMILIES: dict[str, Callable[[], dict[str, bytes]]] = {
    "recordings": _recordings,
    "logs": _logs,
    "packed": _packed,
}
"""Files of one kind; each kind is mutated in its own ways (`tests.fuzz.mutations.WAYS`)."""


@cache
def family(name: str) -> dict[str, bytes]:
    """Return the files of one kind by name."""
    return FAMILIES[name]()
