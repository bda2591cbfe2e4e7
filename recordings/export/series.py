"""The numbers of a recording as one table, whatever kind it is.

A simulated run has a row for every row that it kept (each 10 ms of the machine's time); anything
else has a row for every frame with a dump of its own. What a dump does not say is None, never 0.
Names are those of `engine.sim.metrics`: `free`, `zones.DMA32.free`, `slab.kmalloc-64.objs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mmplay.engine.printable import printable
from mmplay.engine.report.memory import MemDump
from mmplay.recordings.export.kinds import SIMULATED, of_kind
from mmplay.recordings.recording import Recording
from mmplay.recordings.session.rows import columns

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
    return of_kind(recording, SERIES, _of_frames)(recording)


def _of_turns(timeline: Any) -> Series:
    session = timeline.session
    rows = ((entry.turn, entry.time_us, *values) for entry, values in session.tape.rows())
    return Series((*TURN_COLUMNS, *columns(session.live)), len(TURN_COLUMNS), rows)


SERIES: dict[str, Callable[[Any], Series]] = {SIMULATED: _of_turns}
"""By the kind of the header; other kinds are read frame by frame."""


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
