"""What a screen draws: one frame of a timeline, and the timeline that answers for it.

Live play, a replayed session, an imported log and a live capture are all timelines; a screen does
not know which it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from mmplay.engine.report import MemDump, Report
    from mmplay.engine.rules.versions import Kernel


class Ask(NamedTuple):
    """A question about a number: its kind and which one, for example zone / 0, DMA32, free."""

    kind: str
    names: tuple[str | int, ...] = ()


class Shown(NamedTuple):
    """The memory that a frame shows, and how it relates to the frame's moment.

    `age_us` is how much later (or, if negative, earlier) than the frame it was printed; `own` is
    False for a dump of an earlier frame that is carried on.
    """

    dump: MemDump
    own: bool
    age_us: int | None


class Decided(NamedTuple):
    """One decision of a simulated turn: in words, with the call stack, innermost function first."""

    text: str
    function: str
    path: str
    refused: bool
    stack: tuple[str, ...]


START = "the start"
"""The actor of the frame at which a run begins."""


class TurnFacts(NamedTuple):
    """What a simulated frame knows besides its memory.

    `actor` tells who acted, `decisions` what was decided, `counters` what was counted so far and
    `counters_before` up to the frame before; `acts` are what the player did after the turn.
    """

    turn: int
    actor: str
    decisions: tuple[Decided, ...]
    counters: dict[str, int]
    counters_before: dict[str, int]
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment. `index` counts from 0; what is not known is None, never 0.

    `time_us` is the moment itself; `shown` the memory as last known; `before` the dump before it
    in the same boot, for the deltas; `report` the kernel's report if this frame is one; `facts`
    are there if it was simulated. `wall` tells that the log gives clock times.
    """

    index: int
    boot: int
    time_us: int | None
    title: str
    observed: bool
    release: str | None
    kernel: Kernel | None
    shown: Shown | None
    before: MemDump | None
    report: Report | None
    first_line: int
    last_line: int
    facts: TurnFacts | None = None
    wall: bool = False


class LogLine(NamedTuple):
    """One line of the log: number from 1, text, and whether a form describes it."""

    number: int
    text: str
    understood: bool


class Marker(NamedTuple):
    """A place that the recorder or the user marked, with its name and perhaps a note."""

    frame: int
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class BootSpan:
    """One boot on the time axis: its frames, its kernel, and whether its clock is wall time.

    Times of different boots must never be compared.
    """

    index: int
    first_frame: int
    last_frame: int
    release: str | None
    kernel: Kernel | None
    wall: bool


class Growth(NamedTuple):
    """How a recording that is still written has changed: frames at its end, frames at its start."""

    added: int
    dropped: int


class Timeline(Protocol):
    """Frames by number, and the log beside them."""

    @property
    def name(self) -> str:
        """What the recording is called."""
        ...

    @property
    def live(self) -> bool:
        """Whether frames may still come at the end."""
        ...

    def grow(self, frames: int) -> int:
        """Let up to so many frames come at the end; return how many came. 0 if it is not live."""
        ...

    @property
    def growing(self) -> bool:
        """Whether somebody else may still write it: `follow` reads on."""
        ...

    def follow(self) -> Growth:
        """Read what was written meanwhile; raises InputError if that cannot be read."""
        ...

    @property
    def boots(self) -> tuple[BootSpan, ...]:
        """The boots in order; every frame belongs to one."""
        ...

    @property
    def event_frames(self) -> Sequence[int]:
        """The frames worth stopping at, in order: a report, a refusal, a kill."""
        ...

    @property
    def markers(self) -> tuple[Marker, ...]:
        """All markers in order."""
        ...

    @property
    def line_count(self) -> int:
        """How many lines the log has."""
        ...

    def __len__(self) -> int:
        """How many frames there are."""
        ...

    def frame(self, index: int) -> Frame:
        """Return one frame; raises IndexError beyond the ends."""
        ...

    def time_us(self, index: int) -> int | None:
        """Return the moment of a frame, without making the frame."""
        ...

    def frame_at(self, time_us: int, boot: BootSpan) -> int:
        """Return the last frame of a boot that is not later than a moment, else its first."""
        ...

    def frame_of_line(self, line: int) -> int | None:
        """Return the frame that a line of the log belongs to, None if to none."""
        ...

    def nearest_dump(self, index: int) -> Shown | None:
        """Return the dump that a verdict on this frame is made by: its own, else the nearest."""
        ...

    def lines(self, first: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from number `first` on."""
        ...

    def close(self) -> None:
        """Let go of files; nothing is read afterwards."""
        ...


def frame_by_time(timeline: Timeline, time_us: int, boot: BootSpan) -> int:
    """Return what `Timeline.frame_at` returns, by looking at every frame of the boot."""
    best = boot.first_frame
    for index in range(boot.first_frame, boot.last_frame + 1):
        moment = timeline.time_us(index)
        if moment is not None and moment <= time_us:
            best = index
    return best


def boot_of(timeline: Timeline, index: int) -> BootSpan:
    """Return the boot that a frame belongs to, by the frame's number."""
    return next(boot for boot in timeline.boots if boot.first_frame <= index <= boot.last_frame)
