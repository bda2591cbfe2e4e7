"""What one printk of a log was: understood, or kept as it came."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.printk.form import LineForm, Values
from mmplay.recordings.importer.prefix import Prefix
from mmplay.recordings.importer.source import RawLine


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
        return len(self.form.parts)


class Unknown(NamedTuple):
    """One line that no form describes, as it came."""

    line: RawLine
