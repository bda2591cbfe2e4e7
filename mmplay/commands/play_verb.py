"""`mmplay play`: a level on its screen."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import add_screen_options
from mmplay.commands.screen import require_terminal
from mmplay.levels.catalogue import find_level


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "level", metavar="LEVEL|FILE.toml", help="a level, such as L05, or a level file"
    )
    add_screen_options(parser)


def run(args: Namespace) -> int:
    """Play; raises InputError for no such level, or without a terminal."""
    level = find_level(args.level)
    require_terminal("a level", f"to play line by line: mmplay speak {args.level}")
    from mmplay.commands.screen import open_app

    return open_app(args, None, 0, level)
