"""`mmplay cut`: a part of a recording as a recording of its own."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import PLACE, RECORDING
from mmplay.commands.output import output_path, remark, told_of_disk
from mmplay.engine.errors import InputError
from mmplay.recordings.files import replacing
from mmplay.recordings.library import trace_path
from mmplay.recordings.opening import open_trace_file
from mmplay.recordings.position import find_position


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
    path = trace_path(args.recording)
    output = output_path(args.output)
    with open_trace_file(path) as recording:
        first = find_position(recording, args.first)
        last = find_position(recording, args.last, first)
        if last < first:
            raise InputError(f"--to {args.last} lies before --from {args.first}")
        with told_of_disk(output), replacing(output) as stream:
            said = recording.cut(first, last, stream)
    remark(f"{output}: {said}")
    return 0
