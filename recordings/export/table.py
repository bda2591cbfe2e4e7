"""The numbers of a recording as CSV and as JSON, and the kernel log as its own text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping

from mmplay.recordings.recording import Recording, said


def dmesg(timeline: Recording) -> Iterator[bytes]:
    """Yield the whole log, byte for byte as it was imported, or as the run printed it."""
    return timeline.text()


SCHEMA = 1
ROWS_AT_ONCE = 256


def as_csv(recording: Recording) -> Iterator[bytes]:
    """Yield the table as CSV (RFC 4180, with plain line feeds); an unknown number is empty."""
    series = recording.series()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(series.columns)
    for n, row in enumerate(series.rows, 1):
        writer.writerow(row)
        if n % ROWS_AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


def as_json(recording: Recording) -> Iterator[bytes]:
    """Yield one object: what it is, columns and rows, events, markers, acts; unknown is null."""
    series = recording.series()
    head = {"schema": SCHEMA, **_what_it_is(recording), "columns": series.columns}
    yield _dumped(head)[:-1]
    yield from _listed("rows", series.rows)
    yield from _listed("events", _events(recording))
    yield from _listed("markers", _markers(recording))
    yield from _listed("acts", (act._asdict() for act in recording.acts))
    yield b"\n}\n"


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(", ", ": ")).encode()


def _listed(name: str, items: Iterable[object]) -> Iterator[bytes]:
    """Yield one member of the object, an item a line."""
    yield b",\n" + _dumped(name) + b": ["
    between = b"\n"
    for item in items:
        yield between + _dumped(item)
        between = b",\n"
    yield b"]"


def _what_it_is(recording: Recording) -> Mapping[str, object]:
    kernels = [boot.kernel.name if boot.kernel else None for boot in recording.boots]
    return {
        "name": recording.name,
        "kind": said(recording, "kind"),
        "writer": said(recording, "writer"),
        "complete": recording.ending.closed,
        "frames": len(recording),
        "releases": [boot.release for boot in recording.boots],
        "kernels": kernels,
    }


def _events(recording: Recording) -> Iterator[Mapping[str, object]]:
    for index in recording.event_frames:
        frame = recording.frame(index)
        yield {
            "frame": index + 1,
            "boot": frame.boot + 1,
            "time_us": frame.time_us,
            "title": frame.title,
        }


def _markers(recording: Recording) -> Iterator[Mapping[str, object]]:
    for marker in recording.markers:
        yield {
            "frame": marker.frame + 1,
            "time_us": recording.time_us(marker.frame),
            "name": marker.name,
            "note": marker.note,
        }
