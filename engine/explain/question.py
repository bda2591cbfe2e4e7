"""A question about a number on the screen."""

from __future__ import annotations

from typing import NamedTuple


class Ask(NamedTuple):
    """A question: the kind of number and which one, for example zone / 0, DMA32, free."""

    kind: str
    names: tuple[str | int, ...] = ()
