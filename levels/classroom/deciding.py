"""Where a try of a level was decided, and the hand-in's recording opened at that place."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mmplay.engine.errors import InputError, printable
from mmplay.levels.classroom.collecting import Found, data_of
from mmplay.levels.classroom.handin import read_handin
from mmplay.levels.model import ANSWER, PLACE
from mmplay.levels.play.run import LevelRun

if TYPE_CHECKING:
    from mmplay.recordings.recording import Recording

MAX_ANSWER = 40
NOT_MADE_AGAIN = "its last frame: it could not be made again"


class Deciding(NamedTuple):
    """The frame that decided: of which of a try's recordings, from 0, and what happened there.

    `frame` is None for the last one. `acts` are how many acts of the recording came until then,
    those of the level itself among them.
    """

    recording: int
    frame: int | None
    why: str
    acts: int = 0


class Replay(Struct, frozen=True):
    """The same in the JSON of grades: in which file, and the number of the recording in it."""

    file: str
    recording: int
    frame: int | None
    why: str
    acts: int = 0


def right_answers(run: LevelRun) -> set[str]:
    """Return the answers of a run that were right the last time, as the values of their acts."""
    last = {f"{one.question.id} {one.answer}": one.right for one in run.replies}
    return {value for value, right in last.items() if right}


def deciding_in(runs: Sequence[LevelRun]) -> Deciding:
    """Return where the runs of a try were decided: at the first wrong answer, else at the end."""
    for number, run in enumerate(runs):
        right = right_answers(run)
        for count, act in enumerate(run.session.acts, 1):
            name, value = act.fields
            if name in (ANSWER, PLACE) and value not in right:
                question, _, answer = value.partition(" ")
                why = f"the first wrong answer: {answer[:MAX_ANSWER]} to {question}"
                return Deciding(number, act.turn - run.session.first, why, count)
    last = runs[-1]
    why = "the recording stops here" if last.playing else f"{last.outcome}: {last.reason}"
    return Deciding(len(runs) - 1, last.session.end - last.session.first, why)


def open_replay(found: Sequence[Found], replay: Replay) -> tuple[Recording, int]:
    """Return the recording in one of these hand-ins, and the frame to show.

    What it holds is checked as that of any recording. Where all was done in one frame it ends with
    the act that decided. Raises InputError.
    """
    # They load every kind of timeline.
    from mmplay.recordings.opening import open_stream
    from mmplay.recordings.run.timeline import SessionTimeline

    one = next((one for one in found if printable(one.label) == replay.file), None)
    if one is None:
        problem = "is not among the hand-ins; name the files or folders that were graded, too"
        raise InputError(f"{replay.file}: {problem}")
    traces = read_handin(io.BytesIO(data_of(one)), replay.file).traces
    if not 0 <= replay.recording < len(traces):
        raise InputError(f"{replay.file}: has no recording {replay.recording + 1} any more")
    trace = traces[replay.recording]
    opened = open_stream(io.BytesIO(trace.data), f"{replay.file}: {trace.name}")
    if isinstance(opened, SessionTimeline) and len(opened) == 1 and replay.acts:
        while len(opened.session.acts) > replay.acts and opened.session.undo() is not None:
            pass
        opened.changed()
    last = len(opened) - 1
    return opened, last if replay.frame is None else max(0, min(last, replay.frame))
