"""`mmplay import`: a kernel log becomes a recording, or JSON."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from mmplay.commands.arguments import add_json, add_kernel, check_kernel
from mmplay.commands.output import JsonObject, output_path, progress_bar, remark, told_of_disk
from mmplay.engine.errors import InputError, how_many
from mmplay.engine.explain.finding import Finding, sentence
from mmplay.recordings.diagnosis import dump_notes, frame_json
from mmplay.recordings.log.importing import (
    import_into,
    import_to_memory,
    title_of_source,
    trace_header,
)
from mmplay.recordings.log.observed import ObservedTimeline, open_observed
from mmplay.recordings.trace.writer import new_trace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("log", metavar="LOG|-", help="a kernel log, or - for standard input")
    parser.add_argument("-o", dest="output", metavar="FILE", help="write the recording here")
    add_kernel(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Import; raises InputError for an unreadable log or an unwritable file."""
    if args.output is None and not args.json:
        raise InputError(f"import {args.log}: name a file with -o FILE.mmtrace, or use --json")
    check_kernel(args)
    with _import(args) as timeline:
        if args.json:
            _write_json(timeline)
        _remark(args.log, timeline)
    return 0


def _import(args: Namespace) -> ObservedTimeline:
    with progress_bar(args.log) as progress:
        if args.output is None:
            return import_to_memory(args.log, args.kernel, progress)
        path = output_path(args.output, args.log)
        header = trace_header("imported", title_of_source(args.log), args.kernel)
        with told_of_disk(path), new_trace(path, header) as writer:
            import_into(writer, args.log, progress)
        return open_observed(path, progress)


def _remark(log: str, timeline: ObservedTimeline) -> None:
    lines, unknown = timeline.line_count, timeline.line_count - timeline.understood
    said = f"{how_many(lines, 'lines')}, {unknown} kept as they came"
    remark(f"{log}: {said}, {how_many(len(timeline), 'frames')}")


def _write_json(timeline: ObservedTimeline) -> None:
    out = JsonObject(sys.stdout)
    out.field("lines", timeline.line_count)
    out.field("understood", timeline.understood)
    # A million lines: an encoder for each would take most of the time.
    text_json = json.encoder.encode_basestring_ascii
    out.rows(
        "unknown",
        (f'{{"line": {n}, "text": {text_json(text)}}}' for n, text in timeline.unknown_lines()),
    )
    out.rows("notes", map(json.dumps, _notes(timeline)))
    frames = (frame_json(timeline.frame(index)) for index in range(len(timeline)))
    out.rows("frames", map(json.dumps, frames))
    out.close()


def _notes(timeline: ObservedTimeline) -> Iterator[dict[str, object]]:
    """Yield the remarks on the log, by line: the importer's, and what a dump contradicts."""
    imported = ((note.line, Finding(note.code, note.operands)) for note in timeline.notes)
    for line, one in merge(imported, dump_notes(timeline), key=itemgetter(0)):
        yield {"line": line, "code": one.code, "text": sentence(one)}
