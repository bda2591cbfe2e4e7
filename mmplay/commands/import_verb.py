"""`mmplay import`: a kernel log becomes a recording, or JSON."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmplay.commands.output import SCHEMA, add_json, add_kernel, told_of_disk
from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import Finding
from mmplay.engine.explain.sentences import sentence
from mmplay.engine.kernel.versions import kernel_named
from mmplay.recordings.as_json import frame_json
from mmplay.recordings.diagnosis import dump_notes
from mmplay.recordings.importer.run import (
    import_into,
    import_to_memory,
    title_of_source,
    trace_header,
)
from mmplay.recordings.observed import ObservedTimeline, open_observed
from mmplay.recordings.trace.writer import new_trace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("log", metavar="LOG|-", help="a kernel log, or - for standard input")
    parser.add_argument("-o", dest="output", metavar="FILE", help="write the recording here")
    add_kernel(parser, default=None)
    add_json(parser)


def run(args: Namespace) -> int:
    """Import; raises InputError for an unreadable log or an unwritable file."""
    if args.output is None and not args.json:
        raise InputError(f"import {args.log}: say where to: -o FILE.mmtrace, or --json")
    if args.kernel is not None:
        kernel_named(args.kernel)
    with _import(args.log, args.output, args.kernel) as timeline:
        if args.json:
            _write_json(timeline)
        _say(args.log, timeline)
    return 0


def _import(log: str, output: str | None, kernel: str | None) -> ObservedTimeline:
    if output is None:
        return import_to_memory(log, kernel)
    path = Path(output)
    header = trace_header("imported", title_of_source(log), kernel)
    with told_of_disk(path), new_trace(path, header) as writer:
        import_into(writer, log)
    return open_observed(path)


def _say(log: str, timeline: ObservedTimeline) -> None:
    unknown = timeline.line_count - timeline.understood
    said = f"{timeline.line_count} lines, {unknown} kept as they came, {len(timeline)} frames"
    print(f"mmplay: {log}: {said}", file=sys.stderr)


def _write_json(timeline: ObservedTimeline) -> None:
    """Write the object piece by piece, so that a long log needs no more memory than a short one."""
    out = sys.stdout
    out.write(f'{{"schema": {SCHEMA},\n "lines": {timeline.line_count},\n')
    out.write(f' "understood": {timeline.understood},\n "unknown": [')
    for n, (number, text) in enumerate(timeline.unknown_lines()):
        out.write(",\n  " if n else "\n  ")
        json.dump({"line": number, "text": text}, out)
    out.write('],\n "notes": ')
    json.dump(_notes(timeline), out, indent=1)
    out.write(',\n "frames": [')
    for index in range(len(timeline)):
        out.write(",\n  " if index else "\n  ")
        json.dump(frame_json(timeline.frame(index)), out)
    out.write("]}\n")


def _notes(timeline: ObservedTimeline) -> list[dict[str, object]]:
    notes = [(note.line, Finding(note.code, note.operands)) for note in timeline.notes]
    return [
        {"line": line, "code": one.code, "text": sentence(one)}
        for line, one in sorted(notes + dump_notes(timeline), key=lambda row: row[0])
    ]
