"""README's picture of the screen: `python -m tests.tui.picture` draws it anew."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.conftest import INCIDENT_NEXT
from tests.tui.screens import running, text_of

README = Path(__file__).parents[2] / "README.md"
FENCE = "```"


def parts() -> tuple[str, str, str]:
    """Return README's text up to the picture, the picture, and the rest."""
    text = README.read_text(encoding="utf-8")
    start = text.index(FENCE, text.index("tests/tui/test_readme.py")) + len(FENCE) + 1
    end = text.index(FENCE, start)
    return text[:start], text[start:end], text[end:]


async def drawn() -> str:
    """Return the real screen, as README shows it."""
    async with running(INCIDENT_NEXT) as pilot:
        return text_of(pilot).rstrip("\n") + "\n"


if __name__ == "__main__":
    before, _, after = parts()
    README.write_text(before + asyncio.run(drawn()) + after, encoding="utf-8")
