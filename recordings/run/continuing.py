"""What a frame of a log tells of its machine, and how long a run goes on from it.

Apart from `starts`, which opens recordings: scenarios ask it of frames that are open.
"""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Frame
from mmplay.engine.report import Report, ReportKind
from mmplay.engine.rules.kernel import SIMULATED, Kernel
from mmplay.engine.sim.starts.differing import check_simulated
from mmplay.engine.sim.starts.telling import Told, told_memory

INCIDENT = "incident-4.5.0-rc7"
"""The shipped recording whose first frame is the OOM kill at 59.56 s."""

INCIDENT_NEXT = "incident-next-20160311"
"""The shipped recording of the incident under next-20160311."""

AFTER_FOUND_NS = 10_000_000_000
"""A run from a frame of a log, or from a scenario, goes on for ten seconds, unless told."""


def told_in(frame: Frame, kernel: Kernel | None, ram_kb: int = 0) -> Told:
    """Return what a frame tells of its machine.

    `kernel` is whose rules are to run, None for those of the kernel that printed it. Raises
    InputError where the frame tells too little, or its kernel cannot be simulated.
    """
    report = frame.report or _sampled(frame)
    told_memory(report)
    printed_by = frame.kernel or kernel
    if printed_by is None:
        known = " or ".join(SIMULATED)
        raise InputError(f"its kernel is not known; name whose rules are to run: --kernel {known}")
    if kernel is None:
        check_simulated(printed_by, frame.release or "")
    return Told(report, printed_by, frame.release or "", ram_kb)


def has_memory(frame: Frame) -> bool:
    """Tell whether a frame is a report with a Mem-Info, or a sample of a running machine."""
    if frame.report is not None:
        return frame.report.memory is not None
    return frame.shown is not None and frame.shown.own


def _sampled(frame: Frame) -> Report:
    """Return what a sample of /proc tells, as a report that nobody's request caused."""
    if frame.shown is None or not frame.shown.own:
        raise InputError("this frame has no memory of its own; choose one that has")
    return Report(ReportKind.DUMP, frame.time_us, 0, 0, memory=frame.shown.dump)
