"""`mmplay explain`: why each allocation failed, from the rules of the kernel that printed it."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path

from mmplay.commands.arguments import (
    PLACE,
    add_json,
    add_kernel,
    add_workers,
    check_kernel,
    whole,
    workers_of,
)
from mmplay.commands.explain_text import (
    FEW,
    fleet_json,
    print_brief,
    print_events,
    print_fleet,
    print_groups_first,
)
from mmplay.commands.output import JsonObject, one_ctrl_c, print_json, progress_bar, remark, stopped
from mmplay.commands.rules_text import chosen, print_rules, rules_used
from mmplay.engine.errors import InputError
from mmplay.engine.report import ReportKind
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, diagnosis_json
from mmplay.recordings.grouping import files_in, groups_of, read_fleet
from mmplay.recordings.library import open_events, open_recording
from mmplay.recordings.log.source import STDIN, NothingToRead
from mmplay.recordings.position import UNITS_US, find_place
from mmplay.recordings.recording import Recording, said

MOST_EVENTS = 1_000_000_000

SPANS = {**UNITS_US, "d": 24 * UNITS_US["h"]}
_SPAN = re.compile(r"(\d{1,9})(s|m|h|d)$")

FORMS = ("text", "json", "md", "html")
"""What --format takes."""

FAILS_ON = ("failure", "oom", "memcg_oom", "stall", "any")

HOW_TO_PIPE = (
    "name a kernel log, or pipe this machine's: "
    "'journalctl -k | mmplay explain -' or 'sudo dmesg | mmplay explain -'"
)


NOTHING = "nothing was reported, refused or killed"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "log",
        metavar="LOG|TRACE|NAME|-",
        nargs="*",
        help="a kernel log, a recording, or - for standard input; with --group many logs and "
        "folders of logs",
    )
    parser.add_argument("--at", metavar="POS", help=f"explain only this frame: {PLACE}")
    parser.add_argument("--last", metavar="N", help="explain only the last N events")
    parser.add_argument(
        "--since", metavar="SPAN", help="only the last 2h (90s, 30m, 1d) up to the last event"
    )
    parser.add_argument(
        "--all", action="store_true", help="print every event in full, however many there are"
    )
    parser.add_argument("--brief", action="store_true", help="print one line an event")
    parser.add_argument(
        "--group", action="store_true", help="print only groups of events, of any number of logs"
    )
    parser.add_argument(
        "--fail-on",
        metavar="KIND",
        choices=FAILS_ON,
        help=f"exit with 1 if there is such an event: {', '.join(FAILS_ON)}",
    )
    parser.add_argument("--format", choices=FORMS, help="output format (default: text)")
    parser.add_argument(
        "--rules",
        action="store_true",
        help="print whose rules are used, each with its source, and what was not read",
    )
    add_kernel(parser)
    add_workers(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Explain every event, or without any the last frame; or group those of many logs.

    Return 1 if there is an event that `--fail-on` names. Raises InputError for an unreadable log,
    an unknown kernel or place.
    """
    check_kernel(args)
    if args.rules and args.kernel is not None and not args.log:
        print_rules([chosen(args.kernel)], _form_of_few(args, "--rules"))
        return 0
    names = args.log or _piped()
    if args.group:
        return _group(args, names)
    if len(names) > 1:
        raise InputError(f"{names[1]}: one log is explained at a time; --group takes many")
    if names[0] != STDIN and Path(names[0]).is_dir():
        raise InputError(f"{names[0]}: is a directory; --group explains the logs in it")
    return _explain_one(args, names[0])


def _piped() -> list[str]:
    """Return the name of standard input, if something is piped into it."""
    if sys.stdin.isatty():
        raise InputError(HOW_TO_PIPE)
    return [STDIN]


def _explain_one(args: Namespace, name: str) -> int:
    try:
        with progress_bar(name) as progress:
            # A place may be a text that any line of the log can have.
            opened = open_events if args.at is None else open_recording
            timeline = opened(name, args.kernel, progress)
        with timeline:
            return _explain(args, name, timeline)
    except NothingToRead as nothing:
        if args.fail_on is None:
            raise
        remark(str(nothing))
        return 0


