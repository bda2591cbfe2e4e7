"""What can be done to a run on the play screen: go inside a turn, act, undo, fork, compare."""

from __future__ import annotations

from collections.abc import Iterable

from mmplay.engine.errors import InputError
from mmplay.engine.explain.settings import KEYS, settings_of, split_settings
from mmplay.engine.frame import Ask
from mmplay.engine.rules.kernel import SIMULATED
from mmplay.engine.rules.versions import simulated_kernel
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.recordings.library import open_recording
from mmplay.recordings.recording import Recording, said
from mmplay.recordings.run.session import Session
from mmplay.recordings.supposing import compared, judged
from mmplay.tui.cells import Cell, Row, row
from mmplay.tui.play.bounds import Bounds
from mmplay.tui.play.mover import Mover
from mmplay.tui.play.panels import Panels
from mmplay.tui.screens.base import BaseScreen
from mmplay.tui.screens.boxes import ListScreen
from mmplay.tui.views.compare import what_if_rows
from mmplay.tui.views.report import CALL_STACK, chosen_decision

MOST_ROWS = 3
"""Rows of the sentence under the title in which a run's bounds stand with what they depend on."""


class Runs:
    """The timeline that was opened, with its forks (`branches`), and what is done to them."""

    def __init__(self, screen: BaseScreen, panels: Panels, mover: Mover) -> None:
        self._screen, self.panels, self.mover = screen, panels, mover
        self.branches: list[Recording] = [mover.timeline]
        self._aside: list[Recording] = []
        self.bounds = Bounds(screen, panels.draw)
        panels.history.answer = lambda: self.bounds.answer(self.run)
        self._headline, panels.verdict = panels.verdict, self._verdict
        self._told_trouble = False
        mover.watchers.append(self._tell_trouble)

    @property
    def shown(self) -> Recording:
        """The timeline that is shown."""
        return self.mover.timeline

    @property
    def run(self) -> Session | None:
        """The run that made the timeline, if it is a simulated one."""
        return self.shown.session

    @property
    def refused(self) -> tuple[str, ...]:
        """The actions of keys that can do nothing to what is shown."""
        if self.run is None:
            return "inside", "undo", "redo"
        return () if self.shown.live else ("undo", "redo")

    def begin(self) -> None:
        """Find the bounds of what is shown first, if it is a log's machine that goes on."""
        self.bounds.look_at(self.run)

    def _verdict(self, room: int) -> str:
        """Return the headline, and in how far a run of a log's machine is one of many."""
        head = self._headline(room)
        line = self.bounds.line(self.run, MOST_ROWS * room - len(head))
        return f"{head} {line}" if line else head

    def _tell_trouble(self) -> None:
        run = self.run
        if run is not None and run.tape.trouble and not self._told_trouble:
            self._told_trouble = True
            self._screen.say(f"recording stopped: {run.tape.trouble}; the run goes on")

    def close(self) -> None:
        """Let go of every timeline's file."""
        _close((*self.branches, *self._aside))

    # inside a turn

    def inside(self) -> None:
        """Go inside this turn, decision by decision, or out again."""
        facts, panels = self.panels.frame.facts, self.panels
        if facts is None:
            self._screen.say("a recording of a real machine does not hold the kernel's decisions")
        elif not facts.decisions:
            self._screen.say("nothing was decided in this turn; press . for the next")
        else:
            panels.inside = 0 if panels.inside is None else None
            panels.choose_lower("report")
            panels.draw()

    def step_inside(self, decisions: int) -> bool:
        """Go some decisions on or back; False if we are not inside a turn."""
        facts, panels = self.panels.frame.facts, self.panels
        if facts is None or panels.inside is None:
            return False
        before = panels.inside
        panels.inside = max(0, min(len(facts.decisions) - 1, before + decisions))
        if panels.inside == before:
            end = "last" if decisions > 0 else "first"
            self._screen.say(f"this is the {end} decision; press i to leave the turn")
        else:
            panels.draw()
        return True

    def stack(self) -> None:
        """Show the call stack: of the turn's decision, or of the report."""
        report = self.panels.panel("report")
        self.panels.choose_lower("report")
        self._screen.call_after_refresh(lambda: report.scroll_to_text(CALL_STACK))

    def where(self) -> None:
        """Say where in the kernel this turn's decision was made."""
        facts = self.panels.frame.facts
        inside = self.panels.inside
        chosen = chosen_decision(facts, inside) if facts is not None else None
        if chosen is None:
            none = "there is no decision here; press Enter on a function of the call stack"
            self._screen.say(none)
            return
        self.panels.explain_this(Ask("decision", (chosen,)))

    # acts

    def act_wanted(self) -> str:
        """Return what is asked for before an act."""
        return "act: NAME VALUE, for example wb_mask nowait, min_free_kbytes 8192"

    def act(self, text: str) -> None:
        """Do an act, `NAME VALUE`, at the end of the run, else in a fork of what we see."""
        name, _, value = text.strip().partition(" ")
        if not name:
            return
        with self._screen.refusals_said():
            if name not in ACTIONS:
                raise InputError(f"{name}: no such act; there are {', '.join(sorted(ACTIONS))}")
            run = self._run_to_act_on()
            run.act(name, value.strip())
            self._changed(run)
            self._screen.say(f"{name} {value}: done; press u to undo it")

    def _run_to_act_on(self) -> Session:
        """Return the run if we stand at its end, else a fork of what we see; raises InputError."""
        if self.run is None or not self.shown.live or not self.mover.at_end:
            self._fork()
        run = self.run
        if run is None:
            raise InputError("nothing to act on")
        return run

    def _changed(self, run: Session) -> None:
        run.reached()
        self.shown.changed()
        self.bounds.look_at(run)
        self.mover.to_end()

    def undo(self) -> None:
        """Take back the last act and all that came after it."""
        self._undo_or_redo("undo")

    def redo(self) -> None:
        """Do again what was taken back."""
        self._undo_or_redo("redo")

    def _undo_or_redo(self, which: str) -> None:
        run = self.run
        if run is None or not self.shown.live:
            self._screen.say("you can undo acts only in a run that goes on; this is a recording")
            return
        act = run.undo() if which == "undo" else run.redo()
        if act is None:
            self._screen.say(f"there is nothing to {which}")
            return
        self._changed(run)
        self._screen.say(f"{which}: {' '.join(act.fields)}")

    # forks

    def fork(self) -> None:
        """Fork here; a log's frame whose kernel is not simulated goes on by another's rules."""
        frame = self.panels.frame
        simulated = frame.kernel is not None and frame.kernel.sim is not None
        with self._screen.refusals_said():
            if self.run is not None or simulated:
                self._fork_and_tell(self.shown.fork(self.mover.player.index))
                return
            from mmplay.recordings.run.what_if import check_frame

            check_frame(frame)
            wanted = f"by the rules of {' or '.join(SIMULATED)}? (its own cannot be simulated)"
            self._screen.ask_for(wanted, self._fork_by)

    def _fork_by(self, text: str) -> None:
        """Fork a log's frame by the rules of a kernel that is named."""
        if not text.strip():
            return
        with self._screen.refusals_said():
            from mmplay.recordings.run.what_if import what_if

            kernel = simulated_kernel(text.strip())
            self._fork_and_tell(what_if(self.panels.frame, self.shown.name, kernel))

    def _fork_and_tell(self, fork: Recording) -> None:
        self._take(fork)
        done = f"fork {len(self.branches)}: x: act, o: show the other, d: compare"
        from_log = said(self.shown, "start") == "frame"
        assumed = len(self.shown.assumptions) if from_log else 0
        self._screen.say(f"{done}; {assumed} assumptions (V: list them)" if assumed else done)

    def _fork(self) -> None:
        self._take(self.shown.fork(self.mover.player.index))

    def _take(self, fork: Recording) -> None:
        self.branches.append(fork)
        self.bounds.look_at(fork.session)
        self.mover.take(fork, len(fork) - 1)

    def other(self) -> None:
        """Show the next fork, at the same moment if it has it."""
        if len(self.branches) < 2:
            self._screen.say("there is no fork yet; press f to fork here")
            return
        number = (self.branches.index(self.shown) + 1) % len(self.branches)
        other, index = self.branches[number], self.mover.player.index
        moment = self.shown.time_us(index)
        if moment is not None:
            index = other.frame_at(moment, other.boots[0])
        self.mover.take(other, index)
        self._screen.say(f"{number + 1} of {len(self.branches)}: {other.name}")

    def show_only(self, timeline: Recording) -> None:
        """Let go of all timelines, and show another one from its beginning."""
        self.close()
        self.branches, self._aside = [timeline], []
        self.mover.take(timeline, 0)

    def show_meanwhile(self, timeline: Recording) -> None:
        """Show another one until `bring_back`; what was shown is set aside as it is."""
        if self._aside:
            _close(self.branches)
        else:
            self._aside = self.branches
        self.branches = [timeline]
        self.mover.take(timeline, 0)

    def bring_back(self, timeline: Recording) -> None:
        """Show what was set aside again: this one of it, at its end."""
        _close(self.branches)
        self.branches, self._aside = self._aside, []
        self.mover.take(timeline, len(timeline) - 1)

    def compare(self) -> None:
        """Compare this timeline with the fork before it, or with a recording by name."""
        if len(self.branches) < 2:
            placeholder = "compare with: a recording, its name or path"
            self._screen.ask_for(placeholder, self._compare_with)
            return
        here = self.branches.index(self.shown)
        self._compare(self.branches[here - 1], self.shown)

    def _compare_with(self, name: str) -> None:
        if not name.strip():
            return
        with self._screen.refusals_said():
            other = open_recording(name.strip())
            self.branches.append(other)
            self._compare(self.shown, other)

    def _compare(self, a: Recording, b: Recording) -> None:
        from mmplay.tui.screens.compare import CompareScreen

        glyphs = self.panels.glyphs
        self._screen.app.push_screen(CompareScreen(a.snapshot(), b.snapshot(), glyphs))

    # other settings

    def what_if(self) -> None:
        """Ask which settings to compare this frame's request with."""
        with self._screen.refusals_said():
            judged(self.shown, self.mover.player.index)
            placeholder = f"what if: KEY=VALUE, for example {KEYS[0]}=8192"
            self._screen.ask_for(placeholder, self._suppose)

    def _suppose(self, text: str) -> None:
        if not text.strip():
            return
        title = "what if"
        try:
            settings = settings_of(split_settings(text))
            title = f"what if {settings}"
            rows = what_if_rows(compared(self.shown, self.mover.player.index, settings))
        except InputError as error:
            rows = [row(str(error))]
        self._screen.app.push_screen(ListScreen(title, rows))

    # what there is to read

    def changes(self) -> None:
        """List what was changed in this run, what is marked, and what was assumed."""
        rows = [*self.bounds.rows(self.run), *change_rows(self.shown)]
        self._screen.app.push_screen(ListScreen("what changed", rows))


def change_rows(recording: Recording) -> list[Row]:
    """Return the acts of a run, its marks, and what it assumes."""
    rows = [row(Cell("changed", "label"))]
    run = recording.session
    for act in run.acts if run is not None else []:
        when = f"{act.time_us // 10**6}.{act.time_us % 10**6:06d}"
        rows.append(row(Cell(f"{when:>14}  ", "dim"), Cell(" ".join(act.fields))))
    if len(rows) == 1:
        rows.append(row(Cell("nothing", "dim")))
    rows += [row(""), row(Cell("marks", "label"))]
    rows += [
        row(Cell(f"#{one.frame + 1:<13} ", "dim"), Cell(f"{one.name}  {one.note}"))
        for one in recording.markers
    ] or [row(Cell("There is none; press m to mark a frame, a to write a note.", "dim"))]
    if run is not None:
        rows += [row(""), row(Cell("assumed and calibrated", "label"))]
        rows += [row(f"{one.sort}: {one.text}") for one in recording.assumptions]
    return rows


def _close(timelines: Iterable[Recording]) -> None:
    for one in timelines:
        one.close()
