"""Machines to simulate that come out of recordings.

Apart from the timelines, which fork themselves: whoever opens recordings stands above them.
"""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.frame import from_report
from mmplay.recordings.library import open_recording

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
