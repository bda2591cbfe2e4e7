"""One run of a level: what may be done now, what is asked, whether it is won or lost, and why.

Everything that counts stands on the session's tape, so that a run can be recorded, undone and made
again: acts, answers (`answer ID VALUE`), skipped questions, and (with `@`) what the level did and
asked by itself, the hints that were given and the answers that were wrong before an undo.
"""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.errors import no_such
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.language import AFTER, END, turn_count
from mmplay.levels.model import ANSWER, MARK, PLACE, SKIP, WAIT, Level, Question, name_and_value
from mmplay.levels.play.goals import (
    RESULT,
    GoalState,
    Outcome,
    Score,
    asked_goal,
    bound,
    result_text,
    stars,
)
from mmplay.levels.play.moments import Laters, Moment, moment_test
from mmplay.levels.play.questions import (
    ASK,
    HINT,
    MISSED,
    Notes,
    Reply,
    hints_for,
    in_order,
    located,
    reply_to,
)
from mmplay.levels.truth import Truth, truth
from mmplay.recordings.run.session import Session
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
    ) -> None:
        """Ask what is asked at the start; raises LevelError for a level that names what is not.

        Runs of one level may share `laters`. `before` is the run of the stage before this one.
        """
        self.level = level
        self.session = session
        self.before = before
        self.seed = level.start.seed if seed is None else seed
        m = session.live
        self.end_turn = session.first + level.max_turns
        self._wins = [bound(m, goal, level.file) for goal in level.wins]
        self._loses = [bound(m, goal, level.file) for goal in level.loses]
        self._end = moment_test(m, level.end or END, self.end_turn)
        self.questions = in_order(level, self.seed)
        self._moments = {
            one.id: located(level.file, one, "at", self._moment_of, one)
            for one in self.questions
            if not one.at.startswith(AFTER)
        }
        self.truths: dict[str, Truth] = {}
        self.redone: list[tuple[str, str]] = []
        self._given: list[str] = []
        self._notes: tuple[bytes, Notes] | None = None
        self.laters = laters or Laters()
        self._stops: list[Moment] = []
        self.replies: list[Reply] = []  # what every answer was worth, in order
        self.outcome, self.reason = Outcome.PLAYING, ""
        self.settled: Callable[[Machine], None] = lambda m: None  # looks at what an answer did
        self._come_to()

    def _moment_of(self, question: Question) -> Moment:
        if question.at == END:
            return self._end
        return moment_test(self.session.live, question.at, self.end_turn)

    # what there is

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
        """The answers so far, by question."""
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
        return self._open(self.notes)

    def _open(self, notes: Notes) -> Question | None:
        for one in self.questions:
            if one.id in notes.asked and not notes.done(one.id):
                return one
        return None

    def player_acts(self) -> list[Entry]:
        """Return what the player did: acts and answers, not what the level did."""
        return [entry for entry in self.session.acts if not entry.fields[0].startswith(BY_LEVEL)]

    # going on

    def advance(self, turns: int, until: Moment | None = None) -> int:
        """Make up to so many turns, or until a moment; stops where a question is asked or it ends.

        Raises RefusedError while a question is open.
        """
        if not self.playing:
            return 0
        self._refuse_if_asked()
        self._stops = self._stops_now(until)
        made = self.session.advance(min(turns, self.turns_left), stop=self)
        if made:
            self.redone.clear()
        self._come_to(still=not self.session.live.state.heap)
        return made

    def _stops_now(self, until: Moment | None) -> list[Moment]:
        """Return what ends an advance from here: a question, a goal, the end."""
        notes = self.notes
        found = [until] if until is not None else []
        found += [self._end] if self.level.end else []
        found += [one.met for one in self._loses]
        found += [there for ident, there in self._moments.items() if ident not in notes.asked]
        return [*found, self._wins_met] if self._can_win_now(notes) else found

    def holds(self, m: Machine) -> bool:
        """Tell whether something comes up (see Session.advance)."""
        return any(stop(m) for stop in self._stops)

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
        if self.playing and self._open(notes) is None:
            for question in self.questions:
                if question.id not in notes.asked and self._due(question, m, notes):
                    self._ask(question)
                    break
        self._judge(still)

    def _due(self, question: Question, m: Machine, notes: Notes) -> bool:
        if not question.at.startswith(AFTER):
            return self._moments[question.id](m)
        name = question.at.removeprefix(AFTER)
        return all(notes.done(one.id) for one in self.questions if name in (one.id, one.group))

    def _ask(self, question: Question) -> None:
        file = self.level.file
        for name, value in map(name_and_value, question.before):
            located(file, question, "before", self.session.act, BY_LEVEL + name, value)
        self.session.act(BY_LEVEL + ASK, question.id)
        self.truths[question.id] = located(file, question, "truth", self._truth, question)

    def _truth(self, question: Question) -> Truth:
        """Return the answer, asked of the engine's own continuation."""
        m, acts = self.session.to_end(), tuple(map(name_and_value, question.suppose))
        then = self.laters.machine(m, question.when, self.level.end or END, self.end_turn, acts)
        return truth(question.truth, self.level.kernel, then, read)

    def _judge(self, still: bool) -> None:
        m, notes = self.session.to_end(), self.notes
        lost = next((one.goal for one in self._loses if one.met(m)), None)
        if lost is not None:
            self._finish(Outcome.LOST, lost.text)
            return
        if self._open(notes) is not None:
            return
        if self._cannot_be_right(notes):
            why = f"{self.right()} of {len(self.questions)} right: {self.level.needed} are needed"
            self._finish(Outcome.LOST, why)
            return
        over = self._end(m) or m.state.turn >= self.end_turn or still
        won = self._wins_met(m) and self._all_answered(notes)
        only_questions = not self._wins and not self.level.end
        if won and (over or only_questions or self._can_win_now(notes)):
            self._finish(Outcome.WON, "every goal is met")
        elif over or (only_questions and all(notes.done(one.id) for one in self.questions)):
            missing = [one.why for one in self.goals() if not one.met]
            self._finish(Outcome.LOST, "; ".join(missing) or "the run is over")

    def _cannot_be_right(self, notes: Notes) -> bool:
        left = sum(not notes.done(one.id) for one in self.questions)
        return bool(self.questions) and self.right() + left < self.level.needed

    def _finish(self, outcome: Outcome, reason: str) -> None:
        self.outcome, self.reason = outcome, reason
        self.session.mark(self.session.end, RESULT, result_text(outcome, self.score()))

    # what the player does

    def _refuse_if_asked(self) -> None:
        question = self.open_question()
        if question is not None:
            raise RefusedError(f"first answer {question.id}: {question.text}")

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
        self.notes.refuse_beyond(self.level.limits, name)
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
        self.replies.append(reply := reply_to(question, self.truths[ident], answer))
        self._done(question, ANSWER, f"{ident} {answer}")
        return reply

    def skip(self, ident: str) -> None:
        """Leave the open question; a run with a skipped question is never won."""
        self._done(self._question(ident), SKIP, ident)

    def _done(self, question: Question, name: str, value: str) -> None:
        self.session.act(name, value)
        self.redone.clear()
        for act, of_it in map(name_and_value, question.after):
            located(self.level.file, question, "after", self.session.act, BY_LEVEL + act, of_it)
        self.settled(self.session.live)
        self._come_to()

    def undo(self) -> bool:
        """Take back the player's last act and all that followed; False if there was none.

        Hints that were given and answers that were wrong stay noted.
        """
        if not self.player_acts():
            return False
        missed, hints, redone = self.missed(), self.hints_used, self.redone
        while (act := self.session.undo()) is not None and act.fields[0].startswith(BY_LEVEL):
            pass
        if not self.playing:
            self.outcome, self.reason = Outcome.PLAYING, ""
            self.session.mark(self.session.end, RESULT, self.outcome)
        self._come_to()
        self.note(MISSED, *sorted(missed - self.notes.missed))
        self.note(HINT, *map(str, range(self.hints_used + 1, hints + 1)))
        self.redone = [*redone, tuple(act.fields)] if act is not None else redone
        return True

    def redo(self) -> bool:
        """Do again what was taken back last; False if there is nothing, or time went on since."""
        if not self.redone:
            return False
        *rest, (name, value) = self.redone
        self.act(name, value)
        self.redone = rest
        return True

    def note(self, name: str, *values: str) -> None:
        """Put notes of the level on the tape: HINT or MISSED."""
        for value in values:
            self.session.act(BY_LEVEL + name, value)

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
        """Return the hints for now: the level's, then the open question's rule and formula."""
        question = self.open_question()
        own = self.truths[question.id].hints() if question is not None else ()
        return hints_for(self.level, self.session.to_end(), own)

    # how it stands

    def is_right(self, ident: str) -> bool:
        """Tell whether a question is answered, and right."""
        return ident in self.notes.right(self.questions, self.truths)

    def right(self) -> int:
        """Return how many answers are right."""
        return len(self.notes.right(self.questions, self.truths))

    def missed(self) -> set[str]:
        """Return the questions whose first reply was not right."""
        notes = self.notes
        replied = {*notes.answers, *notes.skipped}
        return notes.missed | (replied - notes.right(self.questions, self.truths))

    def goals(self) -> list[GoalState]:
        """Return every goal with its reason, the questions last."""
        m, notes = self.session.to_end(), self.notes
        found = [one.state(m) for one in self._wins]
        if self.questions:
            asked, need = len(self.questions), self.level.needed
            counts = (len(notes.answers), self.right(), len(notes.skipped))
            found.append(asked_goal(asked, need, *counts))
        return found

    def score(self) -> Score:
        """Return what the run has earned so far, in this stage and those before it."""
        runs, won = self.all_stages(), self.over and self.outcome is Outcome.WON
        acts = sum(sum(run.notes.acts.values()) for run in runs)
        missed, hints = sum(len(run.missed()) for run in runs), sum(run.hints_used for run in runs)
        right, asked = sum(run.right() for run in runs), sum(len(run.questions) for run in runs)
        earned = stars(won, acts, self.level.par, missed, hints)
        return Score(won, earned, acts, self.level.par, right, asked, hints, missed)

    def digest(self) -> str:
        """Return the digest of the state at the end; with several stages, of all their ends."""
        ends = [run.session.to_end().state.digest() for run in self.all_stages()]
        return ends[0] if len(ends) == 1 else digest_of("".join(ends).encode()).hex()


def _answer(run: LevelRun, value: str) -> None:
    ident, _, answer = value.partition(" ")
    run.answer(ident, answer)


_VERBS: dict[str, Callable[[LevelRun, str], object]] = {
    ANSWER: _answer,
    PLACE: _answer,
    SKIP: LevelRun.skip,
    WAIT: lambda run, value: run.advance(turn_count(value) if value else run.level.stride),
    MARK: lambda run, value: run.session.mark(run.session.end, value[:40] or "mark"),
}
"""What a player may do besides the engine's actions."""
