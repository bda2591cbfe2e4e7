"""A session as a timeline: one frame before the first turn, and one after each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Self

from mmplay.engine.explain.decisions import decision_words, worded
from mmplay.engine.frame import (
    START,
    BootSpan,
    Decided,
    Frame,
    Growth,
    LogLine,
    Marker,
    Shown,
    TurnFacts,
)
from mmplay.engine.report import MemDump, title_of
from mmplay.engine.sim.log.stacks import Actor, actor_of, next_actor, stack_of
from mmplay.engine.sim.log.view import memory_of
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import Condition, condition
from mmplay.recordings.cutting import cut_run
from mmplay.recordings.log.lines import LogNote, rendered
from mmplay.recordings.recording import Act, Assumed, Series, Stopped, remembering
from mmplay.recordings.run.replay import UNSEEN, act_text, standing, without
from mmplay.recordings.run.run_log import with_request
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import open_writer, session_header
from mmplay.recordings.run.tape import Entry, columns
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.reader import Ending

TURN_COLUMNS = ("turn", "time_us")
FORK = " (fork)"
KEPT_FRAMES, KEPT_TIMES = 64, 1 << 14
ASK_EVERY = 256
"""Turns between two looks whether a search was stopped."""

STILL_RUNNING = Ending(closed=False, offset=0, why="it is still running")
EVENT_WORDS = {
    "alloc_fail_wb": "wb_start_writeback is refused for the first time",
    "alloc_fail_net": "the network is refused for the first time",
    "alloc_fail_task": "a task is refused for the first time",
    "oom_kill": "first OOM kill",
    "nf_drop": "the first packet is dropped",
    "wb_nowork": "first request for writeback without a work",
}
"""What a counter's first count means."""


