"""`mmplay sweep`: one machine under many settings and seeds, and what each setting comes to."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from mmplay.commands.arguments import (
    MAX_SECONDS,
    MAX_UPTIME_S,
    add_json,
    add_simulated_kernel,
    add_workers,
    nanoseconds,
    ram_kb,
    whole,
    workers_of,
)
from mmplay.commands.output import one_ctrl_c, print_json, progress_bar, stopped, tell
from mmplay.commands.run_start import (
    BOOT_SECONDS,
    HELP,
    INCIDENT_UNTIL,
    checked_variant,
    packets_of,
)
from mmplay.commands.sweep_text import as_columns, as_lines, row_json
from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import DEFAULT_KERNEL, simulated_kernel
from mmplay.levels.catalogue import find_level, is_level_name
from mmplay.levels.level_text import MAX_BYTES, read_text, read_toml
from mmplay.levels.load import check_moves, read_moves
from mmplay.levels.pack import is_pack
from mmplay.levels.scenario.load import is_scenario, scenario_path
from mmplay.levels.sweep.levers import Lever, Setting, number_at, settings_of
from mmplay.levels.sweep.runs import (
    BOOT,
    INCIDENT,
    LEVEL,
    SCENARIO,
    Job,
    Numbers,
    Row,
    Subject,
    row_of,
    run_job,
    try_job,
)
from mmplay.recordings.parallel.spread import Told, spread
from mmplay.recordings.run.continuing import AFTER_FOUND_NS

SEEDS, MAX_SEEDS, MAX_RUNS = 20, 10_000, 100_000
FORMS = ("text", "json", "csv")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("start", metavar="LEVEL|SCENARIO|incident|boot", help="what to run")
    parser.add_argument(
        "--set",
        metavar="KEY=a,b,c",
        action="append",
        default=[],
        help="run with each of these values of an action at the start (min_free_kbytes), of a key "
        "of the file (task.hog.pages), or of a number of the incident's start (completions, where "
        "-30%% means 30%% less); several --set are combined",
    )
    parser.add_argument(
        "--seeds",
        metavar="N",
        default=str(SEEDS),
        help=f"how many seeds to run each setting with (default: {SEEDS})",
    )
    parser.add_argument(
        "--count",
        metavar="NAME",
        action="append",
        default=[],
        help="show this counter as well; may be given more than once",
    )
    parser.add_argument("--actions", metavar="FILE", help=HELP["actions"])
    parser.add_argument("--until", metavar="SECONDS", help=HELP["until"])
    add_simulated_kernel(parser)
    parser.add_argument("--variant", metavar="V", help=HELP["variant"])
    parser.add_argument("--packets", metavar="N", help=HELP["packets"])
    parser.add_argument(
        "--ram", metavar="SIZE", default="2G", help="RAM of a freshly booted machine (default: 2G)"
    )
    parser.add_argument("--format", choices=FORMS, help="output format (default: text)")
    add_workers(parser)
    add_json(parser)


@one_ctrl_c()
def run(args: Namespace) -> int:
    """Run all settings with all seeds; raises InputError for what cannot be run."""
    if args.json and args.format not in (None, "json"):
        raise InputError(f"--json and --format {args.format}: one format at a time")
    subject = _subject(args)
    top = read_toml(subject.text, subject.name) if subject.text else None
    settings = settings_of(args.set, None if top is None else partial(number_at, top))
    seeds = whole(args.seeds, "--seeds", MAX_SEEDS)
    if not 0 < seeds * len(settings) <= MAX_RUNS:
        raise InputError(
            f"--seeds {seeds}: expected 1 to {MAX_RUNS // len(settings)} runs for each setting"
        )
    random = any([try_job(Job(subject, setting, 1)) for setting in _new_in(settings)])
    used = range(1, (seeds if random else 1) + 1)
    # Seed by seed: what Ctrl-C leaves is something of every setting.
    jobs = [Job(subject, setting, seed) for seed in used for setting in settings]
    rows, done = _rows(args, jobs)
    named = subject._replace(name=args.start)
    PRINTERS["json" if args.json else args.format or "text"](named, rows, random)
    return 0 if done == len(jobs) else stopped(done, len(jobs), "runs")


def _new_in(settings: list[Setting]) -> Iterator[Setting]:
    """Yield the settings in which a value stands that was in none before: all are tried once."""
    known: set[Lever] = set()
    for setting in settings:
        if not known.issuperset(setting):
            known.update(setting)
            yield setting


def _rows(args: Namespace, jobs: list[Job]) -> tuple[list[Row], int]:
    """Make the runs; return a row of each setting that has any, and how many runs there were."""
    runs: dict[Setting, list[Numbers]] = {}
    with progress_bar(args.start) as progress, suppress(KeyboardInterrupt):
        on, told = workers_of(args, progress), Told("running", "runs")
        for setting, numbers in spread(_named, jobs, on, told=told):
            runs.setdefault(setting, []).append(numbers)
    return [row_of(*one) for one in runs.items()], sum(map(len, runs.values()))


def _named(job: Job) -> tuple[Setting, Numbers]:
    """Make a run; what comes of it says itself of which setting it is."""
    return job.setting, run_job(job)


# what is run


def _subject(args: Namespace) -> Subject:
    subject = _found(args)._replace(
        variant=None if args.variant is None else checked_variant(args.variant),
        packets=packets_of(args),
        watched=tuple(args.count),
    )
    if subject.kind == LEVEL:
        return _level(args, subject)
    if args.actions is not None:
        raise InputError("--actions is for levels; --set NAME=VALUE acts at the start")
    kernel = args.kernel if subject.kind == SCENARIO else args.kernel or DEFAULT_KERNEL
    return subject._replace(
        kernel=None if kernel is None else simulated_kernel(kernel).name,
        until_ns=_until(args, subject.kind),
    )


def _found(args: Namespace) -> Subject:
    name = args.start
    if name == INCIDENT:
        return Subject(INCIDENT, name)
    if name == BOOT:
        return Subject(BOOT, name, ram_kb=ram_kb(args.ram))
    path = scenario_path(name)
    if name.endswith(".toml") and is_scenario(path):
        return Subject(SCENARIO, str(path), read_text(path, MAX_BYTES))
    if not is_level_name(name):
        raise InputError(f"{name}: a sweep takes a level, a scenario, incident or boot")
    file = find_level(name).file
    text = read_text(Path(file), MAX_BYTES)
    if is_pack(text):
        raise InputError(f"{file}: this is a pack; name the level file that it was made of")
    return Subject(LEVEL, file, text)


def _level(args: Namespace, subject: Subject) -> Subject:
    for option in ("kernel", "variant", "packets", "until"):
        if getattr(args, option) is not None:
            raise InputError(f"--{option} is not for levels, which say it themselves")
    if args.actions is None:
        return subject
    path = Path(args.actions)
    moves = read_moves(read_text(path, MAX_BYTES), str(path))
    check_moves(find_level(args.start), moves, str(path))
    return subject._replace(moves=moves)


def _until(args: Namespace, kind: str) -> int:
    """Return when a run ends, in ns of the machine's clock; negative: so long after the start."""
    if args.until is not None:
        most = MAX_UPTIME_S if kind == SCENARIO else MAX_SECONDS
        return nanoseconds(args.until, "--until", most)
    if kind == SCENARIO:
        return -AFTER_FOUND_NS
    return nanoseconds(INCIDENT_UNTIL if kind == INCIDENT else BOOT_SECONDS, "--until")


# printing


def _print_text(subject: Subject, rows: list[Row], random: bool) -> None:
    tell(*as_lines(subject, rows, random))


def _print_json(subject: Subject, rows: list[Row], random: bool) -> None:
    values = {"start": subject.name, "seed_decides": random}
    print_json({**values, "settings": [row_json(subject, row) for row in rows]})


def _print_csv(subject: Subject, rows: list[Row], random: bool) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, columns in enumerate(as_columns(subject, row) for row in rows):
        if not number:
            writer.writerow(columns)
        writer.writerow(columns.values())


PRINTERS: dict[str, Callable[[Subject, list[Row], bool], None]] = {
    "text": _print_text,
    "json": _print_json,
    "csv": _print_csv,
}
