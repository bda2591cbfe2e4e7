"""`mmplay fidelity`: every number of the mail's second dump, logged and simulated."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.output import add_json, print_json
from mmplay.recordings.fidelity import Row, compare


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the table."""
    rows = compare()
    if args.json:
        print_json({"rows": [row._asdict() for row in rows]})
        return 0
    print(f"{'number':<30} {'logged':>10} {'simulated':>10} {'error':>8}  decided by")
    for row in rows:
        print(f"{row.name:<30} {row.logged:>10} {row.simulated:>10} {_error(row):>8}  {row.by}")
    return 0


def _error(row: Row) -> str:
    if row.logged == 0:
        return "0" if row.simulated == 0 else f"{row.simulated:+d}"
    tenths = (row.simulated - row.logged) * 1000 // abs(row.logged)
    return f"{tenths / 10:+.1f}%"
