"""`mmplay glossary`: what a term means, or which terms there are."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from textwrap import wrap

from mmplay.commands.arguments import add_json
from mmplay.commands.output import print_json, tell
from mmplay.levels.glossary import GlossaryEntry, entry_named, search

WIDTH = 79
LABEL = 9
NAME = 25


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "term",
        nargs="?",
        default="",
        metavar="TERM",
        help="a term, or part of it (default: list all)",
    )
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the term, or the terms that the text leads to; raises InputError if there are none."""
    found = search(args.term)
    if args.term and (len(found) <= 1 or _is_name(args.term, found)):
        return _print_one(entry_named(args.term), args.json)
    if args.json:
        print_json({"terms": [entry.as_json() for entry in found]})
    else:
        tell(*(f"{entry.id:<{NAME}} {entry.title}" for entry in found))
    return 0


def _is_name(term: str, found: list[GlossaryEntry]) -> bool:
    wanted = term.strip().casefold()
    return any(wanted == name.casefold() for entry in found for name in entry.names)


def _print_one(entry: GlossaryEntry, as_json: bool) -> int:
    if as_json:
        print_json({"term": entry.as_json()})
        return 0
    tell(f"{entry.id}: {entry.title}")
    tell(*wrap(entry.text, WIDTH))
    kinds = (
        ("value", entry.values),
        ("formula", entry.formulas),
        ("counts", entry.counts),
        ("kernels", (entry.kernels,)),
        ("from", (entry.source,)),
        ("also", (", ".join(entry.names[1:]),)),
        ("levels", (" ".join(entry.levels),)),
        ("see", (", ".join(entry.related),)),
    )
    for label, lines in kinds:
        for n, line in enumerate(one for one in lines if one):
            first = f"{label if n == 0 else '':<{LABEL}}"
            tell(*wrap(line, WIDTH, initial_indent=first, subsequent_indent=" " * LABEL))
    return 0
