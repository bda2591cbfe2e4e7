"""The play screen on logs that lack something, or whose request could not use every zone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.tui.cells import plain
from mmplay.tui.screens.play import PlayScreen
from mmplay.tui.views.history import GUESS
from tests.tui.screens import SIZES, press, running, settle, text_of

NO_ZONES = """\
[   10.000000] eater invoked oom-killer: gfp_mask=0x280da, order=0, oom_score_adj=0
[   10.000050] CPU: 2 PID: 977 Comm: eater Not tainted 4.5.0-rc7 #1
[   10.000060] Mem-Info:
[   10.000070] active_anon:93769 inactive_anon:13540 isolated_anon:0
 active_file:23 inactive_file:8 isolated_file:0
 unevictable:0 dirty:0 writeback:0 unstable:0
 slab_reclaimable:1543 slab_unreclaimable:8926
 mapped:69 shmem:15 pagetables:76 bounce:0
 free:2756 free_pcp:0 free_cma:0
"""

TWO_ZONES = """\
[    1.000000] dev: page allocation failure: order:0, mode:0x{mode:x}
[    1.000010] CPU: 0 PID: 1 Comm: dev Not tainted 4.5.0-rc7 #1
[    1.000020] Mem-Info:
[    1.000030] Node 0 DMA free:40kB min:44kB low:52kB high:64kB present:15996kB managed:15904kB
{reserve}[    1.000050] Node 0 DMA32 free:8000kB min:400kB low:500kB high:600kB managed:80000kB
{none}"""

RESERVE = "[    1.000040] lowmem_reserve[]: 0 20 20 20\n"
NONE = "[    1.000060] lowmem_reserve[]: 0 0 0 0\n"

GFP_DMA, GFP_ATOMIC = 0x1, 0x2080020


def log(folder: Path, text: str) -> str:
    path = folder / "kernel.log"
    path.write_text(text)
    return str(path)


def two_zones(folder: Path, mode: int, told: bool = True) -> str:
    reserve, none = (RESERVE, NONE) if told else ("", "")
    return log(folder, TWO_ZONES.format(mode=mode, reserve=reserve, none=none))


@pytest.mark.parametrize("size", SIZES)
async def test_without_zones_the_counters_have_their_place(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with running(log(tmp_path, NO_ZONES), size) as pilot:
        shown = text_of(pilot)
        assert "No zone's free pages were printed until here." in shown
        assert "> counters, pages" in shown
        assert "zones, pages" not in shown
        assert "free is 2756 pages" in shown
        assert "zones, pages" not in await press(pilot, "tab", "tab", "tab", "tab", "tab")


async def test_a_memory_report_without_a_number_leaves_its_place_to_others(tmp_path: Path) -> None:
    text = "".join(NO_ZONES.splitlines(keepends=True)[:3])
    async with running(log(tmp_path, text), (80, 24)) as pilot:
        shown = text_of(pilot)
        assert "counters, pages" not in shown
        assert "> report" in shown


async def test_a_zone_that_the_request_cannot_use_was_not_asked(tmp_path: Path) -> None:
    async with running(two_zones(tmp_path, GFP_DMA), (120, 40)) as pilot:
        shown = text_of(pilot)
        assert "min 11◀" in shown, "no reserve is kept from who can use DMA alone"
        assert "refused" in next(line for line in shown.splitlines() if "┃DMA  " in line)
        assert "not asked" in next(line for line in shown.splitlines() if "┃DMA32" in line)
        shown = await press(pilot, "down", "down", "down", "down")
        assert "This request could not use DMA32: it was not" in shown
        assert "why: DMA32 free ─" in shown
    async with running(two_zones(tmp_path, GFP_ATOMIC), (120, 40)) as pilot:
        assert "not asked" not in text_of(pilot)


HIGH_MEM = """\
[    1.000000] SysRq : Show Memory
[    1.000020] Mem-Info:
[    1.000030] Node 0 Normal free:4000kB min:3000kB low:3500kB high:4000kB managed:800000kB
[    1.000040] lowmem_reserve[]: 0 0 500 500
[    1.000050] Node 0 HighMem free:80000kB min:500kB low:600kB high:700kB managed:900000kB
[    1.000060] lowmem_reserve[]: 0 0 0 0
[    2.000000] CPU: 0 PID: 1 Comm: dev Not tainted 4.5.0-rc7 #1
"""


async def test_nobody_is_told_about_in_a_zone_that_he_cannot_use(tmp_path: Path) -> None:
    async with running(log(tmp_path, HIGH_MEM), (120, 40)) as pilot:
        shown = text_of(pilot)
        assert "why: Normal free" in shown, "the eye is led to what the kernel itself can use"
        assert "GFP_KERNEL is 250 pages from refusal (1000 >" in shown
        assert "reserve 0" in shown
        assert "refuses" not in shown
        shown = await press(pilot, "down", "down", "down", "down")
        assert "why: HighMem free" in shown
        assert "GFP_KERNEL is" not in shown


async def test_what_all_rules_agree_on_is_told_though_the_release_is_unknown(
    tmp_path: Path,
) -> None:
    text = TWO_ZONES.format(mode=GFP_ATOMIC, reserve=RESERVE, none=NONE)
    lines = [line for line in text.splitlines(keepends=True) if "Comm:" not in line]
    few = "".join(lines).replace("free:8000kB", "free:80kB").replace("free:40kB", "free:4kB")
    async with running(log(tmp_path, few), (120, 40)) as pilot:
        shown = text_of(pilot)
        assert "kernel unknown" in shown
        assert "why: DMA32 free, asked for order 0" in shown
        assert "numbers  20 <= " in shown


TWO_BOOTS = """\
[    1.000000] Linux version 4.5.0-rc7
[    5.000000] Mem-Info:
[    5.000030] Node 0 DMA32 free:8000kB min:400kB low:500kB high:600kB managed:80000kB
[    5.000040] lowmem_reserve[]: 0 0 0 0
[    0.000000] Linux version 4.5.0-rc7
[    3.000000] Mem-Info:
[    3.000030] Node 0 DMA32 free:800kB min:400kB low:500kB high:600kB managed:80000kB
[    3.000040] lowmem_reserve[]: 0 0 0 0
"""


async def test_nothing_joins_two_boots(tmp_path: Path) -> None:
    path = tmp_path / f"{'long-' * 12}name.log"
    path.write_text(TWO_BOOTS)
    async with running(str(path), (80, 24)) as pilot:
        assert "boot 1/2" in text_of(pilot).splitlines()[0], "however long the names are"
        await pilot.resize_terminal(120, 40)
        shown = text_of(pilot)
        assert GUESS not in shown


MANY_ZONES = "".join(
    f"""[    1.00000{n}] Node {node} {zone} free:{free}kB min:400kB low:500kB high:600kB
