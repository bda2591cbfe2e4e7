"""A simulated run on the play screen: the same screen, the same keys, at three sizes."""

from __future__ import annotations

import pytest

from mmplay.tui.app import MmplayApp
from tests.sessions import incident_run
from tests.tui.screens import press, settle, text_of

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
async def test_event_by_event_to_the_depletion(size: tuple[int, int]) -> None:
    run = incident_run(61_530_000_000)
    app = MmplayApp(run, 0, ascii_only=False)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "1742" in text_of(pilot)
        assert "59.634934" in await press(pilot, "t", "t"), "the first, silent request for a slab"
        shown = await press(pilot, "t")
        assert "page allocation failure" in shown
        assert "61.525" in shown
        assert shown.count(" refused") >= 2
        assert "0 <= 0: refused, 1 page short" in shown
        assert "turn " in await press(pilot, ",")
