"""`mmplay cut`: a part of a recording as a recording of its own."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import BinaryIO

from mmplay.commands.arguments import PLACE, RECORDING
from mmplay.commands.output import remark, told_of_disk
from mmplay.engine.errors import InputError
from mmplay.recordings.cutting import cut_log, cut_run
from mmplay.recordings.files import replacing
from mmplay.recordings.library import trace_path
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.opening import open_trace_file
from mmplay.recordings.position import find_position
from mmplay.recordings.recording import Recording
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.reader import open_trace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recording", metavar="TRACE|NAME", help=RECORDING)
    parser.add_argument(
        "--from",
        dest="first",
        metavar="POS",
        default="#1",
        help=f"the first frame to keep: {PLACE} (default: #1)",
    )
    parser.add_argument(
        "--to",
        dest="last",
        metavar="POS",
        default="100%",
        help="the last frame to keep, named in the same way (default: the last one)",
    )
    parser.add_argument(
        "-o", dest="output", metavar="FILE", required=True, help="write the new recording here"
    )


def run(args: Namespace) -> int:
    """Cut; raises InputError for a place that is not there or an unwritable file."""
    path, output = trace_path(args.recording), Path(args.output)
    with open_trace_file(path) as recording:
        first = find_position(recording, args.first)
        last = find_position(recording, args.last, first)
        if last < first:
            raise InputError(f"--to {args.last} lies before --from {args.first}")
        with told_of_disk(output), replacing(output) as stream:
            said = _cut(recording, first, last, path, stream)
    remark(f"{output}: {said}")
    return 0


def _cut(recording: Recording, first: int, last: int, path: Path, stream: BinaryIO) -> str:
    if isinstance(recording, SessionTimeline):
        cut_run(recording, first, last, stream)
        return f"{last - first} turns, from turn {recording.session.first + first} on"
    if isinstance(recording, ObservedTimeline):
        with open_trace(path) as source:
            lines = cut_log(recording, first, last, source, stream)
        return f"{lines} lines, {last - first + 1} frames"
    kind = recording.header.get("kind")
    raise InputError(f"{path}: is a {kind} recording; simulated and imported ones can be cut")
