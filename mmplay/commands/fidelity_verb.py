"""`mmplay fidelity`: every number of the incident's frames, logged and simulated."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import add_json
from mmplay.commands.output import print_json, tell
from mmplay.recordings.fidelity import Row, compare

NAMES = frozenset({"pid", "killed_pid", "cpu", "mode", "gfp"})
"""Numbers that name something: no distance between two of them means anything."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the table."""
    rows = compare()
    if args.json:
        print_json({"rows": [row._asdict() for row in rows]})
        return 0
    tell(f"{'frame and number':<38} {'logged':>10} {'simulated':>10} {'error':>8}  decided by")
    for row in rows:
        name, simulated = f"{row.frame}: {row.name}", _simulated(row)
        tell(f"{name:<38} {row.logged:>10} {simulated:>10} {_error(row):>8}  {row.by}")
    return 0


def _simulated(row: Row) -> str:
    return "not printed" if row.simulated is None else str(row.simulated)


def _error(row: Row) -> str:
    """Return how far off the simulated number is; names such as a pid are the same or not."""
    if row.simulated is None:
        return ""
    if row.name.rpartition(" ")[2] in NAMES:
        return "same" if row.simulated == row.logged else "other"
    error = row.simulated - row.logged
    if row.logged == 0:
        return "0" if error == 0 else f"{error:+d}"
    tenths = (abs(error) * 2000 + abs(row.logged)) // (2 * abs(row.logged))
    return f"{'-' if error < 0 else '+'}{tenths // 10}.{tenths % 10}%"
