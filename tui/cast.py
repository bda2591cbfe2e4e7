"""The play screen driven off-screen: a recording as asciicast v2, and one place as plain text.

A cast shows what the screen shows. It holds every event and marker and, between them, frames at
even distances, `MOST_FRAMES` in all; more events than half of that are thinned out evenly. Its
times are for watching: the time between two frames, not less than 50 ms nor more than 2 s, and an
event stays for a second. Source: docs.asciinema.org/manual/asciicast/v2.

A place is one of a recording, or one of a level by the way of its solution.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.color import ColorSystem
from textual.strip import Strip

from mmplay.engine.errors import printable
from mmplay.levels.play.solve import Station, come_to
from mmplay.recordings.recording import Recording
from mmplay.tui.app import MmplayApp
from mmplay.tui.player import IDLE_LIMIT_US, SHORTEST_US, UNTIMED_US
from mmplay.tui.screens.play import PlayScreen

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.screen import Screen

    from mmplay.levels.model import Level

MOST_FRAMES = 400
EVENT_US = 1_000_000
SIZE = (80, 24)

CLEAR = "\x1b[0m\x1b[2J\x1b[?25l"

Lines = tuple[str, ...]
"""A screen: one line of text and colours a row."""


def as_cast(recording: Recording, size: tuple[int, int] = SIZE) -> Iterator[bytes]:
    """Yield the cast, a line at a time. The screen closes the recording when it is done."""
    frames = chosen_frames(recording)
    labels = labels_of(recording, frames)
    times = list(_times(recording, frames, labels))
    screens = asyncio.run(_screens(recording, frames, size)) if frames else []
    shots = (
        Shot(time_us, screen, tuple(labels.get(index, ())))
        for index, time_us, screen in zip(frames, times, screens, strict=True)
    )
    yield from shots_as_cast(shots, recording.name, size)


class Shot(NamedTuple):
    """A screen, when it comes, in microseconds from the start, and what is marked there."""

    time_us: int
    lines: Lines
    labels: tuple[str, ...] = ()


def shots_as_cast(shots: Iterable[Shot], title: str, size: tuple[int, int]) -> Iterator[bytes]:
    """Yield a cast of screens that were taken before, a line at a time."""
    yield _line(header(title, size))
    shown: Lines = ()
    for shot in shots:
        yield _event(shot.time_us, "o", _changes(shown, shot.lines))
        shown = shot.lines
        for label in shot.labels:
            yield _event(shot.time_us, "m", printable(label))


def header(title: str, size: tuple[int, int]) -> dict[str, object]:
    """Return the first line of the cast: no clock, so that it is the same every time."""
    return {
        "version": 2,
        "width": size[0],
        "height": size[1],
        "idle_time_limit": IDLE_LIMIT_US // 1_000_000,
        "title": printable(title),
        "env": {"TERM": "xterm-256color"},
    }


def chosen_frames(recording: Recording, most: int = MOST_FRAMES) -> list[int]:
    """Return the frames that a cast shows, in order: see the module."""
    count = len(recording)
    if count <= most:
        return list(range(count))
    places = {*recording.event_frames, *(marker.frame for marker in recording.markers)}
    kept = _evenly(sorted(places), most // 2)
    return sorted({*kept, *_evenly(range(count), most - len(kept))})


def _evenly(frames: Sequence[int], most: int) -> list[int]:
    """Return at most so many of the frames, the first and the last among them."""
    last = len(frames) - 1
    if last < most:
        return list(frames)
    return [frames[n * last // (most - 1)] for n in range(most)]


def labels_of(recording: Recording, frames: list[int]) -> dict[int, list[str]]:
    """Return what stands at the cast's markers, by frame: titles of events, names of marks."""
    events = set(recording.event_frames)
    labels = {n: [recording.frame(n).title] for n in frames if n in events}
    for marker in recording.markers:
        labels.setdefault(marker.frame, []).append(marker.name)
    return labels


