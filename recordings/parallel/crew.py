"""What a work on many items is told of: who does it, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from mmplay.recordings.files import Done, Progress

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Found = TypeVar("Found")


class Told(NamedTuple):
    """How the progress bar names the work: what is done, and what the items are."""

    doing: str
    what: str


class Meter:
    """Tells how far the work is."""

    def __init__(self, progress: Progress | None, told: Told, weights: list[int]) -> None:
        self._progress, self._told, self._weights = progress, told, weights
        self._items = self._done = 0
        self._all = sum(weights)

    def count(self, number: int) -> None:
        """Count an item as done."""
        self._items += 1
        self._done += self._weights[number]
        if self._progress is not None:
            text = f"{self._items} of {len(self._weights)} {self._told.what}"
            self._progress(Done(self._told.doing, 0, self._done, self._all, text))


class Crew(Protocol):
    """Workers that take parts."""

    size: int

    def submit(self, deed: Callable[[], list[Found]]) -> Future[list[Found]]:
        """Let a worker do it."""
        ...

    def alone(self, deed: Callable[[], list[Found]]) -> list[Found]:
        """Let a worker do it that does nothing else; raises what `killed` knows."""
        ...

    def killed(self, error: BaseException) -> bool:
        """Tell whether an error says that a worker was killed."""
        ...

    def renew(self) -> bool:
        """Go on after a worker was killed; tell whether all that was under way ended with it."""
        ...

    def check(self) -> None:
        """Raise InputError if nobody is left who could do anything; called now and then."""
        ...

    def end(self) -> None:
        """Stop all that is under way."""
        ...
