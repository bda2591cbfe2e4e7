"""`mmplay what-if`: an allocation as logged and under other settings, by arithmetic alone."""

from __future__ import annotations

import shutil
import textwrap
from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import add_json, add_kernel, check_kernel, whole
from mmplay.commands.output import print_json, progress_bar, tell
from mmplay.engine.errors import InputError
from mmplay.engine.explain.settings import KEYS, Settings, settings_of
from mmplay.engine.explain.what_if import HEADER, Change, conclusion, table_of_settings
from mmplay.recordings.diagnosis import diagnose_frame, headline_of
from mmplay.recordings.library import open_recording
from mmplay.recordings.recording import Recording
from mmplay.recordings.supposing import compared, first_with_verdict

WIDTH = 75
MAX_EVENT = 10**9


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "log",
        metavar="LOG|TRACE|NAME|-",
        nargs="?",
        help="a kernel log, a recording, or - for standard input",
    )
    parser.add_argument(
        "--event",
        metavar="N",
        help="which event, as explain counts (default: the first with a verdict)",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        nargs="+",
        action="extend",
        required=True,
        help=f"a setting: {', '.join(KEYS)}; give as many as you like",
    )
    add_kernel(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Print both sides.

    Raises InputError for another setting, an unreadable log, or an event without a verdict.
    """
    texts, log = _settings_and_log(args)
    settings = settings_of(texts)
    check_kernel(args)
    with progress_bar(log) as progress:
        timeline = open_recording(log, args.kernel, progress)
    with timeline:
        _compare(args, log, timeline, settings)
    return 0


def _settings_and_log(args: Namespace) -> tuple[list[str], str]:
    """Return both, whichever came first: a log may follow the settings."""
    texts: list[str] = args.set
    if args.log is not None:
        return texts, args.log
    *texts, last = texts
    if not texts or "=" in last:
        raise InputError("name a kernel log, a recording, or - for standard input")
    return texts, last


def _compare(args: Namespace, log: str, timeline: Recording, settings: Settings) -> None:
    index = _event(args, log, timeline)
    found = compared(timeline, index, settings)
    if args.json:
        print_json({"event": index + 1, "set": settings.as_json(), **found.as_json()})
        return
    headline = headline_of(diagnose_frame(timeline, index))
    tell(*textwrap.wrap(f"#{index + 1}  {headline}", WIDTH, subsequent_indent="  "))
    tell(f"with {settings}")
    _print_text(found)


def _event(args: Namespace, log: str, timeline: Recording) -> int:
    if args.event is None:
        return first_with_verdict(timeline, log)
    number = whole(args.event.removeprefix("#"), "--event", MAX_EVENT)
    if not 1 <= number <= len(timeline):
        raise InputError(f"--event {number}: {log} has {len(timeline)}, counted from 1")
    return number - 1


def _print_text(found: Change) -> None:
    outcome, *assumed = conclusion(found)
    tell(outcome, "")
    rows = [HEADER, *table_of_settings(found)]
    columns = [max(len(row[n]) for row in rows) for n in range(3)]
    for row in rows:
        mark = "*" if row.differs and row is not HEADER else " "
        tell(
            f"{row.label:<{columns[0]}}  {row.logged:>{columns[1]}}  "
            f"{row.changed:>{columns[2]}} {mark}".rstrip()
        )
    tell("")
    width = max(60, min(WIDTH, shutil.get_terminal_size().columns))
    for line in assumed:
        tell(*textwrap.wrap(line, width, subsequent_indent="  "))
