"""What may become of a log's machine: the bounds of its run, found in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.recordings.files import Done
from mmplay.recordings.parallel.spread import Workers, cores_here, spread
from mmplay.recordings.recording import Stopped
from mmplay.recordings.run.replay import UNSEEN
from mmplay.recordings.run.session import Session
from mmplay.tui.cells import Cell, Row, row
from mmplay.tui.screens.base import BOUNDS, BaseScreen
from mmplay.tui.views.history import BAND

if TYPE_CHECKING:
    from mmplay.recordings.answer import Answer, Reach
    from mmplay.recordings.futures import Ahead

AT_LEAST = 2
"""Processes: with one, the runs would be made in this one, and keys would wait for them."""

STOPPED = "finding them was stopped"
ALONE = "One run, bounds not yet known"
IN_HISTORY = f"{BAND} in the history lies where free pages were in any of these runs."


class Known(NamedTuple):
    """What is known of a run's bounds: how far they are, and the answer once there is one.

    `why` says what kept them from being found.
    """

    ahead: Ahead
    progress: str = ""
    answer: Answer | None = None
    ended: bool = False
    why: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands under the title, and what stands there where it is too long."""
        if self.answer is not None:
            lines = self.answer.line(), self.answer.short_line()
            return tuple(f"{line} V: all that was tried." for line in lines)
        if self.ended:
            return (f"One run, its bounds are not known: {self.why}.",)
        return (f"{ALONE}{self.progress}; Esc stops.",)


class Bounds:
    """Runs a log's machine within the bounds of what is assumed, on all cores; one at a time."""

    def __init__(self, screen: BaseScreen, changed: Callable[[], None]) -> None:
        """`changed` is called whenever more is known."""
        self._screen, self._changed = screen, changed
        self._known: dict[Session, Known] = {}
        self._now: Session | None = None

    def line(self, run: Session | None, room: int) -> str:
        """Return what is known of a run's bounds, in a line; empty where there are none to know.

        What it depends on, which V lists, is left out if the line has no `room` for it.
        """
        known = self._known.get(run) if run is not None else None
        if run is None or known is None:
            return ""
        later = " What you did later is not in it." if self._acted_later(run) else ""
        lines = [line + later for line in known.lines]
        return next((line for line in lines if len(line) < room), lines[-1])

    def answer(self, run: Session | None) -> Answer | None:
        """Return what the runs within a run's bounds came to; None where it is not known.

        It says nothing of a run that was acted on later.
        """
        known = self._known.get(run) if run is not None else None
        if run is None or known is None or self._acted_later(run):
            return None
        return known.answer

    def bands(self, run: Session) -> Mapping[str, Sequence[Reach]]:
        """Return within which free pages all those runs stayed, by zone; none if not known."""
        answer = self.answer(run)
        return {} if answer is None else answer.bands()

    def look_at(self, run: Session | None) -> None:
        """Find the bounds of a run that has some, with what was done at its start."""
        if run is None or run.ahead is None:
            return
        ahead = run.ahead._replace(acts=acts_at_start(run))
        known = self._known.get(run)
        if known is None or known.ahead.acts != ahead.acts:
            self._begin(run, ahead)

    def _begin(self, run: Session, ahead: Ahead) -> None:
        self._end(self._now)
        self._known[run], self._now = Known(ahead), run
        job = partial(self._find, run, ahead)
        self._screen.work("finding the bounds", job, partial(self._found, run), BOUNDS)

    def stop(self) -> bool:
        """Stop finding bounds; tell whether there was anything to stop."""
        known = self._known.get(self._now) if self._now is not None else None
        if known is None or known.ended:
            return False
        self._screen.workers.cancel_group(self._screen, BOUNDS)
        self._end(self._now)
        self._changed()
        return True

    def _end(self, run: Session | None) -> None:
        if run is not None and not self._known[run].ended:
            self._known[run] = self._known[run]._replace(ended=True, why=STOPPED)

    def _acted_later(self, run: Session) -> bool:
        return any(act.turn > run.first and act.fields[0] not in UNSEEN for act in run.acts)

    # in a thread

    def _find(self, run: Session, ahead: Ahead, stopped: Stopped) -> Answer | str:
        """Return what the runs came to, or why they came to nothing."""
        try:
            return self._answer(run, ahead, stopped)
        except (InputError, OSError, RuntimeError) as error:  # no processes may be made here
            return str(error)

    def _answer(self, run: Session, ahead: Ahead, stopped: Stopped) -> Answer | str:
        # Whoever never forks a log's machine does without a simulator's starts: 40 ms.
        from mmplay.recordings.answer import RUNNING, Answer
        from mmplay.recordings.futures import future_of, machine_ahead, runs_of

        runs = runs_of(ahead)

        def tell(done: Done) -> None:
            """Show how far the runs are, from the thread that makes them."""
            self._screen.call_later(self._tell, run, done)

        on = Workers(max(AT_LEAST, cores_here()), progress=tell, stopped=stopped)
        futures = list(spread(partial(future_of, ahead), runs, on, told=RUNNING))
        if stopped():
            return STOPPED
        return Answer(ahead, len(runs), futures, machine_ahead(ahead))

    # in the screen's own

    def _tell(self, run: Session, done: Done) -> None:
        known = self._known[run]
        if not known.ended:
            self._known[run] = known._replace(progress=f": {done.told}")
            self._changed()

    def _found(self, run: Session, answer: Answer | str) -> None:
        known = self._known[run]
        if known.ended:
            return
        if isinstance(answer, str):
            self._known[run] = known._replace(ended=True, why=answer)
        elif answer.ahead == known.ahead:
            self._known[run] = known._replace(answer=answer, ended=True)
        self._changed()

    # the page

    def rows(self, run: Session | None) -> list[Row]:
        """Return what may become of a run's machine, and what each assumption at a bound led to."""
        known = self._known.get(run) if run is not None else None
        if known is None:
            return []
        head = row(Cell("what may become of this machine", "label"))
        if known.answer is None:
            return [head, row(self.line(run, 0)), row("")]
        answer = known.answer
        texts = (*answer.remarks(), *answer.sentences(), IN_HISTORY)
        rows = [head, *(row(text) for text in texts), row("")]
        rows.append(row(Cell("each assumption at each of its bounds", "label")))
        for one in answer.outcomes():
            rows.append(row(Cell(one.supposed, "number")))
            rows += [row(Cell(f"  {text}")) for text in one.sentences]
        return [*rows, row("")]


def acts_at_start(run: Session) -> tuple[tuple[str, str], ...]:
    """Return what was done to a run before its first turn, as names and values."""
    seen = [act for act in run.acts if act.turn == run.first and act.fields[0] not in UNSEEN]
    return tuple((name, value) for name, value in (act.fields for act in seen))
