"""A CSV of counters that were read off a running machine: a header row, then a row a moment.

The column `t` is seconds with up to nine decimals; all others are whole numbers. A packed file is
unpacked.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.recordings.log.source import open_source
from mmplay.recordings.log.unpacking import Reads, Unreadable, unpacking_errors

TIME = "t"
MAX_ROWS, MAX_BYTES = 1 << 20, 1 << 26
SECOND_NS = 1_000_000_000

_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)


class Counters(NamedTuple):
    """The rows of a CSV, in order of time: the columns that were asked for; `t` is in ns."""

    name: str
    rows: Sequence[Mapping[str, int]]

    def at(self, time_ns: int) -> int:
        """Return the number of the first row at or after a time; raises InputError."""
        for number, row in enumerate(self.rows):
            if row[TIME] >= time_ns:
                return number
        last = Decimal(self.rows[-1][TIME]) / SECOND_NS
        raise InputError(f"{self.name}: no row is so late; the last is at {last:f} s")


def read_counters(name: str, columns: Sequence[str], useful: Sequence[str]) -> Counters:
    """Return the rows of a CSV with these columns, and with those of `useful` that it has.

    Raises InputError for what cannot be read, naming the line, and for a column that is missing.
    """
    try:
        rows = list(_rows(name, _text_of(name), columns, useful))
    except csv.Error as error:
        raise InputError(f"{name}: is no CSV: {error}") from None
    if not rows:
        raise InputError(f"{name}: has no rows below its header")
    return Counters(name, rows)


def _text_of(name: str) -> str:
    try:
        with open_source(name) as source:
            data = _bytes_of(source.stream)
    except unpacking_errors() as error:
        raise InputError(f"{name}: cannot be read: {error}") from None
    except Unreadable as error:
        raise InputError(f"{name}: {error}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: holds more than {MAX_BYTES} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is no UTF-8 text at byte {error.start}") from None


def _bytes_of(stream: Reads) -> bytes:
    """Return what a stream holds; a little more than MAX_BYTES is read of one that is too long."""
    parts, size = [], 0
    while size <= MAX_BYTES and (piece := stream.read(1 << 18)):
        parts.append(piece)
        size += len(piece)
    return b"".join(parts)


def _rows(
    name: str, text: str, columns: Sequence[str], useful: Sequence[str]
) -> Iterator[dict[str, int]]:
    lines = csv.reader(io.StringIO(text, newline=""))
    header = [one.strip() for one in next(lines, [])]
    for column in columns:
        if column not in header:
            raise InputError(f"{name}: lacks the column {column}, which is needed")
    known = dict.fromkeys((*columns, *(column for column in useful if column in header)))
    wanted = [(column, header.index(column)) for column in known]
    before = -1
    for fields in lines:
        where = f"{name}:{lines.line_num}"
        if lines.line_num > MAX_ROWS:
            raise InputError(f"{where}: more than {MAX_ROWS} rows")
        if len(fields) != len(header):
            raise InputError(f"{where}: {len(fields)} fields, the header has {len(header)}")
        row = {column: _value(where, column, fields[at]) for column, at in wanted}
        if row[TIME] <= before:
            raise InputError(f"{where}: t: the times must rise from row to row")
        before = row[TIME]
        yield row


def _value(where: str, column: str, text: str) -> int:
    text = text.strip()
    if column == TIME:
        return _nanoseconds(where, text)
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{where}: {column}: {text[:40]!r} is no whole number")
    return int(text)


def _nanoseconds(where: str, text: str) -> int:
    try:
        seconds = Decimal(text)
    except InvalidOperation:
        seconds = Decimal("NaN")
    if not seconds.is_finite() or not 0 <= seconds < SECOND_NS:
        raise InputError(f"{where}: t: {text[:40]!r} is no time in seconds")
    return int(seconds * SECOND_NS)
