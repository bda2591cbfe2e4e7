"""The samples inside a live trace: where they stand, and their numbers on demand."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from threading import Lock
from typing import Any, BinaryIO

from mmplay.recordings.live.layout import Text
from mmplay.recordings.live.numbers import ChangedText, TextDecoder
from mmplay.recordings.trace.format import MAX_BODY_BYTES, Code, TraceError
from mmplay.recordings.trace.reader import Record, record_at

MAX_FILES = 16
MAX_TIME_US = 1 << 52

SAMPLE_CODES = frozenset({Code.SAMPLE_KEY, Code.SAMPLE})


class Samples:
    """Filled while a trace is read, which checks every sample; keeps places and times only."""

    def __init__(self, stream: BinaryIO, name: str, files: Sequence[str]) -> None:
        """No samples yet; `files` are the names of what each holds."""
        self._stream = stream
        self._name = name
        self._files = tuple(files)
        self._times = array("q")
        self._offsets = array("Q")
        self._keys = array("Q")
        self._reading = self._decoders()
        self._shown = self._decoders()
        self._shown_at = -1
        # A search reads in a thread of its own: going to a sample is one step.
        self._lock = Lock()

    def _decoders(self) -> tuple[TextDecoder, ...]:
        return tuple(TextDecoder() for _ in self._files)

    def __len__(self) -> int:
        return len(self._times)

    def time_us(self, index: int) -> int:
        """Return when a sample was taken."""
        return self._times[index]

    def nearest(self, time_us: int) -> int | None:
        """Return the sample nearest to a moment, None without samples."""
        if not self._times:
            return None
        after = bisect_right(self._times, time_us)
        near = [index for index in (after - 1, after) if 0 <= index < len(self._times)]
        return min(near, key=lambda index: abs(self._times[index] - time_us))

    def take(self, record: Record) -> None:
        """Add the next sample; raises TraceError for one that cannot be."""
        try:
            time, stored = self._checked(record)
            for decoder, one in zip(self._reading, stored, strict=True):
                decoder.take(one)
        except (ChangedText, ValueError, TypeError) as error:
            raise TraceError(f"{self._name}: record at byte {record.offset}: {error}") from None
        if record.code == Code.SAMPLE_KEY:
            self._keys.append(len(self._times))
        self._times.append(time)
        self._offsets.append(record.offset)

    def _checked(self, record: Record) -> tuple[int, list[Any]]:
        time, *stored = record.fields
        if type(time) is not int or len(stored) != len(self._files):
            raise ChangedText("a sample has a time and one entry a file")
        is_key = record.code == Code.SAMPLE_KEY
        if is_key and not all(one is None or type(one) is bytes for one in stored):
            raise ChangedText("a first sample has whole texts")
        if not is_key:
            if not self._times:
                raise ChangedText("the first sample is missing")
            time += self._times[-1]
        if not (self._times[-1] if self._times else 0) <= time < MAX_TIME_US:
            raise ChangedText("the time of a sample cannot be")
        return time, stored

    def files(self, index: int) -> dict[str, Text]:
        """Return what could be read at a sample."""
        with self._lock:
            self._go_to(index)
            return {
                name: Text(decoder.text, tuple(decoder.numbers))
                for name, decoder in zip(self._files, self._shown, strict=True)
                if decoder.text is not None and decoder.numbers is not None
            }

    def _go_to(self, index: int) -> None:
        key = self._keys[bisect_right(self._keys, index) - 1]
        if not key <= self._shown_at <= index:
            self._shown = self._decoders()
            self._shown_at = key - 1
        while self._shown_at < index:
            self._shown_at += 1
            record = record_at(self._stream, self._offsets[self._shown_at], MAX_BODY_BYTES)
            for decoder, one in zip(self._shown, record.fields[1:], strict=True):
                decoder.take(one)


def file_names(header: dict[str, Any], name: str) -> list[str]:
    """Return the names of the sampled files as the header has them; raises TraceError."""
    files = header.get("files")
    good = isinstance(files, list) and 0 < len(files) <= MAX_FILES
    if not good or not all(type(one) is str for one in files or ()):
        raise TraceError(f"{name}: the header of a capture names no files")
    return list(files or ())