class SessionTimeline:
    """See the module. Frame n is turn `session.first` + n."""

    def __init__(self, session: Session, ending: Ending | None = None) -> None:
        """`ending` is how the file ended that it came from; a run without one goes on."""
        self.session = session
        self._live = ending is None
        self.path: Path | None = None
        self.header = session.header
        self.ending = ending or STILL_RUNNING
        self._frame = remembering(self._make, KEPT_FRAMES)
        self._times: dict[int, int] = {}
        self._known_events: tuple[int, dict[int, str]] | None = None

    # what the screen asks

    @property
    def name(self) -> str:
        """What the run is called."""
        return str(self.header.get("title") or self.session.live.setup.name)

    @property
    def live(self) -> bool:
        """Whether the run goes on."""
        return self._live

    @property
    def boots(self) -> tuple[BootSpan, ...]:
        """One boot: the machine's."""
        setup = self.session.live.setup
        return (BootSpan(0, 0, len(self) - 1, setup.release, setup.kernel, wall=False),)

    @property
    def event_frames(self) -> Sequence[int]:
        """The turns that printed a report, first refusals, and the player's acts."""
        # A search in another thread may have put events of turns on the tape that are not done yet.
        last = len(self) - 1
        return sorted(frame for frame in self._events() if frame <= last)

    def _events(self) -> dict[int, str]:
        """Return the title of every frame that is an event; kept until the tape grows."""
        count = len(self.session.tape.entries)
        if self._known_events is None or self._known_events[0] != count:
            self._known_events = (count, self._find_events())
        return self._known_events[1]

    def _find_events(self) -> dict[int, str]:
        session = self.session
        found: dict[int, str] = {}
        for entry in session.tape.entries:
            if entry.code is Code.EVENT:
                found.setdefault(entry.turn - session.first, EVENT_WORDS[entry.fields[0]])
        for number in range(session.log.report_count()):
            turn = session.log.report_turn(number)
            found[turn - session.first] = title_of(session.log.report(number))
        for act in session.acts:
            if act.fields[0] not in UNSEEN:
                found[act.turn - session.first] = self.said_of(act)
        return found

    @property
    def markers(self) -> tuple[Marker, ...]:
        """What the user marked, in order."""
        first = self.session.first
        marks = self.session.tape.marks
        return tuple(sorted(Marker(mark.turn - first, *mark.fields) for mark in marks))

    @property
    def line_count(self) -> int:
        """How many lines the run has printed."""
        return self.session.log.line_count

    def __len__(self) -> int:
        """One frame before the first turn, and one after each."""
        return self.session.end - self.session.first + 1

    def time_us(self, index: int) -> int | None:
        """Return the moment of a turn."""
        known = self._times.get(index)
        if known is None:
            known = self._time_on_tape(self.session.first + index)
            if known is None:
                known = self._machine(index).state.now_ns // 1000
            if len(self._times) == KEPT_TIMES:
                self._times.clear()
            self._times[index] = known
        return known

    def _time_on_tape(self, turn: int) -> int | None:
        """Return the moment of a turn that has a record."""
        entries = self.session.tape.entries
        place = bisect_left(entries, turn, key=lambda entry: entry.turn)
        found = entries[place] if place < len(entries) else None
        return found.time_us if found is not None and found.turn == turn else None

    def frame_at(self, time_us: int, boot: BootSpan) -> int:
        """Return the last frame not later than a moment, else the first."""
        session = self.session
        entries = session.tape.entries
        place = bisect_right(entries, time_us, key=lambda entry: entry.time_us)
        turn = entries[max(0, place - 1)].turn
        last = entries[place].turn if place < len(entries) else session.end
        low, high = turn - session.first, last - session.first
        later = range(low + 1, high + 1)
        return low + bisect_right(later, time_us, key=lambda frame: self.time_us(frame) or 0)

    def frame_of_line(self, line: int) -> int | None:
        """Return the turn that printed a line."""
        if not 1 <= line <= self.line_count:
            return None
        return self.session.log.turn_of_line(line) - self.session.first

    def lines(self, first: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from number `first` on."""
        return self.session.log.lines(first, count)

    def nearest_dump(self, index: int) -> Shown | None:
        """Return the memory of the frame itself."""
        return self.frame(index).shown

    def grow(self, frames: int) -> int:
        """Let a run that goes on make so many turns more; return how many there were."""
        if not self._live:
            return 0
        made = self.session.advance(turns=frames)
        self.session.reached()
        return made

    growing = False

    def follow(self) -> Growth:
        """Nobody else makes turns of a run."""
        return Growth(0, 0)

    def find_break(self, text: str, current: int, stopped: Stopped) -> int | None:
        """Return the next frame at which a condition comes true, None if none or if stopped.

        Raises InputError for what is no condition.
        """
        session = self.session
        first, last = session.first + current, session.end
        watched = condition(session.machine_at(first), text)
        held = watched.holds(session.view)
        for turn in range(first + 1, last + 1):
            holds = watched.holds(session.machine_at(turn))
            if holds and not held:
                return turn - session.first
            held = holds
            if turn % ASK_EVERY == 0 and stopped():
                return None
        return self._grow_until(watched, held, stopped)

    def comes_true(self, text: str, index: int) -> bool:
        """Tell whether a condition holds at a frame and did not before; raises InputError."""
        session = self.session
        watched = condition(session.machine_at(session.first + index - 1), text)
        before = watched.holds(session.view)
        return not before and watched.holds(session.machine_at(session.first + index))

    def _grow_until(self, watched: Condition, held: bool, stopped: Stopped) -> int | None:
        """Let a run that goes on make turns until the condition comes true."""
        session = self.session
        while self._live and not stopped():
            made = self._advance(1 if held else ASK_EVERY, watched)
            holds = watched.holds(session.live)
            if holds and not held:
                return session.end - session.first
            held = holds
            if not made:
                return None
        return None

    def _advance(self, turns: int, watched: Condition) -> int:
        """Make so many turns at most, up to one after which the condition holds."""
        return self.session.advance(turns=turns, stop=watched)

    @property
    def first_turn(self) -> int:
        """The turn of frame 0."""
        return self.session.first

    @property
    def keeps_marks(self) -> bool:
        """A run that is no closed file puts marks on its tape."""
        return self.path is None

    def add_mark(self, frame: int, name: str, note: str) -> None:
        """Show a mark, and hand it to the file that the run is written to, if there is one."""
        self.session.mark(self.session.first + frame, name, note)
        self.session.tape.flush()

    def series(self) -> Series:
        """Return the rows that the run kept."""
        session = self.session
        rows = ((entry.turn, entry.time_us, *values) for entry, values in session.tape.rows())
        return Series((*TURN_COLUMNS, *columns(session.live)), len(TURN_COLUMNS), rows)

    def fork(self, index: int) -> SessionTimeline:
        """Return another run that has everything up to a frame, and goes its own way."""
        turn = self.session.first + index
        header = session_header(
            f"{self.name.removesuffix(FORK)}{FORK}",
            start="fork",
            parent=self.name,
            turn=turn,
            kernel=self.session.live.kernel.name,
        )
        return SessionTimeline(self.session.fork(turn, header, open_writer(header)))

    def snapshot(self) -> SessionTimeline:
        """Return a copy of the run as it is now."""
        copy = self.session.fork(self.session.end, self.session.header)
        copy.bands = self.session.bands
        return SessionTimeline(copy)

    def cut(self, first: int, last: int, stream: BinaryIO) -> str:
        """Write the turns from frame `first` to frame `last`; raises OSError."""
        cut_run(self, first, last, stream)
        return f"{last - first} turns, from turn {self.session.first + first} on"

    def said_of(self, act: Entry) -> str:
        """Return what was done, in words; who knows the level may know better ones."""
        return act_text(act)

    def changed(self) -> None:
        """Say that turns were added or taken back: what was kept of the frames may be wrong."""
        self._frame.cache_clear()
        self._times.clear()
        self._known_events = None

    @property
    def acts(self) -> list[Act]:
        """What the player, the level or the script's author did, in order."""
        return [
            Act(act.turn, act.time_us, name, value, self.said_of(act))
            for act in self.session.acts
            for name, value in [act.fields]
        ]

    @property
    def assumptions(self) -> list[Assumed]:
        """What about the machine is assumed, then what is calibrated."""
        setup = self.session.live.setup
        rows = (("assumed", setup.assumed), ("calibrated", setup.calibrated))
        return [Assumed(sort, text) for sort, texts in rows for text in texts]

    @property
    def notes(self) -> Sequence[LogNote]:
        """A run has no remarks of an importer."""
        return ()

    def text(self) -> Iterator[bytes]:
        """Yield the run's kernel log."""
        for message in self.session.log.messages:
            yield rendered(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish the recording's file."""
        self.session.finish()

    # frames

    def frame(self, index: int) -> Frame:
        """Return the frame after a turn; raises IndexError beyond the ends."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._frame(index)

    def _machine(self, index: int) -> Machine:
        return self.session.machine_at(self.session.first + index)

    def _make(self, index: int) -> Frame:
        session = self.session
        turn = session.first + index
        before: MemDump | None = None
        counted: dict[str, int] = {}
        upcoming: tuple[int, int] | None = None
        if index:
            m = self._machine(index - 1)
            before, counted, upcoming = memory_of(m), m.state.counters.as_dict(), next_actor(m)
        seen = [act for act in session.acts if act.turn == turn and act.fields[0] not in UNSEEN]
        made = without(session.decisions_of(turn), seen)
        m = self._machine(index)
        self._times[index] = m.state.now_ns // 1000
        actor = actor_of(m, *upcoming) if upcoming is not None else None
        facts = TurnFacts(
            turn=turn,
            actor=actor.title if actor is not None else START,
            decisions=_decided(m, actor, made),
            counters=m.state.counters.as_dict(),
            counters_before=counted,
            acts=tuple(map(self.said_of, standing(seen))),
        )
        frame = self._framed(index, m, before, facts)
        if frame.report is None or actor is None:
            return frame
        return replace(frame, report=with_request(frame.report, m, actor))

    def _framed(self, index: int, m: Machine, before: MemDump | None, facts: TurnFacts) -> Frame:
        session, setup = self.session, m.setup
        number = self._report_at(facts.turn)
        report = session.log.report(number) if number is not None else None
        last = session.log.lines_until(facts.turn)
        event = self._events().get(index)
        return Frame(
            index=index,
            boot=0,
            time_us=self.time_us(index),
            title=event or f"turn {facts.turn}: {facts.actor}",
            observed=False,
            release=setup.release,
            kernel=setup.kernel,
            shown=Shown(memory_of(m), own=True, age_us=0),
            before=before,
            report=report,
            first_line=report.first_line if report is not None else last,
            last_line=report.last_line if report is not None else last,
            facts=facts,
        )

    def _report_at(self, turn: int) -> int | None:
        log = self.session.log
        return next((n for n in range(log.report_count()) if log.report_turn(n) == turn), None)


def _decided(m: Machine, actor: Actor | None, made: list[Decision]) -> tuple[Decided, ...]:
    """Return a turn's decisions in words, each with its call stack."""
    found, table = [], decision_words()
    for number, one in enumerate(made):
        words = worded(m, one)
        inside = (words.function, *table[type(one)].inside)
        stack = stack_of(m, actor, made, number, inside) if actor is not None else inside
        found.append(Decided(words.text, words.function, words.path, words.refused, stack))
    return tuple(found)
