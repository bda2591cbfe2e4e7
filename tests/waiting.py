"""How tests wait: for what they ask, and never for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

ROUNDS = 2000
"""Turns, answers or keys after which nobody believes any more that it ends."""

PUMPS = 200_000
"""As many looks of an event loop, where a clock goes on between them."""


def as_long_as(ask: Callable[[], T | None], most: int = ROUNDS) -> Iterator[T]:
    """Yield what `ask` returns until that is nothing; raises AssertionError after `most` times."""
    for _ in range(most):
        found = ask()
        if not found:
            return
        yield found
    raise AssertionError(f"it does not end: {most} times, and still {ask()!r}")
