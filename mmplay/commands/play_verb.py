"""`mmplay play`: a level on its screen."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import add_screen_options
from mmplay.commands.assigned import add_assignment, level_to_play, tell_recorded
from mmplay.commands.screen import require_terminal


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    level = "a level, such as L05, or a level file; of an assignment the next one, if left out"
    parser.add_argument("level", metavar="LEVEL|FILE.toml", nargs="?", help=level)
    add_assignment(parser)
    add_screen_options(parser)


def run(args: Namespace) -> int:
    """Play; raises InputError for no such level, or without a terminal."""
    level = level_to_play(args, args.level)
    require_terminal("a level", f"to play line by line: mmplay speak {level.id}")
    from mmplay.commands.screen import open_app

    status = open_app(args, None, 0, level)
    tell_recorded(args, level)
    return status
