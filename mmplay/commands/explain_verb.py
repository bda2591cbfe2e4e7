"""`mmplay explain`: why each allocation failed, from the rules of the kernel that printed it."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence

from mmplay.commands.output import JsonObject, add_json, add_kernel
from mmplay.commands.progress import progress_bar
from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import Finding
from mmplay.engine.explain.gate import Caller, ZoneTest
from mmplay.engine.explain.sentences import seconds, sentence
from mmplay.engine.kernel.versions import kernel_named
from mmplay.engine.printable import printable
from mmplay.recordings.diagnosis import (
    FrameDiagnosis,
    diagnose_frame,
    diagnosis_json,
    gate_finding,
)
from mmplay.recordings.library import open_recording
from mmplay.recordings.position import find_position
from mmplay.recordings.recording import Recording

LABEL = 15
TREND_ROWS = 6
"""Totals of a trend that the text shows; JSON has them all."""


SECOND_TRIES = {"NO_WATERMARKS": "no watermarks", "OOM": "OOM victim"}
"""How the test of a second try is labelled, by the caller's class."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("log", metavar="LOG|TRACE|NAME|-", help="what to explain")
    parser.add_argument("--at", metavar="POS", help="only the frame at this place")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print")
    add_kernel(parser, default=None)
    add_json(parser)


def run(args: Namespace) -> int:
    """Explain every event, or without any the last frame.

    Raises InputError for an unreadable log, an unknown kernel or place.
    """
    if args.kernel is not None:
        kernel_named(args.kernel)
    with progress_bar(args.log) as progress:
        timeline = open_recording(args.log, args.kernel, progress)
    with timeline:
        _explain(args, timeline)
    return 0


def _explain(args: Namespace, timeline: Recording) -> None:
    if not len(timeline):
        raise InputError(f"{args.log}: holds no failure, OOM kill or Mem-Info to explain")
    frames: Sequence[int] = timeline.event_frames or range(len(timeline) - 1, len(timeline))
    if args.at is not None:
        at = find_position(timeline, args.at)
        frames = range(at, at + 1)
    results = (
        diagnose_frame(timeline, index)
        for index in frames
        if args.at is not None or timeline.frame(index).report is not None
    )
    if args.json or args.format == "json":
        out = JsonObject(sys.stdout)
        out.field("name", timeline.name)
        out.rows("frames", (json.dumps(diagnosis_json(one)) for one in results))
        out.close()
    else:
        for result in results:
            _print_frame(timeline, result)


def _print_frame(timeline: Recording, result: FrameDiagnosis) -> None:
    frame, diagnosis = result.frame, result.diagnosis
    time = "no time" if frame.time_us is None else seconds(frame.time_us)
    rules = f"rules of {frame.kernel.name}" if frame.kernel else "no rules"
    print(printable(f"#{frame.index + 1}  {time}  {frame.title}"))
    print(printable(f"    {timeline.name}, {frame.release or 'release unknown'} ({rules})"))
    if diagnosis.verdict is not None:
        _section("verdict", [sentence(diagnosis.verdict)])
    for caller, tests in diagnosis.asks:
        _section(_ask_label(caller), [_test_line(test) for test in tests])
    _section("how far", [f"{z.name:<8}{sentence(one)}" for z, one in diagnosis.distances])
    _section("caller", _words(diagnosis.about_caller))
    _section("stopped last", [f"{z.name}: {sentence(one)}" for z, one in diagnosis.stops])
    _section("would pass", _words(diagnosis.would_pass))
    _section("reclaim", _words(diagnosis.reclaim))
    _section("since before", _trend(result.trend))
    _section("assumed", _words(diagnosis.assumed))
    _section("the log says", _words(diagnosis.notes))
    print()


def _ask_label(caller: Caller) -> str:
    if caller.caller.name in SECOND_TRIES:
        return SECOND_TRIES[caller.caller.name]
    return "last look" if caller.mark == "high" else f"at {caller.mark}"


def _test_line(test: ZoneTest) -> str:
    return f"{test.zone.name:<8}{sentence(gate_finding(test))}"


def _words(findings: Iterable[Finding]) -> list[str]:
    return [sentence(one) for one in findings]


def _trend(trend: list[Finding]) -> list[str]:
    fields = [one for one in trend if one.code == "trend.field"]
    return _words([*fields[:TREND_ROWS], *(one for one in trend if one.code != "trend.field")])


def _section(label: str, lines: list[str]) -> None:
    width = max(60, min(120, shutil.get_terminal_size().columns)) - LABEL - 4
    for n, line in enumerate(lines):
        wrapped = textwrap.wrap(printable(line), width, subsequent_indent="  ") or [""]
        for m, part in enumerate(wrapped):
            print(f"    {label if n == m == 0 else '':<{LABEL}}{part}")
