"""The app: screens, themes, palette, and what Ctrl+C means."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType
from textual import events, on
from textual._compositor import CompositorUpdate
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import WorkerState

from mmplay.engine.errors import InputError
from mmplay.recordings.files import replacing
from mmplay.tui.glyphs import ASCII, BOXES, AsciiFilter
from mmplay.tui.keyboard import Keyboard, Passed
from mmplay.tui.keys import COMMON_KEYS, Key
from mmplay.tui.painting import Painter
from mmplay.tui.screens.base import BOUNDS, EXPORTS, STOPPABLE, BaseScreen, Parting, is_small
from mmplay.tui.screens.ending import LevelEnded
from mmplay.tui.screens.menu import MenuScreen
from mmplay.tui.theme import DEFAULT_THEME, ROLE_DEFAULTS, THEMES, of_sixteen, without_colour

if TYPE_CHECKING:
    from textual.theme import Theme

    from mmplay.levels.classroom.report import Report
    from mmplay.levels.model import Level
    from mmplay.levels.play.run import LevelRun
    from mmplay.recordings.recording import Recording

SIXTEEN = "standard"
"""What Rich calls a terminal of sixteen colours."""

TEXTUAL_COMMANDS = ("Theme", "Screenshot", "Quit")
"""Textual's own palette commands that make sense here."""

HOW_TO_QUIT = "press q to go back, Ctrl+Q to quit"


TERMINAL_S = 0.5
"""How often we look whether the terminal is still there; SIGHUP may be ignored, as under nohup."""

TERMINAL_GONE = 128 + 1
"""The exit status of a process that SIGHUP ends."""


def has_terminal() -> bool:
    """Tell whether standard input is a terminal that still answers."""
    return sys.__stdin__ is not None and not sys.__stdin__.closed and sys.__stdin__.isatty()


