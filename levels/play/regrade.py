"""Plays a recorded run of a level again: to see if it earns what it says, or to go on with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.model import Level
from mmplay.levels.play.goals import Outcome, Score, result_text
from mmplay.levels.play.questions import AGAIN, ANEW, HINT, times_begun
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import START, begin, begin_anew, following
from mmplay.recordings.library import RESULT, played_files
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import Loaded, load_session, open_writer
from mmplay.recordings.run.tape import BY_LEVEL
from mmplay.recordings.trace.reader import TraceReader, open_trace


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


def regrade(session: Session, level: Level | None = None) -> Regraded:
    """Play a loaded run again, of the level that it names or of this one.

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
    run = begin(_stage_of(level, header), seed)
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
    if note == ANEW:
        begin_anew(run, times_begun(value))
        return
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


class _StageFile(NamedTuple):
    """The recording of one stage of a level; a level without stages is its own first."""

    path: Path
    number: int


def go_on_recorded(level: Level, path: Path | None = None) -> LevelRun | None:
    """Return the run of a level that was left unfinished, made again from its recording.

    It is the one in `path`, else the latest of this level. None if that one was finished, or
    cannot be made again from the level at hand. The run goes on in a new file, which holds all of
    the old one; the old one then goes, if whoever wrote it ended it.
    """
    stages = _stages_of(level, path)
    try:
        loaded = [_loaded(stage.path) for stage in stages]
        if not loaded or result_of(loaded[-1].session) not in ("", Outcome.PLAYING):
            return None
        run = _made_again(level, loaded)
    except (InputError, OSError):
        return None
    if run is not None:
        _write_anew(run, stages[-1].path, loaded[-1])
    return run


def _stages_of(level: Level, path: Path | None) -> list[_StageFile]:
    """Return the latest recording of a level, behind those of the stages that led to it."""
    files = played_files()
    if path is not None:
        files = files[files.index(path) :] if path in files else [path]
    found: list[_StageFile] = []
    for stage in _recorded_stages(level, files):
        if not found or stage.number == found[0].number - 1:
            found.insert(0, stage)
        if found[0].number == level.stage:
            return found
    return []


def _recorded_stages(level: Level, files: list[Path]) -> Iterator[_StageFile]:
    for path in files:
        try:
            with open_trace(path) as stream:
                header = TraceReader(stream, str(path)).header
        except (InputError, OSError):
            continue
        same = header.get("level") == level.id and header.get("level_digest") == level.content
        number = header.get("stage", level.stage)
        if same and header.get("seed") == level.start.seed and type(number) is int:
            yield _StageFile(path, number)


def _loaded(path: Path) -> Loaded:
    with open_trace(path) as stream:
        return load_session(stream, str(path))


def _made_again(level: Level, loaded: list[Loaded]) -> LevelRun | None:
    """Return the run of the last stage, played as recorded; None if it comes to another state."""
    run: LevelRun | None = begin(level)
    for one in loaded:
        if one is not loaded[0]:
            run = following(run) if run is not None else None
        if run is None or not is_level_run(one.session):
            return None
        play_again(run, one.session)
        if run.session.to_end().state.digest() != one.session.to_end().state.digest():
            return None
    return run if run is not None and run.playing else None


def _write_anew(run: LevelRun, path: Path, old: Loaded) -> None:
    session = run.session
    for mark in old.session.tape.marks:
        session.tape.add(mark)
    session.tape.write_to(open_writer(session.header))
    session.reached()
    if old.ending.closed and not session.tape.trouble:
        with suppress(OSError):
            path.unlink()
