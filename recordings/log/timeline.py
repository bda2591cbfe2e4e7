"""What the timelines of an imported log and of a live capture share: their log, and its dumps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from mmplay.engine.frame import LogLine, Marker, Timeline
from mmplay.engine.rules.versions import KERNELS, Kernel, kernel_of_release
from mmplay.recordings.log.dumps import find_in_dumps, series_of_frames
from mmplay.recordings.log.lines import LogNote
from mmplay.recordings.log.report_log import ReportLog
from mmplay.recordings.recording import Act, Assumed, Series, Stopped
from mmplay.recordings.trace.reader import TraceReader

if TYPE_CHECKING:
    from mmplay.recordings.run.timeline import SessionTimeline


class LogTimeline(Timeline):
    """What every timeline with a kernel log in a file shares: the log, and letting go of it."""

    header: dict[str, Any]
    _stream: BinaryIO
    _log: ReportLog
    _marks: list[Marker]

    # A log and a capture saw a machine that nobody here acted on, and that cannot be made again.
    session: None = None
    first_turn = 0
    keeps_marks = False
    acts: tuple[Act, ...] = ()
    assumptions: tuple[Assumed, ...] = ()

    untitled = "log"
    """What a recording without a title is called."""

    @property
    def name(self) -> str:
        """What the recording is called."""
        title = self.header.get("title")
        return title if isinstance(title, str) and title else self.untitled

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that lines, reports and samples are read from."""
        self._stream.close()

    @property
    def notes(self) -> list[LogNote]:
        """Remarks of who recorded it."""
        return self._log.notes()

    @property
    def understood(self) -> int:
        """How many lines a form describes."""
        return self._log.understood

    @property
    def markers(self) -> tuple[Marker, ...]:
        """What the user marked, in order."""
        return tuple(sorted(self._marks))

    def add_mark(self, frame: int, name: str, note: str) -> None:
        """Show a mark; one beyond the frames is of no use."""
        if 0 <= frame < len(self):
            self._marks.append(Marker(frame, name, note))

    def find_break(self, text: str, current: int, stopped: Stopped) -> int | None:
        """Return the next frame whose dump makes a condition true; only dumps are looked at."""
        return find_in_dumps(self, text, current, stopped)

    def comes_true(self, text: str, index: int) -> bool:
        """Tell whether a dump makes a condition true and the one before does not."""
        return find_in_dumps(self, text, index - 1, lambda: False, last=index) == index

    def series(self) -> Series:
        """Return the numbers of every frame's own dump."""
        return series_of_frames(self)

    def fork(self, index: int) -> SessionTimeline:
        """Return a run from a frame's own Mem-Info; raises InputError where rules are missing."""
        # The simulator takes longer to load than most logs take to read.
        from mmplay.recordings.run.what_if import what_if

        return what_if(self.frame(index), self.name)

    def snapshot(self) -> Self:
        """Return the recording itself: a frame stays as it was recorded."""
        return self

    def changed(self) -> None:
        """Nothing changes what was observed."""

    def _take_marks(self, reader: TraceReader) -> None:
        """Show the marks that a whole trace held."""
        self._marks = []
        for mark in reader.marks:
            self.add_mark(*mark)

    @property
    def line_count(self) -> int:
        """How many lines the log has."""
        return self._log.line_count

    def lines(self, first: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from number `first` on."""
        return self._log.lines(first, count)

    def text(self) -> Iterator[bytes]:
        """Yield the log as it was recorded, in pieces."""
        return self._log.text()

    def unknown_lines(self) -> Iterator[tuple[int, str]]:
        """Yield (line number, text) of every line that no form describes."""
        return self._log.unknown_lines()


def kernel_of(header: dict[str, Any], release: str | None) -> Kernel | None:
    """Return the rules for a release in this trace: those that a user chose win."""
    forced = header.get("kernel")
    if isinstance(forced, str):
        return KERNELS.get(forced) or kernel_of_release(forced)
    return kernel_of_release(release) if release else None
