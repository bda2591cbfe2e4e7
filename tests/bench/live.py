"""What a live capture costs: `python -m tests.bench.live [SECONDS]`.

Ten samples a second of this machine (or of a made-up one where /proc/zoneinfo is missing), into a
file: processor time as a share of one core, bytes a frame. Beside it, measured in the same run: the
processor time of merely reading the same files, and of `cat` once a sample.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mmplay.recordings.live.capture import Capture, Plan, Roots
from mmplay.recordings.live.sources import PROC, ProcFiles
from mmplay.recordings.live.timeline import open_live
from tests.recordings.fake_proc import Machine, write_proc

INTERVAL_US = 100_000
RATE = 1_000_000 // INTERVAL_US
DAY_US = 86_400_000_000


def cpu_seconds(who: int = resource.RUSAGE_SELF) -> float:
    """Return user and system time so far."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def measure_capture(path: Path, roots: Roots, samples: int) -> float:
    """Return the processor time of so many samples, taken at their pace."""
    capture = Capture(path, Plan(INTERVAL_US, DAY_US), roots)
    capture.sample()
    before = cpu_seconds()
    for _ in range(samples):
        time.sleep(INTERVAL_US / 1e6)
        capture.sample()
    spent = cpu_seconds() - before
    capture.close()
    return spent


def measure_reading(roots: Roots, samples: int) -> float:
    """Return the processor time of only reading the files so often."""
    files = ProcFiles(roots.proc)
    before = cpu_seconds()
    for _ in range(samples):
        for name in files.names:
            files.read(name)
    spent = cpu_seconds() - before
    files.close()
    return spent


def measure_cat(roots: Roots, samples: int) -> float:
    """Return the processor time of one `cat` of the files a sample."""
    names = [str(roots.proc / name) for name in ProcFiles(roots.proc).names]
    before = cpu_seconds(resource.RUSAGE_CHILDREN)
    for _ in range(samples):
        subprocess.run(["cat", *names], stdout=subprocess.DEVNULL, check=False)
    return cpu_seconds(resource.RUSAGE_CHILDREN) - before


def main() -> None:
    """Print the figures."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    samples = seconds * RATE
    with tempfile.TemporaryDirectory() as folder:
        roots, what = Roots(), "this machine"
        if not (PROC / "zoneinfo").exists():
            roots, what = Roots(Path(folder) / "proc", Path(folder) / "none"), "a made-up machine"
            write_proc(roots.proc, Machine())
        path = Path(folder) / "bench.mmtrace"
        spent = measure_capture(path, roots, samples)
        reading, cat = measure_reading(roots, samples), measure_cat(roots, samples)
        size = path.stat().st_size
        before = time.perf_counter()
        with open_live(path) as timeline:
            opened = time.perf_counter() - before
            frames = len(timeline)
            before = time.perf_counter()
            for index in range(frames - 1, -1, -1):
                timeline.frame(index)
            back = time.perf_counter() - before
            before = time.perf_counter()
            for index in range(frames):
                timeline.frame(index)
            on = time.perf_counter() - before
    load = Path("/proc/loadavg").read_text().split()[0] if Path("/proc/loadavg").exists() else "?"
    print(f"{samples} samples of {what}, {RATE} a second; load average {load}")
    print(
        f"capture       {spent / samples * 1000:6.2f} ms a sample   "
        f"{spent / seconds * 100:5.2f} % of one core (at most 2)"
    )
    print(
        f"reading only  {reading / samples * 1000:6.2f} ms a sample   "
        f"ratio {spent / max(reading, 1e-9):.2f}"
    )
    print(
        f"cat           {cat / samples * 1000:6.2f} ms a sample   "
        f"ratio {spent / max(cat, 1e-9):.2f}"
    )
    print(f"file          {size / frames:6.1f} bytes a frame (at most 200 on an idle machine)")
    print(f"opening       {opened / frames * 1e6:6.1f} us a frame")
    print(f"frames on     {on / frames * 1000:6.2f} ms each, back {back / frames * 1000:.2f} ms")


if __name__ == "__main__":
    main()
