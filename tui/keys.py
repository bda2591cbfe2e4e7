"""Every key: one table that makes the bindings, the footer, the help and the palette.

A key's name is also its command in the palette and the name of the `action_...` that does it.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType

from mmplay.engine.frame import Ask
from mmplay.tui.cells import Cell, Row

KEY = "key"
"""The sort of question that a part of the footer is: its action is done at a click."""


class Key(NamedTuple):
    """One row of the table: the action, its keys as Textual names them, how to show them.

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
MENU = "Menu"
NOW = "Now"
AFTER = "After a level"

_NEXT_PANEL = Key("next_panel", "tab", "Tab", "next panel", LOOK, "Tab panel")
_PREVIOUS_PANEL = Key("previous_panel", "shift+tab", "S-Tab", "previous panel", LOOK)
_ZOOM = Key("zoom", "z", "z", "zoom the panel", LOOK)

PLAY_KEYS: tuple[Key, ...] = (
    Key("step(-1)", "comma", ",", "one frame back", TIME),
    Key("step(1)", "full_stop", ".", "one frame forward", TIME, ", . frame"),
    Key("event(1)", "t", "t", "next event", TIME, "t T event"),
    Key("event(-1)", "T", "T", "previous event", TIME),
    Key("marker(1)", "right_square_bracket", "]", "next marker", TIME),
    Key("marker(-1)", "left_square_bracket", "[", "previous marker", TIME),
    Key("play_or_pause", "space", "Space", "play or pause", TIME, "Space play"),
    Key("play_or_pause(-1)", "P", "P", "play backwards", TIME),
    Key("speed(-1)", "less_than_sign", "<", "slower", TIME),
    Key("speed(1)", "greater_than_sign", ">", "faster", TIME),
    Key("first", "r", "r", "first frame", TIME),
    Key("last", "Z", "Z", "last frame", TIME),
    Key("go_to", "b", "b", "go to a time, frame or word", FIND, "b go to"),
    Key("search", "slash", "/", "search the log", FIND, "/ search"),
    Key("match(1)", "n", "n", "next match", FIND),
    Key("match(-1)", "N", "N", "previous match", FIND),
    Key("mark", "m", "m", "mark this frame", FIND),
    Key("go_to_mark", "apostrophe", "'", "go to a mark; '' returns", FIND),
    Key("break", "B", "B", "break at a counter or event", FIND),
    Key("explain", "e", "e", "explain the number here", LOOK, "e explain"),
    Key("what_if", "w", "w", "what if: other settings", LOOK),
    Key("density", "v", "v", "density: calm, full, raw", LOOK),
    _NEXT_PANEL,
    _PREVIOUS_PANEL,
    Key("axis", "A", "A", "line of time: time or event", LOOK),
    _ZOOM,
    Key("copy_value", "y", "y", "copy the value here", LOOK),
)
"""The keys of the play screen, besides the digits."""

TENTHS = Key("", "", "0 - 9", "jump to 0 % .. 90 %", TIME)
"""What the help says of the digits where nothing is to be chosen."""

_UNDO = Key("undo", "u", "u", "undo your last deed", RUN, "u undo")
_EXPORT = Key("export", "E", "E", "export to a file", RUN)

RUN_KEYS: tuple[Key, ...] = (
    Key("inside", "i", "i", "go inside this turn, or out", RUN, "i inside"),
    Key("act", "x", "x", "do something to the machine", RUN, "x act"),
    Key("stack", "c", "c", "show the call stack", RUN),
    Key("where", "s", "s", "show where in the kernel", RUN),
    _UNDO,
    Key("redo", "ctrl+r", "^R", "redo it", RUN),
    Key("fork", "f", "f", "fork: try something else", RUN, "f fork"),
    Key("other", "o", "o", "show the other fork", RUN),
    Key("compare", "d", "d", "compare with the other fork", RUN, "d diff"),
    Key("annotate", "a", "a", "write a note here", RUN),
    _EXPORT,
    Key("changes", "V", "V", "changes and assumptions", RUN),
)
"""What can be done to a simulated run, or to a fork of anything."""

