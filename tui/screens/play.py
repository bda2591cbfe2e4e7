"""The play screen: one timeline, whatever it came from; acts, undo, forks, marks, breakpoints."""

from __future__ import annotations

from typing import Any

from mmplay.engine.errors import InputError
from mmplay.engine.explain.settings import KEYS, settings_of, split_settings
from mmplay.engine.frame import Ask
from mmplay.engine.sim.metrics import HELP
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.recordings.library import open_recording
from mmplay.recordings.marking import mark_frame
from mmplay.recordings.position import find_break, holds_at
from mmplay.recordings.recording import Recording, said
from mmplay.recordings.run.session import Session
from mmplay.recordings.supposing import compared, judged
from mmplay.tui.cells import Cell, row
from mmplay.tui.exporting import FORMATS, Exports
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.keys import COMMON_KEYS, DIGIT_KEYS, PLAY_KEYS, RUN_KEYS, bindings
from mmplay.tui.screens.base import Parting
from mmplay.tui.screens.growing import GrowingScreen
from mmplay.tui.screens.listing import ListScreen
from mmplay.tui.views.compare import what_if_rows
from mmplay.tui.views.turn import CALL_STACK, chosen_decision

MARK, MARK_JUMP, NOTE, BREAK, ACT = "mark", "mark jump", "note", "break", "act"
COMPARE, EXPORT, WHAT_IF = "compare", "export", "what if"


