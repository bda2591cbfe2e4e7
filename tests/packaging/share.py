"""The files below share/ that are made from the parser.

`python -m tests.packaging.share` writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.packaging.completions import completion
from tests.packaging.manual import man_page

SHARE = Path(__file__).parents[2] / "share"

MADE: Mapping[str, Callable[[], str]] = {
    "man/man1/mmplay.1": man_page,
    "bash-completion/completions/mmplay": lambda: completion("bash"),
    "zsh/site-functions/_mmplay": lambda: completion("zsh"),
}


def main() -> None:
    """Write every file."""
    for name, made in MADE.items():
        path = SHARE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
