"""`mmplay grade`: grade what a class handed in, each run made again."""

from __future__ import annotations

import csv
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

from mmplay.commands.arguments import add_workers, workers_of
from mmplay.commands.output import (
    one_ctrl_c,
    output_path,
    progress_bar,
    remark,
    stopped,
    tell,
    told_of_disk,
)
from mmplay.engine.errors import InputError
from mmplay.levels.classroom.assignment import load_teachers
from mmplay.levels.classroom.collecting import Found, found_in
from mmplay.levels.classroom.formats import FORMATS
from mmplay.levels.classroom.grading import Grades, graded_class
from mmplay.levels.level_text import read_text
from mmplay.levels.pack import MAX_PACK_BYTES
from mmplay.recordings.files import replacing

MAX_CSV_BYTES = 1 << 22


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    paths = "hand-ins, folders of them, or zip files as a learning platform packs them"
    parser.add_argument("paths", metavar="DIR|FILE", nargs="+", help=paths)
    teachers = "the teacher's assignment file"
    parser.add_argument("--assignment", metavar="FILE", required=True, help=teachers)
    received = "a CSV of file,time: when each file was received (default: the time that it gives)"
    parser.add_argument("--received", metavar="CSV", help=received)
    formats = f"{', '.join(FORMATS)} (default: table)"
    parser.add_argument("--format", metavar="F", default="table", help=formats)
    parser.add_argument(
        "-o", dest="output", metavar="FILE", help="write to this file instead of standard output"
    )
    add_workers(parser)


@one_ctrl_c()
def run(args: Namespace) -> int:
    """Grade; the status is 0 once the table is written, whatever is in it.

    Ctrl-C leaves the grades that there are, and its own status.
    """
    if args.format not in FORMATS:
        raise InputError(f"--format {args.format}: formats are {', '.join(FORMATS)}")
    grades = grades_of(args)
    status = _write(args.output, FORMATS[args.format](grades))
    files = len(grades.files)
    return status if grades.done == files else stopped(grades.done, files, "files")


def _write(output: str | None, text: str) -> int:
    if output is None:
        tell(text.removesuffix("\n"))
        return 0
    path = output_path(output)
    try:
        with told_of_disk(path), replacing(path) as stream:
            stream.write(text.encode())
    except InputError as error:
        # Nothing that was graded is lost because of a disk.
        remark(f"{error}; the grades follow on standard output")
        tell(text.removesuffix("\n"))
        return 2
    return 0


def grades_of(args: Namespace) -> Grades:
    """Return the grades of what the arguments name; raises InputError."""
    path = Path(args.assignment)
    due = load_teachers(path).due
    times = _times(Path(args.received), due) if args.received else {}
    found = found_in([Path(one) for one in args.paths])
    if times and not any(_time(one, times) for one in found):
        what = f"none of its names, such as {next(iter(times))[:80]!r}, is a file here"
        remark(f"{args.received}: {what}; times count as claimed")
    text = read_text(path, MAX_PACK_BYTES)
    with progress_bar(path.name) as progress:
        on = workers_of(args, progress)
        return graded_class(text, str(path), found, lambda one: _time(one, times), on)


def _times(path: Path, due: datetime) -> dict[str, datetime]:
    """Return when each file was received; a time without an offset is in that of the due date."""
    found: dict[str, datetime] = {}
    # A spreadsheet begins its CSV with a byte order mark.
    lines = read_text(path, MAX_CSV_BYTES).removeprefix("\ufeff").splitlines()
    for number, row in enumerate(_rows(path, lines), 1):
        if not row or (number == 1 and row[0].strip() == "file"):
            continue
        try:
            time = datetime.fromisoformat(row[1].strip())
        except (IndexError, ValueError):
            problem = "write file,time, the time as 2026-12-01T23:59:00+01:00"
            raise InputError(f"{path}:{number}: {problem}") from None
        found[row[0].strip()] = time if time.tzinfo else time.replace(tzinfo=due.tzinfo)
    return found


def _rows(path: Path, lines: Sequence[str]) -> Iterator[list[str]]:
    rows = csv.reader(lines)
    try:
        yield from rows
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num}: is no row of a CSV: {error}") from None


def _time(one: Found, times: Mapping[str, datetime]) -> datetime | None:
    """Return when a file was received: by its whole name, else by an end of it."""
    parts = PurePosixPath(one.label).parts
    ends = ["/".join(parts[start:]) for start in range(len(parts))]
    return next((times[end] for end in ends if end in times), None)
