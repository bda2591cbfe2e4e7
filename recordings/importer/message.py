"""What the lines of a log are: a printk that was understood, or lines kept as they came."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.printk.form import LineForm, Values
from mmplay.recordings.importer.prefix import Prefix


class Message(NamedTuple):
    """One understood printk: its form, values, prefix, and the line it starts at.

    All its lines share prefix and line end.
    """

    number: int
    form: LineForm
    values: Values
    prefix: Prefix
    end: bytes

    @property
    def size(self) -> int:
        """How many lines it has."""
        return self.form.size


class Lines(NamedTuple):
    """Whole lines as they came, line ends included; only the last of a log may lack its end.

    `number` counts from 1. `cut_bytes` is what was thrown away of a single line that was too long.
    """

    number: int
    data: bytes
    cut_bytes: int = 0


def count_lines(data: bytes) -> int:
    """Return how many lines these bytes are, a last one without line end counted."""
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
