"""`mmplay run LOG --frame N`: a log's machine goes on, and what that hangs on."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from mmplay.commands.arguments import ram_kb, whole, workers_of
from mmplay.commands.output import one_ctrl_c, print_json, progress_bar, stopped, tell
from mmplay.commands.run_start import RunStart, check_fit, header
from mmplay.engine.errors import InputError
from mmplay.engine.sim.log.view import summary
from mmplay.engine.sim.machine.setup import MICROSECOND_NS
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.telling import Told
from mmplay.engine.sim.starts.unsaid import Unsaid
from mmplay.recordings.answer import RUNNING, Answer
from mmplay.recordings.foreseen import Foreseen, Words, foreseen
from mmplay.recordings.futures import (
    Ahead,
    Future,
    Supposed,
    future_of,
    machine_ahead,
    runs_of,
    watched,
)
from mmplay.recordings.parallel.spread import spread
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.starts import chosen_frame, told_by
from mmplay.recordings.run.tape import Sink


class FrameStart(RunStart):
    """The start from a frame of a log."""

    def __init__(self, args: Namespace, told: Told, choice: Choice) -> None:
        """Build the machine; raises InputError."""
        acts = [act.strip().partition(" ") for act in args.act]
        done = tuple((name, value.strip()) for name, _, value in acts)
        super().__init__(args, choice, machine_ahead(Ahead(told, choice, 0)))
        self._ahead = Ahead(told, choice, self.until_ns, done)
        self._base: Future | None = None
        self._varied = args.bounds is None
        self._title = f"{args.start} #{int(args.frame) + 1}"
        self._frame = int(args.frame)

    def _more(self) -> dict[str, object]:
        return {"frame": self._frame, **super()._more()}

    def session(self, writer: Sink | None = None) -> Session:
        """Return the session, which says what may be varied of it."""
        session = super().session(writer)
        session.ahead = self._ahead if self._varied else None
        return session

    def advance(self, session: Session) -> None:
        """Let the run go on to its time, and watch it."""

        def go_on(until_ns: int) -> None:
            """Go on to a time on the machine's clock."""
            session.advance(until_ns=until_ns)

        self._base = watched(session.live, Supposed(), self.until_ns, go_on)

    @one_ctrl_c()
    def answered(self, args: Namespace, session: Session) -> int | None:
        """Run it again within its bounds and print what may become of it, as far as that came."""
        if self._base is None:
            return None
        runs = runs_of(self._ahead) if self._varied else [Supposed()]
        futures = [self._base]
        with suppress(KeyboardInterrupt):
            futures += _others(args, self._ahead, runs[1:])
        answer = Answer(self._ahead, len(runs), futures, session.live)
        (_print_json if args.json else _print_text)(args, answer)
        done = len(futures)
        return 0 if done == len(runs) else stopped(done, len(runs), "runs")


def frame_start(args: Namespace, choice: Choice) -> tuple[RunStart, Choice]:
    """Return the start from a frame, and what was chosen; raises InputError."""
    check_fit(args, "logs")
    kernel = None if args.kernel is None else choice.kernel
    ram = 0 if args.ram is None else ram_kb(args.ram)
    index = None if args.frame is None else whole(args.frame, "--frame", 1 << 32)
    frame = chosen_frame(args.start, index)
    args.frame = str(frame.index)
    told = told_by(args.start, frame, kernel, ram)
    choice = choice._replace(kernel=kernel or told.printed_by)
    try:
        return FrameStart(args, told, choice), choice
    except InputError as error:
        raise InputError(f"{args.start} frame {args.frame}: {error}") from None


def _others(args: Namespace, ahead: Ahead, runs: Sequence[Supposed]) -> Iterator[Future]:
    """Yield what the other runs come to."""
    with progress_bar(args.start) as progress:
        on = workers_of(args, progress)
        yield from spread(partial(future_of, ahead), runs, on, told=RUNNING)


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
            "bands": _bands(answer),
            "remarks": answer.remarks(),
            "runs": [
                {
                    "assumption": one.supposed.name or None,
                    "value": one.supposed.value if one.supposed.name else None,
                    "seed": one.supposed.seed or ahead.choice.seed,
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


def _bands(answer: Answer) -> dict[str, object]:
    bands = answer.bands() if answer.varied else {}
    return {zone: [one._asdict() for one in reached] for zone, reached in bands.items()}


def _foreseen_json(row: Foreseen, words: Words, varied: bool) -> dict[str, object]:
    found: dict[str, object] = {**row._asdict(), "sentence": words.sentence(row)}
    if not varied:
        found |= {"low": None, "high": None, "never": None, "hangs_on": None}
    return found


def _print_text(args: Namespace, answer: Answer) -> None:
    m, choice = answer.machine, answer.ahead.choice
    tell(f"{args.start} frame {args.frame}, kernel {m.kernel.name}, seed {choice.seed}")
    for why, lines in (("assumed", m.setup.assumed), ("calibrated", m.setup.calibrated)):
        for line in lines:
            tell(f"  {why}: {line}")
    tell("", *answer.remarks(), "")
    tell(*answer.sentences())
