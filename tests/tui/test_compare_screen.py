"""The compare screen: a fork beside its origin, at three sizes; a run beside a log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmplay.tui.app import MmplayApp
from mmplay.tui.glyphs import ASCII, BOXES
from mmplay.tui.screens.compare import CompareScreen
from tests.sessions import incident_run
from tests.tui.screens import SIZES, press, running, settle, text_of, type_in


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def both_sides(shown: str) -> tuple[float, int, int]:
    """Return the moment that both sides stand at, and their free pages there."""
    moment = re.search(r"free pages at (\d+\.\d+) s", shown)
    found = re.search(r"free pages of DMA\S* A (\d+) B (\d+) \([+-]\d+\)", shown)
    assert moment is not None, shown
    assert found is not None, shown
    return float(moment[1]), int(found[1]), int(found[2])


@pytest.mark.parametrize("size", SIZES)
async def test_a_fork_with_another_mask(size: tuple[int, int]) -> None:
    app = MmplayApp(incident_run(59_900_000_000))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "5", "f", "x")
        await type_in(pilot, "wb_mask nowait")
        await press(pilot, "B")
        await type_in(pilot, "time_us >= 59890000")
        shown = await press(pilot, "d")
        assert "COMPARE" in shown
        said = " ".join(shown.splitlines()[1:3])
        assert "page requests of wb_start_writeback that failed: " in said.lower()
        assert "by an act: nothing in A, wb_mask nowait in B." in " ".join(said.split())
        assert "they first differ at turn" in shown
        assert "free pages of DMA32, in pages" in shown
        assert "numbers" in shown
        first = both_sides(await press(pilot, "full_stop"))
        later = both_sides(await press(pilot, "full_stop"))
        assert first[0] < later[0]
        assert both_sides(await press(pilot, "comma")) == first
        panels = [app.screen.query_one(f"#{name}").region for name in ("parting", "chart")]
        assert (panels[0].y == panels[1].y) == (size != SIZES[0]), "side by side where it is wide"
        table = await press(pilot, "G")
        assert "failed less often" in table or "B - A" in table or "wb_" in table
        assert "density: raw" in await press(pilot, "v")
        await press(pilot, "b")
        assert "nowhere" in await type_in(pilot, "nowhere")
        back = await press(pilot, "q")
        assert "COMPARE" not in back


async def test_numbers_are_seen_on_the_smallest_screen() -> None:
    app = MmplayApp(incident_run(59_660_000_000))
    async with app.run_test(size=(80, 23)) as pilot:
        await settle(pilot)
        await press(pilot, "d")
        shown = await type_in(pilot, "incident-run-none")
        table = shown[shown.index("> numbers") :].splitlines()
        assert any(re.search(r"[+-]\d+ +┃$", line) for line in table), shown


async def test_a_log_beside_a_run() -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        await press(pilot, "d")
        shown = await type_in(pilot, "incident-next-20160311")
        assert "COMPARE" in shown
        assert "incident-next" in shown
        said = " ".join(" ".join(shown.splitlines()[1:4]).split())
        assert "Free pages of DMA32: 1300 in A, 629 in B; they part at frame 1, " in said
        assert " in A, frame 1, 89.794733 s in B" in said


async def test_long_names_share_the_title(tmp_path: Path) -> None:
    for end in "ab":
        (tmp_path / f"{'name-' * 9}{end}.log").write_text(
            "[    1.000000] dev: page allocation failure: order:0, mode:0x1\n"
        )
    async with running(str(tmp_path / f"{'name-' * 9}a.log")) as pilot:
        await press(pilot, "d")
        shown = await type_in(pilot, str(tmp_path / f"{'name-' * 9}b.log"))
        title, verdict = shown.splitlines()[:2]
        assert title.count("...") == 2
        assert "B: name-" in title
        assert "No number is in both." in verdict


async def test_what_cannot_be_opened_is_said() -> None:
    async with running("incident-4.5.0-rc7") as pilot:
        await press(pilot, "d")
        assert "no such file" in await type_in(pilot, "nothing")


@pytest.mark.parametrize("glyphs", [ASCII, BOXES])
async def test_equal_runs_have_nothing_to_show(glyphs: object) -> None:
    app = MmplayApp(incident_run(59_600_000_000))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        one, two = incident_run(59_600_000_000), incident_run(59_600_000_000)
        app.push_screen(CompareScreen(one, two, glyphs))  # type: ignore[arg-type]
        await settle(pilot)
        await settle(pilot)
        assert "nothing differs" in text_of(pilot)
        assert "Every number is the same." in text_of(pilot)
