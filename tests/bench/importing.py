"""How fast a log is imported, beside `grep -c Mem-Info` on the same file.

Run with `python -m tests.bench.importing`: 20 MB of a made-up serial log, or with `--syslog` of one
of daemons with twenty reports in it; `--gigabyte` takes 1 GB, `--mb N` any size. Every command is a
process of its own, started cold, whose peak memory is printed beside its time. Figures and ratios
are printed, nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MB = 1_000_000
SMALL_MB, GIGABYTE_MB = 20, 1000
ROUNDS = 5


class Run(NamedTuple):
    """One run of a command: seconds from start to end, and its peak memory in MB."""

    seconds: float
    peak_mb: float


def run(args: tuple[str, ...]) -> Run:
    """Run a command, its output thrown away; the kernel says how much memory it had at most."""
    begin = time.perf_counter()
    process = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{args}: exit status {process.returncode}")
    return Run(seconds, usage.ru_maxrss / 1024)


def best(rounds: int, commands: dict[str, tuple[str, ...]]) -> dict[str, Run]:
    """Return the fastest run of each command, taken in turn."""
    runs = {name: run(args) for name, args in commands.items()}
    for _ in range(rounds - 1):
        for name, args in commands.items():
            runs[name] = min(runs[name], run(args))
    return runs


def commands_on(log: Path, trace: Path) -> dict[str, tuple[str, ...]]:
    """Return what is measured, by the name that is printed."""
    mmplay = (sys.executable, "-m", "mmplay")
    return {
        "grep -c Mem-Info": ("grep", "-c", "Mem-Info", str(log)),
        "mmplay --version": (*mmplay, "--version"),
        "mmplay import -o": (*mmplay, "import", str(log), "-o", str(trace)),
        "mmplay import --json": (*mmplay, "import", str(log), "--json"),
        "mmplay explain LOG": (*mmplay, "explain", str(log)),
        "mmplay explain LOG --json": (*mmplay, "explain", str(log), "--json"),
        "mmplay explain TRACE": (*mmplay, "explain", str(trace), "--at", "#1"),
        "mmplay export dmesg": (*mmplay, "export", str(trace), "--format", "dmesg"),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=SMALL_MB, help="size of the log")
    parser.add_argument("--syslog", action="store_true", help="few reports among other lines")
    parser.add_argument("--gigabyte", action="store_true", help="1 GB, once")
    args = parser.parse_args()
    size_mb = GIGABYTE_MB if args.gigabyte else args.mb
    with tempfile.TemporaryDirectory() as folder:
        log, trace = Path(folder, "serial.log"), Path(folder, "serial.mmtrace")
        # Made by another process: a child's peak memory is at least what its parent has.
        make = (sys.executable, "-m", "tests.bench.serial_log", str(size_mb * MB), str(log))
        make += ("syslog",) * args.syslog
        subprocess.run(make, check=True, cwd=ROOT)
        runs = best(1 if args.gigabyte else ROUNDS, commands_on(log, trace))
        show(size_mb, runs, trace.stat().st_size)


def show(size_mb: int, runs: dict[str, Run], trace_bytes: int) -> None:
    """Print a line for each command."""
    grep = runs["grep -c Mem-Info"].seconds
    print(f"{size_mb} MB of serial log, {trace_bytes / MB:.1f} MB of recording")
    for name, one in runs.items():
        rate = f"{size_mb / one.seconds:8.1f} MB/s" if name != "mmplay --version" else " " * 13
        print(
            f"{name:26}{one.seconds:8.2f} s {rate}  {one.seconds / grep:7.1f} times grep"
            f"  peak {one.peak_mb:4.0f} MB"
        )


if __name__ == "__main__":
    main()
