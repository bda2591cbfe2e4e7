"""`mmplay --paths`: where mmplay keeps its files."""

from __future__ import annotations

from mmplay.recordings.files import user_paths


def print_paths() -> int:
    """Print one line per folder: its name and its path."""
    for name, path in user_paths().items():
        print(f"{name}\t{path}")
    return 0