def _explain(args: Namespace, name: str, timeline: Recording) -> int:
    if not len(timeline):
        raise NothingToRead(f"{name}: it has no failure, OOM kill or Mem-Info to explain")
    kinds: set[str] = set()
    frames = _chosen(args, timeline)
    if args.rules:
        print_rules(rules_used(timeline, frames), _form_of_few(args, "--rules"))
        return 0
    if not frames and args.last is None:
        remark(f"{name}: {NOTHING}")
    results = _noted((diagnose_frame(timeline, index) for index in frames), kinds)
    form = _form(args)
    if form == "text" and not args.all and len(frames) > FEW:
        groups = groups_of(results, name)
        print_groups_first(timeline, groups)
    else:
        PRINTERS[form](timeline, results)
    return _status(args, kinds)


def _form(args: Namespace) -> str:
    """Return the format that was asked for; raises InputError for two."""
    asked = [name for name in ("json", "brief") if getattr(args, name)]
    if args.format is not None and args.format not in asked:
        asked.append(args.format)
    if len(asked) > 1:
        raise InputError(f"--{asked[0]} and --{asked[1]}: one format at a time")
    return asked[0] if asked else "text"


def _form_of_few(args: Namespace, option: str) -> str:
    """Return the format of what has no report: text or JSON; raises InputError for another."""
    form = _form(args)
    if form not in ("text", "json"):
        raise InputError(f"{option} and {form}: it is printed as text or JSON")
    return form


@one_ctrl_c()
def _group(args: Namespace, names: list[str]) -> int:
    """Group the events of many logs; raises InputError where there is no log at all."""
    paths = files_in(names)
    form = _form_of_few(args, "--group")
    if not paths:
        raise InputError(f"{names[0]}: no file is in it")
    with progress_bar(names[0]) as progress:
        fleet = read_fleet(paths, args.kernel, workers_of(args, progress))
    if form == "json":
        print_json(fleet_json(fleet))
    else:
        print_fleet(fleet)
    if fleet.read < fleet.files:
        return stopped(fleet.read, fleet.files, "files")
    return _status(args, (group.sort.kind for group in fleet.groups))


def _status(args: Namespace, kinds: Iterable[str]) -> int:
    """Return 1 if there is an event that `--fail-on` names; a dump alone is no event."""
    events = set(kinds) - {ReportKind.DUMP}
    return int(bool(events) if args.fail_on == "any" else args.fail_on in events)


def _noted(results: Iterable[FrameDiagnosis], kinds: set[str]) -> Iterator[FrameDiagnosis]:
    """Yield the results, noting of what kinds they are."""
    for result in results:
        if result.frame.report is not None:
            kinds.add(result.frame.report.kind)
        yield result


# which events


def _chosen(args: Namespace, timeline: Recording) -> Sequence[int]:
    """Return the frames to explain: those with a report, cut as the options say; or one place."""
    if args.at is not None:
        return [find_place(timeline, args.at)]
    frames: Sequence[int] = timeline.event_frames or range(len(timeline) - 1, len(timeline))
    if said(timeline, "kind") != "imported":
        frames = [index for index in frames if timeline.frame(index).report is not None]
    if args.since is not None:
        frames = _since(args.since, timeline, frames)
    if args.last is not None:
        count = whole(args.last, "--last", MOST_EVENTS)
        frames = frames[len(frames) - min(count, len(frames)) :]
    return frames


def _since(text: str, timeline: Recording, frames: Sequence[int]) -> Sequence[int]:
    """Return the frames that are at most so long before the last one, by the clock of its boot."""
    span = _SPAN.match(text)
    if span is None:
        raise InputError(f"--since {text[:40]}: expected a span such as 2h, 30m, 90s or 1d")
    last_us = timeline.time_us(frames[-1]) if frames else None
    if last_us is None:
        raise InputError(f"--since {text}: the last event has no time to count from")
    boot = next(one for one in timeline.boots if one.first_frame <= frames[-1] <= one.last_frame)
    first_us = last_us - int(span[1]) * SPANS[span[2]]
    return [
        index
        for index in frames
        if index >= boot.first_frame and (timeline.time_us(index) or 0) >= first_us
    ]


# printing


def _print_json(timeline: Recording, results: Iterable[FrameDiagnosis]) -> None:
    out = JsonObject(sys.stdout)
    out.field("name", timeline.name)
    out.rows("frames", (json.dumps(diagnosis_json(one)) for one in results))
    out.close()


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
    "text": print_events,
    "brief": print_brief,
    "json": _print_json,
    "md": _print_markdown,
    "html": _print_html,
}
