"""`mmplay fidelity`: a real run or the incident beside a simulated one, and verdicts on logs.

With a CSV of counters and --scenario a measured run stands beside a simulated one.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mmplay.commands.arguments import MAX_UPTIME_S, add_json, nanoseconds, whole
from mmplay.commands.output import print_json, tell
from mmplay.commands.run_start import MAX_PACKETS, VARIANTS, checked_variant
from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.setup import MICROSECOND_NS
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.counters import USEFUL, needed_columns
from mmplay.levels.scenario.build import (
    Changes,
    choice_for,
    machine_of_rows,
    refused_event,
    zones_for_rows,
)
from mmplay.levels.scenario.load import Scenario, load_scenario, scenario_path
from mmplay.recordings.counters import Counters, read_counters
from mmplay.recordings.fidelity.incident import LAST_US, START_US, VARIANT, compare
from mmplay.recordings.fidelity.quantities import (
    KILLS,
    NEEDED,
    Course,
    Frames,
    Window,
    real_samples,
    simulated_samples,
)
from mmplay.recordings.fidelity.rows import FidelityRow, compared, summary_of
from mmplay.recordings.grouping import files_in
from mmplay.recordings.log_verdicts import (
    LogRow,
    deciding_look,
    fidelity_blocks,
    log_rows,
    summary,
)

OUT = 1
"""Exit status: a number that a rule decides is further off than it may be."""


def status_of(rows: Sequence[FidelityRow]) -> int:
    """Return OUT if a rule row is out of its bound, else 0."""
    return OUT if summary_of(rows).out else 0


def print_comparison(
    csv: str, scenario: str, variant: str, span_us: Window, rows: Sequence[FidelityRow]
) -> None:
    """Print a comparison as one JSON object."""
    total = summary_of(rows)
    print_json(
        {
            "csv": csv,
            "scenario": scenario,
            "variant": variant,
            "at_us": span_us[0],
            "until_us": span_us[1],
            "rows": [row.as_json() for row in rows],
            "rule_rows": total.rule_rows,
            "rule_rows_within": total.rule_rows_within,
        }
    )


def print_rows(rows: Sequence[FidelityRow]) -> None:
    """Print rows as a table, and what they come to."""
    widest = max(len(row.quantity) for row in rows)
    head = f"{'real':>11} {'simulated':>11} {'error':>11} {'bound':>9}"
    tell(f"{'quantity':<{widest}} {head}  decided by")
    for row in rows:
        numbers = f"{_text(row.real):>11} {_text(row.simulated):>11} {_signed(row.error):>11}"
        tell(f"{row.quantity:<{widest}} {numbers} {_text(row.bound, ''):>9}  {_told(row)}")
    tell("", summary_of(rows).sentence)


def _text(number: int | None, none: str = "none") -> str:
    return none if number is None else str(number)


def _signed(number: int | None) -> str:
    return "" if number is None else f"{number:+d}"


def _told(row: FidelityRow) -> str:
    told = row.kind if row.within is None else f"{row.kind}: {'within' if row.within else 'OUT'}"
    return told if row.spread is None else f"{told} ({row.spread[0]} to {row.spread[1]})"


def add_measured(parser: ArgumentParser) -> None:
    """Declare the arguments of a comparison with a measured run."""
    parser.add_argument(
        "--scenario",
        metavar="FILE.toml",
        help="run this scenario from a row of a CSV of counters, and compare the two",
    )
    parser.add_argument(
        "--at", metavar="S", help="with --scenario: start from the first row with t >= S"
    )
    parser.add_argument(
        "--until", metavar="S", help="with --scenario: stop here (default: at the last row)"
    )
    parser.add_argument(
        "--variant",
        metavar="V",
        help=f"with --scenario: {', '.join(VARIANTS)} (default: that of the scenario)",
    )
    parser.add_argument(
        "--packets", metavar="N", help="with --scenario: how many frames arrived in a second"
    )
    parser.add_argument(
        "--window",
        metavar="A:B",
        help="with --scenario: seconds over which ratios and medians are taken (default: all)",
    )


OPTIONS = ("at", "until", "variant", "packets", "window")


class Compared(NamedTuple):
    """What was compared, and the rows."""

    csv: str
    scenario: Scenario
    choice: Choice
    samples_us: Window
    rows: list[FidelityRow]


def run_measured(args: Namespace, names: Sequence[str]) -> int:
    """Compare, and print; return OUT if a rule row is out of its bound. Raises InputError."""
    if len(names) != 1:
        raise InputError("name one CSV of counters for --scenario to start from")
    found = _compared(args, names[0])
    if args.json:
        names_of = found.csv, found.scenario.place.file, found.choice.variant
        print_comparison(*names_of, found.samples_us, found.rows)
    else:
        _print(found)
    return status_of(found.rows)


def _compared(args: Namespace, name: str) -> Compared:
    scenario = load_scenario(scenario_path(args.scenario))
    packets = -1 if args.packets is None else whole(args.packets, "--packets", MAX_PACKETS)
    variant = None if args.variant is None else checked_variant(args.variant)
    choice = choice_for(scenario, Changes(variant=variant, packets=packets))
    columns = dict.fromkeys((*needed_columns(zones_for_rows(scenario)), *NEEDED))
    counters = read_counters(name, tuple(columns), USEFUL)
    at, end = _span(args, counters)
    m = machine_of_rows(scenario, choice, counters.rows[: at + 1])
    flow = m.setup.flow
    frames = Frames(0, 0) if flow is None else Frames(flow.frames_per_second, flow.start_ns)
    real = real_samples(counters.rows[at:end], frames)
    window = _window(args, real[0].time_us, real[-1].time_us)
    dma32_min = max((zone.min for zone in m.state.zones if zone.name == "DMA32"), default=0)
    killed = any(action in KILLS for _, action, _ in m.setup.script)
    inputs = frozenset({"first_kill_us"} if killed else ())
    try:
        simulated = list(simulated_samples(m, real))
    except RefusedError as error:
        raise refused_event(scenario, m, error) from None
    rows = compared(Course(real, window, dma32_min), Course(simulated, window, dma32_min), inputs)
    return Compared(name, scenario, choice, (real[0].time_us, real[-1].time_us), rows)


def _span(args: Namespace, counters: Counters) -> tuple[int, int]:
    """Return the numbers of the first row and of the one behind the last."""
    at = 0 if args.at is None else counters.at(nanoseconds(args.at, "--at", MAX_UPTIME_S))
    end = len(counters.rows)
    if args.until is not None:
        until = nanoseconds(args.until, "--until", MAX_UPTIME_S)
        end = next((n for n, row in enumerate(counters.rows) if row["t"] > until), end)
    if end - at < 2:
        raise InputError(f"{counters.name}: there are no two rows between --at and --until")
    return at, end


def _window(args: Namespace, first_us: int, last_us: int) -> Window:
    if args.window is None:
        return first_us, last_us
    begin, colon, end = args.window.partition(":")
    if not colon:
        raise InputError(f"--window {args.window[:40]}: write A:B in seconds, as 35:48")
    window = tuple(
        nanoseconds(one, "--window", MAX_UPTIME_S) // MICROSECOND_NS for one in (begin, end)
    )
    if not first_us <= window[0] < window[1] or window[0] >= last_us:
        raise InputError(f"--window {args.window}: does not lie between --at and --until")
    return window[0], window[1]


def _print(found: Compared) -> None:
    first, last = found.samples_us
    tell(
        f"{found.scenario.table.title}",
        f"{found.csv} from {first} us to {last} us, variant {found.choice.variant}",
        "",
    )
    print_rows(found.rows)


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
    add_measured(parser)
    parser.add_argument(
        "--format", choices=("text", "md"), default="text", help="md: a page with both tables"
    )
    add_json(parser)


def run(args: Namespace) -> int:
    """Print the table; raises InputError for a log that cannot be read."""
    if args.scenario is not None:
        return run_measured(args, args.logs)
    for name in OPTIONS:
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
