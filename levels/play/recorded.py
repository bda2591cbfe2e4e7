"""Runs of levels that are recorded like every play, and what is kept of them."""

from __future__ import annotations

from mmplay.levels.model import Level
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, level_header
from mmplay.recordings.session.store import open_writer


def begin_recorded(level: Level) -> LevelRun:
    """Return a fresh run of a level that is written while it is played; raises InputError."""
    writer, trouble = open_writer(level_header(level, level.start.seed))
    run = begin(level, writer=writer)
    run.session.tape.trouble = run.session.tape.trouble or trouble
    return run


def keep_result(run: LevelRun) -> None:
    """Keep a finished run: hand its recording to the system."""
    run.session.tape.flush()
