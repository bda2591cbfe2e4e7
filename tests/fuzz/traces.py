"""Spoils recordings and logs and lets everything read them.

`python -m tests.fuzz.traces --cases 5000 --seed 1` runs that many cases and prints what was found:
another exception than InputError, more than LIMIT_MB of memory, no end; also what took longer than
LIMIT_S seconds. `--kind logs --reader explain` spoils logs alone, for one reader alone. Each case
depends on kind, seed and number alone: `--only N` runs it again, `--keep DIR` keeps the files.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

from mmplay.engine.errors import InputError
from tests.fuzz.consumers import CONSUMERS, Consumer
from tests.fuzz.mutations import WAYS
from tests.fuzz.seeds import FAMILIES, family

LIMIT_S = 2.0
"""Of this process alone: others may need the machine as well."""
LIMIT_MB = 60
"""What one file may cost at most, in memory beside what the interpreter has already."""

HANG_S, STANDSTILL_S = 20, 300
"""Seconds of the processor, and of the clock, after which a reader will not come to an end."""


class Hang(Exception):
    """A reader that did not come to an end."""


class Case(NamedTuple):
    """One spoiled file and how it came about."""

    number: int
    name: str
    ways: tuple[str, ...]
    data: bytes


class Finding(NamedTuple):
    """What a consumer did that it must not do; being slow is told, but may be the machine's."""

    case: Case
    consumer: str
    what: str
    fault: bool = True


def case(seed: int, number: int, only: str | None = None) -> Case:
    """Return one case: a file of one kind, or of the kind that is named, spoiled a few times."""
    random = Random(f"{seed}:{number}")
    kind = only or random.choices(tuple(FAMILIES), weights=(6, 4, 1))[0]
    files = family(kind)
    name = random.choice(sorted(files))
    data, ways = files[name], []
    way = random.choice(WAYS[kind])
    data, ways = way(random, data, files), [way.__name__]
    if random.random() < 0.2 and data:
        more = random.choice(WAYS["packed"])
        data, ways = more(random, data, files), [*ways, more.__name__]
    return Case(number, name, tuple(ways), data)


def check(one: Case, path: Path, readers: Sequence[str]) -> Iterator[Finding]:
    """Let these consumers read the file; yield what went wrong."""
    for name in readers:
        consumer = CONSUMERS[name]
        begin = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG_S)
        signal.alarm(STANDSTILL_S)
        wrong = refused(consumer, path)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.alarm(0)
        if wrong is not None:
            yield Finding(one, name, wrong)
        seconds = time.process_time() - begin
        if seconds > LIMIT_S:
            yield Finding(one, name, f"took {seconds:.1f} s", fault=False)


def refused(consumer: Consumer, path: Path) -> str | None:
    """Return the traceback of anything but InputError, or None."""
    try:
        consumer(path)
    except InputError as error:
        return None if "\n" not in str(error) else f"not one line: {error!r}"
    except Exception:
        return traceback.format_exc()
    return None


def forget_peak() -> None:
    """Let the kernel count this process's peak memory from now on (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """Return the most memory that this process has had since `forget_peak`."""
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index("VmHWM:") + 1]) / 1024


def _hang(signum: int, frame: FrameType | None) -> None:
    raise Hang(f"no end after signal {signum}")


class Fuzz:
    """A run over many cases; prints as it finds."""

    def __init__(
        self, seed: int, keep: Path | None, kind: str | None, readers: Sequence[str]
    ) -> None:
        self._seed = seed
        self._kind = kind
        self._readers = readers
        self._keep = keep
        self.findings = 0
        self._ways: Counter[str] = Counter()
        self._slowest = (0.0, "")
        self._peak = (0.0, "")

    def run(self, numbers: range) -> None:
        """Run these cases."""
        for one in (signal.SIGALRM, signal.SIGVTALRM):
            signal.signal(one, _hang)
        with tempfile.TemporaryDirectory() as folder:
            for number in numbers:
                self._one(case(self._seed, number, self._kind), Path(folder))
        self._tell(len(numbers))

    def _one(self, one: Case, folder: Path) -> None:
        path = folder / one.name
        path.write_bytes(one.data)
        forget_peak()
        before = peak_mb()
        begin = time.process_time()
        for finding in check(one, path, self._readers):
            self._found(one, f"{finding.consumer}: {finding.what}", finding.fault)
        seconds = time.process_time() - begin
        path.unlink()
        self._ways.update(one.ways)
        where = f"case {one.number}, {one.name}, {'+'.join(one.ways)}"
        self._slowest = max(self._slowest, (seconds, where))
        more = peak_mb() - before
        self._peak = max(self._peak, (more, where))
        if more > LIMIT_MB:
            self._found(one, f"took {more:.0f} MB")

    def _found(self, one: Case, what: str, fault: bool = True) -> None:
        self.findings += fault
        print(f"case {one.number}: {one.name} {'+'.join(one.ways)}: {what}", flush=True)
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / f"{self._seed}-{one.number}-{one.name}").write_bytes(one.data)

    def _tell(self, cases: int) -> None:
        print(
            f"{cases} cases, seed {self._seed}, {len(self._readers)} readers: {self.findings} found"
        )
        print(f"slowest {self._slowest[0]:.2f} s for all readers: {self._slowest[1]}")
        print(f"most memory {self._peak[0]:.0f} MB more than before: {self._peak[1]}")
        print("  ".join(f"{way} {count}" for way, count in sorted(self._ways.items())))


def main() -> int:
    """Run from the command line; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="run one case")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the files that broke it")
    parser.add_argument("--kind", choices=tuple(FAMILIES), help="spoil files of this kind only")
    parser.add_argument("--reader", choices=tuple(CONSUMERS), help="let only this one read them")
    args = parser.parse_args()
    readers = tuple(CONSUMERS) if args.reader is None else (args.reader,)
    fuzz = Fuzz(args.seed, args.keep, args.kind, readers)
    fuzz.run(range(args.cases) if args.only is None else range(args.only, args.only + 1))
    return 1 if fuzz.findings else 0


if __name__ == "__main__":
    sys.exit(main())
