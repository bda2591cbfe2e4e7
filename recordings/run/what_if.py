"""A run that goes on from a frame of a log, as a timeline.

The frame that `run incident` starts from is the incident's own: forked, it goes on in its own
calibrated world. Any other frame is continued with what its log tells, and nothing else; what its
runs within the bounds of what was assumed come to is found from the session's `ahead`.
"""

from __future__ import annotations

from mmplay.engine.frame import Frame
from mmplay.engine.rules.kernel import SIMULATED, Kernel
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.frame import from_report
from mmplay.recordings.futures import Ahead, machine_ahead
from mmplay.recordings.run.continuing import AFTER_FOUND_NS, INCIDENT, told_in
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import open_writer, session_header
from mmplay.recordings.run.timeline import SessionTimeline


def what_if(frame: Frame, name: str, kernel: Kernel | None = None) -> SessionTimeline:
    """Return a run from a frame of a log of that name; raises InputError if none can be made.

    `kernel` is whose rules are to run, None for those of the kernel that printed it.
    """
    machine, ahead = _continued(frame, name, kernel)
    header = session_header(
        f"{name} #{frame.index + 1} (what if)",
        start="frame",
        parent=name,
        frame=frame.index,
        kernel=machine.kernel.name,
    )
    session = Session(machine, header, open_writer(header))
    session.ahead = ahead
    return SessionTimeline(session)


def check_frame(frame: Frame) -> None:
    """Raise InputError for a frame that no kernel's rules can go on from."""
    told_in(frame, KERNELS[SIMULATED[0]])


def _continued(frame: Frame, name: str, kernel: Kernel | None) -> tuple[Machine, Ahead | None]:
    """Return the machine of a frame, and what may be varied; raises InputError if none can be.

    What it assumes begins with the command that runs it within its bounds.
    """
    if name == INCIDENT and frame.index == 0 and frame.report is not None and frame.kernel:
        return from_report(frame.report, frame.kernel, Choice(frame.kernel)), None
    told = told_in(frame, kernel)
    ahead = Ahead(told, Choice(kernel or told.printed_by), 0)
    m = machine_ahead(ahead)
    by = f" --kernel {kernel.name}" if kernel is not None else ""
    command = f"'mmplay run LOG --frame {frame.index}{by}', LOG being the file of {name},"
    alone = f"this is one run; {command} varies what is assumed, and tells what hangs on which"
    m.setup = m.setup._replace(assumed=(alone, *m.setup.assumed))
    return m, ahead._replace(until_ns=m.state.now_ns + AFTER_FOUND_NS)
