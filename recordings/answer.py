"""The answer about a log's machine: what its runs came to, for whoever prints or shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mmplay.engine.explain.finding import said
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS
from mmplay.engine.sim.starts.unsaid import Unsaid
from mmplay.recordings.foreseen import BATCH, Foreseen, Words, bands, foreseen, tenths
from mmplay.recordings.futures import SEEDS_COUNTED, Ahead, Future, open_of, stretch_ns
from mmplay.recordings.parallel.spread import Told

RUNNING = Told("running", "runs")


class Outcome(NamedTuple):
    """One run in words: the assumption that was changed and its value, and what that changed."""

    supposed: str
    sentences: tuple[str, ...]


class Reach(NamedTuple):
    """The fewest and the most free pages of a zone in a stretch of time, over all runs.

    Times are microseconds on the machine's clock.
    """

    from_us: int
    until_us: int
    low: int
    high: int


class Answer(NamedTuple):
    """What the runs came to: one or more of `wanted`, in order; `machine` stands at the frame."""

    ahead: Ahead
    wanted: int
    futures: Sequence[Future]
    machine: Machine

    @property
    def varied(self) -> bool:
        """Whether more than the run as assumed was asked for."""
        return self.wanted > 1

    @property
    def open(self) -> tuple[Unsaid, ...]:
        """What the log leaves open."""
        return open_of(self.ahead)

    @property
    def words(self) -> Words:
        """Words for what the runs came to."""
        return self._words(len(self.futures))

    def _words(self, runs: int) -> Words:
        return Words(self.machine, self.open, self.span_us, runs)

    @property
    def span_us(self) -> int:
        """How long each run goes on."""
        return (self.ahead.until_ns - self.machine.state.started_ns) // MICROSECOND_NS

    def sentences(self) -> list[str]:
        """Return what may become of the machine, and what that depends on."""
        return self.words.sentences(foreseen(self.futures))

    def line(self) -> str:
        """Return what matters most: first what happens, and hangs on an assumption."""
        return self.words.sentence(self._foremost())

    def short_line(self) -> str:
        """Return the same without the assumptions that it depends on."""
        return self.words.without_reasons(self._foremost())

    def _foremost(self) -> Foreseen:
        """Return the quantity that matters most, of those that there is something to say of."""
        words, rows = self.words, foreseen(self.futures)
        rows.sort(key=lambda row: (not row.happens, not row.hangs_on))
        return next(row for row in rows if words.sentence(row))

    def outcomes(self) -> Iterator[Outcome]:
        """Yield each run in words; after the one as assumed only what is different from it."""
        alone = self._words(1)
        base: list[str] = []
        for one in self.futures:
            texts = alone.sentences(foreseen([one]))
            changed = [text for text in texts if text not in base]
            base = base or texts
            if one.stopped_us is not None:
                changed.append(said("futures.this_stopped", at=tenths(one.stopped_us)))
            yield Outcome(self._supposed(one), tuple(changed or [said("futures.same")]))

    def _supposed(self, future: Future) -> str:
        name, value, seed = future.supposed
        text = said("futures.as_assumed")
        for one in self.open:
            if one.name == name:
                now = {"value": value, "assumed": one.value}
                text = said("futures.supposed", what=one.what, unit=one.unit, **now)
        return said("futures.seed", what=text, seed=seed) if seed else text

    def bands(self) -> dict[str, list[Reach]]:
        """Return within which free pages all runs stayed, by zone, stretch after stretch."""
        started_ns, until_ns = self.machine.state.started_ns, self.ahead.until_ns
        length_ns = stretch_ns(until_ns - started_ns)
        return {
            zone: [
                Reach(
                    (started_ns + number * length_ns) // MICROSECOND_NS,
                    min(until_ns, started_ns + (number + 1) * length_ns) // MICROSECOND_NS,
                    *free,
                )
                for number, free in enumerate(ranges)
            ]
            for zone, ranges in bands(self.futures).items()
        }

    def remarks(self) -> list[str]:
        """Return what the reader must know of the runs."""
        done, span, report = len(self.futures), tenths(self.span_us), self.ahead.told.report
        if not self.varied:
            found = [said("futures.alone")]
        else:
            found = [said("futures.runs", runs=self.wanted, span=span)]
        if any(one.supposed.seed for one in self.futures):
            found.append(said("futures.seeds", counted=SEEDS_COUNTED, batch=BATCH))
        if done < self.wanted:
            found.append(said("futures.interrupted", done=done, runs=self.wanted))
        if report.kill is not None:
            code = "futures.own_kill" if report.tasks else "futures.no_victim"
            found.append(said(code, victim=report.kill.victim[0]))
        early = [one.stopped_us for one in self.futures if one.stopped_us is not None]
        if early:
            found.append(said("futures.stopped", count=len(early), at=tenths(min(early))))
        return found
