"""Turns lines into messages: what one printk printed, understood or kept as it came.

Most lines of a log are of no form. A search for the clues of all forms passes them over, many at a
time; only a line with a clue is decoded, split and read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from mmplay.engine.printk.form import LineForm, Values
from mmplay.engine.printk.reader import complete, form_index, line_clues
from mmplay.recordings.log.prefix import Prefix, split_prefix
from mmplay.recordings.log.reading import (
    DAEMON_ROLES,
    LONGEST_BROKEN,
    LONGEST_CHANGED,
    Split,
    all_reads,
    broken,
    is_piece,
)
from mmplay.recordings.log.records import RECORD_BYTES, Years, in_record, with_record
from mmplay.recordings.log.transport import JOINED, header_cut, is_coloured, unwrap


class Message(NamedTuple):
    """One understood printk: its form, values, prefix, and the line it starts at.

    All its lines share prefix and line end. `raw` is the line itself if a transport has changed it,
    or broken it into several, so that it does not follow from the values. If such a line says
    several things, the first has the line, and the others an empty one: no line of their own.
    """

    number: int
    form: LineForm
    values: Values
    prefix: Prefix
    end: bytes
    raw: bytes | None = None
    lost: str = ""
    """The field in which the line was cut; nothing from there on is among the values."""

    @property
    def size(self) -> int:
        """How many lines it has."""
        return self.form.size if self.raw is None else count_lines(self.raw)


class Lines(NamedTuple):
    """Whole lines as they came, line ends included; only the last of a log may lack its end.

    `number` counts from 1. `cut_bytes` is what was thrown away of a single line that was too long.
    `skipped` tells of lines, without any data, that nobody looked at.
    """

    number: int
    data: bytes
    cut_bytes: int = 0
    skipped: int = 0


def count_lines(data: bytes) -> int:
    """Return how many lines these bytes are, a last one without line end counted."""
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")


INDENT = "  "


BYTES_CLUE = rb'"MESSAGE" ?: ?\[ ?[0-9]'
"""A message that a journal gives as numbers, byte by byte: no word of it can be found."""


@cache
def all_clues() -> re.Pattern[bytes]:
    """Return the clues of all forms, and of what may hide one."""
    return re.compile(line_clues().pattern + b"|" + BYTES_CLUE)


NEAR = 4
"""Lines behind a message that are read even without a clue: those between may be of others."""


def scan(
    source: Iterable[Lines], clues: re.Pattern[bytes] | None = None
) -> Iterator[Message | Lines]:
    """Yield every line once, in order: inside a Message or among Lines of no form.

    `clues` must be found in every line that a form may start, line end included.
    """
    pattern = clues or all_clues()
    rest, near, years, before = Lines(1, b""), 0, Years(), b""
    for lines in source:
        if lines.cut_bytes or lines.skipped:
            yield from _Scanner(rest, pattern, near, years, before).items(0)
            yield lines
            before = b""
            rest, near = Lines(lines.number + (lines.skipped or 1), b""), 0
            continue
        joined = Lines(rest.number, rest.data + lines.data)
        scanner = _Scanner(joined, pattern, near, years, before)
        yield from scanner.items(LONGEST_BROKEN)
        rest, near, before = scanner.rest(), scanner.near, scanner.before()
    yield from _Scanner(rest, pattern, near, years, before).items(0)


class _Found(NamedTuple):
    """A message without its number; `after` is where it ends."""

    form: LineForm
    values: Values
    prefix: Prefix
    end: bytes
    after: int
    raw: bytes | None = None
    more: tuple[tuple[LineForm, Values], ...] = ()
    """What else the same line says."""
    lost: str = ""

    def messages(self, number: int) -> Iterator[Message]:
        """Yield its messages; their line is `number`."""
        yield Message(number, self.form, self.values, self.prefix, self.end, self.raw, self.lost)
        for form, values in self.more:
            yield Message(number, form, values, self.prefix, self.end, b"")


class _Scanner:
    """Goes through whole lines once. `_start` is the first byte that was not yielded yet.

    `near` counts down the lines behind a message that are read without a clue.
    """

    def __init__(
        self, lines: Lines, clues: re.Pattern[bytes], near: int, years: Years, before: bytes
    ) -> None:
        self._data = lines.data
        self._number = lines.number
        self._clues = clues
        self._start = 0
        self.near = near
        self._years = years
        self._before = before

    def rest(self) -> Lines:
        """Return what was not yielded: the last lines, whose message may go on."""
        return Lines(self._number, self._data[self._start :])

    def before(self) -> bytes:
        """Return what stands before the rest: a message may belong to it."""
        return (self._before + self._data[: self._start])[-RECORD_BYTES:]

    def items(self, kept: int) -> Iterator[Message | Lines]:
        """Yield what the lines are, up to the last `kept` of them."""
        limit = self._start_of_last(kept)
        at = 0 if self.near else self._next_clue(0)
        while at < limit:
            found = self._read(at)
            if found is None:
                at, found = self._from_before(at)
            if found is None:
                self.near = max(0, self.near - 1)
                at = self._after(at)
                at = at if self.near else self._next_clue(at)
                continue
            if at > self._start:
                yield self._passed_over(at)
            found = found._replace(prefix=self._years.counted(found.prefix))
            for message in found.messages(self._number):
                yield message
                self._number += message.size
            self._start = at = found.after
            self.near = NEAR
        if limit > self._start:
            yield self._passed_over(limit)

    def _start_of_last(self, count: int) -> int:
        """Return where the last `count` lines start."""
        at = len(self._data)
        for _ in range(count):
            at = self._data.rfind(b"\n", 0, max(0, at - 1)) + 1
        return at

    def _next_clue(self, at: int) -> int:
        """Return where the next line with a clue starts, or the end of the data."""
        found = self._clues.search(self._data, at)
        if found is not None:
            return self._data.rfind(b"\n", at, found.start()) + 1 or at
        if self._data.endswith(b"\n"):
            return len(self._data)
        # A clue may be the line end itself, which the last line of a log can lack.
        return max(at, self._data.rfind(b"\n") + 1)

    def _passed_over(self, end: int) -> Lines:
        lines = Lines(self._number, self._data[self._start : end])
        self._number += count_lines(lines.data)
        self._start = end
        return lines

    def _after(self, at: int) -> int:
        """Return where the line after the one at `at` starts."""
        return self._data.find(b"\n", at) + 1 or len(self._data)

    def _split(self, at: int) -> Split:
        after = self._after(at)
        line = self._data[at:after]
        end = b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b""
        text = line[: len(line) - len(end)].decode("utf-8", "surrogateescape")
        prefix, rest = split_prefix(text)
        if in_record(prefix, rest):
            before = (self._before if at < RECORD_BYTES else b"") + self._data[
                max(0, at - RECORD_BYTES) : at
            ]
            behind = self._data[at : at + RECORD_BYTES]
            prefix = with_record(prefix, before + behind, len(before))
        return Split(prefix, rest, end, after, text)

    def _read(self, at: int) -> _Found | None:
        """Return the message whose first line starts at `at`."""
        first = self._split(at)
        # Free text at the end of a form would swallow whatever was joined to it.
        changed = JOINED.search(first.text) or is_coloured(first.prefix, first.text)
        joined = self._unwrapped(at, first) if changed else None
        found = joined or self._message(first)
        if found is None and first.text.startswith(INDENT):
            found = self._outdented(first)
        elif found is None and self.near:
            found = self._indented(at, first)
        found = found or self._unwrapped(at, first)
        return self._broken(at, first, found) or found or self._header_cut(at, first)

    def _header_cut(self, at: int, split: Split) -> _Found | None:
        """Read the first line of an event whose end the log has lost."""
        raw = self._data[at : split.after]
        if split.prefix.foreign or len(raw) > LONGEST_CHANGED or not all_clues().search(raw):
            return None
        for text, lost in header_cut(split.text):
            reads = all_reads([text], foreign=False, near=False)
            if reads:
                form, values = reads[0]
                return _Found(form, values, split.prefix, split.end, split.after, raw, (), lost)
        return None

    def _unwrapped(self, at: int, split: Split) -> _Found | None:
        """Read a line that its transport has changed."""
        raw = self._data[at : split.after]
        if len(raw) > LONGEST_CHANGED or not (self.near or all_clues().search(raw)):
            return None
        for prefix, texts, lost in unwrap(split.line, split.prefix, split.text):
            foreign = prefix.foreign or split.prefix.foreign
            reads = all_reads(texts, foreign=foreign, near=self.near > 0)
            if reads:
                (form, values), *more = reads
                if prefix.time_us is None:
                    time_us, wall = split.prefix.time_us, split.prefix.wall
                    prefix = prefix._replace(time_us=time_us, wall=wall)
                return _Found(form, values, prefix, split.end, split.after, raw, tuple(more), lost)
        return None

    def _broken(self, at: int, first: Split, alone: _Found | None) -> _Found | None:
        """Read a line that a mailer has broken; None if it is whole, or of no form."""
        if first.prefix.foreign:
            return None
        if not (self.near or all_clues().search(self._data, at, first.after)):
            return None
        return self._pieces(at, first, alone)

    def _pieces(self, at: int, first: Split, alone: _Found | None) -> _Found | None:
        form = alone.form if alone is not None else None
        if alone is not None and alone.raw is not None:
            text = f"{alone.form.render(alone.values)[0]} {alone.lost}"
            first = first._replace(prefix=alone.prefix, text=text)
        found = broken(first, form, self._splits(first.after))
        if found is None:
            return None
        (form, values), last = found
        return _Found(form, values, first.prefix, last.end, last.after, self._data[at : last.after])

    def _from_before(self, at: int) -> tuple[int, _Found | None]:
        """Read a line whose first piece, the line before, was broken off ahead of its clue.

        Return where the message starts as well.
        """
        before = self._data.rfind(b"\n", 0, max(0, at - 1)) + 1
        if before < self._start or before == at or not is_piece(self._split(at)):
            return at, None
        first = self._split(before)
        found = None if first.prefix.foreign else self._pieces(before, first, None)
        return (before, found) if found is not None else (at, None)

    def _splits(self, at: int) -> Iterator[Split]:
        """Yield the lines from the one at byte `at` on, each as its prefix and text."""
        while at < len(self._data):
            split = self._split(at)
            at = split.after
            yield split

    def _outdented(self, split: Split) -> _Found | None:
        """Read a line that was indented when it was pasted: take blanks off, leaving up to two."""
        bare = split.text.lstrip(" ")
        for kept in range(len(INDENT) + 1):
            taken = len(split.text) - len(bare) - kept
            if taken > 0:
                # No line is split after so many blanks: this prefix is never that of the next.
                prefix = split.prefix._replace(text=split.prefix.text + " " * taken, plain=False)
                found = self._message(split._replace(prefix=prefix, text=" " * kept + bare))
                if found is not None:
                    return found
        return None

    def _indented(self, at: int, split: Split) -> _Found | None:
        """Read a line of a report whose first blanks were lost, as log services trim them."""
        for blanks in (" ", INDENT):
            for form, values in form_index().read_first(blanks + split.text):
                if form.size == 1 and not split.prefix.foreign:
                    raw = self._data[at : split.after]
                    return _Found(form, values, split.prefix, split.end, split.after, raw)
        return None

    def _message(self, first: Split) -> _Found | None:
        for form, values in form_index().read_first(first.text):
            if form.follows and not self.near:
                continue
            if first.prefix.foreign and form.role not in DAEMON_ROLES:
                continue
            texts, after = self._same_printk(first, form.size)
            whole = complete(form, values, texts)
            if whole is not None:
                return _Found(form, whole, first.prefix, first.end, after)
        return None

    def _same_printk(self, first: Split, count: int) -> tuple[list[str], int]:
        """Return the texts of up to `count` lines that share prefix and line end with the first.

        Also where the last of them ends.
        """
        texts, after = [first.text], first.after
        while len(texts) < count and after < len(self._data):
            other = self._split(after)
            if other.prefix != first.prefix or other.end != first.end:
                break
            texts.append(other.text)
            after = other.after
        return texts, after
