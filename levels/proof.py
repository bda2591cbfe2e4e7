"""The proof of a level: that it can be played, lost and won, and by nothing but what it teaches.

Each result has a name, a verdict and a sentence. Nothing of it is taken from the level's word: the
level is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from textwrap import wrap
from typing import NamedTuple
from unicodedata import east_asian_width

from mmplay.engine.errors import InputError, how_many
from mmplay.levels.model import CHOICE, Level, Move, Question
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.guesser import Guesser
from mmplay.levels.play.moments import laters_of
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, play, playing, won
from mmplay.levels.truth import Truth
from mmplay.levels.truth.truths import TruthError
from mmplay.recordings.run.unwritten import UnwrittenSession

RUNS = 200
MOST_GOOD_PERCENT = 5
"""How many of the random player's runs may earn two stars or more."""

SEEDS = range(1, 5)
"""Other seeds than the level's own with which its solution has to win: students get their own."""

WIDTH = 76
"""Columns of text inside a frame at 80 columns."""

MOST = {"story": 14, "task": 3, "learn": 3, "against": 3, "in_fact": 4, "recreates": 3}
"""Lines that a text of this name may take; the story has a screen of its own."""

TITLE, QUESTION, HINT, GOAL, REAL = 40, 9, 5, 2, 18


class Result(NamedTuple):
    """One thing that was proven, or not, and why."""

    name: str
    ok: bool
    text: str


class Proof(NamedTuple):
    """All results of one level, and the digest of its solution's end state."""

    level: Level
    results: tuple[Result, ...]
    digest: str

    @property
    def ok(self) -> bool:
        """Tell whether everything holds."""
        return all(result.ok for result in self.results)


class Tried:
    """A level that is being played again and again; what its questions ask of is made once."""

    def __init__(self, level: Level, runs: int, seeds: Sequence[int] = SEEDS) -> None:
        self.level, self.runs, self.seeds = level, runs, seeds
        self._laters = laters_of(level)
        self._make = partial(UnwrittenSession, ways={})
        self.forms: dict[str, list[tuple[Question, Truth]]] = {}
        """Of every question that the solution came to: the forms it may have, and what is right."""

    def begin(self) -> LevelRun:
        """Return a fresh run; raises InputError."""
        return begin(self.level, laters=self._laters, make=self._make)

    def play(self, moves: Sequence[Move]) -> LevelRun:
        """Return a run that was played by these moves to its end; raises InputError."""
        return play(self.begin(), moves)

    @cached_property
    def solved(self) -> LevelRun:
        """The run of the solution, every question answered right; raises InputError."""
        run = self.begin()
        self._look(run)
        for last in playing(run, self.level.solution, knows):
            run = last
            self._look(run)
        return run

    def won_with(self, seed: int) -> bool:
        """Tell whether the solution's acts win with a seed; raises InputError."""
        return won(self.level, seed, self._laters, UnwrittenSession).score().won

    def _look(self, run: LevelRun) -> None:
        """Keep the forms of a question that a run has come to."""
        question = run.open_question()
        if question is not None and question.id not in self.forms:
            self.forms[question.id] = list(run.asking.forms(question.id, run.session.to_end()))


Said = tuple[bool, str]


def prove(level: Level, runs: int = RUNS, seeds: Sequence[int] = SEEDS) -> Proof:
    """Return the proof of a level, with so many runs of the random player, and these seeds."""
    tried = Tried(level, runs, seeds)
    results = [Result(name, *_said(check, tried)) for name, check in CHECKS.items()]
    digest = ""
    if next(result for result in results if result.name == SOLUTION).ok:
        digest = tried.solved.digest()
        results.append(Result(DIGEST, *_same_digest(level, digest)))
        results.append(Result(RANDOM, *_said(_random, tried)))
    return Proof(level, tuple(_each_once(results)), digest)


def _each_once(results: Sequence[Result]) -> Iterator[Result]:
    """Yield the results; a fault that several checks met is told by the first of them."""
    told: dict[str, str] = {}
    for one in results:
        if one.ok or told.setdefault(one.text, one.name) == one.name:
            yield one
        else:
            yield one._replace(text=f"not proven, because of what {told[one.text]!r} says")


def with_digest(proof: Proof) -> Proof:
    """Return the proof of the level whose file says the digest that its solution comes to."""
    level = proof.level._replace(digest=proof.digest)
    said = Result(DIGEST, *_same_digest(level, proof.digest))
    results = tuple(said if one.name == DIGEST else one for one in proof.results)
    return Proof(level, results, proof.digest)


def _said(check: Callable[[Tried], Said], tried: Tried) -> Said:
    """Return what a check says; a level that cannot be run says why."""
    try:
        return check(tried)
    except InputError as error:
        return False, str(error)


