"""What only some kinds of recording know: asked by the kind in the header, never by the class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from mmplay.recordings.recording import Recording
from mmplay.recordings.run.tape import Entry
from mmplay.recordings.run.timeline import act_text

Made = TypeVar("Made")


class Act(NamedTuple):
    """Something that was done to a simulated machine after a turn; `text` says it in words."""

    turn: int
    time_us: int
    name: str
    value: str
    text: str


class Assumed(NamedTuple):
    """A remark on what a recording rests on, and of which sort it is."""

    sort: str
    text: str


def of_kind(recording: Recording, table: Mapping[str, Made], otherwise: Made) -> Made:
    """Return what the table has for this recording's kind."""
    return table.get(str(recording.header.get("kind")), otherwise)


def said(recording: Recording, name: str) -> str | None:
    """Return what the header says under a name, as text: a file may hold anything there."""
    value = recording.header.get(name)
    return None if value is None else str(value)


def acts_of(recording: Recording) -> list[Act]:
    """Return what the player or the script's author did, in order; empty for what was observed."""
    return of_kind(recording, ACTS, _no_acts)(recording)


def assumed_of(recording: Recording) -> list[Assumed]:
    """Return what the recording as a whole rests on; remarks on one report are in its diagnosis."""
    return of_kind(recording, ASSUMED, _nothing_assumed)(recording)


def _no_acts(_: Recording) -> list[Act]:
    return []


def _acts(timeline: Any) -> list[Act]:
    acts: list[Entry] = timeline.session.acts
    return [
        Act(act.turn, act.time_us, name, value, act_text(act))
        for act in acts
        for name, value in [act.fields]
    ]


def _nothing_assumed(_: Recording) -> list[Assumed]:
    return []


def _setup_assumed(timeline: Any) -> list[Assumed]:
    setup = timeline.session.live.setup
    rows = (("assumed", setup.assumed), ("calibrated", setup.calibrated))
    return [Assumed(sort, text) for sort, texts in rows for text in texts]


SIMULATED = "simulated"

ACTS: dict[str, Callable[[Any], list[Act]]] = {SIMULATED: _acts}
ASSUMED: dict[str, Callable[[Any], list[Assumed]]] = {SIMULATED: _setup_assumed}
"""By the kind of the header; an observed recording has neither."""
