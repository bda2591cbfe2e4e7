"""`mmplay export`: a recording in another format, to standard output or a file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

from mmplay.commands.output import told_of_disk
from mmplay.commands.progress import progress_bar
from mmplay.recordings.export import FORMATS
from mmplay.recordings.library import open_recording
from mmplay.recordings.replacing import replacing


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recording", metavar="TRACE|NAME", help="a trace or a shipped recording")
    parser.add_argument("--format", required=True, choices=tuple(FORMATS), help="what to write")
    parser.add_argument("-o", dest="output", metavar="FILE", help="write here, not to stdout")


def run(args: Namespace) -> int:
    """Export; raises InputError for an unreadable recording or an unwritable file."""
    with progress_bar(args.recording) as progress:
        timeline = open_recording(args.recording, progress=progress)
    with timeline:
        chunks = FORMATS[args.format].load()(timeline)
        if args.output is not None:
            _write_file(Path(args.output), chunks)
            return 0
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    return 0


def _write_file(path: Path, chunks: Iterable[bytes]) -> None:
    with told_of_disk(path), replacing(path) as stream:
        stream.writelines(chunks)
