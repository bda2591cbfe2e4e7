"""`mmplay fidelity`: a real run or the incident beside a simulated one, and verdicts on logs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from mmplay.commands import fidelity_measured
from mmplay.commands.arguments import add_json
from mmplay.commands.output import print_json, tell
from mmplay.engine.errors import InputError
from mmplay.recordings.fidelity.incident import Row, compare
from mmplay.recordings.grouping import files_in
from mmplay.recordings.log_verdicts import (
    LogRow,
    deciding_look,
    fidelity_blocks,
    log_rows,
    summary,
)

NAMES = frozenset({"pid", "killed_pid", "cpu", "mode", "gfp"})
"""Numbers that name something: no distance between two of them means anything."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "logs",
        metavar="CSV|LOG|DIR",
        nargs="*",
        help="a CSV of counters to compare a scenario with, or logs: tell the verdict on every "
        "event (default: the simulated incident)",
    )
    fidelity_measured.add_arguments(parser)
    parser.add_argument(
        "--format", choices=("text", "md"), default="text", help="md: a page with both tables"
    )
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the table; raises InputError for a log that cannot be read."""
    if args.scenario is not None:
        return fidelity_measured.run_measured(args, args.logs)
    for name in fidelity_measured.OPTIONS:
        if getattr(args, name) is not None:
            raise InputError(f"--{name} needs --scenario: what is run beside the CSV")
    logs = list(log_rows(files_in(args.logs))) if args.logs else None
    PRINTERS["json" if args.json else args.format](logs)
    return 0


Logs = Sequence[LogRow] | None
"""The events of the logs that were named, None where none were."""


def _print_json(logs: Logs) -> None:
    if logs is None:
        print_json({"rows": [row._asdict() for row in compare()]})
        return
    rows = [{**row._asdict(), "zones": [one._asdict() for one in row.zones]} for row in logs]
    print_json({"rows": rows, "summary": summary(logs)._asdict()})


def _print_page(logs: Logs) -> None:
    from mmplay.recordings.export.blocks import markdown_page

    sys.stdout.writelines(markdown_page(fidelity_blocks(logs or (), compare())))


def _print_text(logs: Logs) -> None:
    if logs is None:
        _print_incident(compare())
    else:
        _print_logs(logs)


PRINTERS: dict[str, Callable[[Logs], None]] = {
    "text": _print_text,
    "md": _print_page,
    "json": _print_json,
}


def _print_logs(logs: Sequence[LogRow]) -> None:
    for row in logs:
        verdict = row.outcome if row.status == "exact" else row.status
        skew = "" if row.skew_pages is None else f" by {row.skew_pages}"
        known = f"{row.lines - row.unknown}/{row.lines} lines"
        tell(f"{row.log} #{row.event}  {row.kind}  {verdict}{skew}  {row.rules}  {known}")
        if row.zones:
            tell(f"    {deciding_look(row.zones)}")
    tell("", *summary(logs).sentences)


def _print_incident(rows: Sequence[Row]) -> None:
    tell(f"{'frame and number':<38} {'logged':>10} {'simulated':>10} {'error':>8}  decided by")
    for row in rows:
        name, simulated = f"{row.frame}: {row.name}", _simulated(row)
        tell(f"{name:<38} {row.logged:>10} {simulated:>10} {_error(row):>8}  {row.by}")


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
