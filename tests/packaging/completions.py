"""The completions of the shells, made from the parser of every verb."""

from __future__ import annotations

from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator

import shtab

from mmplay.commands.verbs import VERBS, top_parser
from mmplay.levels.level_list import shipped_levels
from mmplay.recordings.library import shipped

NAMES = "_mmplay_levels_and_files", "_mmplay_recordings_and_files"
FILES = {"FILE", "FILE.toml", "F", "LOG|-", "CSV|LOG|DIR"}
RECORDINGS = {"TRACE", "NAME", "RECORDING", "A", "B"}


def whole_parser() -> ArgumentParser:
    """Return one parser that holds every verb; mmplay itself makes only the verb it runs."""
    parser = top_parser()
    verbs = parser.add_subparsers(metavar="VERB")
    for verb in VERBS:
        child = verbs.add_parser(verb.name, help=verb.summary, description=verb.summary)
        verb.load().add_arguments(child)
    for one in _all_parsers(parser):
        for action in one._actions:
            _complete(action)
    return parser


def _all_parsers(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    yield parser
    for _, child in children(parser):
        yield from _all_parsers(child)


def children(parser: ArgumentParser) -> Iterator[tuple[str, ArgumentParser]]:
    """Yield what a parser's first word may be, each with the parser of the rest."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            yield from action.choices.items()


def _complete(action: Action) -> None:
    """Tell shtab what a shell may offer for an argument."""
    words = set(str(action.metavar or "").split("|"))
    if action.choices is not None:
        return
    if "LEVEL" in words:
        action.complete = _both(NAMES[0])  # type: ignore[attr-defined]
    elif words & RECORDINGS:
        action.complete = _both(NAMES[1])  # type: ignore[attr-defined]
    elif words == {"DIR"}:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif str(action.metavar) in FILES:
        action.complete = shtab.FILE  # type: ignore[attr-defined]


def _both(function: str) -> dict[str, str]:
    return {"bash": function, "zsh": function}


def _preamble(shell: str) -> str:
    """Return the shell functions that offer names that ship with mmplay, and files."""
    levels = [path.stem for path in shipped_levels()]
    names = dict(zip(NAMES, (levels, [one.name for one in shipped()]), strict=True))
    return "\n".join(
        f"{function}() {{\n{_OFFERS[shell].format(' '.join(words))}\n}}"
        for function, words in names.items()
    )


_OFFERS = {
    "bash": '  compgen -W \'{}\' -- "$1"\n  compgen -f -- "$1"',
    "zsh": "  compadd -- {}\n  _files",
}


def completion(shell: str) -> str:
    """Return the completion script of "bash" or "zsh"."""
    text = shtab.complete(whole_parser(), shell, preamble=_preamble(shell))
    return "\n".join(line.rstrip() for line in text.strip().split("\n")) + "\n"