class PlayScreen(GrowingScreen):
    """What can be done to a timeline besides moving through it.

    `branches` are the timelines that can be shown here: the one that was opened, and its forks.
    """

    KEYS = (*PLAY_KEYS, *RUN_KEYS, *DIGIT_KEYS)
    BINDINGS = bindings(KEYS, COMMON_KEYS)

    timeline: Recording

    def __init__(self, timeline: Recording, glyphs: Glyphs, start: int = 0) -> None:
        super().__init__(timeline, glyphs, start)
        self.branches: list[Recording] = [timeline]
        self._break = ""
        self._told_trouble = False
        self._exports = Exports(self)

    def on_unmount(self) -> None:
        """Let go of every timeline's file."""
        self.workers.cancel_node(self)
        for one in self.branches:
            one.close()

    @property
    def run(self) -> Session | None:
        """The run that made the timeline, if it is a simulated one."""
        return self.timeline.session

    def _moved(self) -> None:
        self.painter.inside = None
        super()._moved()
        run = self.run
        if run is not None and run.tape.trouble and not self._told_trouble:
            self._told_trouble = True
            self.say(f"recording stopped: {run.tape.trouble}; the run goes on")

    # inside a turn

    def action_inside(self) -> None:
        """Go inside this turn, decision by decision, or out again."""
        facts = self.frame.facts
        if facts is None:
            self.say("a recording of a real machine does not hold the kernel's decisions")
        elif not facts.decisions:
            self.say("nothing was decided in this turn; press . for the next")
        else:
            self.painter.inside = 0 if self.painter.inside is None else None
            self.choose_lower("report")
            self.draw()

    def action_step(self, frames: int) -> None:
        """Go some frames on or back; inside a turn go by decisions."""
        facts, inside = self.frame.facts, self.painter.inside
        if facts is None or inside is None:
            super().action_step(frames)
            return
        self.painter.inside = max(0, min(len(facts.decisions) - 1, inside + frames))
        if self.painter.inside == inside:
            end = "last" if frames > 0 else "first"
            self.say(f"this is the {end} decision; press i to leave the turn")
        else:
            self.draw()

    def action_stack(self) -> None:
        """Show the call stack: of the turn's decision, or of the report."""
        self.choose_lower("report")
        self.call_after_refresh(lambda: self.panel("report").scroll_to_text(CALL_STACK))

    def action_where(self) -> None:
        """Say where in the kernel this turn's decision was made."""
        facts = self.frame.facts
        chosen = chosen_decision(facts, self.painter.inside) if facts is not None else None
        if chosen is None:
            self.say("there is no decision here; press Enter on a function of the call stack")
            return
        self.trail = (Ask("decision", (chosen,)),)
        self.choose_lower("explain")

    # acts

    def action_act(self) -> None:
        """Ask what to do to the machine."""
        self.ask_for(ACT, "act: NAME VALUE, for example wb_mask nowait, min_free_kbytes 8192")

    def _act(self, text: str) -> None:
        name, _, value = text.strip().partition(" ")
        if not name:
            return
        try:
            if name not in ACTIONS:
                raise InputError(f"{name}: no such act; there are {', '.join(sorted(ACTIONS))}")
            run = self._run_to_act_on()
            run.act(name, value.strip())
        except InputError as error:
            self.say(str(error))
            return
        run.reached()
        self.timeline.changed()
        self.player.to(self.player.last)
        self.refresh_timeline()
        self.say(f"{name} {value}: done; press u to undo it")

    def _run_to_act_on(self) -> Session:
        """Return the run if we stand at its end, else a fork of what we see; raises InputError."""
        run = self.run
        if run is None or not self.timeline.live or self.player.index != self.player.last:
            self._fork()
        run = self.run
        if run is None:
            raise InputError("nothing to act on")
        return run

    def action_undo(self) -> None:
        """Take back the last act and all that came after it."""
        self._undo_or_redo("undo")

    def action_redo(self) -> None:
        """Do again what was taken back."""
        self._undo_or_redo("redo")

    def _undo_or_redo(self, which: str) -> None:
        run = self.run
        if run is None or not self.timeline.live:
            self.say("you can undo acts only in a run that goes on; this is a recording")
            return
        act = run.undo() if which == "undo" else run.redo()
        if act is None:
            self.say(f"there is nothing to {which}")
            return
        run.reached()
        self.timeline.changed()
        self.player.to(self.player.last)
        self.refresh_timeline()
        self.say(f"{which}: {' '.join(act.fields)}")

    # forks

    def action_fork(self) -> None:
        """Fork here: another run that goes on from this frame."""
        try:
            self._fork()
        except InputError as error:
            self.say(str(error))
            return
        done = f"fork {len(self.branches)}: x: act, o: show the other, d: compare"
        from_log = said(self.timeline, "start") == "frame"
        assumed = len(self.timeline.assumptions) if from_log else 0
        self.say(f"{done}; {assumed} assumptions (V: list them)" if assumed else done)

    def _fork(self) -> None:
        fork = self.timeline.fork(self.player.index)
        self.branches.append(fork)
        self.show_timeline(fork, len(fork) - 1)

    def action_other(self) -> None:
        """Show the next fork, at the same moment if it has it."""
        if len(self.branches) < 2:
            self.say("there is no fork yet; press f to fork here")
            return
        here = self.branches.index(self.timeline)
        number = (here + 1) % len(self.branches)
        other = self.branches[number]
        moment = self.timeline.time_us(self.player.index)
        index = self.player.index
        if moment is not None:
            index = other.frame_at(moment, other.boots[0])
        self.show_timeline(other, index)
        self.say(f"{number + 1} of {len(self.branches)}: {other.name}")

    def action_compare(self) -> None:
        """Compare this timeline with the fork before it, or with a recording by name."""
        if len(self.branches) < 2:
            self.ask_for(COMPARE, "compare with: a recording, its name or path")
            return
        here = self.branches.index(self.timeline)
        self._compare(self.branches[here - 1], self.timeline)

    def _compare_with(self, name: str) -> None:
        try:
            other = open_recording(name.strip())
        except InputError as error:
            self.say(str(error))
            return
        self.branches.append(other)
        self._compare(self.timeline, other)

    def _compare(self, a: Recording, b: Recording) -> None:
        from mmplay.tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen(a.snapshot(), b.snapshot(), self.painter.glyphs))

    # marks

    def action_mark(self) -> None:
        """Ask for the letter of a mark."""
        self.ask_key(MARK, "press a letter to mark this frame (Esc: cancel)")

    def action_go_to_mark(self) -> None:
        """Ask which mark to go to; ' again goes back to where we were."""
        self.ask_key(MARK_JUMP, "press the letter of a mark, or ' to go back to where you were")

    def action_annotate(self) -> None:
        """Ask for a note on this frame."""
        self.ask_for(NOTE, "note on this frame, kept in the recording")

    def _mark(self, name: str, note: str) -> None:
        try:
            kept = mark_frame(self.timeline, self.player.index, name, note)
        except (InputError, OSError) as error:
            self.say(str(error))
            return
        self.painter.forget()
        self.draw()
        self.say(kept)

    # breakpoints

    def action_break(self) -> None:
        """Ask for a condition to stop at."""
        self.ask_for(BREAK, f"break at: {HELP}; leave it empty for none")

    def _set_break(self, text: str) -> None:
        self._break = text.strip()
        if not self._break:
            self.say("the breakpoint is removed")
            return
        current = self.player.index
        self.look(lambda stopped: find_break(self.timeline, self._break, current, stopped))

    def stops_here(self) -> bool:
        """Tell whether playing stops here: the breakpoint's condition has just come true."""
        return bool(self._break) and holds_at(self.timeline, self._break, self.player.index)

    # other settings

    def action_what_if(self) -> None:
        """Ask which settings to compare this frame's request with."""
        try:
            judged(self.timeline, self.player.index)
        except InputError as error:
            self.say(str(error))
            return
        self.ask_for(WHAT_IF, f"what if: KEY=VALUE, for example {KEYS[0]}=8192")

    def _suppose(self, text: str) -> None:
        title = "what if"
        try:
            settings = settings_of(split_settings(text))
            title = f"what if {settings}"
            rows = what_if_rows(compared(self.timeline, self.player.index, settings))
        except InputError as error:
            rows = [row(str(error))]
        self.app.push_screen(ListScreen(title, rows))

    # exports

    def action_export(self) -> None:
        """Ask for a format and a file."""
        self.ask_for(EXPORT, f"export: FORMAT FILE; formats are {', '.join(FORMATS)}")

    def part(self) -> Parting:
        """Stop an export: what it reads from is closed with the screen."""
        stopped = self._exports.stop()
        return Parting(stopped) if stopped else super().part()

    def work_done(self, name: str, result: Any) -> None:
        """Say how writing ended."""
        if name.startswith(EXPORT):
            self.say(str(result))
        else:
            super().work_done(name, result)

    # what there is to read

    def action_changes(self) -> None:
        """List what was changed in this run, what is marked, and what was assumed."""
        rows = [row(Cell("changed", "label"))]
        run = self.run
        acts = run.acts if run is not None else []
        for act in acts:
            when = f"{act.time_us // 10**6}.{act.time_us % 10**6:06d}"
            rows.append(row(Cell(f"{when:>14}  ", "dim"), Cell(" ".join(act.fields))))
        if not acts:
            rows.append(row(Cell("nothing", "dim")))
        rows += [row(""), row(Cell("marks", "label"))]
        rows += [
            row(Cell(f"#{one.frame + 1:<13} ", "dim"), Cell(f"{one.name}  {one.note}"))
            for one in self.timeline.markers
        ] or [row(Cell("There is none; press m to mark a frame, a to write a note.", "dim"))]
        if run is not None:
            rows += [row(""), row(Cell("assumed and calibrated", "label"))]
            rows += [row(f"{one.sort}: {one.text}") for one in self.timeline.assumptions]
        self.app.push_screen(ListScreen("what changed", rows))

    # prompts

    def answered(self, kind: str, text: str) -> None:
        """Do what was asked for."""
        if kind == MARK_JUMP:
            if text == "'":
                self.action_back_to()
            else:
                self._go(f"'{text}")
        elif kind == MARK:
            self._mark(text, "")
        elif kind == NOTE and text.strip():
            self._mark("note", text.strip())
        elif kind == BREAK:
            self._set_break(text)
        elif kind == ACT:
            self._act(text)
        elif kind == EXPORT and text.strip():
            self._exports.start(text, self.timeline)
        elif kind == WHAT_IF and text.strip():
            self._suppose(text)
        elif kind == COMPARE and text.strip():
            self._compare_with(text)
        else:
            super().answered(kind, text)
