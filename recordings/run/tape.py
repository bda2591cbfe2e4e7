"""The records of a simulated run, in order, in memory and (while it is recorded) in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import Metric, metric
from mmplay.engine.sim.state.state import COUNTERS
from mmplay.recordings.trace.format import Code, TraceError, check_of, pack_body

EVERY_NS = 10_000_000

ZONE_COLUMNS = (
    *("free", "active_anon", "active_file", "inactive_file", "dirty", "writeback"),
    *("slab_unreclaimable", "pages_scanned", "reserved_highatomic"),
)
OTHER_COLUMNS = ("slab.kmalloc-64.slabs", "slab.kmalloc-64.objs", "works_queued", "throttled")

BY_LEVEL = "@"
"""Stands before the name of an act that a level does by itself."""


def columns(m: Machine) -> list[str]:
    """Return the names of a row's values; any of them can be asked of a machine."""
    zones = [f"zones.{zone.name}.{field}" for zone in m.state.zones for field in ZONE_COLUMNS]
    others = [
        name
        for name in OTHER_COLUMNS
        if not name.startswith("slab") or name.split(".")[1] in m.cache_numbers
    ]
    return [*zones, *others, *COUNTERS]


def readers(m: Machine) -> list[Metric]:
    """Return the functions that read a row."""
    return [metric(m, name) for name in columns(m)]


def next_row_ns(now_ns: int) -> int:
    """Return when the next row is due, seen from now."""
    return now_ns - now_ns % EVERY_NS + EVERY_NS


DIGEST_BYTES = 16


def digest_of(data: bytes) -> bytes:
    """Return the digest that a recording keeps of a longer piece of data."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


class Sink(Protocol):
    """Where records go: a file's writer, or one that compares them with a file's."""

    def append(self, code: Code, fields: list[Any], /) -> None:
        """Take one record; raises OSError if the disk does not."""
        ...

    def flush(self) -> None:
        """Hand everything to the system."""
        ...

    def finish(self) -> None:
        """End it."""
        ...

    def abandon(self) -> None:
        """Leave it without an end."""
        ...


class Entry(NamedTuple):
    """One record; `fields` are those behind code, turn and time."""

    code: Code
    turn: int
    time_us: int
    fields: list[Any]

    def body(self) -> list[Any]:
        """Return the fields as the file has them."""
        return [self.turn, self.time_us, *self.fields]


SESSION_CODES = frozenset(
    {
        *(Code.SETUP, Code.KEY, Code.ACT, Code.UNDO, Code.ROW, Code.EVENT, Code.LOG, Code.MARK),
        Code.REACHED,
    }
)

TOLD = frozenset({Code.ACT, Code.UNDO, Code.MARK})
"""Records that do not follow from the rules."""

SIZES: dict[Code, int] = {
    **{Code.SETUP: 1, Code.KEY: 2, Code.ACT: 2, Code.UNDO: 0, Code.EVENT: 1, Code.LOG: 1},
    **{Code.MARK: 2, Code.REACHED: 1},
}
"""How many fields a record has behind its time; a ROW has one a column."""


def entry_of(code: int, fields: list[Any], offset: int) -> Entry | None:
    """Return the entry in a record, None for a code that is none; raises TraceError."""
    if code not in SESSION_CODES:
        return None
    known = Code(code)
    if len(fields) < 2 or type(fields[0]) is not int or type(fields[1]) is not int:
        raise TraceError(f"record at byte {offset}: has no turn and time")
    turn, time_us, *rest = fields
    if not 0 <= turn < 1 << 48 or not 0 <= time_us < 1 << 52:
        raise TraceError(f"record at byte {offset}: turn and time cannot be")
    if SIZES.get(known, len(rest)) != len(rest):
        raise TraceError(f"record at byte {offset}: has {len(rest)} fields, not {SIZES[known]}")
    return Entry(known, turn, time_us, rest)


class Tape:
    """Entries in order of their turns, and marks. With a `writer` each is written as it comes.

    A disk that does not take it stops the writing, never the run: `trouble` then says why. `told`
    is a digest of all that the run was told, what was taken back included.
    """

    def __init__(self, writer: Sink | None = None) -> None:
        """An empty tape."""
        self.entries: list[Entry] = []
        self.marks: list[Entry] = []
        self._by_code: dict[Code, list[Entry]] = {code: [] for code in SESSION_CODES}
        self.writer = writer
        self.trouble = ""
        self.told = b""

    def add(self, entry: Entry) -> None:
        """Append an entry; a mark may be set at any turn, and stands beside the others."""
        if entry.code is Code.MARK:
            self.marks.append(entry)
        else:
            self.entries.append(entry)
            self._by_code[entry.code].append(entry)
        self.write(entry)

    def write(self, entry: Entry) -> None:
        """Write an entry to the file, if there is one that takes it."""
        if entry.code in TOLD:
            self.told = check_of(self.told, pack_body(entry.code, entry.body()))
        if self.writer is not None:
            with self._disk():
                self.writer.append(entry.code, entry.body())

    def write_to(self, writer: Sink) -> None:
        """Write to a file from now on, first what happened so far; only for a tape without one."""
        self.writer, self.told = writer, b""
        for entry in (*self.entries, *self.marks):
            self.write(entry)

    def flush(self) -> None:
        """Hand everything to the system, so that it survives if mmplay is killed."""
        if self.writer is not None:
            with self._disk():
                self.writer.flush()

    def finish(self) -> None:
        """End the file."""
        if self.writer is not None:
            with self._disk():
                self.writer.finish()
        self.writer = None

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Stop writing if the disk takes no more; the run goes on."""
        try:
            yield
        except (OSError, ValueError) as error:
            self.stop(str(getattr(error, "strerror", None) or error))

    def stop(self, why: str) -> None:
        """Write no more, for this reason."""
        writer, self.writer, self.trouble = self.writer, None, why
        if writer is not None:
            writer.abandon()

    def take_back(self, turn: int, time_us: int) -> Entry | None:
        """Take back the last act and everything behind it; return the act, None without one."""
        acts = self.of(Code.ACT)
        if not acts:
            return None
        act = acts[-1]
        while True:
            last = self.entries.pop()
            self._by_code[last.code].pop()
            if last is act:
                break
        self.marks = [mark for mark in self.marks if mark.turn <= act.turn]
        self.write(Entry(Code.UNDO, turn, time_us, []))
        return act

    def of(self, code: Code) -> list[Entry]:
        """Return the entries of one code, marks apart; the list is the tape's own."""
        return self._by_code[code]

    def rows(self) -> Iterator[tuple[Entry, list[int]]]:
        """Yield every row's entry and its values."""
        values: list[int] = []
        for entry in self.of(Code.ROW):
            values = values or [0] * len(entry.fields)
            values = [a + b for a, b in zip(values, entry.fields, strict=True)]
            yield entry, values

    def last_row(self, count: int) -> list[int]:
        """Return the values of the last row, zeros if there is none."""
        changes = [entry.fields for entry in self.of(Code.ROW)]
        return [sum(column) for column in zip(*changes, strict=True)] or [0] * count
