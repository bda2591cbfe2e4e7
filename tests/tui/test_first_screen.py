"""The first screen of a log that somebody brings: what decided is in sight, and no word is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.recordings.library import open_recording
from mmplay.tui.app import MmplayApp
from mmplay.tui.panels.cell_panel import CellPanel
from tests.recordings.hosts import Host, HostZone, log
from tests.recordings.kind_logs import MEMCG_V1, stamped
from tests.tui.screens import SIZES, settle, text_of

LONG_NAME = "131-a-log-with-a-name-that-is-far-too-long-for-a-header.log"

LARGE = Host(
    *("6.8.0-rc3-1.gae4495f-default", 0xCC0, "GFP_KERNEL"),
    zones=(
        HostZone("DMA", 2432, (17, 21, 25), (0, 1000, 3000, 3000), managed=3840),
        HostZone("DMA32", 9379, (1364, 1853, 2342), (0, 0, 12962, 12962), managed=449287),
        HostZone("Normal", 93592, (8482, 9211, 9940), (0, 0, 0, 0), managed=3320496),
    ),
    order=9,
    stack=("kmalloc",),
)
"""Three zones, the last of which decides."""


async def first_screen(
    folder: Path, data: bytes, size: tuple[int, int], name: str = LONG_NAME
) -> tuple[str, str]:
    """Return the number under the cursor, and the screen."""
    path = folder / name
    path.write_bytes(data)
    app = MmplayApp(open_recording(str(path)))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        return app.screen.query_one("#zones", CellPanel).value, text_of(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_zone_that_decides_is_in_sight_with_its_marks(
    size: tuple[int, int], tmp_path: Path
) -> None:
    value, screen = await first_screen(tmp_path, log(LARGE), size)
    assert value == "93592"
    assert "min 8482 low 9211 high 9940" in screen
    assert "asked for order 9" in screen
    assert "An order-0 request" not in screen
    assert "93592 - 511 = 93081 > 8482: passes" in screen


async def test_a_header_keeps_the_release_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    _, screen = await first_screen(tmp_path, log(LARGE), (80, 24))
    header = screen.splitlines()[0]
    assert header.startswith(" 131-a-log-with-a-...  6.8.0-rc3-1.gae4495f-de...  1/1")
    assert len(header) <= 80


@pytest.mark.parametrize("size", SIZES)
async def test_a_kill_in_a_cgroup_shows_who_and_the_limit_not_two_empty_panels(
    size: tuple[int, int], tmp_path: Path
) -> None:
    _, screen = await first_screen(tmp_path, stamped(MEMCG_V1), size, "a.log")
    assert "/oven used 8.0 MiB of its 8.0 MiB" in " ".join(screen.split())
    assert "killed baker (55)" in screen
    assert "Move the cursor" not in screen
    assert screen.count("No memory was printed until here") == 1
    assert "zones, pages" not in screen
    history = screen.splitlines().index(" No memory was printed until here.")
    assert "> report" in screen.splitlines()[history + 3]
    assert ("─ log ─" in screen) is (size != SIZES[0]), "a wide screen has room for it"


async def test_a_log_without_times_says_so_once(tmp_path: Path) -> None:
    bare = "a: page allocation failure: order:0, mode:0x2080020(GFP_ATOMIC)\n"
    _, screen = await first_screen(tmp_path, bare.encode(), (80, 24), "a.log")
    assert "t=no time" not in screen
    assert screen.count("no time") == 2, "in the header, and on the line of time"
