"""`mmplay explain`: why each allocation failed, from the rules of the kernel that printed it."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Sequence
from io import TextIOWrapper

from mmplay.commands.arguments import PLACE, add_json, add_kernel, check_kernel
from mmplay.commands.output import JsonObject, progress_bar, tell
from mmplay.engine.errors import InputError, printable
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, diagnosis_json, explained
from mmplay.recordings.export.blocks import moment
from mmplay.recordings.library import open_recording
from mmplay.recordings.position import find_position
from mmplay.recordings.recording import Recording

LABEL = 15


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "log", metavar="LOG|TRACE|NAME|-", help="a kernel log, a recording, or - for standard input"
    )
    parser.add_argument("--at", metavar="POS", help=f"explain only this frame: {PLACE}")
    parser.add_argument("--format", choices=tuple(PRINTERS), default="text", help="output format")
    add_kernel(parser, default=None)
    add_json(parser)


def run(args: Namespace) -> int:
    """Explain every event, or without any the last frame.

    Raises InputError for an unreadable log, an unknown kernel or place.
    """
    check_kernel(args)
    with progress_bar(args.log) as progress:
        timeline = open_recording(args.log, args.kernel, progress)
    with timeline:
        _explain(args, timeline)
    return 0


def _explain(args: Namespace, timeline: Recording) -> None:
    if not len(timeline):
        raise InputError(f"{args.log}: it has no failure, OOM kill or Mem-Info to explain")
    frames: Sequence[int] = timeline.event_frames or range(len(timeline) - 1, len(timeline))
    if args.at is not None:
        at = find_position(timeline, args.at)
        frames = range(at, at + 1)
    results = (
        diagnose_frame(timeline, index)
        for index in frames
        if args.at is not None or timeline.frame(index).report is not None
    )
    printer = PRINTERS["json" if args.json else args.format]
    printer(timeline, results)


def _print_json(timeline: Recording, results: Iterable[FrameDiagnosis]) -> None:
    out = JsonObject(sys.stdout)
    out.field("name", timeline.name)
    out.rows("frames", (json.dumps(diagnosis_json(one)) for one in results))
    out.close()


def _print_text(timeline: Recording, results: Iterable[FrameDiagnosis]) -> None:
    for result in results:
        _print_frame(timeline, result)


def _print_as_utf8() -> None:
    """Print in the encoding that a page says it is in, whatever the locale."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def _print_markdown(timeline: Recording, results: Iterable[FrameDiagnosis]) -> None:
    from mmplay.recordings.export.blocks import markdown_page
    from mmplay.recordings.export.report import explanation_blocks

    _print_as_utf8()
    sys.stdout.writelines(markdown_page(explanation_blocks(timeline, results)))


def _print_html(timeline: Recording, results: Iterable[FrameDiagnosis]) -> None:
    from mmplay.recordings.export.blocks import html_page
    from mmplay.recordings.export.report import explanation_blocks

    title = f"{timeline.name}: why"
    _print_as_utf8()
    sys.stdout.writelines(html_page(title, explanation_blocks(timeline, results)))


PRINTERS: dict[str, Callable[[Recording, Iterable[FrameDiagnosis]], None]] = {
    "text": _print_text,
    "json": _print_json,
    "md": _print_markdown,
    "html": _print_html,
}


def _print_frame(timeline: Recording, result: FrameDiagnosis) -> None:
    frame = result.frame
    time = moment(frame.time_us, frame.wall)
    rules = f"rules of {frame.kernel.name}" if frame.kernel else "no rules"
    tell(f"#{frame.index + 1}  {time}  {frame.title}")
    tell(f"    {timeline.name}, {frame.release or 'release unknown'} ({rules})")
    for part in explained(result):
        _section(part.label, part.lines)
    tell("")


def _section(label: str, lines: list[str]) -> None:
    width = max(60, min(120, shutil.get_terminal_size().columns)) - LABEL - 4
    for n, line in enumerate(lines):
        wrapped = textwrap.wrap(printable(line), width, subsequent_indent="  ") or [""]
        for m, part in enumerate(wrapped):
            tell(f"    {label if n == m == 0 else '':<{LABEL}}{part}")
