"""Opens the app: the menu, or the play screen on a recording."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from mmplay.engine.errors import InputError

if TYPE_CHECKING:
    from mmplay.engine.frame import Timeline
    from mmplay.levels.model import Level


def open_menu(args: Namespace) -> int:
    """Open the menu; return when the user quits."""
    return open_app(args, None, 0)


def open_app(
    args: Namespace, timeline: Timeline | None, start: int, level: Level | None = None
) -> int:
    """Open the app; raises InputError for a theme that does not exist."""
    from mmplay.tui.app import MmplayApp
    from mmplay.tui.theme import DEFAULT_THEME

    app = MmplayApp(timeline, start, ascii_only=args.ascii, level=level)
    theme = args.theme or DEFAULT_THEME
    if theme not in app.available_themes:
        raise InputError(f"--theme {theme}: themes are {', '.join(sorted(app.available_themes))}")
    app.theme = theme
    app.run()
    return app.return_code or 0
