"""`mmplay explain` as a tired reader calls it: headline, first screen, groups, many logs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.__main__ import main
from mmplay.commands.explain_text import fitted
from mmplay.engine.errors import shortened
from mmplay.engine.explain.headline import LONGEST
from mmplay.recordings import grouping
from mmplay.recordings.explained import Part
from mmplay.recordings.library import open_events
from tests.recordings.hosts import Host, HostZone, log

pytestmark = pytest.mark.usefixtures("home")

Captured = pytest.CaptureFixture[str]
Explain = Callable[..., str]

MARKS = (1300, 1625, 1950)
SECOND = 1_000_000
INVOKED = (
    b"[   50.000000] proxy invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
    b"oom_score_adj=0\n"
    b"[   50.000010] CPU: 0 PID: 31 Comm: proxy Not tainted 6.12.30 #1\n"
)
KILLED = (
    b"[   50.000900] Out of memory: Killed process 800 (db) total-vm:4096kB, anon-rss:2202009kB, "
    b"file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:100kB oom_score_adj:0\n"
)


def failure(free: int = 480, comm: str = "backup", order: int = 0, start_s: int = 100) -> bytes:
    zone = HostZone("DMA32", free, MARKS, (0, 0, 0, 0), managed=443_000)
    host = Host("6.12.30", 0xCC0, "GFP_KERNEL", (zone,), comm=comm, order=order)
    return log(host, start_us=start_s * SECOND)


@pytest.fixture
def explain(capsys: Captured, tmp_path: Path) -> Explain:
    """Run `mmplay explain` on a log; return what it printed."""

    def run(data: bytes, *options: str, status: int = 0) -> str:
        path = tmp_path / "kern.log"
        path.write_bytes(data)
        assert main(["explain", str(path), *options]) == status
        return capsys.readouterr().out

    return run


def words(text: str) -> str:
    return " ".join(text.split())


SEVEN = b"".join(
    failure(480 - n, f"task{n}", order=2 if n == 3 else 0, start_s=100 + n) for n in range(7)
)


# one event


def test_the_headline_comes_first_and_fits(explain: Explain) -> None:
    out = explain(failure(comm="x" * 15, order=10))
    assert words(out).startswith(
        f"#1 100.000000 s {'x' * 15} (7) was refused 1024 pages (order 10, GFP_KERNEL): "
    )
    assert max(map(len, out.splitlines())) <= 75


def test_why_where_and_what_helps_stand_on_the_first_screen(explain: Explain) -> None:
    first = "\n".join(explain(failure()).splitlines()[:24])
    places = [first.index(text) for text in ("refused, ", "managed: ", "would help", "kernel  ")]
    assert places == sorted(places)


def test_what_does_not_fit_on_the_first_screen_stands_below(explain: Explain) -> None:
    zones = tuple(
        HostZone("Normal", 480 + node, MARKS, (0, 0, 0, 0), managed=443_000) for node in range(16)
    )
    data = log(Host("6.12.30", 0xCC0, "GFP_KERNEL", zones)).decode()
    for line in ("Normal free", "Normal:"):
        for node in reversed(range(1, 16)):
            head, behind = data.rsplit(f"Node 0 {line}", 1)
            data = f"{head}Node {node} {line}{behind}"
    out = explain(data.encode())
    first = "\n".join(out.splitlines()[:24])
    for text in ("refused, ", "more below)", "managed: ", "would help", "kernel  "):
        assert text in first
    assert "Node 15 Normal" in out


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(1, 60))
def test_parts_are_cut_to_the_room_there_is(counts: list[int], room: int) -> None:
    parts = [Part(f"p{n}", [f"line {m}" for m in range(count)]) for n, count in enumerate(counts)]
    shown = fitted(parts, room)
    assert [part.label for part in shown] == [part.label for part in parts]
    assert all(part.lines[0] == "line 0" for part in shown)
    assert sum(len(part.lines) for part in shown) <= max(room, 2 * len(parts))
    if sum(counts) <= room:
        assert shown == parts


def test_brief_is_a_line_an_event(explain: Explain) -> None:
    lines = explain(SEVEN, "--brief").splitlines()
    assert [line.split()[0] for line in lines] == [f"#{n}" for n in range(1, 8)]
    assert lines[0] == (
        "#1 100.000000 s task0 (7) was refused a page (order 0, GFP_KERNEL): with 480 pages "
        "usable, DMA32 was 821 pages short."
    )


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_the_same_sentence_stands_everywhere(explain: Explain, form: str) -> None:
    (line,) = explain(failure(), "--brief").splitlines()
    headline = line.split(" ", 3)[3]
    out = explain(failure(), "--format", form).replace("\\_", "_")
    assert headline in out


def test_a_kill_by_a_program_needs_no_rules(explain: Explain) -> None:
    said = words(
        explain(
            b"Jan 10 03:05:01 host earlyoom[701]: sending SIGTERM to process 3213 uid 1000 "
            b'"browser": badness 900, VmRSS 4000 MiB\n'
        )
    )
    assert "earlyoom, a program and not the kernel, killed browser (3213) with 3.9 GiB" in said
    assert "no verdict" not in said


def test_who_was_killed_is_not_guessed(explain: Explain) -> None:
    said = words(explain(INVOKED))
    assert "proxy (31) invoked the OOM killer; who was killed is not in this log" in said
    assert "was killed;" not in said
    said = words(explain(INVOKED + KILLED))
    assert "Out of memory: db (800) with 2.1 GiB resident was killed" in said
    assert "no Mem-Info" in said


def test_json_names_the_event(explain: Explain) -> None:
    (one,) = json.loads(explain(INVOKED + KILLED, "--json"))["frames"]
    assert (one["event"], one["kind"]) == (1, "oom")
    assert one["victim"] == {"comm": "db", "pid": 800}
    assert one["invoker"] == {"comm": "proxy", "pid": 31}
    assert (one["cgroup"], one["memory"]) == (None, None)
    assert set(one["verdict"]) == {
        "status",
        "outcome",
        "skew_pages",
        "missing",
        "decided_by",
        "candidates",
    }
    (one,) = json.loads(explain(failure(), "--json"))["frames"]
    assert one["memory"]["managed"] == sum(row["pages"] for row in one["memory"]["rows"])
    assert set(one["memory"]["rows"][0]) == {"name", "node", "pages"}
    assert one["remedies"][0]["text"] == "821 pages more free in DMA32"
    assert (one["victim"], one["kind"]) == (None, "failure")


@pytest.mark.parametrize("comm", ["a", "kworker/u257:3-", "worker/0:1"])
@pytest.mark.parametrize("order", [0, 10])
def test_a_headline_is_never_too_long(explain: Explain, comm: str, order: int) -> None:
    data = failure(comm=comm, order=order).replace(
        b"GFP_KERNEL)", b"GFP_KERNEL|__GFP_NOWARN|__GFP_RETRY_MAYFAIL|__GFP_COMP|__GFP_THISNODE)"
    )
    (one,) = json.loads(explain(data, "--json"))["frames"]
    assert len(one["headline"]) <= LONGEST
    assert one["headline"].endswith("short.")


def test_a_text_that_is_too_long_ends_in_dots() -> None:
    assert (shortened("abc", 3), shortened("abcdef", 5)) == ("abc", "ab...")


# many events


def test_more_than_five_events_are_told_in_groups(explain: Explain) -> None:
    out = explain(SEVEN)
    assert out.startswith("7 events in 2 groups; ")
    table, *events = out.split("\n#")
    assert "      6  #1 100.000000 s                  #7 106.000000 s\n" in table
    assert "page allocation failure, order 0, GFP_KERNEL: refused in DMA32 at min" in words(table)
    assert [event.split()[0] for event in events] == ["1", "4"]
    assert "task0" not in table
    assert len(table.splitlines()) <= 24
    assert max(map(len, out.splitlines())) <= 75


def test_five_events_and_all_of_them_are_printed_in_full(explain: Explain) -> None:
    numbers = [f"#{n}" for n in range(1, 8)]
    for out, count in ((explain(SEVEN, "--last", "5"), 5), (explain(SEVEN, "--all"), 7)):
        begun = [line.split()[0] for line in out.splitlines() if line.startswith("#")]
        assert begun == numbers[-count:]


def test_many_groups_leave_the_first_screen_to_the_largest(explain: Explain) -> None:
    data = b"".join(failure(order=n % 11, start_s=100 + n) for n in range(30))
    table = explain(data).split("\n#")[0]
    assert len(table.splitlines()) <= 24
    assert "more groups" in table


def test_since_counts_back_from_the_last_event(explain: Explain) -> None:
    for span, count in (("2s", 3), ("1m", 7), ("0s", 1), ("1d", 7)):
        assert len(explain(SEVEN, "--brief", "--since", span).splitlines()) == count
    assert len(explain(SEVEN, "--brief", "--since", "2s", "--last", "1").splitlines()) == 1
    assert len(json.loads(explain(SEVEN, "--json", "--last", "2"))["frames"]) == 2
    explain(SEVEN, "--since", "yesterday", status=2)
    explain(SEVEN, "--last", "-1", status=2)


# a verdict for a program


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [
        ("failure", failure(), 1),
        ("any", failure(), 1),
        ("oom", failure(), 0),
        ("memcg_oom", INVOKED + KILLED, 0),
        ("oom", INVOKED + KILLED, 1),
        ("any", b"[    1.000000] all is well\n", 0),
        ("any", b"[    0.000000] Linux version 5.4.0 (a@b) (gcc) #1 SMP Mon\n", 0),
        ("any", failure().split(b"\n", 2)[2], 0),
    ],
    ids=["failure", "any", "no kill", "no cgroup", "kill", "nothing", "a boot", "a dump alone"],
)
def test_fail_on(explain: Explain, kind: str, data: bytes, status: int) -> None:
    explain(data, "--fail-on", kind, status=status)
    explain(data, "--fail-on", kind, "--group", status=status)


def test_one_format_at_a_time(explain: Explain) -> None:
    explain(failure(), "--json", "--brief", status=2)
    explain(failure(), "--brief", "--format", "md", status=2)
    explain(failure(), "--group", "--format", "md", status=2)
    assert json.loads(explain(failure(), "--json", "--format", "json"))


# without an argument


class Stdin:
    """Standard input: a terminal, or something piped."""

    def __init__(self, data: bytes, terminal: bool) -> None:
        self.buffer = io.BufferedReader(io.BytesIO(data))
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_without_an_argument_a_terminal_is_told_what_to_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b"", terminal=True))
    assert main(["explain"]) == 2
    err = capsys.readouterr().err
    assert "journalctl -k | mmplay explain -" in err
    assert err.count("\n") == 1
    monkeypatch.setattr(sys, "stdin", Stdin(failure(), terminal=False))
    assert main(["explain"]) == 0
    assert "backup (7) was refused" in words(capsys.readouterr().out)


def test_a_folder_is_grouped(tmp_path: Path, capsys: Captured) -> None:
    assert main(["explain", str(tmp_path)]) == 2
    assert "--group" in capsys.readouterr().err


def test_two_logs_are_not_explained_at_once(capsys: Captured) -> None:
    assert main(["explain", "a.log", "b.log"]) == 2
    assert "--group" in capsys.readouterr().err


# many logs


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Logs of a few hosts, in folders, and what else lies about there."""
    folder = tmp_path / "fleet"
    (folder / "b").mkdir(parents=True)
    for n in range(3):
        (folder / f"host{n}.log").write_bytes(failure(400 + n, f"task{n}", start_s=100 + n))
    (folder / "b" / "kill.log").write_bytes(INVOKED + KILLED + failure())
    (folder / "b" / "well.log").write_bytes(b"[    1.000000] all is well\n")
    (folder / "b" / "torn.log.gz").write_bytes(b"\x1f\x8b\x08torn")
    os.mkfifo(folder / "pipe")
    return folder