def _times(recording: Recording, frames: list[int], labels: dict[int, list[str]]) -> Iterator[int]:
    """Yield when each frame is shown, in us from the start of the cast."""
    starts = {boot.first_frame for boot in recording.boots}
    now = 0
    for n, index in enumerate(frames):
        if n:
            before = frames[n - 1]
            gap = _gap(recording, before, index, starts)
            least = EVENT_US if before in labels else SHORTEST_US
            now += max(least, min(IDLE_LIMIT_US, gap))
        yield now


def _gap(recording: Recording, before: int, index: int, starts: set[int]) -> int:
    first, second = recording.time_us(before), recording.time_us(index)
    crosses = any(before < start <= index for start in starts)
    return UNTIMED_US if crosses or first is None or second is None else second - first


async def _screens(recording: Recording, frames: list[int], size: tuple[int, int]) -> list[Lines]:
    """Return the screen at each of the frames."""
    app = MmplayApp(recording, frames[0])
    screens = []
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        screen = app.screen
        if not isinstance(screen, PlayScreen):
            raise RuntimeError("the play screen did not open")
        for index in frames:
            if index != screen.player.index:
                screen.action_step(index - screen.player.index)
                await pilot.pause()
            screens.append(lines_of(screen))
    return screens


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the screen is laid out and drawn: sizes settle in the second round."""
    for _ in range(3):
        await pilot.pause()


def lines_of(screen: Screen[Any]) -> Lines:
    """Return what a screen shows, in colours."""
    # Textual has no public way to read a screen; its own snapshots take this one.
    return tuple(_coloured(strip) for strip in screen._compositor.render_strips())


def _coloured(strip: Strip) -> str:
    return "".join(
        style.render(text, color_system=ColorSystem.TRUECOLOR) if style else text
        for text, style, control in strip.simplify()
        if not control
    )


def _changes(before: Lines, after: Lines) -> str:
    """Return what a terminal must be sent to show `after`: the rows that differ."""
    start = "" if before else CLEAR
    known = before or ("",) * len(after)
    return start + "".join(
        f"\x1b[{row};1H{line}\x1b[0m"
        for row, (old, line) in enumerate(zip(known, after, strict=True), 1)
        if old != line
    )


def _event(time_us: int, code: str, text: str) -> bytes:
    stamp = f"{time_us // 1_000_000}.{time_us % 1_000_000:06d}"
    return f'[{stamp}, "{code}", {json.dumps(text)}]\n'.encode()


def _line(value: dict[str, object]) -> bytes:
    return f"{json.dumps(value)}\n".encode()


class LevelStill(MmplayApp):
    """The app on a run of a level; nothing is read or kept of what was played before."""

    def __init__(self, level: Level, station: Station) -> None:
        super().__init__(level=level)
        self._at = level, station

    def open_first(self) -> None:
        """Open the level's screen where the run of its solution has come to."""
        level, station = self._at
        self.play_level(level, station.run)


def as_text(recording: Recording, size: tuple[int, int] = SIZE, start: int = 0) -> Iterator[bytes]:
    """Yield the screen of a recording at frame `start`, which closes the recording."""
    yield asyncio.run(_text(MmplayApp(recording, start), size)).encode()


def level_text(level: Level, place: str, size: tuple[int, int] = SIZE) -> Iterator[bytes]:
    """Yield the screen of a level at a place; raises InputError for what is no place of it."""
    station = come_to(level, place)
    yield asyncio.run(_text(LevelStill(level, station), size, station)).encode()


async def _text(app: MmplayApp, size: tuple[int, int], station: Station | None = None) -> str:
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        if station is not None:
            await _go(pilot, app.screen, station)
        # Textual has no public way to read a screen; its own snapshots take this one.
        strips = app.screen._compositor.render_strips()
        return "".join(f"{strip.text.rstrip()}\n" for strip in strips)


async def _go(pilot: Pilot[None], screen: object, station: Station) -> None:
    """Give the answer of a station, or show the end that it is at."""
    if not isinstance(screen, PlayScreen) or screen.game is None:
        raise RuntimeError("the level's screen did not open")
    screen.say("")
    if station.answer:
        screen.game.give(station.answer)
    elif not station.run.playing:
        screen.game.read_on()
    await settled(pilot)
