"""Every key: one table that makes the bindings, the footer, the help and the palette.

An act's name is also its command in the palette and the name of the `action_...` that does it.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType


class Act(NamedTuple):
    """One thing a user can do: the action, its keys as Textual names them, how to show them.

    `footer` is the word in the footer, empty if it is not shown there.
    """

    action: str
    keys: str
    shown: str
    help: str
    group: str
    footer: str = ""

    @property
    def name(self) -> str:
        """The command name in the palette."""
        return self.action.split("(")[0].removeprefix("app.").replace("_", " ")

    def binding(self) -> Binding:
        """Return the Textual binding."""
        return Binding(self.keys, self.action, self.help, show=False, key_display=self.shown)


TIME = "Time"
LOOK = "Look"
FIND = "Find"
RUN = "Run"
LEVEL = "Level"
OTHER = "Other"

PLAY_ACTS: tuple[Act, ...] = (
    Act("step(-1)", "comma", ",", "one frame back", TIME),
    Act("step(1)", "full_stop", ".", "one frame forward", TIME, ", . frame"),
    Act("event(1)", "t", "t", "next event", TIME, "t T event"),
    Act("event(-1)", "T", "T", "previous event", TIME),
    Act("marker(1)", "right_square_bracket", "]", "next marker", TIME),
    Act("marker(-1)", "left_square_bracket", "[", "previous marker", TIME),
    Act("play_or_pause", "space", "Space", "play or pause", TIME, "Space play"),
    Act("play_or_pause(-1)", "P", "P", "play backwards", TIME),
    Act("speed(-1)", "less_than_sign", "<", "slower", TIME),
    Act("speed(1)", "greater_than_sign", ">", "faster", TIME),
    Act("first", "r", "r", "first frame", TIME),
    Act("last", "Z", "Z", "last frame", TIME),
    Act("go_to", "b", "b", "go to a time, frame or word", FIND, "b go to"),
    Act("search", "slash", "/", "search the log", FIND, "/ search"),
    Act("match(1)", "n", "n", "next match", FIND),
    Act("match(-1)", "N", "N", "previous match", FIND),
    Act("mark", "m", "m", "mark this frame", FIND),
    Act("go_to_mark", "apostrophe", "'", "go to a mark; '' returns", FIND),
    Act("break", "B", "B", "break at a counter or event", FIND),
    Act("explain", "e", "e", "explain the number here", LOOK, "e explain"),
    Act("density", "v", "v", "density: calm, full, raw", LOOK),
    Act("next_panel", "tab", "Tab", "next panel", LOOK, "Tab panel"),
    Act("previous_panel", "shift+tab", "S-Tab", "previous panel", LOOK),
    Act("zoom", "z", "z", "zoom the panel", LOOK),
    Act("copy_value", "y", "y", "copy the value here", LOOK),
)
"""The acts of the play screen, besides the digits, which jump to 0 % .. 90 %."""

RUN_ACTS: tuple[Act, ...] = (
    Act("inside", "i", "i", "go inside this turn, or out", RUN, "i inside"),
    Act("act", "x", "x", "do something to the machine", RUN, "x act"),
    Act("stack", "c", "c", "show the call stack", RUN),
    Act("where", "s", "s", "show where in the kernel", RUN),
    Act("undo", "u", "u", "undo your last act", RUN, "u undo"),
    Act("redo", "ctrl+r", "^R", "redo it", RUN),
    Act("fork", "f", "f", "fork here, to try something else", RUN, "f fork"),
    Act("other", "o", "o", "show the other fork", RUN),
    Act("compare", "d", "d", "compare with the other fork", RUN, "d diff"),
    Act("annotate", "a", "a", "write a note here", RUN),
    Act("export", "E", "E", "export: csv, html, perfetto ...", RUN),
    Act("changes", "V", "V", "list changes and assumptions", RUN),
)
"""What can be done to a simulated run, or to a fork of anything."""

LEVEL_ACTS: tuple[Act, ...] = (
    Act("answer", "p", "p", "answer the question", LEVEL, "p answer"),
    Act("hint", "H", "H", "hint: the first is free", LEVEL, "H hint"),
    Act("skip", "S", "S", "skip the question", LEVEL),
    Act("incident", "M", "M", "the incident's lines beside the run's", LEVEL),
    Act("restart", "R", "R", "begin the level again", LEVEL),
)
"""What only a level has; digits choose while there is something to choose."""

COMPARE_ACTS: tuple[Act, ...] = (
    Act("next_panel", "tab", "Tab", "next panel", LOOK, "Tab panel"),
    Act("previous_panel", "shift+tab", "S-Tab", "previous panel", LOOK),
    Act("align", "b", "b", "align on another moment", FIND, "b align"),
    Act("density", "v", "v", "what differs, or every number", LOOK, "v density"),
)

DIGIT_ACTS: tuple[Act, ...] = tuple(
    Act(f"jump({digit})", str(digit), str(digit), f"jump to {digit}0 %", TIME)
    for digit in range(10)
)

MENU_ACTS: tuple[Act, ...] = (
    Act("open", "enter", "Enter", "open the chosen entry", OTHER, "Enter open"),
    Act("section('level')", "1", "1", "go to the levels", OTHER, "1 levels"),
    Act("section('open')", "2", "2", "go to the recordings", OTHER, "2 recordings"),
    Act("section('played')", "3", "3", "go to what was played", OTHER, "3 played"),
    Act("import_log", "i", "i", "import a kernel log by its path", OTHER, "i import a log"),
)

GLOSSARY_ACTS: tuple[Act, ...] = (
    Act("search", "slash", "/", "search the terms", FIND, "/ search"),
    Act("next_panel", "tab,shift+tab", "Tab", "switch between terms and text", LOOK, "Tab panel"),
    Act("follow", "enter", "Enter", "open what is here", LOOK, "Enter follow"),
    Act("go_back", "backspace", "Backspace", "back to the term before", LOOK, "Backspace back"),
    Act("copy_value", "y", "y", "copy the term's name", LOOK),
)
"""The acts of the glossary."""

COMMON_ACTS: tuple[Act, ...] = (
    Act("app.help", "question_mark,f1", "?", "this help", OTHER, "? keys"),
    Act("app.glossary", "f8", "F8", "glossary: what a term means", OTHER),
    Act("app.command_palette", "colon", ":", "every act by name (Ctrl+P)", OTHER),
    Act("leave", "q", "q", "go back; in the menu: quit", OTHER, "q back"),
    Act("escape", "escape", "Esc", "close, go back, never quit", OTHER),
)

PANEL_KEYS: tuple[tuple[str, str], ...] = (
    ("h j k l", "move (arrows too)"),
    ("g G", "top, bottom"),
    ("PgUp PgDn", "a page up, down"),
    ("Enter", "open what is here"),
    ("Backspace", "back to the number before"),
)
"""Keys of the focused panel, for the help; the panels bind them themselves."""


def bindings(*groups: tuple[Act, ...]) -> list[BindingType]:
    """Return the Textual bindings of all acts in the groups."""
    return [act.binding() for group in groups for act in group]


def footer_text(acts: tuple[Act, ...], width: int) -> str:
    """Return the footer: as many of the acts' words as fit, the last ones kept first.

    The way out and the help stand at the end and are never cut off.
    """
    words = [act.footer for act in acts if act.footer]
    common = [act.footer for act in COMMON_ACTS if act.footer]
    while words and len("  ".join([*words, *common])) + 2 > width:
        words.pop()
    return " " + "  ".join([*words, *common])
