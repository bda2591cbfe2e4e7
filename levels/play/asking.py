"""The questions of one run: which is due, what it asks this time, and what would be right."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import do_action
from mmplay.levels.language import AFTER, END, NOW, START, TURN
from mmplay.levels.model import Level, Question, name_and_value
from mmplay.levels.play.drawing import Miss, Seen, forms_in_order, in_order, next_form, variants
from mmplay.levels.play.moments import Laters, Moment, moment_test
from mmplay.levels.play.questions import ASK, Notes, located
from mmplay.levels.truth import Truth, deed_of, supposed, truth
from mmplay.recordings.run.replay import is_noted
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import BY_LEVEL

SURE = (START, END)
"""Moments that no act of a question brings about or takes back; so are `turn N` and `after`."""

METRIC = "metric "

Before = Mapping[str, Seen]
"""What was asked in a run before, by question."""

NOTHING_SEEN: Before = {}


def moment_of(level: Level, question: Question, m: Machine, end_turn: int) -> Moment:
    """Return the test of the moment at which a question is asked; raises InputError."""
    at = level.end or END if question.at == END else question.at
    return moment_test(m, at, end_turn)


def after_answer(m: Machine, question: Question) -> Machine:
    """Return a machine on which is done what the level does after a right answer, as far as it can.

    A wrong one leaves a run's own machine as it is, and what is true is seen all the same.
    """
    then = Machine(m.setup, m.state.copy())
    with suppress(InputError):
        for name, value in map(name_and_value, question.after):
            do_action(then, name, value)
    return then


class Asking:
    """See the module. `questions` are the level's, in the order of the run.

    `seen` is what was asked in a run before this one, by the questions that shall begin with
    others.
    """

    def __init__(
        self,
        level: Level,
        m: Machine,
        seed: int,
        end_turn: int,
        laters: Laters,
        seen: Before,
    ) -> None:
        """Bind the moments to the machine; raises LevelError for one that it does not know."""
        self.level, self.seed, self.end_turn = level, seed, end_turn
        self.laters, self.seen = laters, seen
        self.questions = in_order(level, seed)
        self.moments: dict[str, Moment] = {
            one.id: located(level.file, one, "at", moment_of, level, one, m, end_turn)
            for one in self.questions
            if not one.at.startswith(AFTER)
        }
        self._asked: dict[tuple[str, int], tuple[Question, Truth]] = {}
        self.truths: dict[str, Truth] = {}
        """What is right, of every question that was asked, as it was asked last."""

    def open(self, notes: Notes) -> Question | None:
        """Return the question that must be answered (or left) before anything goes on."""
        for one in self.questions:
            if notes.is_open(one.id):
                return self._as_asked(one, notes)[0]
        return None

    def _as_asked(self, question: Question, notes: Notes) -> tuple[Question, Truth]:
        key = question.id, notes.missed[question.id]
        self.truths[question.id] = self._asked[key][1]
        return self._asked[key]

    def forms_asked(self) -> dict[str, Question]:
        """Return the questions that were asked, each in the form that it had last."""
        return {ident: form for (ident, _), (form, _) in self._asked.items()}

    def first_asked(self) -> dict[str, tuple[Question, Truth]]:
        """Return what was asked, each in the form that it had first, with what was right then."""
        return {ident: asked for (ident, tries), asked in self._asked.items() if not tries}

    def all_asked(self) -> tuple[Question, ...]:
        """Return all forms that were asked, in the order of asking."""
        return tuple(form for form, _ in self._asked.values())

    def due(self, m: Machine, notes: Notes) -> Question | None:
        """Return what is to be asked now: what is new, else the oldest miss; conditions come last.

        Who takes a wrong answer back has its question before him again.

        What was asked before may have changed the machine, as if the time of a question had come
        that waits for a condition: it waits until all that was missed is right.
        """
        back = [
            one for one in self.questions if one.id == notes.undone and notes.comes_again(one.id)
        ]
        if back:
            return back[0]
        come = [one for one in self.questions if self._has_come(one, m, notes)]
        new = [one for one in come if one.id not in notes.asked]
        missed = next((ident for ident in notes.asked if notes.comes_again(ident)), None)
        again = [one for one in self.questions if one.id == missed]
        sure = [one for one in new if one.at in SURE or one.at.startswith((AFTER, TURN))]
        return next(iter([*sure, *again, *new]), None)

    def _has_come(self, question: Question, m: Machine, notes: Notes) -> bool:
        if not question.at.startswith(AFTER):
            return self.moments[question.id](m)
        name = question.at.removeprefix(AFTER)
        return all(notes.done(one.id) for one in self.questions if name in (one.id, one.group))

    def ask(self, question: Question, session: Session, notes: Notes) -> None:
        """Ask a question: draw it, do what the level does before it, find out what is right."""
        tries, file = notes.missed[question.id], self.level.file
        form = located(file, question, "draw", self._next_form, question, session, notes)
        for name, value in map(name_and_value, self._before(form, notes)):
            located(file, question, "before", session.act, BY_LEVEL + name, value)
        session.act(BY_LEVEL + ASK, question.id)
        asked = self._place(session), form.truth, form.suppose, form.when
        find = partial(self._truth, form, session.to_end())
        right = located(file, question, "truth", self.laters.truth, asked, find)
        self._asked[question.id, tries] = form, right
        self.truths[question.id] = right

    def _next_form(self, question: Question, session: Session, notes: Notes) -> Question:
        """Return the form to be asked; it follows from the tape, so that it can be asked again."""
        m, ident = session.to_end(), question.id
        before = self.seen.get(ident, Seen())
        asked = [*before.texts, *(self._asked[key][0].text for key in notes.order)]
        undone = notes.missed[ident] - notes.wrongs[ident]
        miss = None if undone else self.last_miss(ident, notes) or before.miss
        forms = forms_in_order(self.level, question, m, self.seed, notes.anew)
        right = partial(self._right_of, session, notes)
        return next_form(forms, asked, miss, right, max(0, undone - 1))

    def last_miss(self, ident: str, notes: Notes) -> Miss | None:
        """Return the last wrong answer to a question that was not undone."""
        if not notes.wrongs[ident]:
            return None
        tries, said = notes.last_wrong[ident]
        return Miss(*self._asked[ident, tries], said)

    def _right_of(self, session: Session, notes: Notes, form: Question) -> Truth:
        """Return what would be right if a form was asked now."""
        m, before = session.to_end(), self._before(form, notes)
        other = self._after_acts(form, m, before)
        key = self._place(session), before, form.truth, form.suppose, form.when
        return self.laters.truth(key, partial(self._truth, form, other))

    def _after_acts(self, form: Question, m: Machine, acts: Sequence[str]) -> Machine:
        """Return a copy of the machine on which the level has done some acts."""
        other = Machine(m.setup, m.state.copy())
        for name, value in map(name_and_value, acts):
            located(self.level.file, form, "before", do_action, other, name, value)
        return other

    def supposed(self, m: Machine, notes: Notes) -> Machine | None:
        """Return the machine that the open question supposes; None if it is this one."""
        question = self.open(notes)
        return None if question is None else self.supposed_by(question, m)

    def supposed_by(self, question: Question, m: Machine) -> Machine | None:
        """Return the machine that a question supposes; None if it is the one that it is asked of.

        A later one counts where a number of it is asked for, or something is done there.
        """
        shown = question.when == NOW or question.suppose or question.truth.startswith(METRIC)
        if not shown:
            return None
        then = self._then(question, m)
        with suppress(InputError):  # What cannot be done is asked about all the same.
            return supposed(question.truth, then) or (None if then is m else then)
        return None

    def premise(self, m: Machine, notes: Notes) -> Machine:
        """Return the machine as the open question begins: what it supposes is done there already.

        Only where it asks about a deed besides: else what it supposes is what it asks about.
        """
        question = self.open(notes)
        if question is None or question.when != NOW or deed_of(question.truth) is None:
            return m
        acts = tuple(map(name_and_value, question.suppose))
        return self.laters.machine(m, NOW, self.level.end or END, self.end_turn, acts)

    def _before(self, form: Question, notes: Notes) -> tuple[str, ...]:
        """Return what the level does before a form: nothing if it is done, for it comes at once."""
        missed = self._asked.get((form.id, notes.missed[form.id] - 1))
        at_once = next(reversed(notes.asked), "") == form.id
        done = at_once and missed is not None and missed[0].before == form.before
        return () if done else form.before

    def forms(self, ident: str, m: Machine) -> Iterator[tuple[Question, Truth]]:
        """Yield every form that a question may have on a machine, with what is right then."""
        question = next(one for one in self.questions if one.id == ident)
        for form in variants(self.level, question, m):
            other = self._after_acts(form, m, form.before)
            yield form, located(self.level.file, question, "truth", self._truth, form, other)

    def _place(self, session: Session) -> Hashable:
        """Return what tells where a run stands: runs that have it in common are in one state."""
        acts = [(one.turn, *one.fields) for one in session.acts if not is_noted(one.fields[0])]
        return self.level.stage, self.level.start.variant, self.seed, session.end, tuple(acts)

    def _truth(self, question: Question, m: Machine) -> Truth:
        """Return the answer, asked of the engine's own continuation."""
        return truth(question.truth, self.level.kernel, self._then(question, m), read)

    def _then(self, question: Question, m: Machine) -> Machine:
        """Return the machine at the moment that a question is about, with what it supposes done."""
        acts = tuple(map(name_and_value, question.suppose))
        return self.laters.machine(m, question.when, self.level.end or END, self.end_turn, acts)
