"""What every opened recording offers, whatever kind it is: a timeline, its log, its ending."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, Self, TypeVar
from weakref import WeakMethod

from mmplay.engine.frame import Timeline

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

    from mmplay.recordings.log.lines import LogNote
    from mmplay.recordings.run.session import Session
    from mmplay.recordings.trace.reader import Ending


Stopped = Callable[[], bool]
"""Asked now and then whether to give up."""


def never() -> bool:
    """Do not give up."""
    return False


Answer = TypeVar("Answer")


def remembering(method: Callable[..., Answer], size: int) -> _lru_cache_wrapper[Answer]:
    """Return a method that knows its last `size` answers.

    It does not hold its owner, as a cache of the bound method would: what was closed is gone at
    once, and no hundred megabytes of it wait for the collector.
    """
    weak = WeakMethod(method)

    @lru_cache(maxsize=size)
    def asked(*key: Hashable) -> Answer:
        """Return what the method does; raises ReferenceError once its owner is gone."""
        ask = weak()
        if ask is None:
            raise ReferenceError("its owner is gone")
        return ask(*key)

    return asked


Row = tuple[int | None, ...]


class Series(NamedTuple):
    """A table: the names of its columns, and its rows, which can be gone through once.

    The first `places` columns say where a row stands; frames and boots count from 1. Pages, unless
    a column's name says otherwise.
    """

    columns: tuple[str, ...]
    places: int
    rows: Iterator[Row]


class Act(NamedTuple):
    """Something that was done to a simulated machine after a turn; `text` says it in words."""

    turn: int
    time_us: int
    name: str
    value: str
    text: str


class Assumed(NamedTuple):
    """A remark on what a recording rests on, and of which sort it is: assumed or calibrated."""

    sort: str
    text: str


class Recording(Timeline, Protocol):
    """A timeline that came out of a trace.

    `header` is the trace's; `ending` tells how it ends, `path` where it lies if it is a file.
    """

    header: dict[str, Any]
    ending: Ending
    path: Path | None

    @property
    def notes(self) -> Sequence[LogNote]:
        """Remarks of the recorder."""
        ...

    @property
    def session(self) -> Session | None:
        """The run that made every turn and can make it again; None for what was observed."""
        ...

    @property
    def acts(self) -> Sequence[Act]:
        """What the player or the script's author did, in order; none where it was observed."""
        ...

    @property
    def assumptions(self) -> Sequence[Assumed]:
        """What it rests on as a whole; remarks on one report are in its diagnosis."""
        ...

    @property
    def first_turn(self) -> int:
        """The turn of frame 0; 0 where frames are no turns."""
        ...

    @property
    def keeps_marks(self) -> bool:
        """Whether a mark is kept once it is added: no closed file has to be written anew."""
        ...

    def add_mark(self, frame: int, name: str, note: str) -> None:
        """Show a mark, and keep it if `keeps_marks`."""
        ...

    def text(self) -> Iterator[bytes]:
        """Yield the whole log in pieces."""
        ...

    def series(self) -> Series:
        """Return its numbers over time: of a run the rows it kept, else every frame's dump."""
        ...

    def find_break(self, text: str, current: int, stopped: Stopped) -> int | None:
        """Return the next frame at which a condition comes true, None if none or if stopped.

        Raises InputError for what is no condition.
        """
        ...

    def comes_true(self, text: str, index: int) -> bool:
        """Tell whether a condition holds at a frame after the first and did not before it.

        Raises InputError for what is no condition.
        """
        ...

    def fork(self, index: int) -> Recording:
        """Return a run that goes on from a frame and is recorded; raises InputError if none can.

        A simulated run is forked with all of its past; of a log the frame's own Mem-Info is where
        a simulation starts, and what the log does not say is assumed.
        """
        ...

    def snapshot(self) -> Recording:
        """Return what another thread may look at while this one goes on."""
        ...

    def changed(self) -> None:
        """Say that turns were added or taken back: what was kept of the frames may be wrong."""
        ...

    def cut(self, first: int, last: int, stream: BinaryIO) -> str:
        """Write the part from frame `first` to frame `last`; return in words what that was.

        Raises OSError, and InputError for a recording that cannot be cut.
        """
        ...

    def __enter__(self) -> Self:
        """Use it in a with statement, which closes it."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close it."""
        ...


def said(recording: Recording, name: str) -> str | None:
    """Return what the header says under a name, as text: a file may hold anything there."""
    value = recording.header.get(name)
    return None if value is None else str(value)
