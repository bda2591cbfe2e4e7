"""Colours. Roles get them here; each role is also told by a word, a glyph or a sign.

The default theme keeps to blue, cyan, yellow, orange and magenta, which people who cannot tell
red from green can tell apart.
"""

from __future__ import annotations

from dataclasses import replace

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

DEFAULT_THEME = "mmplay-safe"

ROLE_DEFAULTS: dict[str, str] = {
    "mm-fine": "#5a9bff",
    "mm-below-high": "#41c7d9",
    "mm-below-low": "#e6d04a",
    "mm-below-min": "#ff9e3d",
    "mm-refused": "#f06ad8",
    "mm-mark": "#b9c2d0",
    "mm-dim": "#8791a1",
    "mm-label": "#e8ecf2",
    "mm-number": "#ffffff",
    "mm-link": "#7fb4ff",
    "mm-depth": "shaded",
}
"""Colour variables of the roles; themes may set their own. `mm-depth` tells how to draw water."""

SAFE = Theme(
    name=DEFAULT_THEME,
    primary="#5a9bff",
    secondary="#41c7d9",
    accent="#ffb454",
    foreground="#d7dde6",
    background="#10141b",
    surface="#161b24",
    panel="#1d2430",
    success="#5a9bff",
    warning="#e6d04a",
    error="#f06ad8",
    dark=True,
    variables=ROLE_DEFAULTS,
)

CONTRAST = Theme(
    name="mmplay-contrast",
    primary="#ffffff",
    secondary="#00ffff",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    success="#00aaff",
    warning="#ffff00",
    error="#ff66ff",
    dark=True,
    variables={
        **ROLE_DEFAULTS,
        "mm-fine": "#66b3ff",
        "mm-dim": "#d0d0d0",
        "mm-mark": "#ffffff",
        "mm-refused": "#ff66ff",
    },
)

LIGHT = Theme(
    name="mmplay-light",
    primary="#0b5cad",
    secondary="#006f7f",
    accent="#a34700",
    foreground="#1b2028",
    background="#fbfbf8",
    surface="#f3f3ee",
    panel="#e9e9e2",
    success="#0b5cad",
    warning="#7a6200",
    error="#9c1c86",
    dark=False,
    variables={
        "mm-fine": "#0b5cad",
        "mm-below-high": "#00707f",
        "mm-below-low": "#7a6200",
        "mm-below-min": "#a34700",
        "mm-refused": "#9c1c86",
        "mm-mark": "#3d4653",
        "mm-dim": "#5d6673",
        "mm-label": "#11151b",
        "mm-number": "#000000",
        "mm-link": "#0b5cad",
    },
)

THEMES: tuple[Theme, ...] = (SAFE, CONTRAST, LIGHT)

RED, BLUE, MAGENTA, GREY = "#aa0000", "#0000aa", "#aa00aa", "#555555"
"""Of the sixteen colours of a terminal those that can be read on a light ground.

Rich finds a terminal's colour by these values; yellow, green and cyan all but vanish on white.
"""

LIGHT_OF_16 = replace(
    LIGHT,
    secondary=BLUE,
    accent=RED,
    variables={
        **LIGHT.variables,
        **{"mm-fine": BLUE, "mm-below-high": BLUE, "mm-below-low": RED, "mm-below-min": RED},
        **{"mm-refused": MAGENTA, "mm-mark": GREY, "mm-dim": GREY, "mm-link": BLUE},
    },
)


def of_sixteen(theme: Theme) -> Theme:
    """Return a theme for a terminal of sixteen colours, none of which is a shade of another."""
    shown = theme if theme.dark else LIGHT_OF_16
    return replace(shown, variables={**shown.variables, "mm-depth": "flat"})


TOLD_BY_COLOUR = ("fine", "below-high", "below-low", "below-min", "refused", "link")


def without_colour(variables: dict[str, str]) -> dict[str, str]:
    """Return colour variables for a screen in greys: a verdict must not be darker than a number."""
    return {**variables, **{f"mm-{role}": variables["mm-number"] for role in TOLD_BY_COLOUR}}


DEEP = "deep"
"""An attribute of our own: the colour is drawn darker, or paler, as water is below its surface."""

DEEP_SHARE = 0.4
"""How much of the background shines through it."""

REVERSE = Style(reverse=True)
"""The cursor: told by reversal, whatever the colours."""

ROLE_STYLES: dict[str, tuple[str, str]] = {
    "text": ("", ""),
    "dim": ("mm-dim", ""),
    "label": ("mm-label", "bold"),
    "number": ("mm-number", ""),
    "changed": ("mm-number", "bold"),
    "fine": ("mm-fine", ""),
    "right": ("mm-fine", "bold"),
    "below_high": ("mm-below-high", ""),
    "below_low": ("mm-below-low", ""),
    "below_min": ("mm-below-min", ""),
    "in_fine": ("mm-fine", f"reverse {DEEP}"),
    "deep_fine": ("mm-fine", DEEP),
    "in_below_high": ("mm-below-high", f"reverse {DEEP}"),
    "deep_below_high": ("mm-below-high", DEEP),
    "in_below_low": ("mm-below-low", f"reverse {DEEP}"),
    "deep_below_low": ("mm-below-low", ""),
    "in_below_min": ("mm-below-min", f"reverse {DEEP}"),
    "deep_below_min": ("mm-below-min", ""),
    "refused": ("mm-refused", "bold"),
    "zero": ("mm-refused", "bold reverse"),
    "unknown": ("mm-dim", "italic"),
    "mark": ("mm-mark", ""),
    "link": ("mm-link", "underline"),
    "header": ("mm-label", "bold"),
    "here": ("accent", "bold"),
    "log": ("mm-label", ""),
    "hit": ("mm-number", "bold reverse"),
}
"""Each role's colour variable and attributes.

Not component classes: Textual computes those for every widget, which doubles the time to the
first paint.
"""


def style_of(role: str, variables: dict[str, str]) -> Style:
    """Return the style of a role under a theme's variables; raises KeyError for no such role."""
    name, attributes = ROLE_STYLES[role]
    known = attributes.removesuffix(DEEP)
    style = Style.parse(known) if known else Style()
    if name:
        colour = Color.parse(variables[name])
        shaded = variables.get("mm-depth") != "flat" and "background" in variables
        if known != attributes and shaded:
            colour = colour.blend(Color.parse(variables["background"]), DEEP_SHARE)
        style += Style(color=colour.rich_color)
    return style
