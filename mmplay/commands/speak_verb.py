"""`mmplay speak`: a level or a recording in line mode, for screen readers, slow links and pipes.

In a level the run, its acts and answers are the same as on the screen.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from mmplay.commands.assigned import add_assignment, add_seed, level_to_play, tell_recorded
from mmplay.commands.speak_recording import (
    MOST_STEPS,
    Command,
    LookAround,
    RecordingSpeaker,
    Said,
    count,
    frame_line,
    talk,
)
from mmplay.engine.errors import InputError, how_many
from mmplay.engine.explain.finding import as_sentence
from mmplay.levels.catalogue import is_level_name
from mmplay.levels.level_list import next_of
from mmplay.levels.model import Level
from mmplay.levels.play.beside import beside, current, in_words
from mmplay.levels.play.deeds import ONLY_ACTS
from mmplay.levels.play.game import LevelGame, Sequel, begin_recorded
from mmplay.levels.play.goals import STAR_RULE, Outcome
from mmplay.levels.play.missed import Practice, what_was_missed
from mmplay.levels.play.questions import Reply
from mmplay.levels.play.showing import is_told_behind
from mmplay.levels.tries import LEAST_TRIES, Try, tries_of
from mmplay.recordings.library import open_recording

AS_FAR = "to what is asked next, or to the end"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    what = (
        "a level, a recording by its file or name, or a kernel log; of an assignment the next level"
    )
    parser.add_argument("what", metavar="LEVEL|TRACE|NAME|LOG", nargs="?", help=what)
    add_assignment(parser)
    add_seed(parser)


def run(args: Namespace) -> int:
    """Talk until `quit` or the end of the input; raises InputError for what is not there."""
    if args.what is None or args.assignment is not None or is_level_name(args.what):
        level = level_to_play(args, args.what)
        with closing(LevelSpeaker(level)) as speaker:
            talk(speaker)
        tell_recorded(args)
        return 0
    if args.seed is not None:
        raise InputError(f"{args.what}: --seed is for levels; a recording is what it is")
    with open_recording(args.what) as timeline:
        if not len(timeline):
            raise InputError(f"{args.what}: it has no failure, OOM kill or Mem-Info")
        talk(RecordingSpeaker(timeline))
    return 0


class LevelSpeaker(LookAround):
    """Talks about a level. Every run is recorded, as on the screen."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self._begin()

    def _begin(self, before: int = 0) -> None:
        self._play(LevelGame(begin_recorded(self.level, before=before)))

    def _play(self, game: LevelGame) -> None:
        """Play a game that counts."""
        self._counted = game
        self._set_out(game)

    def _set_out(self, game: LevelGame) -> None:
        """Go on with a game: from the level's beginning, or in its next act."""
        self.game, self.run = game, game.level_run
        super().__init__(game)

    def close(self) -> None:
        """End the recording."""
        self._counted.close()

    @property
    def commands(self) -> dict[str, Command]:
        """The commands by name."""
        return {
            "run": Command("run", "time goes on as far as nothing is to be decided", self._run_on),
            "step": Command("step [N]", "N steps on, or until something is asked", self._step),
            "answer": Command(
                "answer VALUE",
                "answer: a value, or an option's number; a number alone will do",
                self._answer,
            ),
            "skip": Command("skip", "leave the question; then the level is not won", self._skip),
            "act": Command("act NAME VALUE", f"do something: {self._allowed()}", self._act),
            "choose": Command("choose N", "take the answer or choice of this number", self._choose),
            "hint": Command("hint", "the next hint: the first is free", self._hint),
            "undo": Command("undo", "take your last act or answer back", self._undo),
            "redo": Command("redo", "do it again", self._redo),
            "beside": Command("beside", "the incident's line of now and the run's", self._beside),
            "goals": Command("goals", "how every goal stands, and why", self._goals),
            "question": Command("question", "what is asked now", self._asked),
            "picture": Command("picture", "what the level's picture shows now", self._picture),
            "task": Command("task", "the story and the task again", self._task),
            "missed": Command("missed", "after the end: what you missed, once more", self._missed),
            "restart": Command("restart", "begin again", self._restart),
            **self.looking(),
        }

    def looking(self) -> dict[str, Command]:
        """Return the commands that look around; none tells what would answer an open question."""
        found = super().looking()
        return {key: one._replace(do=partial(self._veiled, one.do)) for key, one in found.items()}

    def _veiled(self, do: Callable[[str], Said], text: str) -> Said:
        question, veiled = self.game.question, self.game.showing.veiled
        if question is not None and is_told_behind(question):
            raise InputError("that would tell the answer: answer first, or skip the question")
        yield from map(veiled, do(text))

    @property
    def number_is_for(self) -> str:
        """See `Speaker`: a number answers what is asked, else it chooses."""
        return "answer" if self.game.question is not None else "choose"

    def _allowed(self) -> str:
        return ", ".join(self.run.level.allow) or "nothing in this level"

    def greeting(self) -> Said:
        """Tell the story, and what is asked first."""
        trouble = self.run.session.tape.trouble
        if trouble:
            yield f"this run is not recorded: {trouble}"
        yield f"{self.level.id} {self.level.title}; kernel {self.level.kernel.name}"
        yield from self._task("")
        yield from self._now()

    def _task(self, _: str) -> Said:
        yield from self.level.story.split("\n\n")
        yield f"task: {self.level.task}"

    # what there is now

    def _now(self) -> Said:
        """Say what the picture shows and what is asked, or what came of the run, once."""
        self.here = len(self.game) - 1
        if not self.game.counts and not self.run.playing:
            yield from self._reviewed(self.game.end())
            return
        if self.run.playing:
            yield from self._picture("")
            yield from self._asked("") if self.game.question else self._choices()
        ending = self.game.end()
        if ending is not None and ending.following is not None:
            yield from self._next_stage(ending.following)
        elif ending is not None:
            yield from self._end(ending.trouble)

    def _reviewed(self, ending: Sequel | None) -> Said:
        """Go on with the next stage of a review, or come back from it to the level."""
        if ending is not None and ending.following is not None:
            self._set_out(ending.following)
            yield from self._now()
        else:
            yield "that was all that you missed; your stars stay as they were"
            self._set_out(self._counted)

    def _picture(self, _: str) -> Said:
        from mmplay.tui.views.pictures.kinds import said_of

        said = said_of(self.game)
        if said:
            yield f"picture: {said}"

    def _next_stage(self, following: LevelGame) -> Said:
        """Go on to the stage after a won one: another machine, another clock."""
        yield f"stage {self.run.level.stage} is done: {self.run.reason}"
        self.game.close()
        self._play(following)
        level = self.run.level
        yield f"stage {level.stage}: {level.stage_title}; kernel {level.kernel.name}; a new clock"
        yield from self._now()

    def _asked(self, _: str) -> Said:
        question = self.game.question
        if question is None:
            yield "nothing is asked now"
            return
        place = [one.id for one in self.run.questions].index(question.id) + 1
        unit = f" (in {question.unit})" if question.unit else ""
        yield f"question {place} of {len(self.run.questions)}: {question.text}{unit}"
        for number, option in enumerate(question.options, 1):
            yield f"  {number}: {option.text}"

    def _choices(self) -> Said:
        options = self.game.choices if self.game.acts_left else {}
        for number, option in options.items():
            yield f"choice {number}: {option.text}"
        choose = "a number chooses; " if options else ""
        far = "for one turn" if self.run.level.by_turns else AS_FAR
        goes_on = ONLY_ACTS if self.game.stands_still else f"run: time goes on {far}"
        yield f"{choose}{goes_on}; help lists commands"

    def _end(self, trouble: str) -> Said:
        run, score, real = self.run, self.run.score(), self.level.real
        yield f"{run.outcome}: {run.reason}"
        acts, hints = how_many(score.acts, "acts"), how_many(score.hints, "hints")
        missed = f"{score.missed} of {how_many(score.asked, 'questions')} missed"
        yield f"{score.stars} of 3 stars; {acts}, par {score.par}; {missed}; {hints}"
        yield STAR_RULE
        for question, rule in what_was_missed(run):
            yield f"you missed: {question.text} The rule: {as_sentence(rule)}"
        yield from self.level.corrected
        yield from _tries_told(tries_of(self.level.id))
        yield f"in the real kernel: {real.function}, {real.path}: {real.text}"
        yield f"what the model leaves out: {real.leaves_out}"
        yield from (line for line in (real.log_says, *real.log.split("\n")) if line)
        if trouble:
            yield trouble
        after = next_of(self.level)
        if after is not None and run.outcome is not Outcome.LOST:
            yield f"next comes {after.id} {after.title}"
        yield f"now: {'missed, ' if score.missed else ''}restart, undo or quit"

    # going on

    def _may_go_on(self) -> None:
        """Raise InputError where time does not go on."""
        if not self.run.playing:
            raise InputError(f"this level is {self.run.outcome}: write undo, restart or quit")
        question = self.game.question
        if question is not None:
            raise InputError(f"answer this question first, or skip it: {question.text}")
        if self.game.stands_still:
            raise InputError(ONLY_ACTS)

    def _run_on(self, _: str) -> Said:
        self._may_go_on()
        while self.run.playing and self.game.question is None and self.game.grow(1):
            if self.run.level.by_turns:
                break
        yield frame_line(self.game, len(self.game) - 1)
        yield from self._now()

    def _step(self, text: str) -> Said:
        self._may_go_on()
        for _ in range(count(text, "step", MOST_STEPS)):
            if self.game.grow(1):
                yield frame_line(self.game, len(self.game) - 1)
            if not self.run.playing or self.game.question is not None:
                break
        if not self.run.playing or self.game.question is not None:
            yield from self._now()
        self.here = len(self.game) - 1

    def _answer(self, text: str) -> Said:
        yield from _reply_lines(self.game.answer(text))
        yield from self._now()

    def _skip(self, _: str) -> Said:
        yield self.game.skip()
        yield from self._now()

    def _act(self, text: str) -> Said:
        if not text:
            raise InputError(f"act NAME VALUE: this level takes {self._allowed()}")
        self.game.act(text)
        yield f"done: {text}"
        yield from self._now()

    def _choose(self, text: str) -> Said:
        if not self.game.options:
            raise InputError("there is nothing to choose now; act NAME VALUE, or answer VALUE")
        number = count(text, "choose", max(self.game.choices))
        chosen = self.game.chosen(number).value
        reply = self.game.choose(number)
        yield from [f"done: {chosen}"] if reply is None else _reply_lines(reply)
        yield from self._now()

    def _hint(self, _: str) -> Said:
        before, hint = self.game.hinted, self.game.hint()
        yield f"{'there are no more hints; the last was' if hint == before else 'hint'}: {hint}"

    def _undo(self, _: str) -> Said:
        yield f"taken back: {self.game.undo()}"
        yield from self._now()

    def _redo(self, _: str) -> Said:
        self.game.redo()
        yield "done again"
        yield from self._now()

    def _beside(self, _: str) -> Said:
        lines = beside(self.run)
        place = current(lines, self.run.session.live.state.now_ns // 1000)
        if place < 0:
            raise InputError("there is no line of a log yet to show beside this run")
        yield from in_words(lines[place])

    def _goals(self, _: str) -> Said:
        for goal in self.run.goals():
            yield f"{'met' if goal.met else 'not met'}: {goal.text}; {goal.why}"

    def _missed(self, _: str) -> Said:
        if self.run.playing or not self.run.score().missed:
            raise InputError("the level is not over yet" if self.run.playing else "you missed none")
        again = Practice(self.run)
        self._set_out(again)
        yield f"{again.announced}: what you missed; it changes no stars"
        yield from self._now()

    def _restart(self, _: str) -> Said:
        self.close()
        self._begin(self.run.notes.anew + 1)
        yield "begun again"
        yield from self._now()


def _tries_told(tries: Sequence[Try]) -> Said:
    """Tell what the player's own tries came to, once there is something to compare."""
    if len(tries) < LEAST_TRIES:
        return
    won = [one for one in tries if one.stars]
    if not won:
        yield f"your {len(tries)} tries: none was won yet"
        return
    acts, missed = min(one.acts for one in won), min(one.missed for one in won)
    least = f"the fewest acts of those {acts}, the fewest questions missed {missed}"
    yield f"your {len(tries)} tries: {len(won)} won; {least}"


def _reply_lines(reply: Reply) -> Said:
    yield f"{'right: ' if reply.right else 'wrong. The right answer is '}{reply.kernel_says()}"
    yield from reply.feedback()
