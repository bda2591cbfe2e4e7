"""What a recording holds, for whoever has not opened it yet."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.frame import boot_of
from mmplay.recordings.recording import Recording
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.reader import TraceReader, open_trace

CODES = {int(code): code.name.lower() for code in Code}

SAID = ("start", "variant", "seed", "level", "interval_us", "cut_from", "cut_to", "parent", "turn")
"""Fields of a header that say more of where a recording comes from, if it has them."""


class Listed(NamedTuple):
    """One moment worth knowing: its frame, time in us (clock time if `wall`), what happened."""

    frame: int
    time_us: int | None
    text: str
    wall: bool = False


class BootInfo(NamedTuple):
    """One boot: its frames, times and kernel."""

    frames: int
    first_us: int | None
    last_us: int | None
    release: str | None
    kernel: str | None
    wall: bool


class About(NamedTuple):
    """See the module. Times are the machine's own, in us; `ending` is None for a closed file."""

    kind: str
    title: str
    writer: str
    engine: int | None
    bytes: int
    ending: str | None
    frames: int
    lines: int
    boots: tuple[BootInfo, ...]
    events: tuple[Listed, ...]
    acts: tuple[Listed, ...]
    marks: tuple[Listed, ...]
    notes: int
    records: dict[str, int]
    header: dict[str, object]
    assumed: tuple[str, ...]
    calibrated: tuple[str, ...]


def about(recording: Recording, path: Path) -> About:
    """Return what the recording in a file holds; `recording` is that file, opened."""
    header = recording.header
    engine = header.get("engine")
    return About(
        kind=str(header.get("kind")),
        title=recording.name,
        writer=str(header.get("writer") or "unknown"),
        engine=engine if type(engine) is int else None,
        bytes=path.stat().st_size,
        ending=_ending(recording),
        frames=len(recording),
        lines=recording.line_count,
        boots=_boots(recording),
        events=_events(recording),
        acts=_acts(recording),
        marks=_marks(recording),
        notes=len(recording.notes),
        records=records_of(path),
        header={name: header[name] for name in SAID if name in header},
        assumed=_rests_on(recording, "assumed"),
        calibrated=_rests_on(recording, "calibrated"),
    )


def records_of(path: Path) -> dict[str, int]:
    """Return how many records of each code a trace has; raises TraceError."""
    with open_trace(path) as stream:
        counted = Counter(record.code for record in TraceReader(stream, str(path)))
    return {CODES.get(code, f"code {code}"): count for code, count in sorted(counted.items())}


def _ending(recording: Recording) -> str | None:
    ending = recording.ending
    if ending.closed:
        return None
    return f"{'damaged' if ending.damaged else 'cut'} at byte {ending.offset}: {ending.why}"


def _rests_on(recording: Recording, sort: str) -> tuple[str, ...]:
    return tuple(one.text for one in recording.assumptions if one.sort == sort)


def _boots(recording: Recording) -> tuple[BootInfo, ...]:
    return tuple(
        BootInfo(
            boot.last_frame - boot.first_frame + 1,
            recording.time_us(boot.first_frame),
            recording.time_us(boot.last_frame),
            boot.release,
            boot.kernel.name if boot.kernel is not None else None,
            boot.wall,
        )
        for boot in recording.boots
    )


def _events(recording: Recording) -> tuple[Listed, ...]:
    frames = recording.event_frames
    return tuple(_listed(recording, n, recording.frame(n).title) for n in frames)


def _listed(recording: Recording, frame: int, text: str) -> Listed:
    return Listed(frame, recording.time_us(frame), text, boot_of(recording, frame).wall)


def _acts(recording: Recording) -> tuple[Listed, ...]:
    first = recording.first_turn
    return tuple(Listed(one.turn - first, one.time_us, one.text) for one in recording.acts)


def _marks(recording: Recording) -> tuple[Listed, ...]:
    return tuple(
        _listed(recording, mark.frame, f"{mark.name}: {mark.note}" if mark.note else mark.name)
        for mark in recording.markers
    )
