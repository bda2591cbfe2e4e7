"""The kernel log's own text: understood lines from their values, the others as they came."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.recordings.observed import ObservedTimeline


def dmesg(timeline: ObservedTimeline) -> Iterator[bytes]:
    """Yield the whole log, byte for byte as it was imported."""
    return timeline.text()
