"""The kernel log's own text: understood lines from their values, the others as they came."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.recordings.recording import Recording


def dmesg(timeline: Recording) -> Iterator[bytes]:
    """Yield the whole log, byte for byte as it was imported, or as the run printed it."""
    return timeline.text()
