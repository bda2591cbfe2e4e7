"""The menu: recordings to open, and a kernel log to import by its path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.worker import Worker, WorkerCancelled, WorkerState, get_current_worker

from mmplay import __version__
from mmplay.engine.errors import InputError
from mmplay.engine.explain.question import Ask
from mmplay.recordings.library import SUFFIX, Shipped, open_recording, shipped
from mmplay.recordings.paths import user_paths
from mmplay.tui.cells import Cell, Row, fit, row, wrap
from mmplay.tui.keys import COMMON_ACTS, MENU_ACTS, bindings
from mmplay.tui.panels.cell_panel import CellPanel
from mmplay.tui.panels.line_bar import LineBar
from mmplay.tui.screens.base import STOPPABLE, BaseScreen
from mmplay.tui.views.times import time_text

if TYPE_CHECKING:
    from mmplay.engine.frame import Timeline
    from mmplay.recordings.progress import Done
    from mmplay.recordings.recording import Recording

IMPORT = "import"
WIDEST = 400

PREVIEW_BYTES = 1 << 20
"""Recordings up to this size are looked into for the preview."""

ABOUT: dict[str, str] = {
    "mail-4.5.0-rc7": "Unpatched 4.5.0-rc7: the OOM kill at 59.56, and two seconds later no "
    "page is left. Who was refused first, and why?",
    "mail-next-20160311": "With the first patch: swapper/2 is refused one page, with 629 free. The "
    "flag that was lost on the way would have let it pass.",
}
"""What the shipped recordings are about."""


class MenuScreen(BaseScreen):
    """A list and Enter; on the right, what the chosen recording holds."""

    ACTS = MENU_ACTS
    BINDINGS = bindings(MENU_ACTS, COMMON_ACTS)

    class Opened(Message):
        """A recording is ready to be shown."""

        def __init__(self, timeline: Timeline) -> None:
            super().__init__()
            self.timeline = timeline

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Shipped] = []

    def compose(self) -> ComposeResult:
        """Lay out list and preview."""
        yield LineBar(id="header")
        with Horizontal(id="menu"):
            yield CellPanel("recordings", id="entries")
            yield CellPanel("what it holds", id="preview")
        yield LineBar(id="footer")

    def on_mount(self) -> None:
        """List what there is."""
        self._entries = [*shipped(), *_own_recordings()]
        title = f" mmplay {__version__}   the Linux page allocator, played and replayed"
        self.query_one("#header", LineBar).show([row(Cell(fit(title, WIDEST), "header"))])
        entries = self.query_one("#entries", CellPanel)
        names = [
            row("  ", Cell(entry.name, "label", Ask("open", (n,))))
            for n, entry in enumerate(self._entries)
        ]
        entries.show(
            [*names, row(""), row("  ", Cell("import a kernel log ...", "link", Ask("import")))]
        )
        entries.focus()
        self.say()

    def on_resize(self) -> None:
        """Fit the footer to the new width."""
        self.say()

    @on(CellPanel.Chosen)
    def entry_chosen(self, message: CellPanel.Chosen) -> None:
        """Show what the chosen recording holds."""
        ask = message.ask
        preview = self.query_one("#preview", CellPanel)
        if ask is None or ask.kind != "open":
            preview.show(_import_help(preview.size.width))
            return
        # The list is painted first; looking into a recording loads all that opening one needs.
        entry = self._entries[int(ask.names[0])]
        self.call_after_refresh(self._show_preview, entry)

    def _show_preview(self, entry: Shipped) -> None:
        preview = self.query_one("#preview", CellPanel)
        preview.show(_preview(entry, max(20, preview.size.width)))

    @on(CellPanel.Opened)
    def entry_opened(self, message: CellPanel.Opened) -> None:
        """Open it."""
        if message.ask.kind == "import":
            self.action_import_log()
        elif message.ask.kind == "open":
            self._load(str(self._entries[int(message.ask.names[0])].path))

    def action_open(self) -> None:
        """Open the chosen recording."""
        self.query_one("#entries", CellPanel).action_open()

    def action_import_log(self) -> None:
        """Ask for the path of a log."""
        self.ask_for("import", "path of a kernel log (Enter imports, Esc leaves)")

    def answered(self, kind: str, text: str) -> None:
        """Import the log."""
        if text.strip():
            self._load(str(Path(text.strip()).expanduser()))

    def prompt_closed(self) -> None:
        """Go back to the list."""
        self.query_one("#entries").focus()

    def _load(self, name: str) -> None:
        self.say(f"reading {name}; Ctrl+C stops")
        self.run_worker(
            lambda: self._open(name), name=IMPORT, group=STOPPABLE, exclusive=True, thread=True
        )

    def _open(self, name: str) -> Recording | str:
        """Open a recording or import a log, in a thread; return the error as text."""
        worker = get_current_worker()

        def progress(done: Done) -> None:
            if worker.is_cancelled:
                raise WorkerCancelled
            self.app.call_from_thread(self.say, f"{name}: {done.lines} lines; Ctrl+C stops")

        try:
            return open_recording(name, progress=progress)
        except InputError as error:
            return str(error)
        except WorkerCancelled:
            return "stopped"

    @on(Worker.StateChanged)
    def loaded(self, message: Worker.StateChanged) -> None:
        """Show the recording, or say why not."""
        if message.worker.name != IMPORT:
            return
        if message.state is WorkerState.CANCELLED:
            self.say("stopped")
        elif message.state is WorkerState.SUCCESS:
            result = message.worker.result
            if result is None or isinstance(result, str):
                self.say(result or "")
            elif not len(result):
                result.close()
                self.say(f"{result.name}: no failure, OOM kill or Mem-Info in it")
            else:
                self.say()
                self.post_message(self.Opened(result))

    def action_leave(self) -> None:
        """Close the prompt, or quit."""
        if not self.close_prompt():
            self.post_message(self.Left())


def _own_recordings() -> list[Shipped]:
    folder = user_paths()["recordings"]
    try:
        return [Shipped(path.stem, path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    except OSError:
        return []


def _import_help(width: int) -> list[Row]:
    text = (
        "Any kernel log: dmesg, journalctl -k, a serial console, xz or gz too. "
        "Nothing of it leaves this machine."
    )
    return [row(line) for line in wrap(text, max(20, width))]


def _preview(entry: Shipped, width: int) -> list[Row]:
    rows = [row(Cell(line)) for line in wrap(ABOUT.get(entry.name, str(entry.path)), width)]
    try:
        if entry.path.stat().st_size > PREVIEW_BYTES:
            return [*rows, row(""), row(Cell("a long recording; Enter opens it", "dim"))]
        with open_recording(str(entry.path)) as timeline:
            return [*rows, row(""), *_contents(timeline)]
    except (InputError, OSError) as error:
        return [row(Cell(line, "refused")) for line in wrap(str(error), width)]


def _contents(timeline: Timeline) -> list[Row]:
    rows: list[Row] = []
    for boot in timeline.boots:
        rows.append(row(Cell(boot.release or "release unknown", "label")))
        for index in range(boot.first_frame, boot.last_frame + 1):
            when = time_text(timeline.time_us(index), boot.wall)
            rows.append(row(Cell(f"{when:>12}  ", "dim"), Cell(timeline.frame(index).title)))
    rows.append(row(""))
    rows.append(row(Cell(f"{timeline.line_count} lines, {len(timeline)} frames", "dim")))
    return rows
