"""Where a user's files lie, by the XDG rules (platformdirs)."""

from __future__ import annotations

from pathlib import Path

from platformdirs import PlatformDirs


def user_paths() -> dict[str, Path]:
    """Return the folders by what they hold; they need not exist."""
    dirs = PlatformDirs("mmplay", appauthor=False)
    return {
        "config": dirs.user_config_path,
        "state": dirs.user_state_path,
        "recordings": dirs.user_data_path / "recordings",
        "levels": dirs.user_data_path / "levels",
    }


def sessions_folder() -> Path:
    """Return the folder of played sessions; it need not exist."""
    return user_paths()["state"] / "sessions"
