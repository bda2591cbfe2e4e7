"""A level as it is played: recorded from its first turn on, its stars kept at its end."""

from __future__ import annotations

from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.library import is_kept
from mmplay.levels.model import Level
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, following, level_header, next_act
from mmplay.levels.progress import record
from mmplay.recordings.run.store import open_writer
from mmplay.recordings.run.timeline import SessionTimeline


def begin_recorded(level: Level, seed: int | None = None) -> LevelRun:
    """Return a fresh run of a level that is written while it is played; raises InputError."""
    used = level.start.seed if seed is None else seed
    writer, trouble = open_writer(level_header(level, used))
    run = begin(level, seed, writer)
    run.session.tape.trouble = run.session.tape.trouble or trouble
    return run


def follow_recorded(run: LevelRun) -> LevelRun | None:
    """Return a run of the next act, written to a file of its own; see `solve.following`."""
    level = next_act(run)
    if level is None:
        return None
    writer, trouble = open_writer(level_header(level, run.seed))
    found = following(run, writer)
    if found is not None:
        found.session.tape.trouble = found.session.tape.trouble or trouble
    return found


def keep_result(run: LevelRun) -> str:
    """Keep a finished run: its recording and, if it is the best, its stars.

    Only runs that count are kept as progress: those of the level's own seed, of a level in the
    list. Returns what went wrong, empty if nothing did.
    """
    run.session.reached()
    if run.seed != run.level.start.seed or not is_kept(run.level):
        return ""
    return record(run.level.id, run.score())


class LevelTimeline(SessionTimeline):
    """One frame a turn; growing stops where a question is asked or the run ends."""

    def __init__(self, run: LevelRun) -> None:
        super().__init__(run.session)
        self.level_run = run

    @property
    def live(self) -> bool:
        """Whether the run is neither won nor lost yet."""
        return self.level_run.playing

    def grow(self, frames: int) -> int:
        """Make so many strides of turns, or none while a question is open."""
        run = self.level_run
        try:
            made = run.advance(frames * run.level.stride)
        except RefusedError:
            return 0
        self.session.reached()
        return made
