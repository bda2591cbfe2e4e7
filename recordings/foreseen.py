"""What the runs of a log's machine say together: within which bounds, and what hangs on which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmplay.engine.explain.finding import Operand, said
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.pcp import batch_size
from mmplay.engine.sim.starts.unsaid import Unsaid
from mmplay.recordings.futures import FALLS, RISES, Future, Range, Supposed

EVENTS = ("_us", "kills", "failures")
"""How quantities end that count or time what happens."""

FREE = ("lowest_free", "free_at_end")
"""How quantities end that are free pages of a zone at one moment."""

TIMES_APART = 2
"""Of 126 other seeds, 9 came further than once as far as three lie apart."""

BATCH = batch_size(1 << 30)
"""Pages that a CPU takes or gives back at once, in a large zone: by so many one frame more or less
may move a zone, though the three seeds come to the same."""

MOST_NAMED = 3
"""A sentence names so many assumptions at most, those that matter most."""

NAMED_PARTS = 20
"""One that changes less than a 20th of what all of them do is not said to matter."""


class Foreseen(NamedTuple):
    """One quantity over all runs.

    `value` is that of the run as assumed, `low` and `high` bound it; None is what does not happen.
    Where runs differ by their seed alone, the bounds lie twice as far beyond them as they lie
    apart, those of free pages by a batch at least: another seed may come to something else.
    `never` tells that it does not happen in some run. `hangs_on` names the assumptions that change
    it, the strongest first.
    """

    quantity: str
    value: int | None
    low: int | None
    high: int | None
    never: bool
    hangs_on: tuple[str, ...]

    @property
    def happens(self) -> bool:
        """Whether it tells of an event that comes in some run: a mark, a kill, a refusal."""
        return bool(self.high) and self.quantity.endswith(EVENTS)


def foreseen(futures: Sequence[Future]) -> list[Foreseen]:
    """Return every quantity over these runs, the first of which is the one as assumed."""
    return [_over(name, futures) for name in futures[0].numbers]


def bands(futures: Sequence[Future]) -> dict[str, list[Range]]:
    """Return for each zone its fewest and most free pages in every stretch, over these runs.

    What a stopped run would have come to later is in none of them.
    """
    found: dict[str, list[Range]] = {}
    for one in futures:
        for zone, ranges in one.free:
            band = found.setdefault(zone, [])
            both = zip(band, ranges, strict=False)
            wider = [(min(a[0], b[0]), max(a[1], b[1])) for a, b in both]
            found[zone] = wider + list(max(band, ranges, key=len)[len(wider) :])
    return found


def _over(name: str, futures: Sequence[Future]) -> Foreseen:
    """Take a quantity together; what a stopped run had not come to says nothing."""
    values = [(one.numbers[name], one.stopped_us is None) for one in futures]
    low, high = _bounds(name, futures)
    never = (None, True) in values
    return Foreseen(name, values[0][0], low, high, never, _hangs_on(name, futures))


def _bounds(name: str, futures: Sequence[Future]) -> tuple[int | None, int | None]:
    alike: dict[Supposed, list[int]] = {}
    for one in futures:
        value = one.numbers[name]
        if value is not None:
            alike.setdefault(one.supposed._replace(seed=0), []).append(value)
    if not alike:
        return None, None
    base = futures[0].numbers[name]
    known = [(some, _beyond(name, base, some)) for some in alike.values()]
    low = min(min(some) - more for some, more in known)
    return max(0, low), max(max(some) + more for some, more in known)


def _beyond(name: str, base: int | None, values: list[int]) -> int:
    """Return how far beyond the values of runs that differ by their seed others may come."""
    if len(values) == 1:
        return 0
    moved = name.endswith(FREE) and any(value != base for value in values)
    return max(TIMES_APART * (max(values) - min(values)), BATCH if moved else 0)


def _hangs_on(name: str, futures: Sequence[Future]) -> tuple[str, ...]:
    """Return the assumptions that change a quantity: what makes it never happen comes first."""
    base = futures[0].numbers[name]
    moved: dict[str, int] = {}
    for one in futures[1:]:
        by = _distance(base, one.numbers[name])
        what = one.supposed.name or SEED
        moved[what] = max(by, moved.get(what, 0))
    most = max((by for by in moved.values() if by < NEVER), default=0)
    kept = [name for name, by in moved.items() if by and by * NAMED_PARTS >= most]
    return tuple(sorted(kept, key=lambda name: -moved[name]))


NEVER = 1 << 62
SEED = "seed"
"""What a number hangs on that another seed alone changes."""


def _distance(one: int | None, other: int | None) -> int:
    if one is None or other is None:
        return 0 if one is other else NEVER
    return abs(one - other)


# in words


class Words:
    """Words for what is foreseen of one machine, over so many microseconds, by so many runs."""

    def __init__(self, m: Machine, open_: Sequence[Unsaid], span_us: int, runs: int) -> None:
        """Take the machine at the frame."""
        self._zones = {zone.name: zone for zone in m.state.zones}
        self._what = {one.name: one.what for one in open_} | {SEED: "when the frames arrive"}
        self._span = tenths(span_us)
        self._all = {
            name: f" {said(f'futures.{name}')}" if runs > 1 else "" for name in ("every", "any")
        }

    def sentences(self, rows: Sequence[Foreseen]) -> list[str]:
        """Return a sentence for each quantity that has one."""
        return [text for row in rows if (text := self.sentence(row))]

    def sentence(self, row: Foreseen) -> str:
        """Return a quantity in words."""
        zone, _, rest = row.quantity.rpartition(".")
        for way in (FALLS, RISES):
            if rest.startswith(way):
                mark = rest.removeprefix(f"{way}_").removesuffix("_us")
                return self._passed(row, zone, way, mark)
        if rest == "first_kill_us":
            code = "future.kill" if row.low is not None else "future.never_kill"
            return self._say(code, row)
        if rest == "kills" and not row.high:
            return ""
        none = "no_" if rest in WITH_NONE and not row.high else ""
        return self._say(f"future.{none}{CODES[rest]}", row, zone=zone)

    def without_reasons(self, row: Foreseen) -> str:
        """Return a quantity in words, without the assumptions that it depends on."""
        return self.sentence(row).replace(self._hangs(row), "")

    def _passed(self, row: Foreseen, zone: str, way: str, mark: str) -> str:
        never = "" if row.low is not None else "never_"
        pages = int(getattr(self._zones[zone], mark))
        return self._say(f"future.{never}{way}", row, zone=zone, mark=mark, pages=pages)

    def _say(self, code: str, row: Foreseen, **operands: Operand) -> str:
        when = self._when(row) if row.quantity.endswith("_us") else ""
        span = "" if when else self._range(row)
        return said(
            code,
            **operands,
            **self._all,
            when=when,
            range=span,
            span=self._span,
            hangs=self._hangs(row),
        )

    def _when(self, row: Foreseen) -> str:
        if row.low is None or row.high is None:
            return "never"
        low, high = tenths(row.low), tenths(row.high)
        if row.never:
            code = "futures.some" if row.low == row.high else "futures.or_never"
        else:
            code = "futures.at" if low == high else "futures.between"
        every = self._all["every"] if code == "futures.at" and not row.hangs_on else ""
        return said(code, low=low, high=high, span=self._span) + every

    def _range(self, row: Foreseen) -> str:
        if row.low == row.high:
            return str(row.low)
        return said("futures.range", low=row.low, high=row.high)

    def _hangs(self, row: Foreseen) -> str:
        if not row.hangs_on:
            return ""
        named = [self._what[name] for name in row.hangs_on[:MOST_NAMED]]
        if len(row.hangs_on) > MOST_NAMED:
            named.append("more")
        *most, last = named
        what = f"{', '.join(most)} and {last}" if most else last
        return said("futures.hangs", what=what)


CODES = {
    "lowest_free": "lowest",
    "free_at_end": "at_end",
    "kills": "kills",
    "failures": "failures",
    "pages_written": "pages_written",
}
"""Sentences of quantities that are no times."""


WITH_NONE = frozenset({"failures", "pages_written"})
"""Those that have a sentence for none at all."""


def tenths(time_us: int) -> str:
    """Return microseconds as seconds to 10 ms, as a sentence has them."""
    hundredths = (time_us + 5_000) // 10_000
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")
