"""Grades a class that was made up: time on one core and on two, memory, and whether all is right.

    python -m tests.bench.classroom [--level L13] [--act 'wb_mask nowait'] [--count 200] [--seed 1]
        [--folder DIR] [--cores 1 2] [--scheduler tcp://HOST:PORT] [--cluster]

`--cluster` runs a Dask cluster of two worker processes here and kills one of them half way.
The hand-ins are kept in the folder, so that another Python can grade the same ones; `digest` is
that of all grades together.
"""

from __future__ import annotations

import json
import platform
import resource
import time
from argparse import ArgumentParser, Namespace
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from mmplay.levels.classroom.assignment import Assignment, read_assignment
from mmplay.levels.classroom.collecting import found_in
from mmplay.levels.classroom.formats import grades_json
from mmplay.levels.classroom.grading import Grades, graded_class
from mmplay.recordings.files import Done
from mmplay.recordings.parallel.spread import Workers, spread
from tests.clusters import running
from tests.levels.cheats import KINDS, Seat
from tests.levels.classes import assignment_text

MB = 1 << 20


def make(text: str, folder: Path, acts: tuple[str, ...], seed: int, number: int) -> str:
    """Write one hand-in; return its student and what it must be called."""
    one = _read(text)
    student = one.students[number]
    kind = [*KINDS][number % len(KINDS)]
    other = one.students[(number + 1) % len(one.students)]
    deed, status = KINDS[kind]
    data = deed(Seat(one, student, other, acts, Random(f"{seed} {number}")))
    (folder / f"{student}.mmhand").write_bytes(data)
    return f"{student} {status} {kind}"


def _read(text: str) -> Assignment:
    return read_assignment(text, "bench.toml")


def made(args: Namespace, folder: Path) -> tuple[str, dict[str, str]]:
    """Return the assignment and what each hand-in must be called; made once for a folder."""
    kept, wanted = folder / "w3.toml", folder / "wanted.txt"
    hands = folder / "in"
    if not wanted.exists():
        hands.mkdir(parents=True, exist_ok=True)
        text = assignment_text(args.level, students=args.count)
        kept.write_text(text, encoding="utf-8")
        work = partial(make, text, hands, tuple(args.act), args.seed)
        wanted.write_text("\n".join(spread(work, range(args.count))), encoding="utf-8")
    rows = [row.split(" ", 2) for row in wanted.read_text(encoding="utf-8").splitlines()]
    return kept.read_text(encoding="utf-8"), {row[0]: row[1] for row in rows}


def graded(text: str, folder: Path, on: Workers) -> tuple[Grades, float]:
    """Grade everything; return the grades and the seconds that it took."""
    begun = time.perf_counter()
    found = found_in([folder / "in"])
    grades = graded_class(text, "w3.toml", found, on=on)
    return grades, time.perf_counter() - begun


def graded_by_survivor(text: str, folder: Path) -> tuple[Grades, float]:
    """Grade everything on a cluster of two workers, one of which is killed half way."""
    with running(folder) as cluster:

        def kill_half_way(done: Done) -> None:
            if done.size and done.bytes * 2 >= done.size:
                cluster.workers[0].kill()

        on = Workers(scheduler=cluster.address, progress=kill_half_way)
        return graded(text, folder, on)


def say(name: str, grades: Grades, seconds: float, wanted: dict[str, str]) -> None:
    """Print one line of what came of it."""
    got = {Path(one.path).stem: str(one.status) for one in grades.files}
    wrong = {name: (got[name], status) for name, status in wanted.items() if got[name] != status}
    digest = sha256(json.dumps(grades_json(grades), sort_keys=True).encode()).hexdigest()[:16]
    right = f"{len(wanted) - len(wrong)} of {len(wanted)} right"
    print(f"{name:<10} {seconds:8.1f} s  {right}  digest {digest}", flush=True)
    for one in wrong.items():
        print("  wrong:", *one)


def main() -> None:
    """Measure."""
    parser = ArgumentParser()
    parser.add_argument("--level", default="L13")
    parser.add_argument("--act", action="append", default=[])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--scheduler")
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--cores", type=int, nargs="*", default=[1, 2])
    args = parser.parse_args()
    folder = args.folder or Path(mkdtemp())
    text, wanted = made(args, folder)
    print(f"Python {platform.python_version()}, {args.level}, {len(wanted)} hand-ins in {folder}")
    for cores in args.cores:
        say(f"{cores} cores", *graded(text, folder, Workers(cores)), wanted)
    if args.scheduler:
        say("cluster", *graded(text, folder, Workers(scheduler=args.scheduler)), wanted)
    if args.cluster:
        say("one killed", *graded_by_survivor(text, folder), wanted)
    most = [
        resource.getrusage(who).ru_maxrss * 1024 // MB
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    print(f"most memory: {most[0]} MB here, {most[1]} MB in the largest worker")


if __name__ == "__main__":
    main()
