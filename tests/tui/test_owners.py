"""Where the memory was, and the killer's task table, in the report of a kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmplay.engine.explain.answer import Scene
from mmplay.engine.explain.ask import answer
from mmplay.engine.frame import Ask
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame
from mmplay.recordings.library import open_recording
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import BOXES
from mmplay.tui.views.report import owner_rows, report_rows, task_table_rows
from mmplay.tui.views.scene import View

LOG = """\
[   10.000000] eater invoked oom-killer: gfp_mask=0x280da, order=0, oom_score_adj=0
[   10.000100] Mem-Info:
[   10.000200] active_anon:900 inactive_anon:0 isolated_anon:0
[   10.000200]  active_file:20 inactive_file:0 isolated_file:0
[   10.000200]  unevictable:0 dirty:0 writeback:0 unstable:0
[   10.000200]  free:40 slab_reclaimable:10 slab_unreclaimable:10
[   10.000200]  mapped:0 shmem:0 pagetables:5 bounce:0
[   10.000200]  free_cma:0
[   10.000300] Node 0 DMA32 free:160kB min:180kB low:220kB high:260kB present:4096kB managed:4000kB
[   10.000400] lowmem_reserve[]: 0 0 0 0
[   10.000500] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
[   10.000600] [  273]     0   273     4869       50      13        0             0 upstart
[   10.000700] [ 1532]     0  1532     9000      850      28        0             5 eater
[   10.000800] Out of memory: Kill process 1532 (eater) score 919 or sacrifice child
[   10.000900] Killed process 1532 (eater) total-vm:36000kB, anon-rss:3400kB, file-rss:0kB
"""


@pytest.fixture
def kill(tmp_path: Path) -> Iterator[FrameDiagnosis]:
    log = tmp_path / "kill.log"
    log.write_text(LOG)
    with open_recording(str(log)) as recording:
        yield diagnose_frame(recording, 0)


def test_who_was_killed_is_named_once_with_the_score(kill: FrameDiagnosis) -> None:
    rows = [plain(row) for row in report_rows(View(kill, 60, 20, "full", BOXES))]
    assert rows[0].strip() == "killed eater (1532)  score 919"
    assert not any(row.startswith("chosen") for row in rows)


def test_the_victim_is_explained(kill: FrameDiagnosis) -> None:
    found = answer(Scene(kill.frame, kill.diagnosis), Ask("victim"))
    assert found.title == "eater (1532)"
    assert found.what.startswith("eater (1532) was killed; it held anonymous 3.3 MiB")
    assert "it had the most points of 2 tasks" in found.consequence


def test_owners_stand_by_size_with_their_share(kill: FrameDiagnosis) -> None:
    view = View(kill, 60, 20, "full", BOXES)
    assert kill.frame.report is not None
    rows = [plain(row) for row in owner_rows(view, kill.frame.report)]
    assert rows[0] == "where the memory was"
    assert rows[1].split()[:4] == ["anon", "900", "3.5", "MiB"]
    assert "90 %" in rows[1]
    assert rows[1].count("█") > rows[2].count("█")
    assert any("<1 %" in row or "0.4" in row for row in rows)


def test_owners_of_more_than_all_are_no_share(kill: FrameDiagnosis) -> None:
    report = kill.frame.report
    assert report is not None
    assert report.memory is not None
    report.memory.totals["slab_reclaimable"] = 1_900
    report.memory.tail |= {"ram_pages": 1_100, "reserved_pages": 100}
    rows = [plain(row) for row in owner_rows(View(kill, 60, 20, "full", BOXES), report)]
    assert rows[1].split()[:5] == ["slab", "1910", "7.5", "MiB", "191"]
    assert rows[-1].split()[0] == "over-counted"
    assert "%" not in rows[-1]


def test_the_tasks_stand_by_what_they_held_and_the_victim_is_marked(kill: FrameDiagnosis) -> None:
    assert kill.frame.report is not None
    rows = [plain(row) for row in task_table_rows(kill.frame.report)]
    assert rows[2].split() == [">", "1532", "850", "5", "eater"]
    assert rows[3].split() == ["273", "50", "0", "upstart"]


def test_the_report_of_a_kill_begins_with_them(kill: FrameDiagnosis) -> None:
    rows = [plain(row) for row in report_rows(View(kill, 40, 20, "full", BOXES))]
    assert max(map(len, rows[:4])) <= 40
    places = [
        rows.index(text) for text in ("where the memory was", "tasks, most resident pages first")
    ]
    assert places == sorted(places)
    assert any("mode 0x280da" in row for row in rows[places[1] :])
