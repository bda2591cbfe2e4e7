"""`mmplay export`: a recording in another format, to standard output or a file."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from mmplay.commands.output import progress_bar, tell, told_of_disk
from mmplay.engine.errors import InputError
from mmplay.recordings.files import replacing
from mmplay.recordings.library import open_recording
from mmplay.recordings.recording import Recording
from mmplay.tui.exporting import FORMATS

SIZES = ((80, 24), (400, 200))
"""The smallest and the largest screen of a cast."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recording", metavar="TRACE|NAME|LOG", help="a recording, or a kernel log")
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
    parser.add_argument(
        "--size", metavar="WxH", help="size of the screen in a cast (default: 80x24)"
    )
    formats = "\n".join(f"  {name:<10}{one.summary}" for name, one in FORMATS.items())
    parser.epilog = f"formats:\n{formats}\n\n{parser.epilog}"


def run(args: Namespace) -> int:
    """Export; raises InputError for an unreadable recording or an unwritable file."""
    size = _size(args)
    with progress_bar(args.recording) as progress:
        recording = open_recording(args.recording, progress=progress)
    with recording:
        chunks = _chunks(args.format, recording, size)
        if args.output is not None:
            _write_file(Path(args.output), chunks)
            return 0
        _write_out(chunks)
    return 0


def _write_out(chunks: Iterable[bytes]) -> None:
    """Write to standard output: the very bytes, unless a terminal would obey some of them."""
    if sys.stdout.isatty():
        text = b"".join(chunks).decode("utf-8", "replace")
        tell(*text.splitlines())
        return
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _chunks(name: str, recording: Recording, size: tuple[int, int] | None) -> Iterator[bytes]:
    if size is None:
        return FORMATS[name].load()(recording)
    from mmplay.tui.cast import as_cast

    return as_cast(recording, size)


def _size(args: Namespace) -> tuple[int, int] | None:
    """Return the size that was asked for; raises InputError."""
    if args.size is None:
        return None
    if args.format != "cast":
        raise InputError("--size is for --format cast; other formats have no screen")
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
