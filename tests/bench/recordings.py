"""Time travel in a long run: `python -m tests.bench.recordings [TURNS]`.

Opening, seeking to random turns, going back turn by turn, and what recording costs, beside SimPy's
bare timeouts and beside a plain digest of the file, all in one process. Figures are printed,
nothing is asserted.
"""

from __future__ import annotations

import io
import random
import sys
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

from mmplay.engine.sim.run.turns import run_until
from mmplay.recordings.opening import open_stream
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import session_header
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.writer import TraceWriter
from tests.bench.simulator import BURST_END_NS, seconds, timeouts
from tests.engine.sim.machines import incident
from tests.sessions import Recorded

TURNS = 1_000_000
SEEKS = 300
BACK = 200
ROUNDS = 5
MS = 1000

GOALS = {"seek p99": 16.0, "opening": 500.0, "turn back p99": 8.0}
"""What the figures should stay under, in ms."""


def made(turns: int) -> bytes:
    """Return the recording of a run of the incident's machine, variant nowait."""
    recorded = Recorded("nowait")
    recorded.session.advance(turns=turns)
    return recorded.data()


def opened(data: bytes) -> SessionTimeline:
    """Open the recording as mmplay does."""
    recording = open_stream(io.BytesIO(data), "bench")
    if not isinstance(recording, SessionTimeline):
        raise TypeError("the bench's recording is no run")
    return recording


class Figures(NamedTuple):
    """How long calls take, in ms, shortest first: by the clock, and of the CPU alone."""

    wall: list[float]
    cpu: list[float]


def times(work: Callable[[int], object], places: list[int]) -> Figures:
    """Return how long each call takes."""
    wall, cpu = [], []
    for at in places:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        work(at)
        cpu.append((time.process_time() - begin_cpu) * MS)
        wall.append((time.perf_counter() - begin) * MS)
    return Figures(sorted(wall), sorted(cpu))


def percentile(found: list[float], percent: int) -> float:
    """Return a percentile of sorted figures."""
    return found[min(len(found) - 1, len(found) * percent // 100)]


def say(name: str, found: Figures, yardstick_ms: float) -> None:
    """Print median, p99 and worst, and how many yardsticks the p99 is."""
    goal = GOALS.get(f"{name} p99")
    limit = f"   (goal {goal:.0f} ms)" if goal else ""
    for kind, ms in found._asdict().items():
        p99 = percentile(ms, 99)
        print(
            f"{name:<16} {kind:<5} median {percentile(ms, 50):6.2f}  p99 {p99:6.2f}  "
            f"worst {ms[-1]:6.2f} ms   p99 is {p99 / yardstick_ms:.4f} yardsticks{limit}"
        )


def travel(data: bytes, yardstick_ms: float) -> None:
    """Print the figures of opening and seeking."""
    digest_ms = min(seconds(lambda: blake2b(data).digest()) for _ in range(ROUNDS)) * MS
    opening = sorted(seconds(lambda: opened(data)) * MS for _ in range(ROUNDS))
    print(
        f"opening                best {opening[0]:.0f} ms (goal 500), worst {opening[-1]:.0f} ms; "
        f"{opening[0] / digest_ms:.0f} times blake2b of the file ({digest_ms:.1f} ms)"
    )
    run = opened(data)
    dice = random.Random(7)
    places = [dice.randrange(len(run)) for _ in range(SEEKS)]
    say("seek, first look", times(run.session.machine_at, places), yardstick_ms)
    say("seek", times(run.frame, [dice.randrange(len(run)) for _ in range(SEEKS)]), yardstick_ms)
    start = len(run) - dice.randrange(len(run) // 2) - 1
    run.frame(start)
    say("turn back", times(run.frame, list(range(start - 1, start - BACK, -1))), yardstick_ms)
    say("turn on", times(run.frame, list(range(start, start + BACK))), yardstick_ms)


def overhead() -> None:
    """Print what recording costs beside the bare run, in turn, best of several."""
    bare, kept, written = [], [], []
    for _ in range(ROUNDS):
        machine = incident()
        bare.append(seconds(lambda m=machine: run_until(m, BURST_END_NS)))  # type: ignore[misc]
        one = Session(incident(), session_header("bench"))
        kept.append(seconds(lambda s=one: s.advance(until_ns=BURST_END_NS)))  # type: ignore[misc]
        header = session_header("bench")
        other = Session(incident(), header, TraceWriter(io.BytesIO(), header))
        written.append(seconds(lambda s=other: s.advance(until_ns=BURST_END_NS)))  # type: ignore[misc]
    best = min(bare)
    print(
        f"the incident's burst       bare {best:.3f} s, recorded {min(kept):.3f} s "
        f"({min(kept) / best:.2f}), written too {min(written):.3f} s ({min(written) / best:.2f})"
    )


def main() -> None:
    """Print the figures."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else TURNS
    yardstick = min(seconds(timeouts) for _ in range(3))
    print(f"yardstick              SimPy's 750000 timeouts: {yardstick:.3f} s")
    begin = time.perf_counter()
    data = made(turns)
    print(f"{turns} turns          made in {time.perf_counter() - begin:.1f} s, {len(data)} bytes")
    travel(data, yardstick * MS)
    overhead()


if __name__ == "__main__":
    main()
