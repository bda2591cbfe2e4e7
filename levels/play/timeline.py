"""A level's run as a timeline: its turns are made by the level, which may stop them."""

from __future__ import annotations

from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.play.run import LevelRun
from mmplay.recordings.run.timeline import SessionTimeline


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
