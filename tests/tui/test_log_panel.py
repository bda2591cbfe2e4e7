"""The log pane: which lines are in sight, and that long ones are whole on a large screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from mmplay.tui.cells import plain
from mmplay.tui.panels.log_panel import GOES_ON, LogPanel, folded
from tests.conftest import INCIDENT_RC7
from tests.tui.screens import press, running, settle

LARGE = (200, 60)


def log_of(pilot: Pilot[None]) -> LogPanel:
    return pilot.app.screen.query_one("#log", LogPanel)


def in_sight(panel: LogPanel) -> list[str]:
    shown = range(panel.top, panel.top + panel.size.height)
    return [plain(row) for n in shown if (row := panel.row_at(n)) is not None]


def whole(rows: list[str]) -> str:
    """Return the text of rows as if no line had been parted."""
    text = ""
    for one in rows:
        inner = one[2:].rstrip()
        goes_on = inner.startswith(GOES_ON)
        text += " " + inner.removeprefix(GOES_ON) if goes_on else "\n" + inner
    return text


@given(st.text(st.sampled_from("ab :"), max_size=90), st.integers(10, 40))
def test_a_folded_line_loses_nothing_but_the_spaces_at_its_folds(text: str, width: int) -> None:
    rows = folded(text, width)
    assert all(len(one) <= width for one in rows)
    said = rows[0] + "".join(one.removeprefix(GOES_ON) for one in rows[1:])
    assert said.replace(" ", "") == text.replace(" ", "")


async def test_every_line_of_a_log_is_whole_on_a_large_screen() -> None:
    async with running(INCIDENT_RC7, LARGE) as pilot:
        panel = log_of(pilot)
        panel.focus()
        timeline = pilot.app.screen.player.timeline  # type: ignore[attr-defined]
        for line in timeline.lines(1, timeline.line_count):
            panel.go_to_line(line.number)
            await settle(pilot)
            assert line.text.rstrip() in whole(in_sight(panel))


@pytest.mark.parametrize("size", [(160, 50), LARGE])
async def test_the_cursor_stays_in_sight_and_the_panel_full(size: tuple[int, int]) -> None:
    async with running(INCIDENT_RC7, size) as pilot:
        panel = log_of(pilot)
        panel.focus()
        count = pilot.app.screen.player.timeline.line_count  # type: ignore[attr-defined]
        for key, least in (("G", count), ("g", 1), ("pagedown", 2), ("down", 3), ("G", count)):
            await press(pilot, key)
            assert panel.line >= least
            assert sum(one.startswith(">") for one in in_sight(panel)) == 1, (key, panel.size)
            assert len(in_sight(panel)) == panel.size.height
        await press(pilot, *["up"] * 30)
        assert panel.line == count - 30
        assert in_sight(panel)[0].startswith(">") or count - 30 > panel.top + 1


async def test_a_click_where_a_line_goes_on_chooses_that_line() -> None:
    async with running(INCIDENT_RC7, LARGE) as pilot:
        panel = log_of(pilot)
        rows = in_sight(panel)
        y = next(n for n, one in enumerate(rows) if one[2:].startswith(GOES_ON))
        await pilot.click("#log", offset=(9, y + 1))
        await settle(pilot)
        assert whole(in_sight(panel)[y - 1 : y]).lstrip() in panel.value
        assert in_sight(panel)[y - 1].startswith(">")


async def test_a_line_longer_than_the_panel_is_shown_as_far_as_it_goes() -> None:
    async with running(INCIDENT_RC7, LARGE) as pilot:
        panel = log_of(pilot)
        line = panel._line(1)
        assert line is not None
        panel._cache[1] = line._replace(text="x" * 1_000_000)
        panel._laid = None, []
        panel.go_to_line(1)
        assert len(in_sight(panel)) == panel.size.height
