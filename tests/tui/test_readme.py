"""README's picture is the real screen, and its two commands are what .ci/run and users run."""

from pathlib import Path

from tests.conftest import INCIDENT_NEXT
from tests.tui.screens import running, text_of

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FENCE = "```"


def picture() -> str:
    """Return the fenced block behind the comment that names this file."""
    text = README.read_text()
    start = text.index(FENCE, text.index("tests/tui/test_readme.py")) + len(FENCE) + 1
    return text[start : text.index(FENCE, start)]


async def test_the_picture_is_the_screen() -> None:
    async with running(INCIDENT_NEXT) as pilot:
        assert picture().rstrip("\n").split("\n") == text_of(pilot).split("\n")


def test_there_are_exactly_two_set_up_commands() -> None:
    commands = [line for line in README.read_text().splitlines() if line.startswith("    ")]
    assert len(commands) == 2
    assert all(line.startswith("    python3 -m venv ") for line in commands)
    assert commands[0].endswith("/mmplay")
    assert commands[1].endswith("-m pytest")


def test_three_sentences_say_what_it_is() -> None:
    first = README.read_text().split("\n\n")[1]
    assert first.replace("\n", " ").count(". ") + 1 == 3


def test_the_architecture_page_is_short() -> None:
    assert len((ROOT / "docs" / "ARCHITECTURE.md").read_text().splitlines()) <= 120
