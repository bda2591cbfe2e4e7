"""Logs in UTF-16, as Windows writes what is piped into a file: read as UTF-8, and back."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
ENCODINGS = tuple(MARKS.values())
ODD = b"\xff"
"""Stands in UTF-8, which never has it, before a last byte that is half a character."""

_LOOKED_AT = 64


def encoding_of(head: bytes) -> str | None:
    """Return the UTF-16 that a log begins in: by its mark, or by zeros in every other place."""
    if head[:2] in MARKS:
        return MARKS[head[:2]]
    start = head[:_LOOKED_AT]
    if len(start) < _LOOKED_AT:
        return None
    for first, encoding in enumerate(reversed(ENCODINGS)):
        zeros, others = start[first::2], start[1 - first :: 2]
        if zeros.count(0) >= len(zeros) - 2 and others.count(0) == 0:
            return encoding
    return None


class Decoder:
    """UTF-16 into UTF-8, piece by piece; whatever the bytes are, `encoded` gives them back."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")

    def decode(self, data: bytes) -> bytes:
        """Return the next piece."""
        return self._decoder.decode(data).encode("utf-8", "surrogatepass")

    def ended(self) -> bytes:
        """Return what is left: half of a pair of surrogates, half a character."""
        left = self._decoder.getstate()[0]
        self._decoder.reset()
        whole, odd = left[: len(left) & ~1], left[len(left) & ~1 :]
        text = self._decoder.decode(whole, final=True)
        return text.encode("utf-8", "surrogatepass") + (ODD + odd if odd else b"")


def encoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield UTF-8 in the UTF-16 that it was decoded from."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
    for piece in pieces:
        text, _, odd = piece.partition(ODD)
        try:
            yield decoder.decode(text).encode(encoding, "surrogatepass")
        except UnicodeDecodeError:
            # A line that was cut because it was too long may end within a character.
            decoder.reset()
            yield text.decode("utf-8", "replace").encode(encoding, "surrogatepass")
        yield odd
