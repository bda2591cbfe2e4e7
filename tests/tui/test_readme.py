"""README's picture is the real screen, and its two commands are what .ci/run and users run."""

from tests.tui.picture import README, drawn, parts

ROOT = README.parent


async def test_the_picture_is_the_screen() -> None:
    """After a change of the screen: `python -m tests.tui.picture`."""
    assert parts()[1].split("\n") == (await drawn()).split("\n")


def test_there_are_exactly_two_set_up_commands() -> None:
    before, _, after = parts()
    commands = [line for line in (before + after).splitlines() if line.startswith("    ")]
    assert len(commands) == 2
    assert all(line.startswith("    python3 -m venv ") for line in commands)
    assert commands[0].endswith("/mmplay")
    assert commands[1].endswith("-m pytest")


def test_three_sentences_say_what_it_is() -> None:
    first = README.read_text().split("\n\n")[1]
    assert first.replace("\n", " ").count(". ") + 1 == 3


def test_the_architecture_page_is_short() -> None:
    assert len((ROOT / "docs" / "ARCHITECTURE.md").read_text().splitlines()) <= 120
