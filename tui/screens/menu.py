"""The menu: levels by world, recordings, what was played, and a kernel log by its path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message

from mmplay import __version__
from mmplay.engine.errors import InputError
from mmplay.engine.frame import Ask
from mmplay.levels.level_list import LevelLine, level_lines
from mmplay.levels.progress import Progress
from mmplay.levels.progress import load as load_progress
from mmplay.recordings import library
from mmplay.tui.cells import Cell, Row, fit, row
from mmplay.tui.glyphs import BOXES, Glyphs
from mmplay.tui.keys import COMMON_KEYS, MENU_KEYS, bindings
from mmplay.tui.panels.bars import WIDEST, LineBar
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.preview import Projector, look_into
from mmplay.tui.screens.base import BaseScreen, Parting
from mmplay.tui.views.menu import (
    import_help,
    level_preview,
    menu_rows,
    played_preview,
    problem,
)

if TYPE_CHECKING:
    from mmplay.levels.model import Level
    from mmplay.recordings.files import Done
    from mmplay.recordings.recording import Recording, Stopped

PLAYED, PREVIEW = "played", "preview"
"""Groups of workers that Ctrl+C does not stop: they are over at once."""

HOLDS = "what it holds"
"""The title of the preview."""

SESSIONS = 20
"""Played sessions that are listed."""


DAMAGED = "damaged"
"""How a session is listed that cannot be read: it is looked at again, for it may be written now."""


class MenuScreen(BaseScreen):
    """A list and Enter; on the right, what the chosen entry holds."""

    KEYS = MENU_KEYS
    BINDINGS = bindings(MENU_KEYS, COMMON_KEYS)

    class Opened(Message):
        """A recording is ready to be shown."""

        def __init__(self, timeline: Recording) -> None:
            super().__init__()
            self.timeline = timeline

    class LevelChosen(Message):
        """A level is to be played, or gone on with from the recording at `path`."""

        def __init__(self, level: Level, path: Path | None = None) -> None:
            super().__init__()
            self.level = level
            self.path = path

    def __init__(
        self, parting: Parting | None = None, glyphs: Glyphs = BOXES, motion: bool = False
    ) -> None:
        """`parting` is what the screen before said, if there was one."""
        super().__init__()
        self._glyphs, self._motion = glyphs, motion
        self._parting = parting or Parting()
        self._levels: list[LevelLine] = []
        self._recordings: list[library.Shipped] = []
        self._sessions: list[Path] = []
        self._best: dict[str, int] = {}
        self._progress: Progress | None = None
        self._lines: dict[Path, tuple[str, str]] = {}
        self._projector = Projector(self, glyphs, motion, self._after_film, self._film_ended)
        self._made_for: Size | None = None
        self._looking_into: tuple[Ask | None, ...] = ()
        """The entry whose preview is not shown yet; empty if there is none."""

    @property
    def looking(self) -> bool:
        """Tell whether the chosen entry's preview is not shown yet."""
        return bool(self._looking_into)

    def compose(self) -> ComposeResult:
        """Lay out list and preview."""
        yield LineBar(id="header")
        with Horizontal(id="menu"):
            yield CellPanel("levels and recordings", id="entries")
            yield CellPanel(HOLDS, id="preview")
        yield LineBar(id="footer")

    def on_mount(self) -> None:
        """List what there is, on the next level to play."""
        self._fill()
        self._entries.choose(self._next())
        self._entries.focus()
        self.back_from(self._parting)
        self.call_after_refresh(self._read_sessions)
        if self._motion and not self._best and not self._sessions:
            self._projector.begin_soon()

    # the film, until a key is pressed

    def action_film(self) -> None:
        """Show the film from its beginning."""
        self._projector.begin()

    def key_comes(self) -> None:
        """A key was pressed: end the film."""
        self._projector.end()

    def _after_film(self) -> str:
        """Return what a key does once the film is over."""
        ask = self._entries.ask
        if ask is None or ask.kind != "level":
            return "Any key ends the film."
        return next(f"Enter: play {one.id}" for one in self._levels if one.name == ask.names[0])

    def _film_ended(self) -> None:
        """Show what the list is on."""
        self.query_one("#preview", CellPanel).retitle(HOLDS)
        self._look_into(self._entries.ask)

    def _read_sessions(self) -> None:
        """Look into what was played, in a thread: the list is painted without waiting for it."""
        lines = self._lines
        changing = DAMAGED, *library.UNFINISHED
        files = [one for one in self._sessions if one not in lines or lines[one][1] in changing]

        def read(_: Stopped) -> dict[Path, tuple[str, str]]:
            """Read those whose line may have changed."""
            return {path: _session_line(path) for path in files}

        if files:
            self.work("", read, self._list_sessions, PLAYED)

    def _list_sessions(self, lines: dict[Path, tuple[str, str]]) -> None:
        self._lines |= lines
        self._show_list()

    def on_screen_resume(self) -> None:
        """Back from a level or a recording: it may have earned stars, and it was recorded."""
        if self._recordings:
            before = set(self._best)
            self._fill()
            self._read_sessions()
            self._go_past(set(self._best) - before)
            self._looking_into = self._looking_into or (self._entries.ask,)
        if self._looking_into:
            self.call_after_refresh(self._look_into, *self._looking_into)

    def _go_past(self, won: set[str]) -> None:
        """Stand on the next level if one has just been won, where levels are looked at."""
        ask = self._entries.ask
        if won and ask is not None and ask.kind == "level":
            self._entries.choose(self._next())

    def on_resize(self) -> None:
        """Fit list and footer to the new width."""
        self.call_after_refresh(self._show_list)

    @on(CellPanel.Resized)
    def preview_resized(self) -> None:
        """Fit the preview to its new size."""
        size = self.query_one("#preview").size
        if self._projector.film is not None:
            self._projector.next_shot()
        elif self._made_for is not None and size and size != self._made_for:
            self._look_into(self._entries.ask)

    @property
    def _entries(self) -> CellPanel:
        return self.query_one("#entries", CellPanel)

    def _fill(self) -> None:
        self._levels = level_lines()
        self._recordings = [*library.shipped(), *library.own_recordings()]
        self._sessions = library.played_files(SESSIONS)
        progress = load_progress()
        self._best = {level: best.stars for level, best in progress.levels.items()}
        self._progress = progress
        self._show_list()

    def _show_list(self) -> None:
        """Show what was read, in the present width."""
        progress = self._progress
        if progress is None:
            return
        # Before the first layout: half of the screen, so that its first picture is the right one.
        width = max(24, self._entries.size.width or self.app.size.width // 2 - 2)
        sessions = [self._lines.get(path, (path.stem, "")) for path in self._sessions]
        self._entries.show(
            menu_rows(self._levels, self._best, self._recordings, sessions, width, self._glyphs)
        )
        stars, most = progress.stars, 3 * len(self._levels)
        title = f" mmplay {__version__}   the Linux page allocator, played and replayed"
        score = f"stars {stars}/{most} " if most else ""
        room = max(0, self.size.width - len(score))
        self.query_one("#header", LineBar).show(
            [row(Cell(fit(title, room), "header"), Cell(fit(score, WIDEST), "header"))]
        )
        self.say(self.said or progress.notice)

    def back_from(self, parting: Parting) -> None:
        """Say what there is to say of the screen that was left; stand on a level that goes on."""
        names = [line.name for line in self._levels if line.id == parting.level]
        listed = any(self._entries.choose(Ask("level", (name,))) for name in names)
        if not (parting.said and parting.level):
            self.say(parting.said)
            return
        how = "Enter goes on" if listed else "open its file again to go on with it"
        self.say(f"{parting.said}: {how}")

    def _next(self) -> Ask:
        """Return the next thing to do: the first level that is not won yet."""
        for line in self._levels:
            if line.id not in self._best:
                return Ask("level", (line.name,))
        return Ask("open", (0,))

    # previews

    @on(CellPanel.Chosen)
    def entry_chosen(self, message: CellPanel.Chosen) -> None:
        """Look into the chosen entry, once the list is painted: what it loads takes time."""
        if message.panel.id == "entries":
            self._looking_into = (message.ask,)
            self.call_after_refresh(self._look_into, message.ask)

    def _look_into(self, ask: Ask | None) -> None:
        preview = self.query_one("#preview", CellPanel)
        self._made_for = preview.size
        width = max(20, preview.size.width)

        def show(rows: list[Row]) -> None:
            """Show the preview, unless the film is shown or announced."""
            if self._projector.film is None and not self._projector.announced:
                preview.show(rows)
            if self._looking_into == (ask,):
                self._looking_into = ()

        self.work("", lambda _: self._preview(ask, width), show, PREVIEW)

    def _preview(self, ask: Ask | None, width: int) -> list[Row]:
        """Return what an entry holds."""
        previews: dict[str, Callable[[Ask, int], list[Row]]] = {
            "level": self._level_preview,
            "open": self._recording_preview,
            "played": self._played_preview,
        }
        if ask is None or ask.kind not in previews:
            return import_help(width)
        try:
            return previews[ask.kind](ask, width)
        except (InputError, OSError) as error:
            return problem(str(error), width)

    def _level_preview(self, ask: Ask, width: int) -> list[Row]:
        from mmplay.levels.catalogue import find_level
        from mmplay.levels.tries import tries_of

        level = find_level(str(ask.names[0]))
        size = width, self._made_for.height if self._made_for is not None else 0
        return level_preview(
            level, self._best.get(level.id), size, self._glyphs, tries_of(level.id)
        )

    def _recording_preview(self, ask: Ask, width: int) -> list[Row]:
        return look_into(self._recordings[int(ask.names[0])], width)

    def _played_preview(self, ask: Ask, width: int) -> list[Row]:
        return played_preview(library.played(self._sessions[int(ask.names[0])]), width)

    # opening

    @on(CellPanel.Opened)
    def entry_opened(self, message: CellPanel.Opened) -> None:
        """Open a level, a recording or what was played; ask for a log to import."""
        ask = message.ask
        if ask.kind == "import":
            self.action_import_log()
        elif ask.kind == "level":
            self._play(str(ask.names[0]))
        elif ask.kind == "open":
            self._load(str(self._recordings[int(ask.names[0])].path))
        elif ask.kind == "played":
            self._go_on(self._sessions[int(ask.names[0])])

    def _play(self, name: str) -> None:
        from mmplay.levels.catalogue import find_level

        try:
            self.post_message(self.LevelChosen(find_level(name)))
        except InputError as error:
            self.say(str(error))

    def _go_on(self, path: Path) -> None:
        """Go on with a level that was left unfinished; show any other session."""
        from mmplay.levels.catalogue import level_of_id

        try:
            one = library.played(path)
            level = level_of_id(one.level) if one.unfinished else None
        except InputError:
            level = None
        if level is None:
            self._load(str(path))
        else:
            self.post_message(self.LevelChosen(level, path))

    def show_recording(self, path: Path) -> None:
        """Open a recording, or import a log."""
        self._load(str(path))

    def action_open(self) -> None:
        """Open the chosen entry."""
        self._entries.action_open()

    def action_import_log(self) -> None:
        """Ask for the path of a log."""
        self.ask_for("path of a kernel log (Enter: import, Esc: cancel)", self._import)

    def action_section(self, kind: str) -> None:
        """Go to the levels, the recordings, or what was played."""
        first = {
            "level": Ask("level", (self._levels[0].name,)) if self._levels else None,
            "open": Ask("open", (0,)),
            "played": Ask("played", (0,)) if self._sessions else None,
        }[kind]
        if first is None:
            self.say("this part of the list is still empty")
            return
        self.say()
        self._entries.choose(first)
        self._entries.scroll_above()

    def _import(self, text: str) -> None:
        if text.strip():
            self._load(str(Path(text.strip()).expanduser()))

    def prompt_closed(self) -> None:
        """Go back to the list."""
        self._entries.focus()

    def _load(self, name: str) -> None:
        self.say(f"reading {name}; Ctrl+C stops")
        self.work("", lambda stopped: self._open(name, stopped), self._loaded)

    def _open(self, name: str, stopped: Stopped) -> Recording:
        """Open a recording or import a log, in a thread; raises InputError."""

        def progress(done: Done) -> None:
            """Say how many lines were read; raises InputError once it is to stop."""
            if stopped():
                raise InputError("stopped")
            self.app.call_from_thread(self.say, f"{name}: {done.lines} lines; Ctrl+C stops")

        return library.open_recording(name, progress=progress)

    def _loaded(self, recording: Recording) -> None:
        if not len(recording):
            recording.close()
            self.say(f"{recording.name}: there is no failure, OOM kill or Mem-Info in it")
            return
        self.say()
        self.post_message(self.Opened(recording))

    def action_escape(self) -> None:
        """Close the prompt; there is nothing further back."""
        if not self.close_one():
            self.say("press q to quit")


def _session_line(path: Path) -> tuple[str, str]:
    """Return a session's name in the list, and how it ended, from its name and its last mark."""
    try:
        one = library.played(path)
    except InputError:
        return path.stem, DAMAGED
    return f"{path.stem[4:13]} {one.title}", one.result.partition(",")[0] or f"{one.turns} turns"
