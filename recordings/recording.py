"""What every opened recording offers, whatever kind it is: a timeline, its log, its ending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from mmplay.engine.frame import Timeline
from mmplay.recordings.log.lines import LogNote
from mmplay.recordings.trace.reader import Ending

if TYPE_CHECKING:
    from mmplay.recordings.run.session import Session


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

    def text(self) -> Iterator[bytes]:
        """Yield the whole log in pieces."""
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
