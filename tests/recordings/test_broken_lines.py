"""Lines that a mailer broke are read as one, come back byte for byte, and count as understood."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.report import Report
from mmplay.recordings.export import FORMATS
from mmplay.recordings.library import open_recording
from tests.conftest import SHARED

BROKEN = """\
[   70.000001] a: page allocation failure: order:6,
mode:0xcc1(GFP_KERNEL|GFP_DMA), nodemask=(null),cpuset=/,mems_allowed=0
[   70.000002] CPU: 3 PID: 20 Comm: a Not
tainted 5.7.0 #3
[   70.000003] Hardware name: Maker Of Boards/Board, BIOS
1.2 05/23/2018
[   70.000004] Mem-Info:
[   70.000005] active_anon:100 inactive_anon:30 isolated_anon:0
[   70.000005]  active_file:7 inactive_file:9 isolated_file:0
[   70.000006] Node 0 active_anon:400kB inactive_anon:120kB
active_file:28kB inactive_file:36kB unevictable:0kB shmem_thp:
0kB writeback_tmp:0kB all_unreclaimable? no
[   70.000007] Node 0 DMA free:4000kB min:40kB low:50kB
high:60kB reserved_highatomic:0KB active_anon:0kB inactive_anon:0kB
present:15992kB managed:15360kB mlocked:0kB free_cma:0kB
[   70.000008] lowmem_reserve[]: 0 10 10
[   70.000009] Node 0 DMA: 0*4kB 2*8kB (UM)
1*16kB (U) 1*32kB
(U) 0*64kB = 64kB
[   70.000010] Node 0 hugepages_total=0 hugepages_free=0
hugepages_surp=0 hugepages_size=2048kB
[   70.000011] Swap cache stats: add 5, delete 4, find
3/9
[   70.000012] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes
swapents oom_score_adj name
[   70.000013] [    225]     0   225     3425     1294    24576
0         -1000 tmux: server
[   70.000014] Out of memory: Killed process 225 (tmux: server)
total-vm:13700kB, anon-rss:5176kB, file-rss:0kB, shmem-rss:0kB,
UID:0 pgtables:24kB oom_score_adj:-1000
This is what I saw, and then it was gone.
"""


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mail.log"


def reports(path: Path, data: bytes) -> list[Report]:
    path.write_bytes(data)
    with open_recording(str(path)) as recording:
        assert b"".join(FORMATS["dmesg"].load()(recording)) == data
        found = (recording.frame(index).report for index in range(len(recording)))
        return [one for one in found if one is not None]


@pytest.mark.parametrize("text", [BROKEN, quoted(BROKEN), BROKEN.replace("\n", " \n")])
def test_broken_lines_are_read_as_one(path: Path, text: str) -> None:
    failure, kill = reports(path, text.encode())
    assert failure.request is not None
    assert (failure.request.order, failure.request.pid) == (6, 20)
    dump = failure.memory
    assert dump is not None
    assert dump.nodes[0]["shmem_thp"] == 0
    (zone,) = dump.zones
    assert (zone.pages("free"), zone.pages("high"), zone.pages("managed")) == (1000, 15, 3840)
    assert [blocks.count for blocks in zone.blocks or ()] == [0, 2, 1, 1, 0]
    assert dump.tail["swap_find_total"] == 9
    assert dump.hugepages == [{"node": 0, "total": 0, "free": 0, "surplus": 0, "size": 2048}]
    assert kill.kill is not None
    assert kill.kill.victim == ("tmux: server", 225)
    assert (kill.kill.anon_rss_kb, kill.kill.adj) == (5176, -1000)


@pytest.mark.parametrize("before", ["", "quiet words\n", "[   69.000001] 3 pages RAM\n"])
def test_a_header_is_read_though_its_first_piece_says_nothing(path: Path, before: str) -> None:
    data = f"""\
{before}[   70.000001] mkfs.ext4 invoked
oom-killer: gfp_mask=0x101cc0(GFP_USER|__GFP_WRITE), order=0,
oom_score_adj=0
[   70.000002] 12 pages reserved
"""
    requests = [found.request for found in reports(path, data.encode()) if found.request]
    assert [(one.comm, one.mode) for one in requests] == [("mkfs.ext4", 0x101CC0)]


@pytest.mark.parametrize("head", ["Stack : 80ae0000 80a50000 ", "        80ae0000 80a50000 "])
def test_stack_words_go_on(path: Path, head: str) -> None:
    data = f"""\
[   70.000001] a: page allocation failure: order:0, mode:0x20
[   70.000002] CPU: 0 PID: 5 Comm: a Not tainted 4.4.0 #1
[   70.000003] {head}
850dfcb4 00000000 ffffffff
[   70.000004] Call Trace:
[   70.000005] [<8001ae08>] show_stack+0x6c/0x12c
"""
    (found,) = reports(path, data.encode())
    assert found.unknown == 0
    assert found.lines == list(range(1, 7))


def test_rows_of_the_task_table_are_read(path: Path) -> None:
    failure, _ = reports(path, BROKEN.encode())
    assert [row["comm"] for row in failure.tasks] == ["tmux: server"]
    assert failure.tasks[0]["adj"] == -1000


def test_every_piece_is_understood(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(BROKEN)
    assert main(["import", "--json", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["text"] for one in found["unknown"]] == [
        "This is what I saw, and then it was gone."
    ]
    assert [frame["lines_unknown"] for frame in found["frames"]] == [0, 0]


def test_a_kill_is_found_though_its_mask_is_on_the_next_line(path: Path) -> None:
    data = (
        b"test of the disk\n[   32.383394] a invoked oom-killer:\n"
        b"gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0\n"
        b"[   32.393225] CPU: 0 PID: 14 Comm: a Not tainted 5.10.6 #2\n"
    )
    (kill,) = reports(path, data)
    assert kill.request is not None
    assert (kill.request.mode, kill.request.pid) == (0x100CCA, 14)


def test_what_follows_a_whole_line_is_not_taken_in(path: Path) -> None:
    data = b"[    1.000000] 12 pages RAM\nmin:4kB low:5kB\n[    1.000001] 3 pages reserved\n"
    (dump,) = reports(path, data)
    assert dump.memory is not None
    assert dump.memory.tail == {"ram_pages": 12, "reserved_pages": 3}


LOGS = SHARED / "logs"
COMPLETE = (
    [
        row["file"]
        for row in csv.DictReader((LOGS / "INDEX.tsv").read_text().splitlines(), delimiter="\t")
        if row["completeness"] == "complete"
    ]
    if LOGS.is_dir()
    else []
)


@pytest.mark.skipif(not COMPLETE, reason="the real logs are not on this machine")
@pytest.mark.parametrize("name", COMPLETE)
def test_real_reports_are_understood(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--json", str(LOGS / name)]) == 0
    frames = json.loads(capsys.readouterr().out)["frames"]
    lines = sum(frame["lines"][1] - frame["lines"][0] + 1 for frame in frames)
    assert lines > 0
    assert sum(frame["lines_unknown"] for frame in frames) * 100 <= lines