_HINT = Key("hint", "H", "H", "hint: one is free", LEVEL, "H hint")
_SKIP = Key("skip", "S", "S", "skip the question", LEVEL, "S skip")
_MACHINE = Key("machine", "L", "L", "the machine, or the picture", LEVEL, "L machine")
_STORY = Key("story", "I", "I", "the story again", LEVEL)
_INCIDENT = Key("incident", "M", "M", "the incident's own lines", LEVEL)
_RESTART = Key("restart", "R", "R", "begin the level again", LEVEL)

LEVEL_KEYS: tuple[Key, ...] = (
    Key("answer", "p", "p", "answer the question", LEVEL, "p answer"),
    *(_HINT, _SKIP, _MACHINE, _STORY, _INCIDENT, _RESTART),
)
"""What only a level has; digits choose while there is something to choose."""

CHOOSING, TYPING, LANDED, RUNNING, WAITING, OVER, REVIEWED = range(7)
"""What a level waits for: an option, a number, Enter after an answer, that time stops, an act.

It is over, or what was missed in it has been played again.
"""

_UNDO_NOW, _HINT_NOW, _SKIP_NOW = (one._replace(group=NOW) for one in (_UNDO, _HINT, _SKIP))
_STORY_NOW = _STORY._replace(footer="I story")
_BEHIND = _MACHINE._replace(help="the machine behind it")

_ASKED = (_HINT_NOW, _UNDO_NOW, _SKIP_NOW, _STORY_NOW, _BEHIND)

_CHOOSES = Key("", "", "arrows", "choose, then Enter", NOW)
STEP = Key("step(1)", "full_stop", ".", "let one turn pass", NOW, ". one turn")
TO_ACT = Key("jump(1)", "1", "1-9", "act: do what stands there", NOW, "1-9 act")

LEVEL_FOOTERS: dict[int, tuple[Key, ...]] = {
    CHOOSING: (
        Key("jump(1)", "1", "1-9", "answer: what stands there", NOW, "1-9 answer"),
        _CHOOSES,
        *_ASKED,
    ),
    TYPING: (
        Key("answer", "p", "0-9", "type the answer, then Enter", NOW, "0-9 type the answer"),
        *_ASKED,
    ),
    LANDED: (
        Key("play_or_pause", "space", "Enter", "go on from the answer", NOW, "Enter goes on"),
        _UNDO_NOW,
        _STORY_NOW,
    ),
    RUNNING: (
        Key(
            "play_or_pause",
            "space",
            "Space",
            "stop: time is running",
            NOW,
            "Space stops: time is running",
        ),
        TO_ACT,
    ),
    WAITING: (
        STEP,
        Key("play_or_pause", "space", "Space", "let time run", NOW, "Space lets time run"),
        TO_ACT,
        _CHOOSES,
        Key("act", "x", "x", "act by its name", NOW),
        *(one for one in _ASKED if one is not _SKIP_NOW),
    ),
    OVER: (
        Key("read_on", "enter", "Enter", "read what it came to", NOW, "Enter reads on"),
        _UNDO_NOW,
        _RESTART._replace(footer="R again"),
    ),
    REVIEWED: (
        Key("read_on", "enter", "Enter", "go back", NOW, "Enter goes back"),
        Key("restart", "R", "R", "begin the level", LEVEL, "R begins the level"),
    ),
}
"""What can be done now in a level, and nothing that is refused: its footer, and its help."""

STAGE_KEYS: tuple[Key, ...] = (
    *(_STORY_NOW, _BEHIND, _INCIDENT, _RESTART),
    Key("redo", "ctrl+r", "^R", "do again what you undid", LEVEL),
    _EXPORT._replace(group=LEVEL),
    _ZOOM,
    _NEXT_PANEL._replace(footer=""),
    Key("", "", "PgUp PgDn", "scroll the panel", LOOK),
)
"""What the help names besides, while a level shows its picture; time is moved behind it."""

COMPARE_KEYS: tuple[Key, ...] = (
    Key("step(-1)", "comma", ",", "both sides back", TIME),
    Key("step(1)", "full_stop", ".", "both sides on", TIME, ", . step"),
    _NEXT_PANEL,
    _PREVIOUS_PANEL,
    Key("align", "b", "b", "align on another moment", FIND, "b align"),
    Key("density", "v", "v", "what differs, or every number", LOOK, "v density"),
)

OPENS = "Enter on a level: its replay, on a name: everything"