def _at_start(tried: Tried) -> Said:
    run = tried.begin()
    met = [goal.text for goal in run.goals() if goal.met]
    if run.outcome is Outcome.PLAYING:
        return True, "the run begins neither won nor lost"
    return False, f"the run is {run.outcome} before anybody acts: {'; '.join(met) or run.reason}"


def _by_nothing(tried: Tried) -> Said:
    nothing = tried.play(())
    if nothing.outcome is Outcome.WON:
        return False, "doing nothing wins: the goal is met by itself"
    if tried.level.par and play(tried.begin(), (), knows).outcome is Outcome.WON:
        return False, "answers alone win: the goal is met without an act"
    return True, f"doing nothing does not win: {nothing.reason}"


def _by_losing(tried: Tried) -> Said:
    level = tried.level
    loses = [goal.text for one in (level, *level.stages) for goal in one.loses]
    if loses and not level.losing:
        return False, "a level with a [[lose]] needs a [[losing]] line that shows how"
    if not loses:
        said = "there is nothing to lose by: write a [[lose]], or leave the [[losing]] line out"
        return (False, said) if level.losing else (True, "there is nothing to lose by")
    run = play(tried.begin(), level.losing, knows)
    if run.outcome is not Outcome.LOST:
        return False, f"the losing line does not lose: {run.outcome}"
    if not run.reason.startswith(tuple(loses)):
        return False, f"the losing line loses, but by no [[lose]]: {run.reason}"
    return True, f"the losing line loses: {run.reason}"


def _by_solution(tried: Tried) -> Said:
    level = tried.level
    if level.wins and not level.solution:
        return False, "there is no [[solution]]"
    run = tried.solved
    score = run.score()
    if not score.won:
        return False, f"the solution does not win: {run.reason}; {_wrong_answers(run)}"
    if score.stars < 3:
        return False, f"the solution earns {score.stars} stars: {_wrong_answers(run)}"
    if score.acts != score.par:
        return False, f"the solution has {score.par} acts, but the run ends after {score.acts}"
    passed = sum(stage.session.end - stage.session.first for stage in run.all_stages())
    acts, turns = how_many(score.acts, "acts"), how_many(passed, "turns")
    return True, f"the solution wins in {acts} and {turns}"


def _wrong_answers(last: LevelRun) -> str:
    wrong = [
        f"{ident}: the kernel says {run.truths[ident].shown()}"
        for run in last.all_stages()
        for ident in run.missed()
    ]
    return "; ".join(wrong) or "no answer is wrong"


def _by_less(tried: Tried) -> Said:
    """Leave out each counted move of the solution in turn."""
    moves, left_out = tried.level.solution, 0
    for place, move in enumerate(moves):
        if not move.counts:
            continue
        left_out += 1
        rest = (*moves[:place], *moves[place + 1 :])
        if _wins(tried, rest):
            return False, f"the solution wins without `{move.action} {move.value}` too"
    if not left_out:
        return True, "the answers win, no act"
    return True, f"{how_many(left_out, 'acts')}, and none can be left out"


def _wins(tried: Tried, moves: Sequence[Move]) -> bool:
    """Tell whether moves win; a later one that is refused without the missing one does not."""
    try:
        return play(tried.begin(), moves, knows).score().won
    except InputError:
        return False


def _questions(tried: Tried) -> Said:
    """Ask every question along the solution, in all its forms: one option is right, hints lead."""
    stages = tried.solved.all_stages()
    asked = [question for run in stages for question in run.questions]
    problems = [
        f"line {one.line}, {one.id}: is never asked"
        for one in asked
        if not any(one.id in run.truths for run in stages)
    ]
    for ident, forms in tried.forms.items():
        found = [problem for form, right in forms for problem in _misasked(form, right)]
        problems += [f"line {forms[0][0].line}, {ident}: {one}" for one in dict.fromkeys(found)]
    if tried.level.par and not tried.level.hints:
        problems.append("no hint for the acts: write a [[hint]]")
    told = (
        f"{how_many(len(asked), 'questions')}, each asked, answered by the rules, and with a hint"
    )
    return not problems, "; ".join(problems) or told


def _misasked(question: Question, truth: Truth) -> Iterator[str]:
    """Yield what is wrong with one form of a question."""
    values = [option.value for option in question.options]
    try:
        right = [value for value in values if truth.accepts(value, question.tolerance)]
    except TruthError as error:
        yield f"an option is {error}"
        return
    if values and len(right) != 1 and question.kind == CHOICE:
        yield f"{len(right)} options are right, not one"
    for value in values:
        if value not in right and not truth.wrong(value):
            yield f"{value} is wrong without a word why"
    if not (question.hints or truth.hints()):
        yield "no hint leads to it"


