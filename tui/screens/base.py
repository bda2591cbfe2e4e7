"""What every full screen has: a header, a footer that speaks or asks, threads, a way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

from textual import events, on
from textual._styles_cache import StylesCache
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState, get_current_worker

from mmplay.engine.errors import InputError
from mmplay.tui.cells import Cell, Row, row, wrap
from mmplay.tui.keys import Key, footer_row
from mmplay.tui.panels.bars import LineBar

if TYPE_CHECKING:
    from mmplay.recordings.recording import Stopped

STOPPABLE = "stoppable"
"""The group of workers that Ctrl+C stops; whichever begins ends the one before."""

EXPORTS = "exports"
"""The group of workers that write: Ctrl+C stops them, but nothing that begins ends them."""

BOUNDS = "bounds"
"""The group of the worker that finds what may become of a log's machine; Esc stops it, too."""

Found = TypeVar("Found")

COLUMNS = 80
LINES = 23
"""A terminal below this size is too small."""


def is_small(size: Size) -> bool:
    """Tell whether a terminal of this size is too small for a screen."""
    return size.width < COLUMNS or size.height < LINES


class Parting(NamedTuple):
    """What the menu says of the screen that was left; it stands on `level`, an id, if there is one.

    A level of which something is said goes on.
    """

    said: str = ""
    level: str = ""


class Prompt(Input):
    """Asks for a line where the footer was; Enter gives it, Escape takes the prompt away."""

    def __init__(
        self, placeholder: str, give: Callable[[str | None], None], begun: str = ""
    ) -> None:
        super().__init__(begun, classes="prompt", placeholder=placeholder, select_on_focus=False)
        self._give = give

    @on(Input.Submitted)
    def give(self, message: Input.Submitted) -> None:
        """Hand the text to the screen."""
        message.stop()
        self._give(message.value)


class KeyPrompt(Static, can_focus=True):
    """Asks for one key; it is given as text, or as None if it means nothing."""

    def __init__(self, question: str, give: Callable[[str | None], None]) -> None:
        super().__init__(f" {question}", classes="prompt")
        self._give = give

    def on_key(self, event: events.Key) -> None:
        """Hand the key to the screen, and keep it from meaning anything else."""
        event.stop()
        event.prevent_default()
        self._give(event.character if event.is_printable else None)