CLASS_KEYS: tuple[Key, ...] = (
    _NEXT_PANEL,
    _PREVIOUS_PANEL,
    Key("open", "enter", "Enter", "on a level: its replay where it was decided", LOOK, OPENS),
)
"""The keys of the Class screen."""

DIGIT_KEYS: tuple[Key, ...] = tuple(
    Key(f"jump({digit})", str(digit), str(digit), f"jump to {digit}0 %", TIME)
    for digit in range(10)
)

MENU_KEYS: tuple[Key, ...] = (
    Key("open", "enter", "Enter", "open the chosen entry", MENU, "Enter open"),
    Key("section('level')", "1", "1", "go to the levels", MENU, "1 levels"),
    Key("section('open')", "2", "2", "go to the recordings", MENU, "2 recordings"),
    Key("section('played')", "3", "3", "go to what was played", MENU, "3 played"),
    Key("import_log", "i", "i", "import a kernel log", MENU, "i import"),
    Key("film", "f", "f", "the film: memory runs out", MENU, "f film"),
    Key("leave", "q", "q", "quit", OTHER, "q quit"),
)

GLOSSARY_KEYS: tuple[Key, ...] = (
    Key("search", "slash", "/", "search the terms", FIND, "/ search"),
    Key("next_panel", "tab,shift+tab", "Tab", "switch between terms and text", LOOK, "Tab panel"),
    Key("follow", "enter", "Enter", "open what is here", LOOK, "Enter follow"),
    Key("go_back", "backspace", "Backspace", "back to the term before", LOOK, "Backspace back"),
    Key("copy_value", "y", "y", "copy the term's name", LOOK),
)
"""The keys of the glossary."""

COMMON_KEYS: tuple[Key, ...] = (
    Key("app.help", "question_mark,f1", "?", "this help", OTHER, "? keys"),
    Key("app.glossary", "f8", "F8", "glossary: what a term means", OTHER),
    Key("app.command_palette", "colon", ":", "every command (Ctrl+P)", OTHER),
    Key("app.redraw", "ctrl+l", "^L", "draw the screen again", OTHER),
    Key("leave", "q", "q", "go back, in the end quit", OTHER, "q back"),
    Key("escape", "escape", "Esc", "close, go back, never quit", OTHER),
)

HERE_ALONE = (NOW, AFTER)
"""Groups of keys beside which the help does not name those of a panel."""

MOVING: tuple[tuple[str, str], ...] = (
    ("h j k l", "move (arrows too)"),
    ("g G", "top, bottom"),
    ("PgUp PgDn", "a page up, down"),
)

PANEL_KEYS: tuple[tuple[str, str], ...] = (
    *MOVING,
    ("Enter", "open what is here"),
    ("Backspace", "back to the number before"),
)
"""Keys of the focused panel, for the help; the panels bind them themselves."""


def bindings(*groups: tuple[Key, ...]) -> list[BindingType]:
    """Return the Textual bindings of all keys in the groups."""
    return [key.binding() for group in groups for key in group]


def with_common(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Return a screen's keys and those that every screen has, if it does not name them itself."""
    own = {key.action for key in keys}
    return (*keys, *(key for key in COMMON_KEYS if key.action not in own))


def footer_keys(keys: tuple[Key, ...], width: int) -> list[Key]:
    """Return the keys that the footer shows: as many as fit, the last ones kept first.

    The way out and the help stand at the end and are never cut off.
    """
    own = {key.action: key for key in keys}
    common = [own.get(key.action, key) for key in COMMON_KEYS if key.footer]
    shown = [key for key in keys if key.footer and key not in common]
    while shown and len("  ".join(key.footer for key in (*shown, *common))) + 2 > width:
        shown.pop()
    return [*shown, *common]


def footer_row(keys: tuple[Key, ...], width: int) -> Row:
    """Return the footer: what is pressed in colour, and every part says what a click on it does."""
    actions = {key.shown: key.action for key in keys + COMMON_KEYS}
    cells: list[Cell] = []
    for key in footer_keys(keys, width):
        action, leads, blank = key.action, True, "  " if cells else " "
        for word in key.footer.split():
            leads = leads and word in actions
            action = actions[word] if leads else action
            cells.append(Cell(f"{blank}{word}", "here" if leads else "dim", Ask(KEY, (action,))))
            blank = " "
    return tuple(cells)
