"""`mmplay export`: a recording in another format, to standard output or a file."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from mmplay.commands.arguments import PLACE
from mmplay.commands.output import output_path, progress_bar, tell, told_of_disk
from mmplay.engine.errors import InputError
from mmplay.recordings.files import replacing
from mmplay.recordings.library import open_recording
from mmplay.recordings.position import find_place
from mmplay.recordings.recording import Recording
from mmplay.tui.exporting import FORMATS

SIZES = ((80, 23), (400, 200))
"""The smallest and the largest screen of a cast or a still."""

SIZE = (80, 24)
LEVEL_PLACES = "ask:ID, answered:ID (of a question) or end"

DRAWN = ("cast", "screen")
"""Formats that have a size."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    recording = "a recording, or a kernel log; for --format screen a level, too"
    parser.add_argument("recording", metavar="TRACE|NAME|LOG|LEVEL", help=recording)
    parser.add_argument(
        "--format",
        required=True,
        choices=tuple(FORMATS),
        metavar="F",
        help="one of the formats below",
    )
    parser.add_argument(
        "-o", dest="output", metavar="FILE", help="write to this file instead of standard output"
    )
    parser.add_argument("--size", metavar="WxH", help="size of a screen or a cast (default: 80x24)")
    parser.add_argument(
        "--at",
        metavar="POS",
        help=f"which place --format screen shows: {PLACE}; for a level {LEVEL_PLACES}",
    )
    formats = "\n".join(f"  {name:<10}{one.summary}" for name, one in FORMATS.items())
    parser.epilog = f"formats:\n{formats}\n\n{parser.epilog}"


def run(args: Namespace) -> int:
    """Export; raises InputError for an unreadable recording or an unwritable file."""
    size = _size(args)
    if args.at is not None and args.format != "screen":
        raise InputError("--at is for --format screen; other formats hold the whole recording")
    if args.format == "screen" and _names_level(args.recording):
        _put(args, _of_level(args, size or SIZE))
        return 0
    with progress_bar(args.recording) as progress:
        recording = open_recording(args.recording, progress=progress)
    with recording:
        _put(args, _chunks(args, recording, size or SIZE))
    return 0


def _names_level(name: str) -> bool:
    return ".toml" in name or re.fullmatch(r"[Ll]\d{1,2}", name) is not None


def _of_level(args: Namespace, size: tuple[int, int]) -> Iterator[bytes]:
    from mmplay.levels.catalogue import find_level
    from mmplay.tui.cast import level_text

    level = find_level(args.recording)
    if args.at is None:
        raise InputError(f"{args.recording}: say where in the level, --at {LEVEL_PLACES}")
    return level_text(level, args.at, size)


def _put(args: Namespace, chunks: Iterator[bytes]) -> None:
    if args.output is not None:
        _write_file(output_path(args.output, args.recording), chunks)
    else:
        _write_out(chunks)


def _write_out(chunks: Iterable[bytes]) -> None:
    """Write to standard output: the very bytes, unless a terminal would obey some of them."""
    if sys.stdout.isatty():
        text = b"".join(chunks).decode("utf-8", "replace")
        tell(*text.splitlines())
        return
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _chunks(args: Namespace, recording: Recording, size: tuple[int, int]) -> Iterator[bytes]:
    if args.format not in DRAWN:
        return FORMATS[args.format].load()(recording)
    if args.format == "cast":
        from mmplay.tui.cast import as_cast

        return as_cast(recording, size)
    from mmplay.tui.cast import as_text

    if not len(recording):
        raise InputError(f"{args.recording}: it has no failure, OOM kill or Mem-Info to show")
    start = find_place(recording, args.at) if args.at is not None else 0
    return as_text(recording, size, start)


def _size(args: Namespace) -> tuple[int, int] | None:
    """Return the size that was asked for; raises InputError."""
    if args.size is None:
        return None
    if args.format not in DRAWN:
        raise InputError("--size is for --format cast and screen; other formats have no screen")
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", args.size, re.ASCII)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    (least_wide, least_high), (most_wide, most_high) = SIZES
    if not (least_wide <= size[0] <= most_wide and least_high <= size[1] <= most_high):
        raise InputError(
            f"--size {args.size[:40]}: expected columns x rows, "
            f"{least_wide}x{least_high} to {most_wide}x{most_high}"
        )
    return size


def _write_file(path: Path, chunks: Iterable[bytes]) -> None:
    with told_of_disk(path), replacing(path) as stream:
        stream.writelines(chunks)
