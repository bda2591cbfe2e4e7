"""One run of a level: what may be done now, what is asked, whether it is won or lost, and why.

Everything that counts stands on the session's tape, so that a run can be recorded, undone and made
again: acts, answers (`answer ID VALUE`), skipped questions, and (with `@`) what the level did and
asked by itself, which answers were wrong, and the hints that were given.
"""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.errors import no_such
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.language import END, turn_count
from mmplay.levels.model import ANSWER, MARK, PLACE, SKIP, WAIT, Level, Question, name_and_value
from mmplay.levels.play import deeds
from mmplay.levels.play.asking import NOTHING_SEEN, Asking, Before
from mmplay.levels.play.goals import (
    GoalState,
    Missed,
    Outcome,
    Score,
    asked_goal,
    bound,
    not_answered,
    result_text,
    stars,
)
from mmplay.levels.play.moments import Laters, Moment, moment_test
from mmplay.levels.play.questions import (
    ANEW,
    HINT,
    MISSED,
    WRONG,
    Notes,
    Reply,
    hints_for,
    located,
    reply_to,
    taught_by,
)
from mmplay.levels.truth import Truth
from mmplay.recordings.library import RESULT
from mmplay.recordings.run.session import Moments, Session
from mmplay.recordings.run.tape import BY_LEVEL, Entry, digest_of

__all__ = ["GoalState", "LevelRun", "Outcome", "Reply", "Score"]


