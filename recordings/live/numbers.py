"""Texts of /proc as what never changes and the numbers in it, and a sample as what changed.

A sample of one file is stored as one of

    None            it could not be read this time
    0               nothing changed
    [gap, by, ...]  numbers that changed: how many were passed over before each, and by how much
    bytes           the whole text, compressed, where more than numbers changed
"""

from __future__ import annotations

import re
import zlib
from typing import Any

NUMBER = re.compile(rb"-?\d+")

MAX_TEXT_BYTES = 1 << 22
"""Longer texts are no files of /proc that we read."""

MAX_DIGITS = 20

UNCHANGED = 0


class ChangedText(ValueError):
    """A stored sample that does not fit the one before it."""


def packed_text(text: bytes) -> bytes:
    """Return a whole text as it is stored."""
    return zlib.compress(text, 6)


def unpacked_text(data: bytes) -> bytes:
    """Return the text of a stored one; raises ChangedText for what is none or too long."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MAX_TEXT_BYTES)
    except zlib.error as error:
        raise ChangedText(f"no compressed text: {error}") from None
    if not unpacker.eof:
        raise ChangedText("the text is too long or cut")
    return text


def numbers_of(text: bytes) -> list[int]:
    """Return every number in a text, in order; raises ChangedText for one beyond 64 bits."""
    found = NUMBER.findall(text)
    if any(len(digits) > MAX_DIGITS for digits in found):
        raise ChangedText("a number is beyond 64 bits")
    return [int(digits) for digits in found]


def shape_of(line: bytes) -> bytes:
    """Return what a line is without its numbers and without padding."""
    return b" ".join(b"#".join(NUMBER.split(line)).split())


class TextEncoder:
    """Turns the successive texts of one file into what changed since the one before."""

    def __init__(self) -> None:
        self._text = b""
        self._lines: list[bytes] = []
        self._starts: list[int] = []

    def whole(self, text: bytes) -> bytes:
        """Return the whole text as it is stored; the next changes count from it."""
        self._text = text
        self._lines = text.split(b"\n")
        self._starts, count = [], 0
        for line in self._lines:
            self._starts.append(count)
            count += len(NUMBER.findall(line))
        return packed_text(text)

    def changed(self, text: bytes) -> Any:
        """Return what changed since the text before, as it is stored."""
        if text == self._text:
            return UNCHANGED
        lines = text.split(b"\n")
        if len(lines) != len(self._lines):
            return self.whole(text)
        changes = self._changes(lines)
        if changes is None:
            return self.whole(text)
        self._text, self._lines = text, lines
        return changes or UNCHANGED

    def _changes(self, lines: list[bytes]) -> list[int] | None:
        """Return gaps and differences; None if more than numbers changed."""
        changes: list[int] = []
        last = -1
        for n, (before, after) in enumerate(zip(self._lines, lines, strict=True)):
            if before == after:
                continue
            old, new = NUMBER.findall(before), NUMBER.findall(after)
            if len(old) != len(new) or shape_of(before) != shape_of(after):
                return None
            for at, (a, b) in enumerate(zip(old, new, strict=True), self._starts[n]):
                if a != b:
                    changes += (at - last - 1, int(b) - int(a))
                    last = at
        return changes


class TextDecoder:
    """Follows the stored samples of one file. `text` is the last whole one, `numbers` of now.

    Both are None while the file could not be read.
    """

    def __init__(self) -> None:
        self.text: bytes | None = None
        self.numbers: list[int] | None = None
        self._kept: tuple[bytes, list[int]] | None = None

    def take(self, stored: Any) -> None:
        """Go on by one stored sample; raises ChangedText if it does not fit."""
        if type(stored) is bytes:
            self.text = unpacked_text(stored)
            self.numbers = numbers_of(self.text)
            self._kept = self.text, self.numbers
        elif stored is None:
            self.text = self.numbers = None
        else:
            self._apply(stored)

    def _apply(self, stored: Any) -> None:
        if self._kept is None:
            raise ChangedText("changes without a text before them")
        self.text, self.numbers = self._kept
        if type(stored) is int and stored == UNCHANGED:
            return
        if type(stored) is not list or len(stored) % 2:
            raise ChangedText("no list of changes")
        at = -1
        for gap, by in zip(stored[::2], stored[1::2], strict=True):
            if type(gap) is not int or type(by) is not int or gap < 0:
                raise ChangedText("changes are whole numbers")
            at += gap + 1
            if at >= len(self.numbers):
                raise ChangedText("changes a number that is not there")
            self.numbers[at] += by
