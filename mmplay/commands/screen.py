"""Opens the app: the menu, or the play screen on a recording."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from mmplay.engine.errors import InputError

if TYPE_CHECKING:
    from mmplay.levels.classroom.report import Report
    from mmplay.levels.model import Level
    from mmplay.recordings.recording import Recording
    from mmplay.tui.app import MmplayApp


WEB_DRIVER = "TEXTUAL_DRIVER"
"""What textual-serve sets for the process that it shows in a browser."""


def has_terminal() -> bool:
    """Return whether there is a terminal to draw on and to read keys from, or a browser's."""
    return WEB_DRIVER in os.environ or (sys.stdin.isatty() and sys.stdout.isatty())


def require_terminal(what: str, instead: str) -> None:
    """Raise InputError, which says what to do `instead`, if there is no terminal to draw on."""
    if not has_terminal():
        raise InputError(f"no terminal to open {what} in; {instead}")


def add_screen_options(parser: ArgumentParser) -> None:
    """Declare the options of every command that opens a screen."""
    parser.add_argument("--theme", metavar="T", help="colour theme, for example mmplay-safe")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument(
        "--no-motion", action="store_true", help="show moves without animation (or MMPLAY_MOTION=0)"
    )


def open_app(
    args: Namespace,
    timeline: Recording | None,
    start: int,
    level: Level | None = None,
    report: Report | None = None,
) -> int:
    """Open the app; raises InputError for a theme that does not exist."""
    from mmplay.tui.app import MmplayApp
    from mmplay.tui.theme import DEFAULT_THEME

    app = MmplayApp(
        timeline, start, ascii_only=args.ascii, level=level, motion=_moves(args), report=report
    )
    app.theme = checked_theme(app, args.theme or DEFAULT_THEME)
    app.run()
    return app.return_code or 0


def checked_theme(app: MmplayApp, theme: str) -> str:
    """Return a theme that the app has; raises InputError."""
    if theme not in app.available_themes:
        raise InputError(f"--theme {theme}: themes are {', '.join(sorted(app.available_themes))}")
    return theme


def _moves(args: Namespace) -> bool:
    """Tell whether pictures may move: not if it was turned off, nor on a dumb terminal."""
    asked = os.environ.get("MMPLAY_MOTION") or ("0" if os.environ.get("TERM") == "dumb" else "1")
    return not args.no_motion and asked != "0"
