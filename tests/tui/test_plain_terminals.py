"""Terminals that have no colours or only ASCII, help that is not cut, a picture of the screen."""

import re
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color

from mmplay.levels.catalogue import find_level
from mmplay.tui import keys
from mmplay.tui.app import MmplayApp
from mmplay.tui.cells import plain
from mmplay.tui.keys import Key
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.screens.boxes import help_rows
from mmplay.tui.theme import THEMES
from tests.conftest import INCIDENT_RC7
from tests.tui.screens import press, running, settle, text_of

OURS = re.compile("mm-(?!depth)")

OPENS = ("question_mark", "f8", "colon", "b", "m", "V", "slash")
"""Keys that open something, which Escape closes."""

SHOWS = ("e", "c", "v", "z", "tab", "tab", "tab", "Z")


@pytest.mark.parametrize("recording", [None, INCIDENT_RC7])
async def test_ascii_draws_with_ascii_only(recording: str | None) -> None:
    async with running(recording, (120, 40), ascii_only=True) as pilot:
        opened = [key for opens in OPENS for key in (opens, "escape")]
        for way in ([], *([key] for key in (*opened, *SHOWS))):
            shown = await press(pilot, *way)
            assert shown.strip()
            assert [letter for letter in shown if not letter.isascii()] == [], way


async def test_a_level_draws_with_ascii_only() -> None:
    app = MmplayApp(level=find_level("L05"), ascii_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert text_of(pilot).isascii()
        assert (await press(pilot, "p", "H")).isascii()


@pytest.mark.parametrize("theme", [one.name for one in THEMES])
async def test_without_colours_a_verdict_stands_out(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(INCIDENT_RC7) as pilot:
        pilot.app.theme = theme
        await settle(pilot)
        zones = pilot.app.screen.query_one("#zones", CellPanel)

        def contrast(role: str) -> float:
            colour = zones._drawn.style(role).color
            assert colour is not None
            ground = zones.background_colors[1].monochrome.brightness
            return abs(Color.from_rich_color(colour).monochrome.brightness - ground)

        told = ("refused", "zero", "below_min", "below_low", "below_high", "fine")
        assert min(contrast(role) for role in told) >= contrast("number") > contrast("dim")


XTERM = (
    *("#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5"),
    *("#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff"),
)
"""The sixteen colours as xterm shows them."""

LEGIBLE = 3.0
"""Contrast that WCAG 2.1 asks of large text."""


def luminance(colour: str) -> float:
    parts = [part / 255 for part in Color.parse(colour).rgb]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [one.name for one in THEMES])
async def test_sixteen_colours_can_be_read_on_their_ground(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with running(INCIDENT_RC7) as pilot:
        pilot.app.theme = theme
        await settle(pilot)
        variables = pilot.app.theme_variables

        def seen(colour: str) -> float:
            number = RichColor.parse(colour).downgrade(ColorSystem.STANDARD).number
            assert number is not None
            return luminance(XTERM[number])

        ground = seen(variables["background"])
        for name in ("accent", "secondary", "foreground", *filter(OURS.match, variables)):
            light, dark = sorted((seen(variables[name]), ground), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= LEGIBLE, name
        zones = pilot.app.screen.query_one("#zones", CellPanel)
        assert zones._drawn.style("deep_fine").color == zones._drawn.style("fine").color


@pytest.mark.parametrize("width", [38, 76, 118])
@pytest.mark.parametrize(
    "acts",
    [
        (*keys.PLAY_KEYS, *keys.RUN_KEYS, *keys.DIGIT_KEYS, *keys.LEVEL_KEYS),
        *(keys.COMPARE_KEYS, keys.MENU_KEYS, keys.GLOSSARY_KEYS),
    ],
)
def test_help_cuts_no_word(acts: tuple[Key, ...], width: int) -> None:
    rows = help_rows(acts, width)
    words = {word for line in rows for word in plain(line).split()}
    digits = {str(digit) for digit in range(10)}
    shown = [act for act in keys.with_common(acts) if act.shown not in digits]
    wanted = {word for act in shown for word in (*act.shown.split(), *act.help.split())}
    assert wanted - words == set()
    assert all(len(plain(line).rstrip()) <= width for line in rows)


@pytest.mark.usefixtures("guessing")  # the palette waits for what is typed to come to an end
async def test_a_picture_of_the_screen_is_saved_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(INCIDENT_RC7) as pilot:
        for number in (1, 2):
            await pilot.press("colon")
            await settle(pilot)
            await pilot.press(*"screenshot")
            await settle(pilot)
            await press(pilot, "enter")
            await settle(pilot)
            assert f"written: mmplay-{number}.svg" in text_of(pilot)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["mmplay-1.svg", "mmplay-2.svg"]
    assert "<svg" in (tmp_path / "mmplay-1.svg").read_text()
