"""Plays a recorded run of a level again, to see whether it earns what it says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.model import Level
from mmplay.levels.play.goals import RESULT, Outcome, Score, result_text
from mmplay.levels.play.moments import Laters
from mmplay.levels.play.questions import AGAIN, HINT
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import START, begin
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import BY_LEVEL


class Regraded(NamedTuple):
    """What a recorded run earns when it is played again.

    `same` tells that it comes to the same state; `said` is what the recording says of its result,
    empty if it says nothing; `changed` that the level is another than the one that was played.
    """

    level: Level
    outcome: Outcome
    reason: str
    score: Score
    same: bool
    said: str
    changed: bool


def is_level_run(session: Session) -> bool:
    """Tell whether a session is the run of a level."""
    return session.header.get("start") == START


def result_of(session: Session) -> str:
    """Return what a recording says of its result: its last result mark, empty if it has none."""
    notes = [mark.fields[1] for mark in session.tape.marks if mark.fields[0] == RESULT]
    return notes[-1] if notes else ""


def regrade(session: Session, level: Level | None = None, laters: Laters | None = None) -> Regraded:
    """Play a loaded run again, of the level that it names or of this one.

    Runs of one level may share `laters`.

    Raises InputError for what is no run of a level, for a level that is not known, and for an act
    that the level does not take.
    """
    header = session.header
    if not is_level_run(session):
        raise InputError(f"{header.get('title')}: is no run of a level")
    level = level or level_of_id(str(header.get("level")))
    seed = header.get("seed")
    if type(seed) is not int or not 0 <= seed < 1 << 63:
        raise InputError(f"{header.get('title')}: has no seed")
    run = begin(_stage_of(level, header), seed, laters=laters)
    play_again(run, session)
    return Regraded(
        level,
        run.outcome,
        run.reason,
        run.score(),
        run.session.to_end().state.digest() == session.to_end().state.digest(),
        result_of(session),
        header.get("level_digest") != level.content,
    )


class Judged(NamedTuple):
    """What a level's recording claims, and what the level at hand gives for the same acts.

    `level_digest` is the digest of the level that was played, empty if the recording is not bound
    to one; `digest_at_hand` that of the level with the same id here, empty if there is none.
    `said` is what the recording says of its result, `earned` what it is worth here; `problem` says
    why that could not be found out.
    """

    level: str
    level_digest: str
    digest_at_hand: str
    said: str
    earned: str
    problem: str

    @property
    def good(self) -> bool:
        """Tell whether the recording claims nothing that the level at hand does not give."""
        claims = self.said not in ("", Outcome.PLAYING)
        return not claims or not self.digest_at_hand or self.said == self.earned


def judge(session: Session) -> Judged | None:
    """Hold what a level's recording claims against the level at hand; None for other runs.

    A part that was cut out of a run claims nothing. Raises nothing that a file could cause.
    """
    header = session.header
    if not is_level_run(session) or "cut_from" in header:
        return None
    name, bound = str(header.get("level"))[:40], _bound_to(header)
    try:
        level = level_of_id(name)
    except InputError:
        return Judged(name, bound, "", result_of(session), "", f"there is no level {name} here")
    try:
        found = regrade(session, level)
    except InputError as error:
        return Judged(name, bound, level.content, result_of(session), "", str(error))
    earned = result_text(found.outcome, found.score) if found.same else ""
    problem = "" if found.same else "the level at hand comes to another state"
    return Judged(name, bound, level.content, found.said, earned, problem)


def _bound_to(header: dict[str, Any]) -> str:
    """Return the digest of the level that was played; format 1 has none that says so."""
    digest = header.get("level_digest")
    return digest[:40] if header.get("format") != 1 and isinstance(digest, str) else ""


def _stage_of(level: Level, header: dict[str, Any]) -> Level:
    """Return the stage that a recording is of, with the variant that was chosen before it."""
    number = header.get("stage", level.stage)
    stages = {one.stage: one for one in (level, *level.stages)}
    if type(number) is not int or number not in stages:
        raise InputError(f"{header.get('title')}: the level has no stage {str(number)[:20]}")
    variant = header.get("variant", stages[number].start.variant)
    names = [name for name, _ in WB_VARIANTS]
    if variant not in names:
        raise InputError(f"{header.get('title')}: no variant; there are {', '.join(names)}")
    later = tuple(one for one in level.stages if one.stage > number)
    return stages[number]._replace(
        start=stages[number].start._replace(variant=variant), stages=later
    )


class Done(NamedTuple):
    """What was done after a turn: an act, or a note of the level that it cannot make by itself."""

    turn: int
    name: str
    value: str


def is_redone(name: str) -> bool:
    """Tell whether an act of a tape must be done again; the level does its own by itself."""
    return not name.startswith(BY_LEVEL) or name.removeprefix(BY_LEVEL) in AGAIN


def play_again(run: LevelRun, session: Session) -> None:
    """Do in a run that has not begun what was done in a recorded one, up to its end.

    Raises InputError where the level does not take it, or stops before.
    """
    acts = ((act.turn, *act.fields) for act in session.acts)
    do_again(run, (Done(*act) for act in acts if is_redone(act[1])), session.end)


def do_again(run: LevelRun, done: Iterable[Done], end: int) -> None:
    """Do things in a run that has not begun, up to a turn; raises InputError as `play_again`."""
    for turn, name, value in done:
        _go_to(run, turn)
        if name.startswith(BY_LEVEL):
            _note_again(run, name.removeprefix(BY_LEVEL), value)
        else:
            run.act(name, value)
    _go_to(run, end)


def _note_again(run: LevelRun, note: str, value: str) -> None:
    """Put a note on the tape again; a hint is given again, so that the next one is another."""
    before = run.hints_used
    if note == HINT:
        run.hint()
    if run.hints_used == before:
        run.note(note, value)


def _go_to(run: LevelRun, turn: int) -> None:
    while run.session.end < turn and run.playing and run.open_question() is None:
        if not run.advance(turn - run.session.end):
            break
    if run.session.end != turn:
        title = run.session.header.get("title")
        raise InputError(f"{title}: turn {turn} is not reached; the level stops before")