class MmplayApp(App[None]):
    """mmplay in a terminal."""

    TITLE = "mmplay"
    CSS_PATH = "mmplay.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS = [Binding("ctrl+c", "interrupt", "stop, copy, or say how to quit", priority=True)]

    def __init__(
        self,
        timeline: Recording | None = None,
        start: int = 0,
        theme: str = DEFAULT_THEME,
        ascii_only: bool = False,
        level: Level | None = None,
        motion: bool = False,
        report: Report | None = None,
    ) -> None:
        """Open the menu, a level, the report of a class, or the play screen on `timeline`.

        That begins at frame `start`. Without `motion` only the end of a move is drawn.
        """
        self.motion = motion
        self.glyphs = ASCII if ascii_only else BOXES
        super().__init__()
        for one in THEMES:
            self.register_theme(self._fitted(one))
        self._timeline = timeline
        self._start = start
        self._level = level
        self._report = report
        self._server = os.getppid()
        self.keyboard = Keyboard(self, super().on_event)
        self.painter = Painter()
        self._was_small = False
        self.theme = theme
        self.set_class(ascii_only, "-ascii")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme the colours of our roles."""
        return without_colour(ROLE_DEFAULTS) if self.no_color else ROLE_DEFAULTS

    def _fitted(self, theme: Theme) -> Theme:
        """Return a theme as this terminal can show it."""
        if self.no_color:
            return replace(theme, variables=without_colour(theme.variables))
        return of_sixteen(theme) if self.console.color_system == SIXTEEN else theme

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Draw with ASCII characters only, if that was asked for."""
        ours = [AsciiFilter()] if self.glyphs is ASCII else []
        return [*super().get_line_filters(), *ours]

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save a picture of the screen, and say where; Textual's own wants a ~/Downloads."""
        names = (f"mmplay-{number}.svg" for number in count(1))
        folder = Path(path or ".")
        target = folder / (filename or next(one for one in names if not (folder / one).exists()))
        try:
            with replacing(target) as stream:
                stream.write(self.export_screenshot().encode())
        except (InputError, OSError) as error:
            self._tell(f"{target}: {getattr(error, 'strerror', None) or error}")
            return None
        self._tell(f"written: {target}")
        return str(target)

    def on_mount(self) -> None:
        """Open the first screen."""
        self.app_resume_signal.subscribe(self, lambda _: self.painter.forget())
        if self.is_web:
            self.set_interval(TERMINAL_S, self._look_for_server)
        elif not self.is_headless and has_terminal():
            self.set_interval(TERMINAL_S, self._look_for_terminal)
        self.open_first()

    def open_first(self) -> None:
        """Open the screen that the app was made for."""
        if self._level is not None:
            self._go_on_or_begin(self._level)
        elif self._report is not None:
            from mmplay.tui.screens.classroom import ClassScreen  # only for a teacher

            self.push_screen(ClassScreen(self._report, self.glyphs))
        elif self._timeline is None:
            self.push_screen(self._menu())
        else:
            self._play(self._timeline, self._start)

    def _menu(self, parting: Parting | None = None) -> MenuScreen:
        return MenuScreen(parting, self.glyphs, self.motion)

    def _look_for_terminal(self) -> None:
        """End when the terminal is gone: its input would be read as empty for ever."""
        if not has_terminal():
            self.exit(return_code=TERMINAL_GONE)

    def _look_for_server(self) -> None:
        """End when the server that shows us in a browser is gone."""
        if os.getppid() != self._server:
            self.exit(return_code=TERMINAL_GONE)

    def _play(self, timeline: Recording, start: int) -> None:
        # The menu is drawn before anything that only the play screen needs is loaded.
        from mmplay.tui.screens.play import PlayScreen

        self.push_screen(PlayScreen(timeline, self.glyphs, start))

    def play_level(self, level: Level, kept: LevelRun | None) -> None:
        """Open a level, or go on with a run of it."""
        from mmplay.tui.screens.play import PlayScreen

        self.push_screen(PlayScreen.of_level(level, kept, self.glyphs, self.motion))

    def _go_on_or_begin(self, level: Level) -> None:
        from mmplay.levels.play.regrade import go_on_recorded

        self.play_level(level, go_on_recorded(level))

    @on(MenuScreen.Opened)
    def recording_opened(self, message: MenuScreen.Opened) -> None:
        """Show a recording from the menu."""
        self._play(message.timeline, 0)

    @on(MenuScreen.LevelChosen)
    def level_chosen(self, message: MenuScreen.LevelChosen) -> None:
        """Play a level from the menu, or go on with it; show a recording that does not go on."""
        from mmplay.levels.play.regrade import go_on_recorded

        kept = go_on_recorded(message.level, message.path)
        if kept is None and message.path is not None and isinstance(self.screen, MenuScreen):
            self.screen.show_recording(message.path)
        else:
            self.play_level(message.level, kept)

    @on(LevelEnded)
    def level_ended(self, message: LevelEnded) -> None:
        """Play the next level in place of the one that is over, or go back to the menu."""
        from mmplay.levels.catalogue import find_level

        if not message.name and message.level is None:
            self.screen_escaped()
            return
        self._parting()
        self.pop_screen()
        self._go_on_or_begin(message.level or find_level(message.name))

    @on(BaseScreen.Left)
    def screen_left(self) -> None:
        """Go back; from the first screen quit, without asking."""
        if self._at_first_screen:
            self.exit()
        else:
            self._go_back()

    @on(BaseScreen.Escaped)
    def screen_escaped(self) -> None:
        """Go back, in the end to the menu; never quit."""
        if not self._at_first_screen:
            self._go_back()
            return
        self.switch_screen(self._menu(self._parting()))

    @property
    def _at_first_screen(self) -> bool:
        return len(self.screen_stack) <= 2

    def _parting(self) -> Parting:
        return self.screen.part() if isinstance(self.screen, BaseScreen) else Parting()

    def _go_back(self) -> None:
        parting = self._parting()
        self.pop_screen()
        if isinstance(self.screen, MenuScreen):
            self.screen.back_from(parting)

    async def on_event(self, event: events.Event) -> None:
        """Take keys and pasted text in their order, everything else as it comes."""
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            if isinstance(self.screen, BaseScreen):
                self.screen.key_comes()
            await self.keyboard.take(event)
        else:
            await super().on_event(event)

    @on(Passed)
    def key_passed(self, message: Passed) -> None:
        """A key has come to its end."""
        message.done.set()

    def on_resize(self, event: events.Resize) -> None:
        """Draw everything again; say so politely where the terminal is too small."""
        self.painter.forget()
        self._was_small = self._was_small or is_small(event.size)
        if self._was_small:
            from mmplay.tui.screens.boxes import cover  # not before the first paint of most

            cover(self, event.size)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send the terminal only what changes there; Textual has no public place for that."""
        if isinstance(renderable, CompositorUpdate):
            renderable = self.painter.changes(renderable)
        super()._display(screen, renderable)

    def action_redraw(self) -> None:
        """Send everything again, if something else has written on the terminal."""
        self.painter.forget()
        self.refresh()

    def action_help(self) -> None:
        """Show the keys of the present screen, or of the one below a box that has none."""
        from mmplay.tui.screens.boxes import HelpScreen

        told = [screen.told for screen in self.screen_stack if hasattr(screen, "told")]
        if told and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(told[-1]))

    def action_glossary(self) -> None:
        """Open the glossary, on the term of the number that is explained; from it go back."""
        from mmplay.tui.screens.glossary import GlossaryScreen

        if isinstance(self.screen, GlossaryScreen):
            self.pop_screen()
        elif isinstance(self.screen, BaseScreen):
            self.push_screen(GlossaryScreen(self.screen.glossary_term()))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every key of the present screen in the palette, then Textual's own."""
        keys = screen.keys if isinstance(screen, BaseScreen) else ()
        for key in (*keys, *COMMON_KEYS):
            if key.action != "app.command_palette":
                yield SystemCommand(key.help, f"key {key.shown}", self._runner(screen, key))
        for command in super().get_system_commands(screen):
            if command.title in TEXTUAL_COMMANDS:
                yield command

    def _runner(self, screen: Screen[object], key: Key) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            """Do what the key does on this screen."""
            await screen.run_action(key.action)

        return run

    def action_interrupt(self) -> None:
        """Ctrl+C: stop what is running, else copy a selection, else say how to quit."""
        running = [
            worker
            for worker in self.workers
            if worker.group in (STOPPABLE, EXPORTS, BOUNDS)
            and worker.state in (WorkerState.RUNNING, WorkerState.PENDING)
        ]
        if running:
            for worker in running:
                worker.cancel()
            return
        selected = self._selected()
        if selected:
            self.copy_to_clipboard(selected)
            self._tell("copied")
        else:
            self._tell(HOW_TO_QUIT)

    def _tell(self, text: str) -> None:
        """Say it in the footer where there is one."""
        if isinstance(self.screen, BaseScreen):
            self.screen.say(text)
        else:
            self.notify(text)

    def _selected(self) -> str | None:
        typed: str = getattr(self.focused, "selected_text", "")
        if typed:
            return typed
        return self.screen.get_selected_text()
