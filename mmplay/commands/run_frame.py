"""`mmplay run LOG --frame N`: a log's machine goes on, and what that hangs on."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from mmplay.commands.arguments import ram_kb, whole, workers_of
from mmplay.commands.output import print_json, progress_bar, stopped, tell
from mmplay.commands.run_start import RunStart, header
from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import said
from mmplay.engine.sim.log.view import summary
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.telling import Told
from mmplay.engine.sim.starts.unsaid import Unsaid
from mmplay.recordings.foreseen import Foreseen, Words, foreseen, tenths
from mmplay.recordings.futures import (
    Ahead,
    Future,
    Supposed,
    future_of,
    machine_ahead,
    open_of,
    runs_of,
    watched,
)
from mmplay.recordings.parallel.crew import Told as Work
from mmplay.recordings.parallel.spread import spread
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.starts import told_frame

RUNNING = Work("running", "runs")


class Answer(NamedTuple):
    """What the runs came to: one or more of `wanted`, in order."""

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
        return Words(self.machine, self.open, self.span_us, len(self.futures))

    @property
    def span_us(self) -> int:
        """How long each run goes on."""
        return (self.ahead.until_ns - self.machine.state.started_ns) // MICROSECOND_NS


class FrameStart(RunStart):
    """The start from a frame of a log."""

    def __init__(self, args: Namespace, told: Told, choice: Choice) -> None:
        """Build the machine; raises InputError."""
        acts = [act.strip().partition(" ") for act in args.act]
        done = tuple((name, value.strip()) for name, _, value in acts)
        super().__init__(args, choice, machine_ahead(Ahead(told, choice, 0)))
        self._ahead = Ahead(told, choice, self.until_ns, done)
        self._base: Future | None = None
        self._title = f"{args.start} #{int(args.frame) + 1}"
        self._frame = int(args.frame)

    def _more(self) -> dict[str, object]:
        return {"frame": self._frame, **super()._more()}

    def advance(self, session: Session) -> None:
        """Let the run go on to its time, and watch it."""

        def go_on(until_ns: int) -> None:
            session.advance(until_ns=until_ns)

        self._base = watched(session.live, Supposed(), self.until_ns, go_on)

    def answered(self, args: Namespace, session: Session) -> int | None:
        """Run it again within its bounds and print what may become of it."""
        if self._base is None:
            return None
        runs = runs_of(self._ahead) if args.bounds is None else [Supposed()]
        futures = [self._base]
        status = _run_others(args, self._ahead, runs[1:], futures)
        answer = Answer(self._ahead, len(runs), futures, session.live)
        (_print_json if args.json else _print_text)(args, answer)
        return status


def frame_start(args: Namespace, choice: Choice) -> tuple[RunStart, Choice]:
    """Return the start from a frame, and what was chosen; raises InputError."""
    kernel = None if args.kernel is None else choice.kernel
    ram = 0 if args.ram is None else ram_kb(args.ram)
    args.frame = args.frame or "0"
    told = told_frame(args.start, whole(args.frame, "--frame", 1 << 32), kernel, ram)
    choice = choice._replace(kernel=kernel or told.printed_by)
    try:
        return FrameStart(args, told, choice), choice
    except InputError as error:
        raise InputError(f"{args.start} frame {args.frame}: {error}") from None


def _run_others(
    args: Namespace, ahead: Ahead, runs: Sequence[Supposed], futures: list[Future]
) -> int:
    """Add what the other runs come to; return the exit status, that of Ctrl-C if it came."""
    with progress_bar(args.start) as progress:
        try:
            for future in spread(
                partial(future_of, ahead), runs, workers_of(args, progress), told=RUNNING
            ):
                futures.append(future)
        except KeyboardInterrupt:
            return stopped(len(futures), 1 + len(runs), "runs")
    return 0


# what is printed


def _print_json(args: Namespace, answer: Answer) -> None:
    m, ahead = answer.machine, answer.ahead
    rows = foreseen(answer.futures)
    words = answer.words
    print_json(
        {
            **header(m, ahead.choice),
            "log": args.start,
            "frame": int(args.frame),
            "printed_by": ahead.told.release or ahead.told.printed_by.name,
            "from_us": m.state.started_ns // MICROSECOND_NS,
            "until_us": ahead.until_ns // MICROSECOND_NS,
            "bounds": "one at a time" if answer.varied else "no",
            "runs_wanted": answer.wanted,
            "runs_done": len(answer.futures),
            "assumptions": [_assumption(one) for one in answer.open],
            "foreseen": [_foreseen_json(row, words, answer.varied) for row in rows],
            "remarks": _remarks(answer),
            "runs": [
                {
                    "assumption": one.supposed.name or None,
                    "value": one.supposed.value if one.supposed.name else None,
                    "stopped_us": one.stopped_us,
                    "numbers": dict(one.numbers),
                }
                for one in answer.futures
            ],
            **summary(m),
        }
    )


def _assumption(one: Unsaid) -> dict[str, object]:
    names = ("name", "unit", "value", "low", "high", "what", "reason")
    return {name: getattr(one, name) for name in names}


def _foreseen_json(row: Foreseen, words: Words, varied: bool) -> dict[str, object]:
    found: dict[str, object] = {**row._asdict(), "sentence": words.sentence(row)}
    if not varied:
        found |= {"low": None, "high": None, "never": None, "hangs_on": None}
    return found


def _remarks(answer: Answer) -> list[str]:
    """Return what the reader must know of the runs."""
    done, span = len(answer.futures), tenths(answer.span_us)
    if not answer.varied:
        found = [said("futures.alone")]
    else:
        found = [said("futures.runs", runs=answer.wanted, span=span)]
    if done < answer.wanted:
        found.append(said("futures.interrupted", done=done, runs=answer.wanted))
    kill = answer.ahead.told.report.kill
    if kill is not None and not answer.ahead.told.report.tasks:
        found.append(said("futures.no_victim", victim=kill.victim[0]))
    early = [one.stopped_us for one in answer.futures if one.stopped_us is not None]
    if early:
        found.append(said("futures.stopped", count=len(early), at=tenths(min(early))))
    return found


def _print_text(args: Namespace, answer: Answer) -> None:
    m, choice = answer.machine, answer.ahead.choice
    tell(f"{args.start} frame {args.frame}, kernel {m.kernel.name}, seed {choice.seed}")
    for why, lines in (("assumed", m.setup.assumed), ("calibrated", m.setup.calibrated)):
        for line in lines:
            tell(f"  {why}: {line}")
    tell("", *_remarks(answer), "")
    tell(*answer.words.sentences(foreseen(answer.futures)))
