"""`mmplay progress`: the stars you won here, and what a file from another machine claims."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from mmplay.commands.arguments import add_json
from mmplay.commands.output import print_json, remark, tell, told_of_disk
from mmplay.engine.errors import InputError, how_many
from mmplay.levels.progress import Best, Progress, claim, load, progress_path, write


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--export", metavar="F", help="write your progress to this file")
    parser.add_argument(
        "--import",
        dest="source",
        metavar="F",
        help="list what this file claims next to your own wins; claims earn no stars here",
    )
    add_json(parser)


def run(args: Namespace) -> int:
    """Import, export, print; raises InputError for a file that holds no progress."""
    if args.source is not None:
        _import(Path(args.source))
    progress = load()
    if progress.notice:
        remark(progress.notice)
    if args.export is not None:
        path = Path(args.export)
        with told_of_disk(path):
            write(progress, path)
    if args.json:
        print_json(_as_json(progress))
    else:
        tell(*_lines(progress))
    return 0


def _as_json(progress: Progress) -> dict[str, object]:
    return {
        "file": str(progress_path()),
        "stars": progress.stars,
        "levels": _rows(progress.levels),
        "claimed": _rows(progress.claimed),
    }


def _rows(levels: Mapping[str, Best]) -> dict[str, object]:
    return {level: best._asdict() for level, best in sorted(levels.items())}


def _lines(progress: Progress) -> list[str]:
    found = [_line(level, best) for level, best in sorted(progress.levels.items())]
    stars, levels = how_many(progress.stars, "stars"), how_many(len(progress.levels), "levels")
    found.append(f"{stars} in {levels}; {progress_path()}")
    if progress.claimed:
        found.append("Claimed by a file that you imported; play these levels to earn the stars:")
        found += [_line(level, best) for level, best in sorted(progress.claimed.items())]
    return found


def _line(level: str, best: Best) -> str:
    return f"{level:<4} {'*' * best.stars:.<3}  {how_many(best.acts, 'acts'):<7}  {best.won}"


def _import(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    other = load(path)
    if other.notice:
        raise InputError(f"{other.notice}; nothing was imported")
    problem = claim(other.all)
    if problem:
        remark(problem)
