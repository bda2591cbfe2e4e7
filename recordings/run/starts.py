"""Machines to simulate that come out of recordings, and forks: another run out of a frame."""

from __future__ import annotations

from typing import cast

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Timeline
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.frame import from_report
from mmplay.recordings.library import open_recording
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.store import begin_session, fork_session, session_header
from mmplay.recordings.run.timeline import SessionTimeline

INCIDENT = "incident-4.5.0-rc7"
"""The shipped recording whose first frame is the OOM kill at 59.56 s."""


def incident_machine(choice: Choice) -> Machine:
    """Return the incident's machine as its OOM report shows it."""
    return machine_of(INCIDENT, 0, choice)


def machine_of(recording: str, index: int, choice: Choice) -> Machine:
    """Return the machine of one frame of a recording or log; raises InputError."""
    with open_recording(recording) as timeline:
        if not 0 <= index < len(timeline):
            raise InputError(f"{recording}: has no frame {index}; it has {len(timeline)}")
        frame = timeline.frame(index)
        if frame.report is None or frame.kernel is None:
            raise InputError(f"{recording} frame {index}: the rules of its kernel are not known")
        return from_report(frame.report, frame.kernel, choice)


def branch(timeline: Timeline, index: int) -> SessionTimeline:
    """Return a run that goes on from a frame and is recorded; raises InputError if none can.

    A simulated run is forked with all of its past; of a log the frame's own Mem-Info is where a
    simulation starts, and what the log does not say is assumed.
    """
    if isinstance(timeline, SessionTimeline):
        session = timeline.session
        turn = session.first + index
        header = session_header(
            f"{plain_name(timeline.name)} (fork)",
            start="fork",
            parent=timeline.name,
            turn=turn,
            kernel=session.live.kernel.name,
        )
        return SessionTimeline(fork_session(session, turn, header))
    return _from_frame(timeline, index)


def _from_frame(timeline: Timeline, index: int) -> SessionTimeline:
    frame = timeline.frame(index)
    if frame.report is None or frame.kernel is None:
        raise InputError("no what-if from here: the rules of this kernel are not known")
    machine = from_report(frame.report, frame.kernel, Choice(frame.kernel))
    header = session_header(
        f"{timeline.name} #{index + 1} (what if)",
        start="frame",
        parent=timeline.name,
        frame=index,
        kernel=frame.kernel.name,
    )
    return SessionTimeline(begin_session(machine, header))


def plain_name(name: str) -> str:
    """Return a recording's name without what forking added to it."""
    return name.removesuffix(" (fork)")


def snapshot(timeline: Timeline) -> Recording:
    """Return a timeline that another thread may look at while this one goes on."""
    if isinstance(timeline, SessionTimeline):
        session = timeline.session
        return SessionTimeline(session.fork(session.end, session.header))
    return cast(Recording, timeline)
