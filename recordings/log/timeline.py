"""What the timelines of an imported log and of a live capture share: their log, and its dumps.

Dumps are known by name: a table of their numbers, and conditions on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from mmplay.engine.errors import InputError, printable
from mmplay.engine.frame import LogLine, Marker, Timeline
from mmplay.engine.report import MemDump
from mmplay.engine.rules.versions import KERNELS, Kernel, kernel_of_release
from mmplay.recordings.log.lines import LogNote
from mmplay.recordings.log.report_log import ReportLog
from mmplay.recordings.recording import Act, Assumed, Row, Series, Stopped
from mmplay.recordings.trace.reader import TraceReader

if TYPE_CHECKING:
    from mmplay.recordings.run.timeline import SessionTimeline

FRAME_COLUMNS = ("frame", "boot", "time_us", "dump_time_us")


def series_of_frames(timeline: Timeline) -> Series:
    """Return the numbers of every frame's own dump, an unknown one as None.

    Every frame is read twice: first for the names that any dump has, then for the numbers.
    """
    names: dict[str, None] = {}
    for _, _, dump in own_dumps(timeline):
        names.update(dict.fromkeys(numbers_of(dump)))
    return Series((*FRAME_COLUMNS, *names), len(FRAME_COLUMNS), _frame_rows(timeline, names))


def _frame_rows(timeline: Timeline, names: dict[str, None]) -> Iterator[Row]:
    for index, boot, dump in own_dumps(timeline):
        numbers = numbers_of(dump)
        place = (index + 1, boot + 1, timeline.time_us(index), dump.time_us)
        yield (*place, *(numbers.get(name) for name in names))


def own_dumps(timeline: Timeline) -> Iterator[tuple[int, int, MemDump]]:
    """Yield (frame, boot, dump) of every frame that has a dump of its own."""
    for index in range(len(timeline)):
        frame = timeline.frame(index)
        if frame.shown is not None and frame.shown.own:
            yield index, frame.boot, frame.shown.dump


def numbers_of(dump: MemDump) -> dict[str, int]:
    """Return every number of a dump by name; a zone's name has its node where there are several."""
    numbers: dict[str, int] = {**dump.totals, **dump.tail}
    several = len({zone.node for zone in dump.zones}) > 1
    for zone in dump.zones:
        node = f"{zone.node}:" if several else ""
        prefix = f"zones.{node}{zone.name}"
        for name in zone.kb:
            pages = zone.pages(name)
            if pages is not None:
                numbers[f"{prefix}.{name}"] = pages
        if zone.all_unreclaimable is not None:
            numbers[f"{prefix}.all_unreclaimable"] = int(zone.all_unreclaimable)
        if zone.reserve:
            numbers[f"{prefix}.reserve"] = max(zone.reserve)
    for number, fields in dump.nodes.items():
        numbers |= {f"nodes.{number}.{name}_kb": value for name, value in fields.items()}
    return {printable(name): value for name, value in numbers.items()}


def find_in_dumps(
    timeline: Timeline, text: str, current: int, stopped: Stopped, last: int = -1
) -> int | None:
    """Return the next frame up to `last` (-1: the end) whose dump makes a condition true.

    Else the next event whose title has the text. None if there is none or `stopped` says so;
    raises InputError for an empty condition.
    """
    # The words of a condition are the simulator's: explaining a log does without it.
    from mmplay.engine.sim.metrics import HELP, OPERATORS, parts_of_condition

    parts = parts_of_condition(text)
    if parts is None:
        return _event(timeline, text, current, HELP)
    name, sign, bound = parts
    compare = OPERATORS[sign]
    before = _value(timeline, current, name)
    held = before is not None and compare(before, bound)
    for index in range(current + 1, len(timeline) if last < 0 else last + 1):
        if stopped():
            return None
        value = _value(timeline, index, name)
        holds = value is not None and compare(value, bound)
        if holds and not held:
            return index
        held = holds
    return None


def _event(timeline: Timeline, text: str, current: int, help_text: str) -> int | None:
    wanted = text.casefold().strip()
    if not wanted:
        raise InputError(f"write {help_text}")
    for index in timeline.event_frames:
        if index > current and wanted in timeline.frame(index).title.casefold():
            return index
    return None


def _value(timeline: Timeline, index: int, name: str) -> int | None:
    """Return a number of a frame's dump: a total by its name, or zones.ZONE.FIELD."""
    shown = timeline.frame(index).shown
    if shown is None:
        return None
    kind, _, rest = name.partition(".")
    if kind == "zones":
        zone_name, _, field = rest.partition(".")
        zone = shown.dump.zone(zone_name)
        return zone.pages(field) if zone is not None else None
    return shown.dump.totals.get(name)


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
