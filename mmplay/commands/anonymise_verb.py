"""`mmplay anonymise`: a recording without the names of hosts, tasks, users, addresses, paths."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import RECORDING
from mmplay.commands.output import output_path, remark, told_of_disk
from mmplay.recordings.anonymise import new_header, rewrite, source_of
from mmplay.recordings.library import trace_path
from mmplay.recordings.trace.writer import new_trace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("trace", metavar="TRACE|NAME", help=RECORDING)
    parser.add_argument(
        "-o", dest="output", metavar="FILE", required=True, help="write the new recording here"
    )


def run(args: Namespace) -> int:
    """Anonymise; raises InputError for what has no names, is damaged, or cannot be written."""
    trace = trace_path(args.trace)
    source, path = source_of(trace), output_path(args.output, str(trace))
    with told_of_disk(path), new_trace(path, new_header(source)) as writer:
        rewrite(source, writer)
    remark(f"{path}: written without names, addresses and paths; look at it before you share it")
    return 0
