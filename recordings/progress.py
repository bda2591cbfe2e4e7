"""How far a long piece of reading is, told to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Done(NamedTuple):
    """How far it is: `step` says what is done, `size` is unknown (None) for a pipe."""

    step: str
    lines: int
    bytes: int
    size: int | None


Progress = Callable[[Done], None]
"""Called now and then; may raise to cancel."""

TOLD_BYTES = 1 << 20
"""Progress is told about this often."""
