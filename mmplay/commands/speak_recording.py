"""Line mode on a recording: commands in, plain lines out; go through its frames and ask why."""

from __future__ import annotations

import shutil
import sys
import textwrap
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from mmplay.commands.output import tell
from mmplay.engine.errors import InputError, how_many, no_such
from mmplay.engine.explain.gate import ladder
from mmplay.engine.explain.settings import settings_of, split_settings
from mmplay.engine.explain.what_if import conclusion, table_of_settings
from mmplay.engine.frame import Frame, Timeline
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.watermarks import MARKS
from mmplay.recordings.diagnosis import NO_MEMORY, diagnose_frame, headline_of
from mmplay.recordings.explained import explained
from mmplay.recordings.export.blocks import moment
from mmplay.recordings.position import FORMS, find_position
from mmplay.recordings.supposing import compared

PROMPT = "> "
MAX_LINE = 4096
QUIT = "quit"
MOST_STEPS, MOST_LINES = 10_000, 1000
LINES = "10"
CARRIED_ON = "it printed no memory, this is that of another report"

Said = Iterable[str]


class Command(NamedTuple):
    """One command: how it is written, what it does, and the function that does it."""

    usage: str
    help: str
    do: Callable[[str], Said]


class Speaker(Protocol):
    """What is talked to: its commands by name, and what it says first."""

    @property
    def commands(self) -> dict[str, Command]:
        """The commands by name."""
        ...

    @property
    def number_is_for(self) -> str:
        """The name of the command that a number by itself is given to, empty if none is."""
        ...

    def greeting(self) -> Said:
        """Return what is said first."""
        ...


def talk(speaker: Speaker) -> None:
    """Take commands from standard input until `quit` or its end."""
    _say(speaker.greeting())
    while (line := _next_line()) is not None:
        name, _, rest = line.strip().partition(" ")
        if name == QUIT:
            return
        if name:
            _say(_answer(speaker, name, rest.strip()))


def _next_line() -> str | None:
    """Return the next line, None at the end of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline(MAX_LINE) or None
    try:
        return input(PROMPT)
    except EOFError:
        tell("")
        return None


def _answer(speaker: Speaker, name: str, rest: str) -> Said:
    """Yield what a command says; what it cannot do is said, and nothing has changed."""
    if name == "help":
        yield from _help(speaker)
        return
    if name.isdecimal() and not rest and speaker.number_is_for:
        name, rest = speaker.number_is_for, name
    command = speaker.commands.get(name)
    try:
        if command is None:
            raise InputError(no_such("command", name, [*speaker.commands, "help", QUIT]))
        yield from command.do(rest)
    except InputError as error:
        yield f"no: {error}"


def _help(speaker: Speaker) -> Said:
    for command in speaker.commands.values():
        yield f"{command.usage}: {command.help}"
    yield "help: these lines"
    yield f"{QUIT}: end; everything is kept"


def _say(lines: Said) -> None:
    """Print line by line, each at once: what comes next may take a while.

    On a terminal no word is broken; elsewhere a line stays whole.
    """
    width = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else 0
    for line in lines:
        tell(*(folded(line, width) if width else [line]))
        sys.stdout.flush()


def folded(line: str, width: int) -> list[str]:
    """Return a line in pieces of at most `width` columns, without breaking what fits on one."""
    return textwrap.wrap(line, width, break_on_hyphens=False) or [""]


def count(text: str, what: str, most: int) -> int:
    """Return a number of steps or lines, 1 if none is given; raises InputError."""
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 0 < int(text) <= most):
        raise InputError(f"{what} {text[:40]}: write a number from 1 to {most}")
    return int(text)


class LookAround:
    """What recordings and levels share: a frame that is looked at, `here`."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.here = 0

    @property
    def number_is_for(self) -> str:
        """See `Speaker`: nothing is numbered in a recording."""
        return ""

    def looking(self) -> dict[str, Command]:
        """Return the commands that look around."""
        return {
            "goto": Command("goto POS", f"look at another place: {FORMS}", self._goto),
            "here": Command("here", "where we are", self._where),
            "zones": Command("zones", "every zone: free pages, lines, who is refused", self._zones),
            "why": Command("why", "what was decided here, by which rule", self._why),
            "what-if": Command(
                "what-if KEY=VALUE", "the request here under other settings", self._what_if
            ),
            "log": Command("log [N]", f"the last lines of the kernel log ({LINES})", self._log),
        }

    def _goto(self, text: str) -> Said:
        self.here = find_position(self.timeline, text, self.here)
        return self._where("")

    def _where(self, _: str) -> Said:
        yield frame_line(self.timeline, self.here)

    def _zones(self, _: str) -> Said:
        return zone_lines(self.timeline, self.here)

    def _why(self, _: str) -> Said:
        return why_lines(self.timeline, self.here)

    def _what_if(self, text: str) -> Said:
        return what_if_lines(self.timeline, self.here, text)

    def _log(self, text: str) -> Said:
        return log_lines(self.timeline, self.here, count(text or LINES, "log", MOST_LINES))


