"""`mmplay submit`: hand in what you played, in one file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path

from mmplay.commands.arguments import add_json
from mmplay.commands.assigned import add_assignment
from mmplay.commands.output import print_json, remark, tell, told_of_disk
from mmplay.engine.errors import InputError, how_many
from mmplay.levels.classroom.assignment import load_assignment
from mmplay.levels.classroom.handin import (
    SUFFIX,
    best_tries,
    codes_of,
    read_handin,
    read_traces,
    traces_of,
    write_handin,
)
from mmplay.recordings.trace.reader import open_trace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    files = "recordings to hand in (default: your best one of each level)"
    parser.add_argument("files", metavar="TRACE", nargs="*", help=files)
    add_assignment(parser, required=True)
    output = "the file to hand in, which ends in .mmhand (default: ID.mmhand)"
    parser.add_argument("-o", dest="output", metavar="FILE", help=output)
    add_json(parser)


def run(args: Namespace) -> int:
    """Write a hand-in and read it back; raises InputError for what cannot be handed in."""
    assignment, student = load_assignment(Path(args.assignment)), args.student
    path = Path(args.output or f"{student}{SUFFIX}")
    if path.suffix != SUFFIX:
        raise InputError(f"{path}: name a file that ends in {SUFFIX}")
    chosen = [] if args.files else best_tries(assignment, student)
    files = [Path(name) for name in args.files] or traces_of(chosen)
    traces = read_traces(files, assignment, student)
    now = datetime.now().astimezone()
    with told_of_disk(path):
        write_handin(path, assignment.id, student, now, traces)
    with open_trace(path) as stream:
        back = read_handin(stream, str(path))
    if back.traces != tuple(traces) or not back.ending.closed:
        raise InputError(f"{path}: does not hold what was written; is the disk damaged?")
    codes = codes_of(traces)
    there = {one.level for one in chosen}
    missing = [one.level.id for one in assignment.levels if one.level.id not in there]
    if args.json:
        said = [{"level": one.level, "said": one.one.said, "tries": one.of} for one in chosen]
        shared = [one._asdict() for one in codes]
        print_json({"file": str(path), "student": student, "levels": said, "codes": shared})
        return 0
    for one in chosen:
        tell(f"  {one.level}: {one.one.said}; the best of {one.of}")
    count = how_many(len(traces), "recordings")
    tell(f"{path}: {count} of {student} for {assignment.id}; hand this file in")
    for played in codes:
        tell(f"share code of {played.level}: {played.code or 'none, too much was done in it'}")
    if chosen and missing:
        remark(f"not played yet: {', '.join(missing)}")
    if now > assignment.due:
        remark(f"it is late: this was due {assignment.due}")
    return 0
