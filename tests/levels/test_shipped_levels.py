"""Every shipped level is proven, by the same proofs as `mmplay levels check`.

The random player plays fewer runs here, and the solution has to win with one other seed:
`levels check` makes all of them.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from mmplay.levels.level_list import shipped_levels
from mmplay.levels.load import load_level
from mmplay.levels.play.regrade import regrade
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, level_header, play
from mmplay.levels.proof import CHECKS, DIGEST, RANDOM, SEEDS, prove
from mmplay.recordings.run.store import load_session
from mmplay.recordings.trace.writer import TraceWriter
from tests.sessions import Kept

RUNS = 20

PATHS = [(path, load_level(path)) for path in shipped_levels()]
LEVELS = [pytest.param(path, id=path.stem) for path, _ in PATHS]
WITH_ACTS = [pytest.param(path, id=path.stem) for path, level in PATHS if level.par]


@pytest.mark.parametrize("path", LEVELS)
def test_proof(path: Path) -> None:
    proof = prove(load_level(path), RUNS, SEEDS[:1])
    assert [f"{one.name}: {one.text}" for one in proof.results if not one.ok] == []
    assert {one.name for one in proof.results} == {*CHECKS, DIGEST, RANDOM}


def test_beside_a_wrong_belief_stands_what_is_true() -> None:
    for path, level in PATHS:
        belief, fact = level.corrected
        assert belief.endswith(level.against), path.stem
        assert fact.startswith("In fact, "), path.stem
        assert fact.endswith("."), path.stem


@pytest.mark.parametrize("path", WITH_ACTS)
def test_a_recorded_solution_is_graded_the_same(path: Path) -> None:
    level = load_level(path)
    kept = Kept()
    writer = TraceWriter(kept, level_header(level, level.start.seed))
    run: LevelRun = begin(level, writer=writer)
    play(run, level.solution, knows)  # of a level of acts this is the first
    run.session.finish()
    loaded = load_session(BytesIO(kept.kept), "run.mmtrace").session
    graded = regrade(loaded, level)
    assert graded.score == run.score()
    assert graded.outcome is run.outcome
    assert graded.same
    assert not graded.changed
    assert graded.said.startswith(f"won, {run.score().stars} stars")  # of the whole level
