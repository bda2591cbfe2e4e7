"""`mmplay play`: a level on its screen."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace

from mmplay.commands.assigned import add_assignment, add_seed, level_to_play, tell_recorded
from mmplay.commands.screen import add_screen_options, require_terminal
from mmplay.engine.errors import InputError
from mmplay.levels.model import Level
from mmplay.levels.play.share_code import looks_like_code


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    level = (
        "a level, such as L05, or a level file; of an assignment the next one, if left out; "
        "or a share code, whose run is shown"
    )
    parser.add_argument("level", metavar="LEVEL|FILE.toml|CODE", nargs="?", help=level)
    add_assignment(parser)
    add_seed(parser)
    add_screen_options(parser)


def run(args: Namespace) -> int:
    """Play; raises InputError for no such level, or without a terminal."""
    if args.level is not None and looks_like_code(args.level):
        if args.seed is not None:
            raise InputError("leave out --seed: a share code says which one it was played with")
        return _show(args)
    level = level_to_play(args, args.level)
    require_terminal("a level", f"to play line by line: mmplay speak {_named(args, level)}")
    from mmplay.commands.screen import open_app

    status = open_app(args, None, 0, level)
    tell_recorded(args)
    return status


def _named(args: Namespace, level: Level) -> str:
    """Return the arguments by which another verb plays the same, so that it counts the same."""
    words = [args.level or level.id]
    if args.assignment is not None:
        words += ["--assignment", args.assignment, "--student", args.student]
    return shlex.join(words + (["--seed", args.seed] if args.seed is not None else []))


def _show(args: Namespace) -> int:
    """Show the run of a share code from its beginning; it earns nothing."""
    from mmplay.commands.screen import open_app
    from mmplay.levels.play.share_code import run_of_code
    from mmplay.recordings.run.timeline import SessionTimeline

    run = run_of_code(args.level)
    require_terminal("the run of a share code", "mmplay verify CODE plays it again without one")
    return open_app(args, SessionTimeline(run.session), 0)
