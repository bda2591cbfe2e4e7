"""What came of checking a recording."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """The first thing that is wrong.

    `offset` is that of the record in the file; `turn` and `time_us` are None where no run was made;
    `name` is the number, column or text that differs, `file` and `run` what the two sides have.
    """

    offset: int
    turn: int | None
    time_us: int | None
    name: str
    file: object
    run: object
    text: str


class Verdict(NamedTuple):
    """What was checked, how far, and the first fault; None if there is none.

    `records` were checked; of a simulated run so many `turns` were made again, up to `time_us`.
    `closed` is False for a file whose end is missing, at byte `offset`: what is there was checked,
    but it is not all. `writer` and `engine` are as the file names them.
    """

    name: str
    kind: str
    writer: str
    engine: int | None
    records: int
    turns: int
    time_us: int | None
    closed: bool
    offset: int
    fault: Fault | None

    @property
    def good(self) -> bool:
        """Tell whether the recording is whole and nothing is wrong with it."""
        return self.closed and self.fault is None


def damage(offset: int, why: str) -> Fault:
    """Return the fault of a record that its check or its form gives away."""
    text = f"damaged: record at byte {offset}: {why}"
    return Fault(offset, None, None, "record", None, None, text)
