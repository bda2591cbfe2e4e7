"""Reads commands line by line and prints what they say: the loop of the line-mode front end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.printable import printable_lines

PROMPT = "> "
MAX_LINE = 4096
QUIT = "quit"

Said = Iterable[str]


class Command(NamedTuple):
    """One command: how it is written, what it does, and the function that does it."""

    usage: str
    help: str
    do: Callable[[str], Said]


class Speaker(Protocol):
    """What is talked to: its commands by name, and what it says first."""

    @property
    def commands(self) -> dict[str, Command]:
        """The commands by name."""
        ...

    def greeting(self) -> Said:
        """Return what is said first."""
        ...


def talk(speaker: Speaker) -> None:
    """Take commands from standard input until `quit` or its end."""
    _say(speaker.greeting())
    while (line := _next_line()) is not None:
        name, _, rest = line.strip().partition(" ")
        if name == QUIT:
            return
        if name:
            _say(_answer(speaker, name, rest.strip()))


def _next_line() -> str | None:
    """Return the next line, None at the end of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline(MAX_LINE) or None
    try:
        return input(PROMPT)
    except EOFError:
        print()
        return None


def _answer(speaker: Speaker, name: str, rest: str) -> Said:
    """Yield what a command says; what it cannot do is said, and nothing has changed."""
    if name == "help":
        yield from _help(speaker)
        return
    command = speaker.commands.get(name)
    try:
        if command is None:
            raise InputError(no_such("command", name, [*speaker.commands, "help", QUIT]))
        yield from command.do(rest)
    except InputError as error:
        yield f"no: {error}"


def _help(speaker: Speaker) -> Said:
    for command in speaker.commands.values():
        yield f"{command.usage}: {command.help}"
    yield "help: these lines"
    yield f"{QUIT}: end; everything is kept"


def _say(lines: Said) -> None:
    """Print line by line, each at once: what comes next may take a while."""
    for line in lines:
        print(printable_lines(line), flush=True)


def count(text: str, what: str, most: int) -> int:
    """Return a number of steps or lines, 1 if none is given; raises InputError."""
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 0 < int(text) <= most):
        raise InputError(f"{what} {text[:40]}: write a number from 1 to {most}")
    return int(text)
