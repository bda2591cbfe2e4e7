"""What a simulated run starts from: machines out of recordings, and what its header says of that.

A header is held against the run's setup and first state. Apart from the timelines: whoever opens
recordings stands above them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mmplay.engine.errors import InputError
from mmplay.engine.frame import Frame
from mmplay.engine.rules.kernel import Kernel
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.setup_fields import setup_fields
from mmplay.engine.sim.starts.boot import fresh_boot
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.frame import from_report
from mmplay.engine.sim.starts.telling import Told
from mmplay.engine.sim.state.fields import pack_state
from mmplay.recordings.library import open_recording
from mmplay.recordings.run.continuing import INCIDENT as INCIDENT
from mmplay.recordings.run.continuing import has_memory, told_in
from mmplay.recordings.run.witness import Fault, Side


def incident_machine(choice: Choice) -> Machine:
    """Return the incident's machine as its OOM report shows it."""
    return machine_of(INCIDENT, 0, choice)


def machine_of(recording: str, index: int, choice: Choice) -> Machine:
    """Return the incident's machine at one frame of its recordings, with the tasks that it had.

    Raises InputError.
    """
    with open_recording(recording) as timeline:
        _check_frame(recording, index, len(timeline))
        frame = timeline.frame(index)
        if frame.report is None or frame.kernel is None:
            raise InputError(f"{recording} frame {index}: the rules of its kernel are not known")
        return from_report(frame.report, frame.kernel, choice)


def told_by(recording: str, frame: Frame, kernel: Kernel | None, ram_kb: int = 0) -> Told:
    """Return what a frame of a recording or log tells of its machine, as `told_in` does.

    A complaint names the recording and the frame.
    """
    try:
        return told_in(frame, kernel, ram_kb)
    except InputError as error:
        raise InputError(f"{recording} frame {frame.index}: {error}") from None


def chosen_frame(recording: str, index: int | None) -> Frame:
    """Return a frame of a recording or log; None: the first that has memory of its own.

    Raises InputError where there is no such frame, or it has no memory: then with one that has.
    """
    with open_recording(recording) as timeline:
        count = len(timeline)
        _check_frame(recording, index or 0, count)
        frame = timeline.frame(index or 0)
        if has_memory(frame):
            return frame
        numbers = range(min(count, MOST_LOOKED_AT))
        having = (found for n in numbers if has_memory(found := timeline.frame(n)))
        first = next(having, None)
    if first is None:
        first_ones = f" first {MOST_LOOKED_AT}" if count > MOST_LOOKED_AT else ""
        raise InputError(
            f"{recording}: none of its{first_ones} reports has a Mem-Info, which a start needs"
        )
    if index is None:
        return first
    other = f"no Mem-Info of its own; the first frame that has one is {first.index}"
    raise InputError(f"{recording} frame {index}: this frame has {other}: --frame {first.index}")


MOST_LOOKED_AT = 1000
"""Frames that are looked at for one that has memory of its own."""


def _check_frame(recording: str, index: int, count: int) -> None:
    if 0 <= index < count:
        return
    there = f"frames count from 0, its last is {count - 1}" if count else "it has none"
    raise InputError(f"{recording}: has no frame {index}; {there}")


FIELDS = frozenset(
    {
        *("format", "kind", "title", "writer", "engine", "start", "kernel", "variant", "seed"),
        *("keep_atomic", "packets", "ram_kb", "parent", "frame", "turn", "cut_from", "cut_to"),
        *("level", "level_digest", "stage", "assignment", "student"),
    }
)
"""Everything that the header of a simulated run may say."""


def header_side(header: Mapping[str, object], m: Machine) -> Side | None:
    """Return the first thing that a header says and its run's setup and first state do not."""
    unknown = sorted(str(name) for name in header if name not in FIELDS)
    if unknown:
        return Side(unknown[0], "a field that no run has", None)
    if "kernel" in header and header["kernel"] != m.setup.kernel.name:
        return Side("kernel", header["kernel"], m.setup.kernel.name)
    if "cut_from" in header:
        # A part begins in the middle: what was chosen at the start may have changed since.
        same = header["cut_from"] == m.state.turn
        return None if same else Side("cut_from", header["cut_from"], m.state.turn)
    variant = WB_VARIANTS[m.state.wb_mask][0]
    if "variant" in header and header["variant"] != variant:
        return Side("variant", header["variant"], variant)
    return _start_side(header, m)


def _start_side(header: Mapping[str, object], m: Machine) -> Side | None:
    """Build a named start again: nothing else may stand behind its name."""
    start = str(header.get("start"))
    build = STARTS.get(start)
    if build is None or header.get("format") == 1:
        # Format 1 does not say all that was chosen.
        return None
    try:
        built = build(header, _choice(header, m))
    except InputError as error:
        return Side("start", start, str(error))
    same = setup_fields(built.setup) == setup_fields(m.setup)
    if same and pack_state(built.state) == pack_state(m.state):
        return None
    return Side("start", start, "another first state")


def _choice(header: Mapping[str, object], m: Machine) -> Choice:
    return Choice(
        kernel_named(m.setup.kernel.name),
        WB_VARIANTS[m.state.wb_mask][0],
        _number(header, "seed", 1),
        bool(_number(header, "keep_atomic", 0)),
        _number(header, "packets", -1),
    )


def _number(header: Mapping[str, object], name: str, default: int) -> int:
    value = header.get(name, default)
    if type(value) is not int or not -1 <= value < 1 << 63:
        raise InputError(f"{name} is not a number that is possible here")
    return value


STARTS: dict[str, Callable[[Mapping[str, object], Choice], Machine]] = {
    "incident": lambda header, choice: incident_machine(choice),
    "boot": lambda header, choice: fresh_boot(_number(header, "ram_kb", 0), choice),
}
"""The starts that are no file, by the `start` of the header."""


def header_fault(offset: int, side: Side) -> Fault:
    """Return the fault of a header that says something else than its run."""
    if side.run is None:
        text = f"the header says {side.name[:40]!r}, {side.file}"
    else:
        text = f"the header says {side.name} {str(side.file)[:60]}, the run has {side.run}"
    return Fault(offset, None, None, f"header {side.name[:40]}", side.file, side.run, text)