def grouped(capsys: Captured, *names: object) -> dict[str, Any]:
    assert main(["explain", *map(str, names), "--group", "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("at_once", [1, 100], ids=["all cores", "one core"])
def test_logs_of_a_folder_in_groups(
    fleet: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(grouping, "FILES_AT_ONCE", at_once)
    found = grouped(capsys, fleet)
    assert list(found) == ["schema", "files", "unreadable", "groups"]
    assert (found["schema"], found["files"]) == (1, 7)
    assert {Path(one["path"]).name for one in found["unreadable"]} == {"torn.log.gz", "pipe"}
    assert all(one["why"] for one in found["unreadable"])
    first, second = found["groups"]
    assert (first["kind"], first["count"], first["files"]) == ("failure", 4, 4)
    assert first["release"] == "6.12.30"
    assert first["first"] == {"path": str(fleet / "host0.log"), "event": 1}
    assert first["last"] == {"path": str(fleet / "b" / "kill.log"), "event": 2}
    assert (second["kind"], second["count"], second["files"]) == ("oom", 1, 1)
    assert not any(char.isdigit() for char in second["headline"].replace("order 0", ""))


def test_stopped_groups_are_of_what_was_read(
    fleet: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until_host1(job: grouping.Job) -> grouping.Read:
        if job[0].endswith("host1.log"):
            raise KeyboardInterrupt
        return read_one(job)

    read_one = grouping.read_one
    monkeypatch.setattr(grouping, "read_one", until_host1)
    names = [str(fleet / f"host{n}.log") for n in range(3)]
    assert main(["explain", *names, "--group"]) == 130
    out, err = capsys.readouterr()
    assert out.startswith("1 event in 1 group, 1 file\n")
    assert err == "mmplay: stopped after 1 of 3 files\n"


def test_files_by_name_a_missing_one_and_the_table(fleet: Path, capsys: Captured) -> None:
    names = [str(fleet / "host0.log"), str(fleet / "host1.log"), str(fleet / "gone.log")]
    assert main(["explain", *names, "--group", "--fail-on", "failure"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("2 events in 1 group, 3 files\n")
    assert "      2      2  6.12.30\n" in out
    assert f"{names[2]}: no such file" in out


def test_a_fault_in_one_file_does_not_end_the_others(
    fleet: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:

    def faulty(path: str, kernel: str | None) -> object:
        if path.endswith("host1.log"):
            raise ValueError("broken")
        return open_events(path, kernel)

    monkeypatch.setattr(grouping, "open_events", faulty)
    found = grouped(capsys, fleet)
    assert "ValueError" in next(
        one["why"] for one in found["unreadable"] if one["path"].endswith("host1.log")
    )
    assert found["groups"][0]["count"] == 3


def test_a_folder_without_files_is_told(tmp_path: Path, capsys: Captured) -> None:
    assert main(["explain", str(tmp_path), "--group"]) == 2
    assert "no file" in capsys.readouterr().err


def test_a_pipe_of_many_logs_ends_quietly(fleet: Path) -> None:
    command = f"{sys.executable} -m mmplay explain {fleet} --group | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False
    )
    assert done.stderr == b""


def test_a_boost_does_not_split_a_group(explain: Explain) -> None:
    data = b""
    for start_s, boost in ((100, 0), (101, 300)):
        zone = HostZone("DMA32", 200, MARKS, (0, 0, 0, 0), managed=443_000, boost=boost)
        host = Host("6.12.30", 0x820, "GFP_ATOMIC", (zone,))
        data += log(host, start_us=start_s * SECOND)
    (group,) = json.loads(explain(data, "--group", "--json"))["groups"]
    assert group["count"] == 2
