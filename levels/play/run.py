"""One run of a level: what may be done now, what is asked, whether it is won or lost, and why.

Everything that counts stands on the session's tape, so that a run can be recorded, undone and made
again: acts, answers (`answer ID VALUE`), skipped questions, and (with `@`) what the level did and
asked by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.metrics import Metric, metric, read
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.state.rng import advance as random_step
from mmplay.engine.sim.watch import OPERATORS
from mmplay.levels.model import Goal, Level, Question
from mmplay.levels.play.moments import AFTER, END, START, Moment, later, moment
from mmplay.levels.truth import Truth, truth
from mmplay.recordings.session.session import BY_LEVEL, NOTED, Session
from mmplay.recordings.session.tape import Entry

ANSWER, PLACE, SKIP, ASK, WAIT = "answer", "place", "skip", "ask", "wait"


class Outcome(StrEnum):
    """How a run stands."""

    PLAYING = "playing"
    WON = "won"
    LOST = "lost"


class GoalState(NamedTuple):
    """A goal, whether it is met, and why (not): what the number is, and what it must be."""

    text: str
    met: bool
    why: str


class Reply(NamedTuple):
    """What an answer was worth: right or not, the truth, and what a wrong answer would need."""

    question: Question
    answer: str
    right: bool
    truth: Truth
    wrong_because: str


class Score(NamedTuple):
    """What a finished run earned. `hints` were used, `acts` done by the player."""

    won: bool
    stars: int
    acts: int
    par: int
    right: int
    asked: int
    hints: int


class _Bound(NamedTuple):
    goal: Goal
    read: Metric
    compare: Callable[[int, int], bool]

    def met(self, m: Machine) -> bool:
        return self.compare(self.read(m), self.goal.value)


class LevelRun:
    """See the module. Made on a session that has not begun, or begins anew after `restart`."""

    def __init__(self, level: Level, session: Session, seed: int | None = None) -> None:
        """Ask what is asked at the start; raises InputError for a level that names what is not."""
        self.level = level
        self.session = session
        self.seed = level.start.seed if seed is None else seed
        m = session.live
        self.end_turn = session.first + level.max_turns
        self._wins = [_bound(m, goal) for goal in level.wins]
        self._loses = [_bound(m, goal) for goal in level.loses]
        self._end = moment(m, level.end or END, self.end_turn)
        self.questions = self._in_order()
        self._moments: dict[str, Moment] = {
            one.id: moment(m, one.at, self.end_turn)
            for one in self.questions
            if not one.at.startswith(AFTER)
        }
        self.truths: dict[str, Truth] = {}
        self.first_replies: dict[str, bool] = {}
        self.hints_used = 0
        self._until: Moment | None = None
        self.outcome, self.reason = Outcome.PLAYING, ""
        self._come_to()

    def _in_order(self) -> tuple[Question, ...]:
        """Return the questions, those of the start shuffled by the seed if the level says so."""
        questions = list(self.level.questions)
        if not self.level.shuffle:
            return tuple(questions)
        state = self.seed
        for last in range(len(questions) - 1, 0, -1):
            state, number = random_step(state)
            place = number % (last + 1)
            questions[last], questions[place] = questions[place], questions[last]
        return tuple(questions)

    # what there is

    @property
    def playing(self) -> bool:
        """Tell whether the run still goes on."""
        return self.outcome is Outcome.PLAYING

    def _notes(self, name: str) -> dict[str, str]:
        """Return what was noted under a name: question ids and values."""
        found = {}
        for entry in self.session.acts:
            if entry.fields[0].removeprefix(BY_LEVEL) == name:
                ident, _, value = entry.fields[1].partition(" ")
                found[ident] = value
        return found

    @property
    def answers(self) -> dict[str, str]:
        """The answers so far, by question."""
        return {**self._notes(ANSWER), **self._notes(PLACE)}

    def open_question(self) -> Question | None:
        """Return the question that must be answered (or skipped) before anything goes on."""
        asked, done = self._notes(ASK), {**self.answers, **self._notes(SKIP)}
        return next((one for one in self.questions if one.id in asked and one.id not in done), None)

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
        question = self.open_question()
        if question is not None:
            raise RefusedError(f"first answer: {question.text}")
        self._until = until
        made = self.session.advance(min(turns, self.end_turn - self.session.end), stop=self)
        self._until = None
        self._come_to(still=made == 0)
        return made

    def holds(self, m: Machine) -> bool:
        """Tell whether something comes up: a question, a goal, the end (see Session.advance)."""
        if self._end(m) or any(bound.met(m) for bound in self._loses):
            return True
        if self._until is not None and self._until(m):
            return True
        if any(self._moments[one](m) for one in self._waiting):
            return True
        return self._can_win_now() and all(bound.met(m) for bound in self._wins)

    def _can_win_now(self) -> bool:
        now = bool(self._wins) and not any(goal.at_end for goal in self.level.wins)
        return now and not self.level.end and self._all_answered()

    def _all_answered(self) -> bool:
        return all(one.id in self.answers for one in self.questions)

    def _come_to(self, still: bool = False) -> None:
        """Ask what is to be asked now, and see whether the run is over."""
        m = self.session.to_end()
        asked = self._notes(ASK)
        done = {**self.answers, **self._notes(SKIP)}
        for question in self.questions:
            if question.id not in asked and self.playing and self._due(question, m, done):
                self._ask(question)
                break
        asked = self._notes(ASK)
        self._waiting = [
            one.id for one in self.questions if one.id not in asked and one.id in self._moments
        ]
        self._judge(still)

    def _due(self, question: Question, m: Machine, done: dict[str, str]) -> bool:
        if self.open_question() is not None:
            return False
        if question.at.startswith(AFTER):
            return question.at.removeprefix(AFTER) in done
        return self._moments[question.id](m)

    def _ask(self, question: Question) -> None:
        for name, value in question.before:
            self.session.act(BY_LEVEL + name, value)
        self.session.act(BY_LEVEL + ASK, question.id)
        m = self.session.to_end()
        then = later(m, question.when, self.end_turn)
        self.truths[question.id] = truth(question.truth, self.level.kernel, then, read)

    def _judge(self, still: bool) -> None:
        m = self.session.to_end()
        lost = next((bound.goal for bound in self._loses if bound.met(m)), None)
        if lost is not None:
            self._finish(Outcome.LOST, lost.text)
            return
        if self.open_question() is not None:
            return
        if self._too_many_wrong():
            self._finish(Outcome.LOST, f"{self.right()} right: {self.level.needed} are needed")
            return
        over = self._end(m) or m.state.turn >= self.end_turn or still
        won = all(bound.met(m) for bound in self._wins) and self._all_answered()
        only_questions = not self._wins and not self.level.end and self._all_answered()
        if won and (over or only_questions or self._can_win_now()):
            self._finish(Outcome.WON, "every goal is met")
        elif over:
            missing = [one.why for one in self.goals() if not one.met]
            self._finish(Outcome.LOST, "; ".join(missing) or "the run is over")

    def _too_many_wrong(self) -> bool:
        answered = len(self.answers) + len(self._notes(SKIP))
        left = len(self.questions) - answered
        return bool(self.questions) and self.right() + left < self.level.needed

    def _finish(self, outcome: Outcome, reason: str) -> None:
        self.outcome, self.reason = outcome, reason

    # what the player does

    def act(self, name: str, value: str) -> None:
        """Do an act of the level's vocabulary; raises RefusedError, then nothing changed."""
        if not self.playing:
            raise RefusedError(f"the run is {self.outcome}: R begins it again")
        if name in (ANSWER, PLACE):
            ident, _, answer = value.partition(" ")
            self.answer(ident, answer)
            return
        if name == SKIP:
            self.skip(value)
            return
        if name == WAIT:
            self.advance(_turns(value))
            return
        if name not in self.level.allow:
            allowed = ", ".join(self.level.allow) or "nothing but answers"
            raise RefusedError(f"{name}: this level does not allow it; allowed: {allowed}")
        question = self.open_question()
        if question is not None:
            raise RefusedError(f"first answer: {question.text}")
        self.session.act(name, value)
        self._come_to()

    def _question(self, ident: str) -> Question:
        question = self.open_question()
        if question is None or question.id != ident:
            raise RefusedError(f"{ident[:40] or 'nothing'}: is not asked now")
        return question

    def answer(self, ident: str, answer: str) -> Reply:
        """Answer the open question; raises RefusedError or TruthError for what is no answer."""
        question = self._question(ident)
        known = self.truths[ident]
        right = known.accepts(answer, question.tolerance)
        reply = Reply(question, answer, right, known, "" if right else known.wrong(answer))
        self.first_replies.setdefault(ident, right)
        self.session.act(ANSWER, f"{ident} {answer}")
        for name, value in question.after:
            self.session.act(BY_LEVEL + name, value)
        self._come_to()
        return reply

    def skip(self, ident: str) -> None:
        """Leave the open question; a run with a skipped question is never won."""
        question = self._question(ident)
        self.session.act(SKIP, question.id)
        self._come_to()

    def undo(self) -> bool:
        """Take back the player's last act and all that followed; False if there was none."""
        if not self.player_acts():
            return False
        while (act := self.session.undo()) is not None and act.fields[0].startswith(BY_LEVEL):
            pass
        self.outcome, self.reason = Outcome.PLAYING, ""
        self._come_to()
        return True

    def hint(self) -> str:
        """Return the next hint and count it; the last one again when there are no more."""
        hints = self.hints()
        if not hints:
            return "this level has no hints"
        text = hints[min(self.hints_used, len(hints) - 1)]
        self.hints_used = min(self.hints_used + 1, len(hints))
        return text

    def hints(self) -> list[str]:
        """Return all hints in words; the engine words those that name a rule."""
        m = self.session.to_end()
        found: list[str] = []
        for hint in self.level.hints:
            if hint.text:
                found.append(hint.text)
            else:
                found += truth(hint.rule, self.level.kernel, m, read).hints()
        return found

    # how it stands

    def right(self) -> int:
        """Return how many answers are right."""
        answers = self.answers
        return sum(
            self.truths[one.id].accepts(answers[one.id], one.tolerance)
            for one in self.questions
            if one.id in answers and one.id in self.truths
        )

    def goals(self) -> list[GoalState]:
        """Return every goal with its reason, the questions last."""
        m = self.session.to_end()
        found = [_state(bound, m) for bound in self._wins]
        if self.questions:
            answered, right = len(self.answers), self.right()
            need = self.level.needed
            text = f"answer {len(self.questions)} questions, {need} of them right"
            met = answered == len(self.questions) and right >= need
            found.append(GoalState(text, met, f"{answered} answered, {right} right, {need} needed"))
        return found

    def score(self) -> Score:
        """Return what the run has earned so far."""
        acts = len(self.player_acts())
        won = self.outcome is Outcome.WON
        predicted = len(self.first_replies) == len(self.questions) and all(
            self.first_replies.values()
        )
        stars = 0
        if won:
            within = acts <= self.level.par
            stars = 1 + within + (within and predicted and self.hints_used <= 1)
        counts = (acts, self.level.par, self.right(), len(self.questions), self.hints_used)
        return Score(won, stars, *counts)


def _bound(m: Machine, goal: Goal) -> _Bound:
    return _Bound(goal, metric(m, goal.counter), OPERATORS[goal.op])


def _state(bound: _Bound, m: Machine) -> GoalState:
    goal, now = bound.goal, bound.read(m)
    met = bound.met(m)
    why = f"{goal.counter} is {now}, needs {goal.op} {goal.value}"
    return GoalState(goal.text, met, why if met else f"not yet: {why}")


def _turns(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 9):
        raise RefusedError(f"wait: {value[:40]!r} is no number of turns")
    return int(value)


__all__ = ["NOTED", "START", "InputError", "LevelRun", "Outcome", "Reply", "Score"]
