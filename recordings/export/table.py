"""The numbers of a recording as CSV and as JSON, and the kernel log as its own text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from mmplay.engine.printable import printable
from mmplay.engine.report import MemDump
from mmplay.recordings.recording import Recording, said
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import columns


def dmesg(timeline: Recording) -> Iterator[bytes]:
    """Yield the whole log, byte for byte as it was imported, or as the run printed it."""
    return timeline.text()


Row = tuple[int | None, ...]

FRAME_COLUMNS = ("frame", "boot", "time_us", "dump_time_us")
TURN_COLUMNS = ("turn", "time_us")


class Series(NamedTuple):
    """A table: the names of its columns, and its rows, which can be gone through once.

    The first `places` columns say where a row stands; frames and boots count from 1.
    """

    columns: tuple[str, ...]
    places: int
    rows: Iterator[Row]


def series_of(recording: Recording) -> Series:
    """Return the table of a recording's numbers. Pages, unless the name says otherwise."""
    session = recording.session
    return _of_frames(recording) if session is None else _of_turns(session)


def _of_turns(session: Session) -> Series:
    rows = ((entry.turn, entry.time_us, *values) for entry, values in session.tape.rows())
    return Series((*TURN_COLUMNS, *columns(session.live)), len(TURN_COLUMNS), rows)


def _of_frames(recording: Recording) -> Series:
    """Read every frame twice: first for the names that any dump has, then for the numbers."""
    names: dict[str, None] = {}
    for _, _, dump in own_dumps(recording):
        names.update(dict.fromkeys(numbers_of(dump)))
    return Series((*FRAME_COLUMNS, *names), len(FRAME_COLUMNS), _frame_rows(recording, names))


def _frame_rows(recording: Recording, names: dict[str, None]) -> Iterator[Row]:
    for index, boot, dump in own_dumps(recording):
        numbers = numbers_of(dump)
        place = (index + 1, boot + 1, recording.time_us(index), dump.time_us)
        yield (*place, *(numbers.get(name) for name in names))


def own_dumps(recording: Recording) -> Iterator[tuple[int, int, MemDump]]:
    """Yield (frame, boot, dump) of every frame that has a dump of its own."""
    for index in range(len(recording)):
        frame = recording.frame(index)
        if frame.shown is not None and frame.shown.own:
            yield index, frame.boot, frame.shown.dump


def numbers_of(dump: MemDump) -> dict[str, int]:
    """Return every number of a dump by name; a zone's name has its node where there are several."""
    numbers: dict[str, int] = {**dump.totals, **dump.tail}
    several = len({zone.node for zone in dump.zones}) > 1
    for zone in dump.zones:
        node = f"{zone.node}:" if several else ""
        prefix = f"zones.{node}{zone.name}"
        for name in zone.kb:
            pages = zone.pages(name)
            if pages is not None:
                numbers[f"{prefix}.{name}"] = pages
        if zone.all_unreclaimable is not None:
            numbers[f"{prefix}.all_unreclaimable"] = int(zone.all_unreclaimable)
        if zone.reserve:
            numbers[f"{prefix}.reserve"] = max(zone.reserve)
    for number, fields in dump.nodes.items():
        numbers |= {f"nodes.{number}.{name}_kb": value for name, value in fields.items()}
    return {printable(name): value for name, value in numbers.items()}


SCHEMA = 1
ROWS_AT_ONCE = 256


def as_csv(recording: Recording) -> Iterator[bytes]:
    """Yield the table as CSV (RFC 4180, with plain line feeds); an unknown number is empty."""
    series = series_of(recording)
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
    series = series_of(recording)
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