def _with_other_seeds(tried: Tried) -> Said:
    """See that a student whose machine has another seed can win."""
    lost = [seed for seed in tried.seeds if not tried.won_with(seed)]
    if lost:
        return False, f"the solution's acts do not win with the seeds {lost} of {list(tried.seeds)}"
    return True, f"the solution's acts win with the seeds {list(tried.seeds)}, too"


def _goals(tried: Tried) -> Said:
    """See that every goal is met in the end."""
    goals = [goal for run in tried.solved.all_stages() for goal in run.goals()]
    solved = {goal.text: goal.met for goal in goals}
    unmet = [text for text, met in solved.items() if not met]
    if unmet:
        return False, f"not reached by the solution: {'; '.join(unmet)}"
    return True, f"every goal is reached: {len(solved)}"


def _texts(tried: Tried) -> Said:
    problems = list(misfits(tried.level))
    return not problems, "; ".join(problems) or "every text fits 80x24"


def _same_digest(level: Level, digest: str) -> Said:
    if level.digest == digest:
        return True, f"the solution ends in the state {digest}"
    known = level.digest or "nothing"
    return False, f"the solution ends in {digest}, the file says {known}; --update writes it"


def _random(tried: Tried) -> Said:
    runs = tried.runs
    good = sum(stars >= 2 for stars in _random_stars(tried))
    share = f"random play earns two stars in {good} of {runs} runs"
    ok = good * 100 <= runs * MOST_GOOD_PERCENT
    return ok, share if ok else f"{share}, over {MOST_GOOD_PERCENT} %"


def _random_stars(tried: Tried) -> Iterator[int]:
    """Play at random; raises InputError, naming the seed, for a run that does not end."""
    for seed in range(tried.runs):
        guesser = Guesser(tried.begin(), seed)
        if not guesser.play():
            raise InputError(f"the random player's run {seed} does not end")
        yield guesser.run.score().stars


SOLUTION, DIGEST, RANDOM = "solution", "digest", "random player"

CHECKS: dict[str, Callable[[Tried], Said]] = {
    "start": _at_start,
    "nothing": _by_nothing,
    "losing": _by_losing,
    SOLUTION: _by_solution,
    "other seeds": _with_other_seeds,
    "dropped act": _by_less,
    "questions": _questions,
    "goals": _goals,
    "texts": _texts,
}
"""By name; DIGEST and RANDOM follow where the solution wins."""


# what fits the smallest screen


def lines(text: str, width: int = WIDTH) -> int:
    """Return how many lines a text takes."""
    return sum(len(wrap(one, width)) or 1 for one in text.split("\n")) if text else 0


def misfits(level: Level) -> Iterator[str]:
    """Yield a complaint for every text that does not fit."""
    if len(level.title) > TITLE:
        yield f"title: longer than {TITLE} characters"
    for name, most in MOST.items():
        yield from _too_long(name, lines(getattr(level, name)), most)
    for stage in (level, *level.stages):
        yield from _stage_misfits(stage)
    for hint in level.hints:
        yield from _too_long(f"line {hint.line}, hint", lines(hint.text), HINT)
    real = level.real
    texts = (real.text, real.leaves_out, real.log_says, real.log)
    closing = sum(map(lines, (f"{real.function} {real.path}", *texts)))
    yield from _too_long("[real]", closing, REAL)
    yield from _too_wide(level)


def _stage_misfits(level: Level) -> Iterator[str]:
    """Yield a complaint for every text of one stage that does not fit."""
    if len(level.stage_title) > TITLE:
        yield f"title of stage {level.stage}: longer than {TITLE} characters"
    for question in (way for one in level.questions for way in one.ways):
        where = f"line {question.line}, question {question.id}"
        yield from _too_long(where, _question_lines(question), QUESTION)
        yield from _too_long(f"{where}: why", lines(question.why), 3)
        yield from _too_long(f"{where}: rule", lines(question.rule), 3)
    for goal in (*level.wins, *level.loses):
        yield from _too_long(f"line {goal.line}, goal", lines(goal.text), GOAL)
    yield from _too_long("choices", sum(lines(one.text, WIDTH - 4) for one in level.choices), 9)


def _question_lines(question: Question) -> int:
    """Return the lines of a question and its options, as the task panel shows them."""
    options = sum(lines(option.text, WIDTH - 4) for option in question.options)
    return lines(f"12/34  {question.text}") + options


def _too_long(what: str, count: int, most: int) -> Iterator[str]:
    if count > most:
        yield f"{what}: takes {count} lines of {WIDTH} columns, {most} fit"


def _too_wide(level: Level) -> Iterator[str]:
    texts = [level.title, level.story, level.task, *(one.text for one in level.questions)]
    wide = next((c for text in texts for c in text if east_asian_width(c) in "WF"), "")
    if wide:
        yield f"{wide!r} is two columns wide; not every terminal draws it"
