"""Exports from the play screen: one at a time, in a thread, written whole or not at all.

The terminal library is loaded only when a screen is there: the command line reads FORMATS, too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from mmplay.engine.errors import InputError
from mmplay.recordings.export import FORMATS as RECORDING_FORMATS
from mmplay.recordings.export import Format
from mmplay.recordings.files import replacing
from mmplay.recordings.recording import Recording, Stopped

if TYPE_CHECKING:
    from textual.worker import Worker

    from mmplay.tui.screens.base import BaseScreen

FORMATS: dict[str, Format] = {
    **RECORDING_FORMATS,
    "cast": Format("mmplay.tui.cast", "as_cast", "the play screen, for asciinema"),
    "screen": Format("mmplay.tui.cast", "as_text", "the play screen at one place, as text"),
}
"""Every format; the last two are drawn by the play screen, so that recordings cannot know of it."""

EXPORT_OF = "export of "
WRITING, STOPPED = "writing", "stopped, nothing was written"
TELL_S = 0.25
"""How often an export says how far it is."""


def format_and_file(text: str) -> tuple[str, Path]:
    """Return what FORMAT FILE names; raises InputError if one is unknown or missing."""
    name, _, path = text.strip().partition(" ")
    if name not in FORMATS:
        raise InputError(f"{name}: formats are {', '.join(FORMATS)}")
    if not path.strip():
        raise InputError(f"{name}: name the file, too: FORMAT FILE")
    return name, Path(path.strip()).expanduser()


class Exports:
    """What a screen writes in other formats; it says in the screen's footer how that goes."""

    def __init__(self, screen: BaseScreen) -> None:
        self._screen = screen

    def start(self, text: str, recording: Recording) -> None:
        """Write a snapshot of the recording, in a thread; `text` is FORMAT FILE."""
        with self._screen.refusals_said():
            name, target = format_and_file(text)
            running = self._running()
            if running:
                what = running[0].name.removeprefix(EXPORT_OF)
                raise InputError(f"{what} is still being written; press Ctrl+C to stop it")
            job = partial(self._write, name, target, recording.snapshot())
            self._show_written(target, 0)
            self._screen.work(f"{EXPORT_OF}{target}", job, self._screen.say, _group())

    def stop(self) -> str:
        """End the export that is running; return what to tell of it, empty if there was none."""
        running = self._running()
        for one in running:
            one.cancel()
        return f"{running[0].name}: {STOPPED}" if running else ""

    def _running(self) -> list[Worker[Any]]:
        workers = self._screen.workers
        return [one for one in workers if one.group == _group() and not one.is_finished]

    def _show_written(self, target: Path, size: int) -> None:
        """Say how far an export is, unless something else was said meanwhile."""
        said = self._screen.said
        if not said or said.startswith(WRITING):
            self._screen.say(f"{WRITING} {target}: {size // 1000} kB; Ctrl+C stops")

    def _write(self, name: str, target: Path, shown: Recording, stopped: Stopped) -> str:
        """Write a file whole or not at all; return what to tell."""
        size, told = 0, monotonic()
        try:
            with replacing(target) as stream:
                for chunk in FORMATS[name].load()(shown):
                    stream.write(chunk)
                    size += len(chunk)
                    if monotonic() - told >= TELL_S:
                        told = monotonic()
                        self._screen.call_later(self._show_written, target, size)
                    if stopped():
                        raise InputError(STOPPED)
        except (InputError, OSError) as error:
            return f"{target}: {getattr(error, 'strerror', None) or error}"
        return f"written: {target}"


def _group() -> str:
    # The command line reads FORMATS, and has no screen.
    from mmplay.tui.screens.base import EXPORTS

    return EXPORTS
