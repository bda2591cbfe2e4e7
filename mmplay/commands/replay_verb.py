"""`mmplay replay`: the play screen on a recording, a trace or a kernel log."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import PLACE, add_kernel, check_kernel
from mmplay.commands.output import progress_bar
from mmplay.commands.screen import add_screen_options, open_app, require_terminal
from mmplay.engine.errors import InputError
from mmplay.recordings.library import open_recording
from mmplay.recordings.log.source import STDIN
from mmplay.recordings.position import find_position


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "recording",
        metavar="TRACE|NAME|LOG|-",
        help="a recording, a kernel log, or - for standard input",
    )
    parser.add_argument("--at", metavar="POS", help=f"open at this frame: {PLACE}")
    add_kernel(parser)
    add_screen_options(parser)


def run(args: Namespace) -> int:
    """Replay; raises InputError for an unreadable recording, or without a terminal."""
    check_kernel(args)
    instead = f"to read line by line: mmplay speak {args.recording}"
    if not sys.stdout.isatty():
        require_terminal("the play screen", instead)
    with progress_bar(args.recording) as progress:
        timeline = open_recording(args.recording, args.kernel, progress)
    if not len(timeline):
        raise InputError(f"{args.recording}: it has no failure, OOM kill or Mem-Info to replay")
    start = find_position(timeline, args.at) if args.at is not None else 0
    if args.recording == STDIN:
        _keyboard_from_terminal()
    require_terminal("the play screen", instead)
    return open_app(args, timeline, start)


def _keyboard_from_terminal() -> None:
    """The log came through standard input: take the keyboard from the terminal itself."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        raise InputError("no terminal to read keys from; import the log with -o first") from None
    os.dup2(terminal, sys.stdin.fileno())
    os.close(terminal)
