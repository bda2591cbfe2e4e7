"""What every opened recording offers, whatever kind it is: a timeline, its log, its ending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

from mmplay.engine.frame import Timeline
from mmplay.recordings.log.lines import LogNote
from mmplay.recordings.trace.reader import Ending


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

    def text(self) -> Iterator[bytes]:
        """Yield the whole log in pieces."""
        ...

    def __enter__(self) -> Self:
        """Use it in a with statement, which closes it."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close it."""
        ...
