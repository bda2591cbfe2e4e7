"""`mmplay fidelity`: a real run or the incident beside a simulated one, and verdicts on logs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from mmplay.commands import fidelity_measured
from mmplay.commands.arguments import add_json
from mmplay.commands.fidelity_measured import print_comparison, print_rows, status_of
from mmplay.commands.output import print_json, tell
from mmplay.engine.errors import InputError
from mmplay.recordings.fidelity.incident import LAST_US, START_US, VARIANT, compare
from mmplay.recordings.grouping import files_in
from mmplay.recordings.log_verdicts import (
    LogRow,
    deciding_look,
    fidelity_blocks,
    log_rows,
    summary,
)

CSV = ".csv"


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
    for name in args.logs:
        if CSV in Path(name).suffixes:
            raise InputError(f"{name}: name the scenario to run beside it: --scenario FILE.toml")
    logs = list(log_rows(files_in(args.logs))) if args.logs else None
    if logs == []:
        named = ", ".join(args.logs[:3])
        raise InputError(f"{named}: no line there is a kernel memory report: nothing to compare")
    return PRINTERS["json" if args.json else args.format](logs)


Logs = Sequence[LogRow] | None
"""The events of the logs that were named, None where none were."""


def _print_json(logs: Logs) -> int:
    if logs is None:
        incident = compare()
        print_comparison("", "incident", VARIANT, (START_US, LAST_US), incident)
        return status_of(incident)
    rows = [{**row._asdict(), "zones": [one._asdict() for one in row.zones]} for row in logs]
    print_json({"rows": rows, "summary": summary(logs)._asdict()})
    return 0


def _print_page(logs: Logs) -> int:
    from mmplay.recordings.export.blocks import markdown_page

    sys.stdout.writelines(markdown_page(fidelity_blocks(logs or (), compare())))
    return 0


def _print_text(logs: Logs) -> int:
    if logs is None:
        incident = compare()
        print_rows(incident)
        return status_of(incident)
    _print_logs(logs)
    return 0


PRINTERS: dict[str, Callable[[Logs], int]] = {
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
