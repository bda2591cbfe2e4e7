"""The man page, made from the parser of every verb."""

from __future__ import annotations

import re
from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator

from mmplay.commands.verbs import VERBS, Verb, top_parser
from tests.packaging.completions import children

HEAD = r"""
.TH MMPLAY 1 "" "mmplay" "User Commands"
.SH NAME
mmplay \- play and replay the Linux page allocator's worst moments
.SH SYNOPSIS
.B mmplay
[\fIVERB\fR ...] [\fIOPTION\fR ...]
.SH DESCRIPTION
mmplay is a game, a simulator and a replay tool for the page allocator of Linux.
Without a verb it opens its menu.
""".strip()

TAIL = r"""
.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
checked and false
.TP
.B 2
bad use or unreadable input
.TP
.B 130
interrupted by Ctrl-C
.SH FILES
.B mmplay \-\-paths
prints where mmplay keeps your levels, your progress and what you played.
""".strip()


def man_page() -> str:
    """Return the man page as roff."""
    verbs = (line for verb in VERBS for line in _of_verb(verb))
    return "\n".join(
        (HEAD, ".SH OPTIONS", *_arguments(top_parser()), ".SH VERBS", *verbs, TAIL, "")
    )


def _of_verb(verb: Verb) -> Iterator[str]:
    parser = ArgumentParser(prog=f"mmplay {verb.name}")
    verb.load().add_arguments(parser)
    yield f".SS {_roff(' '.join((parser.prog, *_positionals(parser))))}"
    yield _roff(f"{verb.summary[0].upper()}{verb.summary[1:]}.")
    yield from _arguments(parser)
    for name, part in children(parser):
        yield from (".TP", f".B {_roff(' '.join((parser.prog, name, *_positionals(part))))}")
        yield from (_roff(_said_of(parser, name)), ".RS", *_arguments(part), ".RE")
    yield from (".PP", "Examples:", ".PP", ".nf", ".RS")
    yield from map(_roff, verb.examples)
    yield from (".RE", ".fi")


def _positionals(parser: ArgumentParser) -> Iterator[str]:
    """Yield the arguments without a name, in brackets where they may be missing."""
    for action in parser._actions:
        if not action.option_strings:
            word = _value(action)
            yield f"[{word}]" if action.nargs in ("?", "*") else word


def _arguments(parser: ArgumentParser) -> Iterator[str]:
    """Yield a paragraph for every argument, but for --help, which all have."""
    for action in parser._actions:
        if action.dest == "help" or isinstance(action, _SubParsersAction):
            continue
        names = [f"\\fB{_roff(name)}\\fR" for name in action.option_strings]
        value = "" if action.nargs == 0 else f"\\fI{_roff(_value(action))}\\fR"
        yield from (".TP", " ".join(part for part in (", ".join(names), value) if part))
        yield _roff(_help(action, parser))


def _value(action: Action) -> str:
    if action.metavar is None and action.choices is not None:
        return "|".join(map(str, action.choices))
    return str(action.metavar or action.dest)


def _help(action: Action, parser: ArgumentParser) -> str:
    return (action.help or "") % {**vars(action), "prog": parser.prog} or "required"


def _said_of(parser: ArgumentParser, name: str) -> str:
    """Return the help of a word that a parser's first word may be."""
    (parts,) = (one for one in parser._actions if isinstance(one, _SubParsersAction))
    return next(str(one.help) for one in parts._get_subactions() if one.dest == name)


def _roff(text: str) -> str:
    """Return a text as one line of roff that shows exactly it."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"^\.", r"\\&.", escaped)
