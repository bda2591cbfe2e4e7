"""What a frame of a log tells of its machine, and how a run goes on from it.

The frame that `run incident` starts from is the incident's own: forked, it goes on in its own
calibrated world. Any other frame is continued with what its log tells, and nothing else.
"""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Frame
from mmplay.engine.report import Report, ReportKind
from mmplay.engine.rules.kernel import SIMULATED, Kernel
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.differing import check_simulated
from mmplay.engine.sim.starts.frame import from_report
from mmplay.engine.sim.starts.logged import from_log
from mmplay.engine.sim.starts.telling import Told, told_memory

INCIDENT = "incident-4.5.0-rc7"
"""The shipped recording whose first frame is the OOM kill at 59.56 s."""


def told_in(frame: Frame, kernel: Kernel | None = None, ram_kb: int = 0) -> Told:
    """Return what a frame tells of its machine, as `told_frame` does; raises InputError."""
    report = frame.report or _sampled(frame)
    told_memory(report)
    printed_by = frame.kernel or kernel
    if printed_by is None:
        known = " or ".join(SIMULATED)
        raise InputError(f"its kernel is not known; name whose rules are to run: --kernel {known}")
    if kernel is None:
        check_simulated(printed_by, frame.release or "")
    return Told(report, printed_by, frame.release or "", ram_kb)


def _sampled(frame: Frame) -> Report:
    """Return what a sample of /proc tells, as a report that nobody's request caused."""
    if frame.shown is None or not frame.shown.own:
        raise InputError("this frame has no memory of its own; choose one that has")
    return Report(ReportKind.DUMP, frame.time_us, 0, 0, memory=frame.shown.dump)


def machine_from(frame: Frame, name: str) -> Machine:
    """Return the machine of a frame of a recording; raises InputError if none can be made.

    What it assumes begins with the command that runs it within its bounds.
    """
    if name == INCIDENT and frame.index == 0 and frame.report is not None and frame.kernel:
        return from_report(frame.report, frame.kernel, Choice(frame.kernel))
    told = told_in(frame)
    m = from_log(told, Choice(told.printed_by))
    command = f"'mmplay run {name} --frame {frame.index}'"
    alone = f"this is one run; {command} varies what is assumed, and tells what hangs on which"
    m.setup = m.setup._replace(assumed=(alone, *m.setup.assumed))
    return m
