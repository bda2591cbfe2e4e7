"""What the dumps of a recording say by name: a table of their numbers, and conditions on them."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.errors import InputError, printable
from mmplay.engine.frame import Timeline
from mmplay.engine.report import MemDump
from mmplay.recordings.recording import Row, Series, Stopped

FRAME_COLUMNS = ("frame", "boot", "time_us", "dump_time_us")


def series_of_frames(timeline: Timeline) -> Series:
    """Return the numbers of every frame's own dump, an unknown one as None.

    Every frame is read twice: first for the names that any dump has, then for the numbers.
    """
    names: dict[str, None] = {}
    for _, _, dump in own_dumps(timeline):
        names.update(dict.fromkeys(numbers_of(dump)))
    return Series((*FRAME_COLUMNS, *names), len(FRAME_COLUMNS), _frame_rows(timeline, names))


def _frame_rows(timeline: Timeline, names: dict[str, None]) -> Iterator[Row]:
    for index, boot, dump in own_dumps(timeline):
        numbers = numbers_of(dump)
        place = (index + 1, boot + 1, timeline.time_us(index), dump.time_us)
        yield (*place, *(numbers.get(name) for name in names))


def own_dumps(timeline: Timeline) -> Iterator[tuple[int, int, MemDump]]:
    """Yield (frame, boot, dump) of every frame that has a dump of its own."""
    for index in range(len(timeline)):
        frame = timeline.frame(index)
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


def find_in_dumps(
    timeline: Timeline, text: str, current: int, stopped: Stopped, last: int = -1
) -> int | None:
    """Return the next frame up to `last` (-1: the end) whose dump makes a condition true.

    Else the next event whose title has the text. None if there is none or `stopped` says so;
    raises InputError for an empty condition.
    """
    # The words of a condition are the simulator's: explaining a log does without it.
    from mmplay.engine.sim.metrics import HELP, OPERATORS, parts_of_condition

    parts = parts_of_condition(text)
    if parts is None:
        return _event(timeline, text, current, HELP)
    name, sign, bound = parts
    compare = OPERATORS[sign]
    before = _value(timeline, current, name)
    held = before is not None and compare(before, bound)
    for index in range(current + 1, len(timeline) if last < 0 else last + 1):
        if stopped():
            return None
        value = _value(timeline, index, name)
        holds = value is not None and compare(value, bound)
        if holds and not held:
            return index
        held = holds
    return None


def _event(timeline: Timeline, text: str, current: int, help_text: str) -> int | None:
    wanted = text.casefold().strip()
    if not wanted:
        raise InputError(f"write {help_text}")
    for index in timeline.event_frames:
        if index > current and wanted in timeline.frame(index).title.casefold():
            return index
    return None


def _value(timeline: Timeline, index: int, name: str) -> int | None:
    """Return a number of a frame's dump: a total by its name, or zones.ZONE.FIELD."""
    shown = timeline.frame(index).shown
    if shown is None:
        return None
    kind, _, rest = name.partition(".")
    if kind == "zones":
        zone_name, _, field = rest.partition(".")
        zone = shown.dump.zone(zone_name)
        return zone.pages(field) if zone is not None else None
    return shown.dump.totals.get(name)
