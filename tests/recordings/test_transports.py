"""However a log was captured, it says the same, and its bytes come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json
from mmplay.recordings.log.observed import ObservedTimeline
from tests.conftest import INCIDENT_NEXT, incident_text
from tests.recordings.imported_logs import imported

WORDS = 3
"""Lines of bare words from a stack: only at the end of a line are they worth a look."""

Line = tuple[int, str]
"""Microseconds and text of one line of the kernel."""


def kernel_lines() -> list[Line]:
    found = []
    for line in incident_text(INCIDENT_NEXT).decode().splitlines():
        stamp, text = line[1:].split("] ", 1)
        seconds, micros = stamp.split(".")
        found.append((int(seconds) * 1_000_000 + int(micros), text))
    return found


def printks(lines: Iterable[Line]) -> list[Line]:
    """Join the lines of one printk, as a record of the kernel holds them."""
    found: list[Line] = []
    for time_us, text in lines:
        if (
            found
            and time_us == found[-1][0]
            and text.startswith((" active_file", " unev", " slab", " mapped", " free:"))
        ):
            found[-1] = (time_us, f"{found[-1][1]}\n{text}")
        else:
            found.append((time_us, text))
    return found


def stamped(one: Line) -> str:
    return f"[{one[0] // 1_000_000:5d}.{one[0] % 1_000_000:06d}] {one[1]}"


def journald(one: Line, **more: Any) -> str:
    kernel = {"_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel", "_HOSTNAME": "db1"}
    return json.dumps({"__MONOTONIC_TIMESTAMP": str(one[0]), **kernel, "MESSAGE": one[1], **more})


def kmsg(one: Line) -> str:
    escaped = one[1].replace("\n", "\\x0a")
    return f"4,{one[0]},{one[0]},-;{escaped}"


def bytes_of(one: Line) -> str:
    return journald(one, MESSAGE=list(one[1].encode()))


def talos(one: Line) -> str:
    return json.dumps(
        {"talos-level": "warning", "talos-time": "2025-05-01T10:00:00Z", "msg": one[1]}
    )


SINGLE: dict[str, Callable[[Line], str]] = {
    "journald export": lambda one: f"MESSAGE={one[1]}",
    "docker": lambda one: json.dumps({"log": f"{stamped(one)}\n", "stream": "stderr", "time": "x"}),
    "kubectl": lambda one: json.dumps({"kind": "x", "jsonPayload": {"message": stamped(one)}}),
    "pretty JSON": lambda one: f'    "message": {json.dumps(stamped(one))},',
    "cri": lambda one: f"2025-05-01T10:00:00.123456789Z stdout F {stamped(one)}",
    "talosctl": lambda one: f"10.5.0.2: kern: warning: [2025-05-01T10:00:00.1Z]: {one[1]}",
    "colour": lambda one: "\x1b[32m{}\x1b[0m\x1b[33m{}\x1b[0m".format(
        *stamped(one).split("] ", 1)
    ).replace("\x1b[33m", "] \x1b[33m"),
    "colour of names": lambda one: "{}\x1b[33m{}\x1b[0m\x1b[1m{}{}".format(
        f"\x1b[32m[{one[0] / 1_000_000:12.6f}] \x1b[0m", *one[1].partition(":")
    ),
    "colour of all": lambda one: f"May  1 10:00:00 db1 kernel: \x1b[0;1;31m{one[1]}\x1b[0m",
    "padding": lambda one: f"{stamped(one):<500}",
    "bold": lambda one: f"**{stamped(one)}**",
    "code span": lambda one: f"`{stamped(one)}`",
    "numbered": lambda one: f"{one[0] % 1000:4d}\t{stamped(one)}",
    "numbered with colon": lambda one: f"{one[0] % 1000}:{stamped(one)}",
    "quoted mail": lambda one: f"> > {stamped(one)}",
    "list": lambda one: f"      - {stamped(one)}",
    "doubled": lambda one: f"May  1 10:00:00 db1 kernel: {stamped((one[0], stamped(one)))}",
    "compose": lambda one: f"guest-1  | {stamped(one)}",
    "unknown label": lambda one: f"guest/console: {one[1]}",
    "BBCode": lambda one: f"[code]{stamped(one)}[/code]",
    "HTML": lambda one: f"&lt;4&gt;{stamped(one)}".replace("->", "-&gt;"),
    "decoded": lambda one: f"kern  :warn  : {stamped(one)}",
    "CSV": lambda one: f'"2025-05-01T10:00:00Z","db1","{stamped(one)}"',
    "grep -n": lambda one: f"/var/log/kern.log:{one[0] % 1000}:{stamped(one)}",
    "localised syslog": lambda one: f"févr. 11 10:00:00 db1 kernel: {stamped(one)}",
    "syslog of a removed host": lambda one: f"May  1 10:00:00 [removed] kernel: {stamped(one)}",
    "a terminal's clock": lambda one: f"[10:00:00.123] {stamped(one)}",
    "another date": lambda one: f"01.05.2025 10:00:00 {stamped(one)}",
    "dmesg --delta": lambda one: stamped(one).replace("] ", " <    0.000012>] ", 1),
    "MediaTek": lambda one: stamped(one).replace("] ", "]  (2)[77:java]", 1),
    "CRLF": lambda one: f"{stamped(one)}\r",
}

RECORDS: dict[str, Callable[[Line], str]] = {
    "journald JSON": journald,
    "journald JSON of bytes": bytes_of,
    "kmsg": kmsg,
    "rsyslog": lambda one: "May  1 10:00:00 db1 kernel: " + one[1].replace("\n", "#012"),
    "talosctl JSON": talos,
}

CASES = [
    *((name, way, False) for name, way in SINGLE.items()),
    *((name, way, True) for name, way in RECORDS.items()),
]


def said(timeline: ObservedTimeline) -> list[dict[str, Any]]:
    """Return what is said of each frame, without its moments."""
    found = []
    for index in range(len(timeline)):
        one = diagnosis_json(diagnose_frame(timeline, index))
        found.append({key: one[key] for key in ("asks", "would_pass", "release", "title")})
    return found


@pytest.mark.parametrize(("name", "way", "whole"), CASES, ids=[name for name, *_ in CASES])
def test_a_transport_changes_nothing_of_what_is_said(
    name: str, way: Callable[[Line], str], whole: bool
) -> None:
    lines = printks(kernel_lines()) if whole else kernel_lines()
    text = "".join(f"{way(one)}\n" for one in lines).encode()
    timeline = imported(text)
    assert b"".join(timeline.text()) == text
    assert timeline.line_count == len(lines)
    assert timeline.understood >= timeline.line_count - WORDS
    expected = said(imported(incident_text(INCIDENT_NEXT)))
    assert said(timeline)[:1] == expected[:1]
    whole_seconds = timeline.frame(0).wall or timeline.time_us(0) is None
    assert whole_seconds or said(timeline) == expected
    whole_log = timeline.lines(1, len(lines))
    assert [line.number for line in whole_log] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("between", ["\r", "\\n"])
def test_lines_joined_into_one_say_all_they_said(between: str) -> None:
    lines = [stamped(one) for one in kernel_lines()][:30]
    timeline = imported(between.join(lines).encode())
    assert (timeline.line_count, len(timeline)) == (1, 1)
    whole = imported("\n".join(lines).encode())
    stacks = [one.frame(0).report.request.stack for one in (timeline, whole)]  # type: ignore[union-attr]
    assert stacks[0] == stacks[1] != ()


def test_a_list_of_records_in_one_line() -> None:
    records = [json.loads(journald(one)) for one in kernel_lines()[:30]]
    timeline = imported(json.dumps(records).encode())
    request = timeline.frame(0).report.request  # type: ignore[union-attr]
    assert request is not None
    assert (request.comm, request.pid) == ("swapper/2", 0)


def test_a_cut_of_a_record_with_several_messages_keeps_them_all() -> None:
    text = "".join(f"{RECORDS['rsyslog'](one)}\n" for one in printks(kernel_lines())).encode()
    timeline = imported(text.replace(b" unstable:0", b""))
    totals = timeline.frame(0).report.memory.totals  # type: ignore[union-attr]
    assert (totals["active_anon"], totals["mapped"], totals["free"]) == (288561, 10005, 2367)


def test_a_zone_line_that_the_console_cut_counts_as_far_as_it_goes() -> None:
    line = "[   74.310000] Normal free:388kB min:984kB low:1228kB high:1476kB active_anon:2o   \n"
    timeline = imported(line.encode())
    memory = timeline.frame(0).report.memory  # type: ignore[union-attr]
    assert memory is not None
    assert memory.zones[0].kb == {"free": 388, "min": 984, "low": 1228, "high": 1476}
    notes = str(diagnosis_json(diagnose_frame(timeline, 0))["contradictions"])
    assert "active_anon:2o" in notes
    assert "free 97, min 246, low 307, high 369" in notes
    assert b"".join(timeline.text()) == line.encode()


CUT = (
    ("a: page allocation failure: order:2, mode:0x2080020(GFP_ATOMIC|__GFP_ZEo", "a", 2),
    ("java invoked oom-killer: gfp_mask=0x6200ca(GFP_HIGHUSER_MOVABLE), ordo", "java", None),
    ("java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=3, oom_sco", "java", 3),
    ("java invoked oom-killer: gfp_mask=0xcc0(GFP_KERo", "java", None),
)


@pytest.mark.parametrize(("line", "comm", "order"), CUT)
def test_a_header_that_the_console_cut_is_an_event(line: str, comm: str, order: int | None) -> None:
    text = f"[   74.310000] {line}\n".encode()
    timeline = imported(text)
    report = timeline.frame(0).report
    assert report is not None
    assert report.request is not None
    assert (report.request.comm, report.request.order) == (comm, order)
    assert "line 1 of the log is cut off" in str(diagnosis_json(diagnose_frame(timeline, 0)))
    assert b"".join(timeline.text()) == text


def test_a_kill_line_that_the_console_cut_names_its_victim() -> None:
    timeline = imported(b"[   1.500000] Out of memory: Killed process 77 (bash) total-vm:6123o\n")
    kill = timeline.frame(0).report.kill  # type: ignore[union-attr]
    assert kill is not None
    assert (kill.killed_pid, kill.killed_comm, kill.total_vm_kb) == (77, "bash", None)


KILL = (
    "Out of memory: Killed process 77 (bash) total-vm:6kB, anon-rss:1kB, file-rss:2kB, "
    "shmem-rss:0kB"
)
OOM = "java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0"


@pytest.mark.parametrize(
    "line",
    [
        f"Jun  3 04:05:06 n1 problem-detector[4208]: I0519 log.go:159] New: Message:{KILL}",
        f"Jun  3 04:05:06 n1 problem-detector[4208]: {KILL}",
        f"Jun  3 04:05:06 problem-detector[4208]: {OOM}",
        f"<4>1 2025-05-01T10:00:00Z n1 detector 4208 - - {KILL}",
        f"I0519 04:05:06.123456    4208 log_monitor.go:159] {KILL}",
        journald((5, f"status: {KILL}"), SYSLOG_IDENTIFIER="detector", _TRANSPORT="syslog"),
        journald((5, KILL), SYSLOG_IDENTIFIER="detector", _TRANSPORT="syslog"),
    ],
)
def test_a_program_that_quotes_the_kernel_is_no_event(line: str) -> None:
    assert len(imported(f"{line}\n".encode())) == 0


OOMD = "Killed /user.slice/a.scope due to memory pressure for /user.slice being 62.29% > 50.00%"
EARLY = 'sending SIGTERM to process 77 uid 1000 "bash": badness 900, VmRSS 5000 MiB'


@pytest.mark.parametrize(
    "line",
    [
        f"Jun  3 04:05:06 n1 systemd-oomd[812]: {OOMD}",
        f"2025-05-01T10:00:00+02:00 n1 systemd-oomd[812]: {OOMD}",
        journald((5, OOMD), SYSLOG_IDENTIFIER="systemd-oomd", _TRANSPORT="stdout"),
        f"Jun  3 04:05:06 n1 earlyoom[812]: {EARLY}",
        journald((5, EARLY), SYSLOG_IDENTIFIER="earlyoom", _TRANSPORT="stdout"),
    ],
)
def test_a_daemon_that_kills_is_an_event_of_its_own(line: str) -> None:
    timeline = imported(f"{line}\n".encode())
    assert [str(timeline.frame(n).report.kind) for n in range(len(timeline))] == ["userspace"]  # type: ignore[union-attr]


def test_a_task_s_name_swallows_no_prefix() -> None:
    for prefix in ("Apr  2 09:12:31  kernel: ", "node-7: ", "2025-05-01 10:00:00: "):
        log = f"{prefix}{OOM}\n"
        request = imported(log.encode()).frame(0).report.request  # type: ignore[union-attr]
        assert request is not None
        assert request.comm == "java"
