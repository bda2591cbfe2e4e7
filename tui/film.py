"""The film beside the menu: the shipped run of the incident, its two tanks as they drain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.recordings.library import open_recording
from mmplay.tui.cells import Cell, Row, fit, row, wrap
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.menu import FILM_TITLE
from mmplay.tui.views.pictures.tank import Line, Tank, tank_rows, water

if TYPE_CHECKING:
    from mmplay.recordings.recording import Recording

SHOWN = "incident-run-atomic"
"""The recording that is shown."""

SLOWER = 10
LEAST_ROWS = 3
MOST_SHOTS = 200
"""Twenty seconds, each shot a tenth of one."""

DRAINS, BREAKS_IN = CAPTIONS = (
    "The water is free memory, in pages of 4 kB. Below the line most must wait; a few need not.",
    "DMA32, the large zone, is empty. Now those few empty DMA, a small one kept from the others.",
)
"""What is seen, and why it matters: while the large zone drains, and once it is empty."""

ENDED = (
    "Now a request is refused for good, and the kernel prints a report of it. The levels tell why."
)


class Vessel(NamedTuple):
    """A zone of the film: its pages, the marks that colour it, the one line that is drawn.

    `kept` of its pages are for those who can use no other zone.
    """

    name: str
    managed: int
    marks: tuple[int, int, int]
    line: Line
    kept: int


class Shot(NamedTuple):
    """One moment: microseconds since the first, free pages by vessel, tasks that are held back."""

    time_us: int
    free: tuple[int, ...]
    held: int


class Film(NamedTuple):
    """What is shown, and the line of the log with which it ends."""

    vessels: tuple[Vessel, ...]
    shots: tuple[Shot, ...]
    refusal: str


def read_film() -> Film | None:
    """Return the film of the shipped run; None if it is not there."""
    try:
        with open_recording(SHOWN) as recording:
            return film_of(recording)
    except (InputError, OSError):
        return None


def film_of(recording: Recording) -> Film:
    """Return the film of a run: from its first row to its first refusal."""
    shown = recording.frame(0).shown
    dump = shown.dump if shown is not None else None
    zones = dump.populated() if dump is not None else []
    top = max((dump.index_of(zone) or 0 for zone in zones), default=0) if dump is not None else 0
    vessels = []
    for zone in zones:
        marks = tuple(zone.pages(mark) or 0 for mark in ("min", "low", "high"))
        kept = zone.reserve_for(top) or 0
        line = Line("line", marks[0] + kept, strong=True)
        least, low, high = (mark + kept for mark in marks)
        managed = zone.pages("managed") or 1
        vessels.append(Vessel(zone.name, managed, (least, low, high), line, kept))
    refusal = _refusal(recording)
    shots = _shots(recording, [vessel.name for vessel in vessels], refusal[0])
    return Film(tuple(vessels), shots, refusal[1])


def _refusal(recording: Recording) -> tuple[int, str]:
    """Return when a request was first refused for good, and the log's line for it."""
    for index in recording.event_frames:
        frame = recording.frame(index)
        lines = recording.lines(frame.first_line, 1) if frame.first_line else []
        if lines and "page allocation failure" in lines[0].text and frame.time_us is not None:
            return frame.time_us, lines[0].text
    return 1 << 62, ""


def _shots(recording: Recording, zones: list[str], until_us: int) -> tuple[Shot, ...]:
    series = recording.series()
    at = {name: n for n, name in enumerate(series.columns)}
    places = [at[f"zones.{name}.free"] for name in zones]
    shots = []
    first_us = None
    for one in series.rows:
        time_us = one[at["time_us"]] or 0
        first_us = time_us if first_us is None else first_us
        shots.append(
            Shot(
                time_us - first_us,
                tuple(one[place] or 0 for place in places),
                one[at["throttled"]] or 0,
            )
        )
        if time_us > until_us:
            break
    step = -(-len(shots) // MOST_SHOTS) if shots else 1
    return (*shots[::step], *shots[-1:])


def film_rows(
    film: Film, number: int, size: tuple[int, int], glyphs: Glyphs, then: str
) -> list[Row]:
    """Draw a shot: a tank for each zone, the moment above, at the end the log's line below.

    `size` is the width and the height to fill; `then` says at the end what a key does.
    """
    width, height = size
    shot = film.shots[min(number, len(film.shots) - 1)]
    ended = number >= len(film.shots) - 1
    hundredths = shot.time_us // 10_000
    moment = f"{hundredths // 100}.{hundredths % 100:02d} s, {SLOWER} times slower"
    rows = [row(Cell(fit(FILM_TITLE, width), "label")), row(Cell(fit(moment, width), "dim"))]
    said = wrap(film.refusal, width) if film.refusal and ended else []
    caption = wrap(ENDED if ended else caption_of(film, shot), width)
    rows += [row(Cell(line)) for line in caption]
    most = max(len(wrap(one, width)) for one in (*CAPTIONS, ENDED))
    rows += [row("")] * (most - len(caption))
    room = height - len(said) - most - 3 - len(film.vessels)
    high = _heights(shot, room)
    for vessel, free, tall in zip(film.vessels, shot.free, high, strict=True):
        rows.append(row(Cell(vessel.name, "label")))
        rows += tank_rows(_tank(vessel, free, shot, glyphs), width, tall, glyphs)
    rows += [row(Cell(line, "refused")) for line in said]
    held = f"{shot.held} tasks are held back" if shot.held else ""
    rows.append(row(Cell(fit(then if ended else held, width), "here" if ended else "dim")))
    return rows


def _heights(shot: Shot, room: int) -> list[int]:
    """Return the rows of each tank: the one that drains has two thirds of them, to be seen."""
    count = len(shot.free)
    drains = next((n for n, free in enumerate(shot.free) if free), None)
    if drains is None or count == 1:
        return [max(LEAST_ROWS, room // max(1, count))] * count
    others = max(LEAST_ROWS, room // (3 * (count - 1)))
    first = max(LEAST_ROWS, room - others * (count - 1))
    return [first if n == drains else others for n in range(count)]


def caption_of(film: Film, shot: Shot) -> str:
    """Return what is seen now, by the zone in which nothing is locked."""
    pairs = zip(film.vessels, shot.free, strict=True)
    left = sum(free for vessel, free in pairs if not vessel.kept)
    return DRAINS if left else BREAKS_IN


def _tank(vessel: Vessel, free: int, shot: Shot, glyphs: Glyphs) -> Tank:
    role, fill = water(free, vessel.marks, glyphs)
    state = "empty" if not free else "locked" if free <= vessel.line.pages else ""
    if free and not vessel.kept:
        state = "below line" if free < vessel.line.pages else ""
    return Tank(vessel.name, free, vessel.managed, (vessel.line,), state, role, fill)
