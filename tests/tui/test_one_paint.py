"""A key is painted once, when all that it changes has been laid out: each paint takes its time."""

from __future__ import annotations

import pytest
from textual._compositor import LayoutUpdate
from textual.pilot import Pilot

from mmplay.levels.catalogue import find_level
from mmplay.recordings.library import open_recording
from mmplay.tui import keyboard
from mmplay.tui.app import MmplayApp
from mmplay.tui.play.panels import Panels
from tests.tui.screens import press, settle

pytestmark = pytest.mark.usefixtures("held_motion")

Paints = list[object]

NEVER_S = 10**6


@pytest.fixture
def paints(monkeypatch: pytest.MonkeyPatch) -> Paints:
    """What was painted, as it comes."""
    monkeypatch.setattr(keyboard, "HOLD_S", NEVER_S)
    seen: Paints = []
    show = MmplayApp._display

    def noted(app: MmplayApp, screen: object, update: object) -> None:
        if update is not None:
            seen.append(update)
        show(app, screen, update)  # type: ignore[arg-type]

    monkeypatch.setattr(MmplayApp, "_display", noted)
    return seen


async def painted(pilot: Pilot[None], paints: Paints, key: str) -> int:
    paints.clear()
    await press(pilot, key)
    await settle(pilot)
    return len(paints)


async def test_a_key_on_a_recording_is_painted_once(paints: Paints) -> None:
    app = MmplayApp(open_recording("incident-4.5.0-rc7"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for key in ("down", "full_stop", "comma", "v", "z", "z", *["tab"] * 7):
            assert await painted(pilot, paints, key) == 1, key


async def test_the_machine_behind_a_level_comes_in_one_paint(paints: Paints) -> None:
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        for key in ("tab", "tab", "tab", "v", "tab", "tab"):
            assert await painted(pilot, paints, key) <= 1, key


async def test_styles_are_computed_once_where_the_machine_comes_into_sight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed: list[str] = []
    update = Panels.update_node_styles

    def noted(panels: Panels, animate: bool = True) -> None:
        computed.append(str(sorted(panels.classes)))
        update(panels, animate)

    monkeypatch.setattr(Panels, "update_node_styles", noted)
    app = MmplayApp(level=find_level("L03"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        computed.clear()
        await press(pilot, "L")
        assert len(computed) == 1


async def test_a_change_of_the_focus_draws_the_two_panels_alone(paints: Paints) -> None:
    app = MmplayApp(open_recording("incident-4.5.0-rc7"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await painted(pilot, paints, "tab")
        assert not any(isinstance(one, LayoutUpdate) for one in paints)
