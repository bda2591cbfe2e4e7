"""`mmplay progress`: what was won, to another machine and back."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmplay.commands.output import add_json, print_json, told_of_disk
from mmplay.engine.errors import InputError
from mmplay.levels.progress import add, load, progress_path, write


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--export", metavar="F", help="write progress to a file")
    parser.add_argument("--import", dest="source", metavar="F", help="merge a file; the best stays")
    add_json(parser)


def run(args: Namespace) -> int:
    """Import, export, print; raises InputError for a file that is no progress."""
    if args.source is not None:
        _import(Path(args.source))
    progress = load()
    if progress.notice:
        print(f"mmplay: {progress.notice}", file=sys.stderr)
    if args.export is not None:
        path = Path(args.export)
        with told_of_disk(path):
            write(progress.levels, path)
    if args.json:
        rows = {level: best._asdict() for level, best in sorted(progress.levels.items())}
        print_json({"file": str(progress_path()), "stars": progress.stars, "levels": rows})
        return 0
    for level, best in sorted(progress.levels.items()):
        print(f"{level:<4} {'*' * best.stars:.<3}  {best.acts} acts  {best.won}")
    print(f"{progress.stars} stars in {len(progress.levels)} levels; {progress_path()}")
    return 0


def _import(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    other = load(path)
    if other.notice:
        raise InputError(f"{other.notice}; nothing was imported")
    problem = add(other.levels)
    if problem:
        print(f"mmplay: {problem}", file=sys.stderr)
