"""Share codes for the commands that take one: played again, judged, shown."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.errors import InputError, how_many
from mmplay.engine.sim import ENGINE
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.goals import Score
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.share_code import Shared, read_code, replayed


class CheckedCode(NamedTuple):
    """What became of a code: its run, if the level at hand takes it, and what is wrong with it."""

    code: str
    shared: Shared
    run: LevelRun | None
    problem: str

    @property
    def good(self) -> bool:
        """Tell whether the run comes out as the code says."""
        return not self.problem

    @property
    def _score(self) -> Score | None:
        return self.run.score() if self.run is not None and self.good else None

    def lines(self) -> list[str]:
        """Return what came of it, in a line."""
        shared, score = self.shared, self._score
        if score is None or self.run is None:
            return [f"share code of {shared.level}: false: {self.problem}"]
        stars = how_many(score.stars, "stars")
        earned = f"{self.run.outcome}, {stars}, {how_many(score.acts, 'acts')}, par {score.par}"
        return [f"share code of {shared.level}: good: {earned}; seed {shared.seed}, played again"]

    def as_json(self) -> dict[str, object]:
        """Return it as plain data."""
        score = self._score
        return {
            "name": self.code,
            "kind": "code",
            "good": self.good,
            "problem": self.problem or None,
            "level": self.shared.level,
            "seed": self.shared.seed,
            "engine": self.shared.engine,
            "this_engine": ENGINE,
            "outcome": str(self.run.outcome) if score is not None and self.run else None,
            "stars": score.stars if score is not None else None,
            "acts": score.acts if score is not None else None,
        }


def check_code(code: str) -> CheckedCode:
    """Play a code again on the level at hand; raises InputError for no code, or no level."""
    shared = read_code(code)
    level = level_of_id(shared.level)
    try:
        run, problem = replayed(shared, level)
    except InputError as error:
        return CheckedCode(code, shared, None, str(error))
    return CheckedCode(code, shared, run, problem)


def run_of_code(code: str) -> LevelRun:
    """Return the run of a code; raises InputError if it does not come out as the code says."""
    checked = check_code(code)
    if checked.run is None or checked.problem:
        raise InputError(f"share code {code[:12]}...: {checked.problem}")
    return checked.run