[    1.00000{n}] lowmem_reserve[]: 0 0 0 0
"""
    for n, (node, zone, free) in enumerate(
        ((0, "DMA", 900), (0, "DMA32", 900), (0, "Normal", 900), (1, "Normal", 40)), 3
    )
)


async def test_no_part_of_a_zone_stands_without_its_name(tmp_path: Path) -> None:
    head = "".join(TWO_ZONES.splitlines(keepends=True)[:3]).format(mode=GFP_ATOMIC)
    async with running(log(tmp_path, head + MANY_ZONES), (80, 24)) as pilot:
        lines = text_of(pilot).splitlines()
        top = next(n for n, line in enumerate(lines) if "> zones" in line)
        assert "┃1:Normal" in text_of(pilot)
        assert lines[top + 1].startswith(("┃0:DMA32", "┃0:Normal"))
    twice = head + MANY_ZONES + head.replace("1.0000", "2.0000") + MANY_ZONES
    async with running(log(tmp_path, twice), (120, 38)) as pilot:
        lines = text_of(pilot).splitlines()
        top = next(n for n, line in enumerate(lines) if "> zones" in line)
        assert lines[top + 1][1] in "01", lines[top + 1]


async def test_the_report_of_a_kill_is_read_from_its_top(tmp_path: Path) -> None:
    tasks = "".join(
        f"[    1.0{n:05}] [{n:5}]     0 {n:5}     1000    {n}       4        0         0 idle\n"
        for n in range(100, 150)
    )
    text = f"""\
[    1.000000] eater invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null), order=0, \
oom_score_adj=0
[    1.000100] Task in /a killed as a result of limit of /a
[    1.000200] memory: usage 980kB, limit 980kB, failcnt 42
[    1.000300] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
{tasks}\
[    1.900001] Killed process 149 (idle) total-vm:4000kB, anon-rss:596kB, file-rss:0kB
"""
    async with running(log(tmp_path, text), (80, 24)) as pilot:
        shown = text_of(pilot)
        assert "> report" in shown
        assert "killed idle (149)" in shown
        assert "/a used 980 kB of its 980 kB" in shown


async def test_no_floor_is_told_where_the_reserve_is_not_known(tmp_path: Path) -> None:
    async with running(two_zones(tmp_path, GFP_ATOMIC, told=False), (120, 40)) as pilot:
        shown = text_of(pilot)
        assert "reserve ?" in shown
        assert "above every floor" not in shown


async def test_a_log_that_fits_is_shown_from_its_first_line(tmp_path: Path) -> None:
    text = "one\ntwo\nthree\n[    1.000000] dev: page allocation failure: order:0, mode:0x1\n"
    async with running(log(tmp_path, text), (120, 40)) as pilot:
        assert "│ ?one" in text_of(pilot)


EMPTY = " ".join(f"0*{4 << order}kB" for order in range(1, 11))
BLOCKS = "".join(
    f"[    1.0001{n}0] Node {node} {zone}: 7*4kB (UEM) {EMPTY} = 28kB\n"
    for n, (node, zone) in enumerate(((0, "DMA"), (0, "DMA32"), (0, "Normal"), (1, "Normal")))
)


async def test_free_lists_name_the_node_and_fit_beside_each_other(tmp_path: Path) -> None:
    head = "".join(TWO_ZONES.splitlines(keepends=True)[:3]).format(mode=GFP_ATOMIC)
    async with running(log(tmp_path, head + MANY_ZONES + BLOCKS), (120, 40)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, PlayScreen)
        screen.panels.choose_lower("lists")
        await settle(pilot)
        panel = screen.panels.panel("lists")
        rows = [plain(one) for one in panel.rows]
        assert rows[0].split() == ["order", "0:DMA", "0:DMA32", "0:Normal", "1:Normal"]
        assert rows[1].count("UEM") == 4
        assert max(map(len, rows)) <= panel.size.width


async def test_the_names_of_a_long_mask_are_whole(tmp_path: Path) -> None:
    names = "GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_NOTRACK"
    text = f"[    1.000000] dev: page allocation failure: order:0, mode:0x27080c0({names})\n"
    async with running(log(tmp_path, text), (120, 40)) as pilot:
        report = text_of(pilot).split("> report")[1]
        shown = [line.split("┃")[1].strip() for line in report.splitlines() if "┃" in line]
        assert names in "".join(shown)