class RecordingSpeaker(LookAround):
    """See the module."""

    @property
    def commands(self) -> dict[str, Command]:
        """The commands by name."""
        return {
            "step": Command("step [N]", "N frames on", self._step),
            "back": Command("back [N]", "N frames back", self._back),
            "event": Command("event [back]", "to the next event, or the one before", self._event),
            **self.looking(),
        }

    def greeting(self) -> Said:
        """Say what is open."""
        frames = how_many(len(self.timeline), "frames")
        lines = how_many(self.timeline.line_count, "lines")
        yield frame_line(self.timeline, self.here)
        events = self.timeline.event_frames
        if events and events[0] > self.here:
            yield f"the first event: {frame_line(self.timeline, events[0])}"
        yield f"{self.timeline.name}: {frames}, {lines} of log; help lists commands"

    def _step(self, text: str) -> Said:
        for _ in range(count(text, "step", MOST_STEPS)):
            if self.here == len(self.timeline) - 1:
                yield "this is the end"
                return
            self.here += 1
            yield frame_line(self.timeline, self.here)

    def _back(self, text: str) -> Said:
        if not self.here:
            raise InputError("this is the first frame")
        self.here = max(0, self.here - count(text, "back", MOST_STEPS))
        return self._where("")

    def _event(self, text: str) -> Said:
        if text not in ("", "back"):
            raise InputError(f"event {text[:40]}: write event, or event back")
        events = self.timeline.event_frames
        place = bisect_left(events, self.here) - 1 if text else bisect_right(events, self.here)
        if not 0 <= place < len(events):
            raise InputError(f"there is no event {'before' if text else 'after'} this")
        self.here = events[place]
        return self._where("")


def frame_line(timeline: Timeline, index: int) -> str:
    """Return a frame in one line: number, time, headline, free pages and what they changed by."""
    frame = timeline.frame(index)
    time, said = moment(frame.time_us, frame.wall), frame.title
    if frame.report is not None:
        said = headline_of(diagnose_frame(timeline, index)).removesuffix(".")
    return "; ".join([f"#{index + 1} of {len(timeline)}, {time}: {said}", *_free(frame)])


def _free(frame: Frame) -> Iterator[str]:
    if frame.shown is None:
        return
    dump, earlier = frame.shown.dump, frame.before.zones if frame.before else []
    before = {(zone.node, zone.name): zone.pages("free") for zone in earlier}
    if not frame.shown.own:
        yield CARRIED_ON
    for zone in dump.populated():
        free, then = zone.pages("free"), before.get((zone.node, zone.name))
        changed = f" ({free - then:+d})" if free is not None and then not in (None, free) else ""
        yield f"{dump.label(zone)} {free} free{changed}"


def zone_lines(timeline: Timeline, index: int) -> Iterator[str]:
    """Yield every zone in one line: free pages, marks, reserve, and who is refused now."""
    frame = timeline.frame(index)
    shown = frame.shown or timeline.nearest_dump(index)
    if shown is None:
        yield NO_MEMORY
        return
    if not shown.own:
        yield CARRIED_ON
    for zone in shown.dump.populated():
        yield _zone_line(frame, shown.dump, zone)


def _zone_line(frame: Frame, dump: MemDump, zone: ZoneDump) -> str:
    free = zone.pages("free")
    parts = [f"{dump.label(zone)}: {free} of {zone.pages('managed')} pages free"]
    parts.append(", ".join(f"{mark} {zone.pages(mark)}" for mark in MARKS))
    if zone.reserve:
        parts.append(f"reserve {max(zone.reserve)}")
    found = (dump.index_of(one) for one in dump.populated())
    indexes = [index for index in found if index is not None]
    if frame.kernel is not None and free is not None and indexes:
        rungs = [rung for rung in ladder(frame.kernel, zone, max(indexes)) if rung.mark == "min"]
        refused = [f"{r.caller.name} ({r.pages.value})" for r in rungs if free <= r.pages.value]
        parts.append(f"refused at min: {', '.join(refused) or 'nobody'}")
    return "; ".join(parts)


def why_lines(timeline: Timeline, index: int) -> Iterator[str]:
    """Yield why a frame came out as it did: the verdict of a report, the decisions of a turn."""
    frame = timeline.frame(index)
    if frame.report is not None:
        yield from _explained(timeline, index)
    if frame.facts is None:
        if frame.report is None:
            yield "nothing was decided here"
        return
    yield from frame.facts.acts
    for one in frame.facts.decisions:
        stack = f"; called by {', '.join(one.stack[1:4])}" if len(one.stack) > 1 else ""
        yield f"{'refused: ' if one.refused else ''}{one.text} ({one.function}, {one.path}{stack})"
    if not frame.facts.decisions:
        yield f"{frame.facts.actor}: nothing was decided in this turn"


def _explained(timeline: Timeline, index: int) -> Iterator[str]:
    """Yield what `explain` says of a report, each line with what it is about."""
    said = False
    for label, lines in explained(diagnose_frame(timeline, index)):
        for line in lines:
            said = True
            yield f"{label}: {' '.join(line.split())}"
    if not said:
        yield "no verdict: the report says too little, or the kernel's rules are not known"


def what_if_lines(timeline: Timeline, index: int, text: str) -> Iterator[str]:
    """Yield a request under other settings: the outcome, what changes, and what was assumed.

    Raises InputError for another setting, or a frame without a verdict.
    """
    found = compared(timeline, index, settings_of(split_settings(text)))
    outcome, *assumed = conclusion(found)
    yield outcome
    zone = ""
    for one in table_of_settings(found):
        zone, label = (zone, one.label.strip()) if one.label.startswith(" ") else (one.label, "")
        if one.differs:
            yield f"{zone} {label}: {one.logged} as logged, would be {one.changed}".replace(
                " :", ":"
            )
    yield from assumed


def log_lines(timeline: Timeline, index: int, most: int) -> Iterator[str]:
    """Yield the last lines of the log up to a frame."""
    last = timeline.frame(index).last_line
    if not last:
        yield "the log is empty so far"
        return
    first = max(1, last - most + 1)
    for line in timeline.lines(first, last - first + 1):
        yield line.text
