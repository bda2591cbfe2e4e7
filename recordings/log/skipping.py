"""Which parts of a long log cannot hold an event: they are counted, neither read nor kept.

Looking for a few words in a megabyte takes a hundredth of what reading its lines takes. Every event
that a kernel prints has one of the words; the lines around are read with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mmplay.recordings.log.scan import Lines, count_lines

WORDS: dict[bytes, tuple[bytes, ...]] = {
    b"oom": (b"oom-kill", b"systemd-oomd", b"earlyoom"),
    b"alloc": (b"page alloc", b"vmalloc", b"Unable to allocate mem", b"alloc failed, req-size"),
    b"Mem-Info": (b"Mem-Info",),
    b"ut of memory": (b"ut of memory",),
    b"Linux version ": (b"Linux version ",),
    b"OOM": (b"Manual OOM", b"OOM request ignored", b"OOM victim"),
    b"lowmemorykiller": (b"lowmemorykiller",),
}
"""Each event has one of these words, or follows a line that has. First a part that several share is
looked for. Each word more costs a twelfth of the time that a long log takes."""

_GOING_ON = re.compile(
    rb"\] +-?[0-9]+ +-?[0-9]+ +-?[0-9]+ |[:*][0-9]+kB |\+0x[0-9a-f]+/0x|lowmem_reserve|pages RAM"
    rb"|[0-9]KB +[0-9]+KB"
)
"""What lines far behind an event's first one look like."""

FIRST_BYTES = 1 << 16
"""So much of a log is read whole."""

PIECE_BYTES = 1 << 16
"""A block with a word in it is looked at again in pieces of this size."""

GOING_ON_BYTES = 1 << 14
"""An event goes on where its lines are found this near the start of the next piece."""

BEFORE_BYTES = 1 << 12
"""What stands right before a word belongs to the event, too."""


def events_only(source: Iterable[Lines]) -> Iterator[Lines]:
    """Yield the lines around every event, and for the others only how many they are.

    The first lines are yielded whole, however small the blocks are: they may be all there is.
    """
    skipper, begun = _Skipper(), 0
    for lines in source:
        if begun < FIRST_BYTES or lines.cut_bytes:
            begun += len(lines.data)
            yield from skipper.read(lines)
        elif not skipper.wanted(lines.data):
            skipper.skip(lines)
        else:
            for piece in _pieces(lines):
                if skipper.wanted(piece.data):
                    yield from skipper.read(piece)
                else:
                    skipper.skip(piece)
    yield from skipper.ended()


class _Skipper:
    """Remembers where lines began to be skipped, and the last of them as they came."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._last = Lines(1, b"")
        self._reading = False

    def wanted(self, data: bytes) -> bool:
        """Tell whether an event may begin in these lines, or the last one go on."""
        if self._reading and _GOING_ON.search(data, 0, GOING_ON_BYTES):
            return True
        return any(
            part in data and any(word in data for word in words) for part, words in WORDS.items()
        )

    def read(self, lines: Lines) -> Iterator[Lines]:
        """Yield these lines, with some before them, and how many were skipped until there."""
        if self._first is not None:
            data = self._last.data
            early = len(data) - BEFORE_BYTES
            start = 0 if early <= 0 else data.find(b"\n", early) + 1 or len(data)
            before = Lines(lines.number - count_lines(data[start:]), data[start:])
            yield from self._skipped(before.number)
            if before.data:
                yield before
        yield lines
        self._first = None
        self._reading = True

    def skip(self, lines: Lines) -> None:
        """Leave these lines out."""
        if self._first is None:
            self._first = lines.number
        self._last = lines
        self._reading = False

    def _skipped(self, end: int) -> Iterator[Lines]:
        if self._first is not None and end > self._first:
            yield Lines(self._first, b"", skipped=end - self._first)

    def ended(self) -> Iterator[Lines]:
        """Yield how many lines were skipped at the end."""
        yield from self._skipped(self._last.number + count_lines(self._last.data))


def _pieces(lines: Lines) -> Iterator[Lines]:
    number, start, data = lines.number, 0, lines.data
    while start < len(data):
        end = data.find(b"\n", start + PIECE_BYTES) + 1 or len(data)
        piece = data[start:end]
        yield Lines(number, piece)
        number += count_lines(piece)
        start = end