class BaseScreen(Screen[None]):
    """A screen with `#header` and `#footer`; `KEYS` are what its keys, help and palette offer."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-huge")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall"), (50, "-high")]

    KEYS: ClassVar[tuple[Key, ...]] = ()
    AUTO_FOCUS = ""

    # Else the whole screen is drawn anew when the focus moves; the two widgets draw themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    class Left(Message):
        """The user wants to go back from this screen, or to quit at the first one."""

    class Escaped(Message):
        """The user wants to go back from this screen, from the first one to the menu."""

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self._prompt: Widget | None = None
        self._held = False

    def on_unmount(self) -> None:
        """Let go of what its widgets have drawn.

        Textual 8 remembers two colours by who asked for them, a thousand askers long: each is a
        widget's drawing, kept for that, and a screen's are two megabytes.
        """
        StylesCache.get_inner_outer.cache_clear()

    # what a key changes is painted once; Textual has no public place for that

    def hold(self) -> None:
        """Paint nothing until `paint`: what a key does comes in steps, each of which would show."""
        self._held = True

    def lay_out(self) -> None:
        """Lay out what has changed, and do what waits for that, without painting it."""
        self._on_timer_update()

    def paint(self) -> None:
        """Paint what has changed since `hold`, now."""
        if not self._held:
            return
        self.lay_out()
        self._held = False
        if self.is_current and self._compositor._dirty_regions:
            self._compositor_refresh()

    def _compositor_refresh(self) -> None:
        if not self._held:
            super()._compositor_refresh()

    def key_comes(self) -> None:
        """A key was pressed, which will do its work: end what moves by itself."""

    def say(self, said: str = "") -> None:
        """Say something in the footer, and show there the keys for which there is room.

        What is too long for one row has several, until something else is said.
        """
        self.said = said
        footer, width = self.query_one("#footer", LineBar), self.size.width
        lines = wrap(said, max(1, width - 2)) if said else []
        if max(1, len(lines)) != max(1, footer.size.height):
            footer.styles.height = max(1, len(lines))
        if len(lines) > 1:
            footer.show([row(Cell(f" {line}", "label")) for line in lines])
        else:
            footer.show([self._with_keys(f" {said} " if said else "", width)])

    def _with_keys(self, told: str, width: int) -> Row:
        """Return what is said, and at the right edge the keys."""
        room = width - len(told)
        keys = footer_row(self.offered, room)
        blank = room - sum(len(cell.text) for cell in keys)
        if not told:
            return keys
        return (Cell(told, "label"), *((Cell(" " * (blank - 1)), *keys) if blank > 0 else ()))

    @on(LineBar.Pressed)
    async def key_clicked(self, message: LineBar.Pressed) -> None:
        """Do what the key does that was clicked in the footer."""
        await self.run_action(message.action)

    def glossary_term(self) -> str:
        """Return the term that the glossary opens on from here; empty for its first."""
        return ""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that mean something now."""
        return self.KEYS

    @property
    def offered(self) -> tuple[Key, ...]:
        """The keys that the footer offers now."""
        return self.keys

    @property
    def told(self) -> tuple[Key, ...]:
        """The keys that the help names now."""
        return self.keys

    @property
    def settled(self) -> bool:
        """Tell whether nothing is left to be laid out or drawn of what the keys have come to."""
        return not self._layout_required

    @property
    def looking(self) -> bool:
        """Tell whether something is still being looked into, whose answer is to be shown."""
        return False

    # the way out

    def action_leave(self) -> None:
        """Close what lies over the screen, or go back; from the first screen quit."""
        if not self.close_one():
            self.post_message(self.Left())

    def action_escape(self) -> None:
        """Close what lies over the screen, or go back; from the first screen to the menu."""
        if not self.close_one():
            self.post_message(self.Escaped())

    def close_one(self) -> bool:
        """Close the prompt, or what else a way out closes first; tell whether there was any."""
        return self.close_prompt()

    def part(self) -> Parting:
        """End what goes on here before the screen is left; return what to tell in the menu."""
        return Parting()

    # the prompt

    def ask_for(
        self, placeholder: str, take: Callable[[str], None], begun: str = "", keys: str = ""
    ) -> None:
        """Ask for one line of text in place of the footer; `take` gets it, as `begun` here.

        `keys` says beside a short one what ends it, for as long as it is typed.
        """
        prompt = Prompt(placeholder, partial(self._given, take), begun)
        self._open_prompt(prompt, *((Static(keys),) if keys else ()))

    def ask_key(self, question: str, take: Callable[[str], None]) -> None:
        """Ask for one key in place of the footer; `take` gets its character."""
        self._open_prompt(KeyPrompt(question, partial(self._given, take)))

    def _open_prompt(self, prompt: Widget, *beside: Widget) -> None:
        self.close_prompt()
        self.query_one("#footer").display = False
        self._prompt = line = Horizontal(classes="line") if beside else prompt
        self.mount(line)
        if beside:
            line.mount(prompt, *beside)
        prompt.focus()

    def _given(self, take: Callable[[str], None], text: str | None) -> None:
        self.close_prompt()
        if text is not None:
            take(text)

    def close_prompt(self) -> bool:
        """Take the prompt away; tell whether there was one."""
        if self._prompt is None:
            return False
        self._prompt.remove()
        self._prompt = None
        self.query_one("#footer").display = True
        self.prompt_closed()
        return True

    def prompt_closed(self) -> None:
        """Move the focus back to where it belongs."""

    @contextmanager
    def refusals_said(self) -> Iterator[None]:
        """Do what may be refused; an InputError or OSError ends it, and is said."""
        try:
            yield
        except (InputError, OSError) as error:
            self.say(str(error))

    # work in threads

    def work(
        self,
        name: str,
        job: Callable[[Stopped], Found],
        then: Callable[[Found], None],
        group: str = STOPPABLE,
    ) -> None:
        """Do a job in a thread, then something with what it came to; its InputError is said.

        A job takes the place of the one before it in its group. `name` is what Ctrl+C stops.
        """

        def run() -> Callable[[], None]:
            """Do the job; return what is to be done about it on the screen."""
            worker = get_current_worker()
            try:
                return partial(then, job(lambda: worker.is_cancelled))
            except InputError as error:
                return partial(self.say, str(error))

        self.run_worker(run, name=name, group=group, exclusive=True, thread=True)

    @on(Worker.StateChanged)
    def work_ended(self, message: Worker.StateChanged) -> None:
        """Go on with what a job came to, or say that it was stopped."""
        worker = message.worker
        if message.state is WorkerState.CANCELLED and worker.group in (STOPPABLE, EXPORTS):
            self.say(f"{worker.name} stopped".strip())
        elif message.state is WorkerState.SUCCESS and worker.result is not None:
            worker.result()


class PanelScreen(BaseScreen):
    """A screen whose panels the keys go through, in the order of `PANELS`."""

    PANELS: ClassVar[tuple[str, ...]] = ()

    def action_next_panel(self) -> None:
        """Focus the next panel."""
        self._focus_beside(1)

    def action_previous_panel(self) -> None:
        """Focus the previous panel."""
        self._focus_beside(-1)

    def _focus_beside(self, direction: int) -> None:
        name = self.focused.id if self.focused is not None else None
        here = self.PANELS.index(name) if name in self.PANELS else 0
        self.query_one(f"#{self.PANELS[(here + direction) % len(self.PANELS)]}").focus()