class LevelRun:
    """See the module. Made on a session that has not begun; to restart, make another."""

    def __init__(
        self,
        level: Level,
        session: Session,
        seed: int | None = None,
        laters: Laters | None = None,
        before: LevelRun | None = None,
        seen: Before = NOTHING_SEEN,
    ) -> None:
        """Ask what is asked at the start; raises LevelError for a level that names what is not.

        Runs of one level may share `laters`. `before` is the run of the stage before this one,
        `seen` see `Asking`.
        """
        self.level = level
        self.session = session
        self.before = before
        self.seed = level.start.seed if seed is None else seed
        m = session.live
        self.end_turn = session.first + level.max_turns
        self._wins = [bound(m, goal, level.file) for goal in level.wins]
        self.loses = [bound(m, goal, level.file) for goal in level.loses]
        self._end = moment_test(m, level.end or END, self.end_turn)
        self.laters = laters or Laters()
        self.asking = Asking(level, m, self.seed, self.end_turn, self.laters, seen)
        self.redone: list[tuple[str, str]] = []
        self._given: list[str] = []
        self._notes: tuple[bytes, Notes] | None = None
        self.replies: list[Reply] = []  # what every answer was worth, in order
        self.outcome, self.reason = Outcome.PLAYING, ""
        self.settled: Callable[[Machine], None] = lambda m: None  # looks at what an answer did
        self._come_to()

    # what there is

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions in the order of this run; slots of what is drawn are not filled yet."""
        return self.asking.questions

    @property
    def truths(self) -> dict[str, Truth]:
        """What is right, of every question that was asked."""
        return self.asking.truths

    @property
    def playing(self) -> bool:
        """Tell whether the run still goes on."""
        return self.outcome is Outcome.PLAYING

    @property
    def notes(self) -> Notes:
        """What the tape says so far; read again once something was done or taken back."""
        told = self.session.tape.told
        if self._notes is None or self._notes[0] != told:
            self._notes = (told, Notes(self.session.acts))
        return self._notes[1]

    @property
    def answers(self) -> dict[str, str]:
        """The right answers so far, by question."""
        return self.notes.answers

    @property
    def hints_used(self) -> int:
        """How many hints were given; undo does not give them back."""
        return self.notes.hints

    @property
    def over(self) -> bool:
        """Tell whether the level is over: lost, or its last stage won."""
        return not self.playing and not (self.outcome is Outcome.WON and self.level.stages)

    def all_stages(self) -> list[LevelRun]:
        """Return the runs of this stage and of those before it, in order."""
        return [*(self.before.all_stages() if self.before is not None else ()), self]

    @property
    def turns_left(self) -> int:
        """How many turns the run has at most."""
        return self.end_turn - self.session.end

    def open_question(self) -> Question | None:
        """Return the question that must be answered (or skipped) before anything goes on."""
        return self.asking.open(self.notes)

    def player_acts(self) -> list[Entry]:
        """Return acts and answers of the player, not what the level did."""
        return [entry for entry in self.session.acts if not entry.fields[0].startswith(BY_LEVEL)]

    # going on

    def advance(self, turns: int, until: Moment | None = None) -> int:
        """Make up to so many turns, or until a moment; stops where a question is asked or it ends.

        Raises RefusedError while a question is open.
        """
        if not self.playing:
            return 0
        self._refuse_if_asked()
        made = self.session.advance(min(turns, self.turns_left), stop=self._stops(until))
        if made:
            self.redone.clear()
        self._come_to(still=not self.session.live.state.heap)
        return made

    def _stops(self, until: Moment | None) -> Moments:
        """Return what ends an advance from here: a question, a goal, the end."""
        notes = self.notes
        found = [until] if until is not None else []
        found += [self._end] if self.level.end else []
        found += [one.met for one in self.loses]
        moments = self.asking.moments
        left = tuple(ident for ident in moments if ident not in notes.asked)
        found += [moments[ident] for ident in left]
        won = self._can_win_now(notes)
        found += [self._wins_met] if won else []
        return Moments((left, won) if until is None else None, found)

    def _wins_met(self, m: Machine) -> bool:
        return all(one.met(m) for one in self._wins)

    def _can_win_now(self, notes: Notes) -> bool:
        now = bool(self._wins) and not any(goal.at_end for goal in self.level.wins)
        return now and not self.level.end and self._all_answered(notes)

    def _all_answered(self, notes: Notes) -> bool:
        return all(one.id in notes.answers for one in self.questions)

    def _come_to(self, still: bool = False) -> None:
        """Ask what is to be asked now, and see whether the run is over.

        `still` tells that nothing will ever happen again unless the player acts.
        """
        m, notes = self.session.to_end(), self.notes
        if self.playing and self.asking.open(notes) is None:
            due = self.asking.due(m, notes)
            if due is not None:
                self.asking.ask(due, self.session, notes)
        self._judge(still)

    def _judge(self, still: bool) -> None:
        m, notes = self.session.to_end(), self.notes
        lost = next((one.goal for one in self.loses if one.met(m)), None)
        if lost is not None:
            return self._finish(Outcome.LOST, lost.text + deeds.who_was_refused(m, lost.counter))
        if self.asking.open(notes) is not None:
            return
        over = self._end(m) or m.state.turn >= self.end_turn or still
        answered = self._all_answered(notes)
        done = all(notes.done(one.id) for one in self.questions)
        if answered and self._wins_met(m) and (over or not self._wins or self._can_win_now(notes)):
            self._finish(Outcome.WON, "every goal is met")
        elif over or (done and not self._wins):
            self._end_unwon(m, notes)

    def _end_unwon(self, m: Machine, notes: Notes) -> None:
        """End a run that is not won: lost for a goal that is not met, never for a question."""
        unmet = [one.unmet(m) for one in self._wins if not one.met(m)]
        if unmet:
            self._finish(Outcome.LOST, f"the goal was {', and '.join(unmet)}")
        else:
            left = len(self.questions) - len(notes.answers)
            self._finish(Outcome.ENDED, not_answered(left))

    def _finish(self, outcome: Outcome, reason: str) -> None:
        lost = outcome is Outcome.LOST
        vain = deeds.why_in_vain(self.level, self.player_acts()) if lost else ""
        self.outcome, self.reason = outcome, reason + vain
        self.session.mark(self.session.end, RESULT, result_text(outcome, self.score()))

    # what the player does

    def _refuse_if_asked(self) -> None:
        question = self.open_question()
        if question is not None:
            raise RefusedError(f"first answer this question: {question.text}")

    def act(self, name: str, value: str) -> None:
        """Do an act of the level's vocabulary; raises RefusedError, then nothing changed."""
        if not self.playing:
            raise RefusedError(f"the run is {self.outcome}: take an act back, or restart")
        verb = _VERBS.get(name)
        if verb is not None:
            verb(self, value)
            return
        if name not in self.level.allow:
            allowed = self.level.allow or ("nothing but answers",)
            raise RefusedError(no_such("act of this level", name, allowed))
        self._refuse_if_asked()
        self.notes.refuse_beyond(self.level, name)
        self.session.act(name, value)
        self.redone.clear()
        self._come_to()

    def _question(self, ident: str) -> Question:
        question = self.open_question()
        if question is None or question.id != ident:
            now = f"; {question.id} is" if question is not None else "; nothing is"
            raise RefusedError(f"{ident[:40] or 'nothing'} is not asked now{now}")
        return question

    def answer(self, ident: str, answer: str) -> Reply:
        """Answer the open question; raises RefusedError or TruthError for what is no answer."""
        question = self._question(ident)
        reply = reply_to(question, self.truths[question.id], answer, taught_by(self.level))
        self.replies.append(reply)
        self.session.act(ANSWER, f"{ident} {answer}")
        if not reply.right:
            self.session.act(BY_LEVEL + WRONG, ident)
        self._go_on(question.after if reply.right else (), question)
        return reply

    def skip(self, ident: str) -> None:
        """Leave the open question; a run with a skipped question is never won."""
        question = self._question(ident)
        self.session.act(SKIP, ident)
        self._go_on(question.after, question)

    def _go_on(self, acts: tuple[str, ...], question: Question) -> None:
        """Do what the level does after a question, and come to what follows."""
        for name, value in map(name_and_value, acts):
            located(self.level.file, question, "after", self.session.act, BY_LEVEL + name, value)
        self.redone.clear()
        self.settled(self.session.live)
        self._come_to()

    def undo(self) -> str:
        """Take back the player's last deed and say which it was; empty if there was none.

        A deed is an answer or an act with all that followed, or the time that the player let
        pass since: by turns the last turn. Hints stay given, and what was missed stays missed:
        it is asked again, with others.
        """
        if deeds.turn_passed(self.level, self.session):
            words = deeds.take_time_back(self.level, self.session)
            self._play_on()
            self._come_to()
            return words
        if not self.player_acts():
            return ""
        before, hints, redone = self.notes, self.hints_used, self.redone
        while (act := self.session.undo()) is not None and act.fields[0].startswith(BY_LEVEL):
            pass
        self._play_on()
        gone = before.replied_wrong() - self.notes.replied_wrong()
        if gone:
            self.session.act(BY_LEVEL + MISSED, " ".join(sorted(gone.elements())))
        self._come_to()
        self.note(HINT, *map(str, range(self.hints_used + 1, hints + 1)))
        self.redone = [*redone, tuple(act.fields)] if act is not None and not gone else redone
        if act is None:
            return ""
        return deeds.deed_in_words(self.level, act.fields, deeds.STAYS_MISSED if gone else "")

    def _play_on(self) -> None:
        """Go on with a run that was over, after something was taken back."""
        if not self.playing:
            self.outcome, self.reason = Outcome.PLAYING, ""
            self.session.mark(self.session.end, RESULT, self.outcome)

    def redo(self) -> bool:
        """Do again what was taken back last; False if there is nothing, or time went on since."""
        if not self.redone:
            return False
        *rest, (name, value) = self.redone
        self.act(name, value)
        self.redone = rest
        return True

    def note(self, name: str, *values: str) -> None:
        """Put notes of the level on the tape, as HINT or ANEW, and ask what is to be asked then."""
        for value in values:
            self.session.act(BY_LEVEL + name, value)
        if name in (ANEW, MISSED):
            self._come_to()

    def hint(self) -> str:
        """Return the next hint and count it; the last one again when there are no more."""
        hints = self.hints()
        new = [text for text in hints if text not in self._given]
        if not new:
            return hints[-1] if hints else "there is no hint for this"
        if self.playing:
            self._given.append(new[0])
            self.note(HINT, str(self.hints_used + 1))
        return new[0]

    def hints(self) -> list[str]:
        """Return the hints for now: the open question's, or the level's."""
        question = self.open_question()
        right = self.truths[question.id] if question is not None else None
        return hints_for(self.level, self.session.to_end(), question, right)

    # how it stands

    def is_right(self, ident: str) -> bool:
        """Tell whether a question is answered, and right."""
        return ident in self.answers

    def right(self) -> int:
        """Return how many questions are answered right."""
        return len(self.answers)

    def missed(self) -> set[str]:
        """Return the questions whose first reply was not right."""
        return {*self.notes.missed, *self.notes.skipped}

    def goals(self) -> list[GoalState]:
        """Return every goal with its reason, the questions last."""
        m, notes = self.session.to_end(), self.notes
        found = [one.state(m) for one in self._wins]
        if self.questions:
            found.append(asked_goal(len(self.questions), len(notes.answers), len(notes.skipped)))
        return found

    def score(self) -> Score:
        """Return what the run has earned so far, in this stage and those before it."""
        runs, won = self.all_stages(), self.over and self.outcome is Outcome.WON
        acts = sum(run.notes.counted for run in runs)
        missed, hints = sum(len(run.missed()) for run in runs), sum(run.hints_used for run in runs)
        right, asked = sum(run.right() for run in runs), sum(len(run.questions) for run in runs)
        par = self.level.par
        earned = stars(won, acts - par, Missed(missed, asked), hints)
        return Score(won, earned, acts, par, right, asked, hints, missed)

    def digest(self) -> str:
        """Return the digest of the state at the end; with several stages, of all their ends."""
        ends = [run.session.to_end().state.digest() for run in self.all_stages()]
        return ends[0] if len(ends) == 1 else digest_of("".join(ends).encode()).hex()


_VERBS: dict[str, Callable[[LevelRun, str], object]] = {
    ANSWER: lambda run, value: run.answer(*value.partition(" ")[::2]),
    PLACE: lambda run, value: run.answer(*value.partition(" ")[::2]),
    SKIP: LevelRun.skip,
    WAIT: lambda run, value: run.advance(turn_count(value) if value else run.level.stride),
    MARK: lambda run, value: run.session.mark(run.session.end, value[:40] or "mark"),
}
"""What a player may do besides the engine's actions."""
