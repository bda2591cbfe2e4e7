"""`mmplay diff`: where two recordings part, and what follows from it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import add_json
from mmplay.commands.output import print_json, tell
from mmplay.engine.explain.comparing import (
    Comparison,
    Difference,
    difference_lines,
    moment,
    parting,
    row_text,
    table_title,
    tally_text,
)
from mmplay.recordings.compare import compare
from mmplay.recordings.compare.compare import FORMS, START
from mmplay.recordings.library import open_recording


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("a", metavar="A", help="a recording (its file or name), or a kernel log")
    parser.add_argument("b", metavar="B", help="the one to compare it with")
    parser.add_argument(
        "--align",
        metavar="WHERE",
        default=START,
        help=f"line the two up at {FORMS} (default: {START})",
    )
    add_json(parser)


def run(args: Namespace) -> int:
    """Compare; raises InputError for an unreadable recording or a moment that is not there."""
    with open_recording(args.a) as a, open_recording(args.b) as b:
        found = compare(a, b, args.align)
    if args.json:
        print_json(comparison_json(found))
    else:
        _print_text(found)
    return 0


def _print_text(c: Comparison) -> None:
    tell(f"A {c.a_name}", f"B {c.b_name}", *parting(c))
    changed = [row_text(row) for row in c.rows if row.delta != 0]
    tell("", table_title(c))
    if changed:
        tell(f"{'':<34}{'A':>14}{'B':>14}{'B - A':>14}", *changed)
    for row in c.firsts:
        moments = [moment(one) if one is not None else "never" for one in (row.a, row.b)]
        tell(f"first {row.name}: A {moments[0]}, B {moments[1]} after the aligned moment")
    if tally_text(c):
        tell(tally_text(c))


def comparison_json(c: Comparison) -> dict[str, object]:
    """Return a comparison as plain data."""
    return {
        "a": c.a_name,
        "b": c.b_name,
        "settings": [one._asdict() for one in c.settings],
        "same_turns": c.same_turns,
        "first": _difference_json(c.first),
        "then": _difference_json(c.then),
        "align": {
            "name": c.alignment.name,
            **{name: getattr(c.alignment, name)._asdict() for name in ("a", "b", "at_a", "at_b")},
        },
        "rows": [{**row._asdict(), "delta": row.delta} for row in c.rows],
        "firsts_us": [{**row._asdict(), "delta": row.delta} for row in c.firsts],
        "tally": c.tally._asdict(),
        "series": [one._asdict() for one in c.series],
    }


def _difference_json(one: Difference | None) -> dict[str, object] | None:
    if one is None:
        return None
    sides = {name: getattr(one, name)._asdict() for name in ("a", "b")}
    return {
        "kind": str(one.kind),
        **sides,
        "text": difference_lines(one, "they first differ", None),
    }
