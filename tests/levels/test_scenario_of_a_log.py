"""A scenario that starts from a log: the log's own tasks stand beside those of the file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mmplay.engine.sim.check import check
from mmplay.engine.sim.state.tasks import BLOCKED
from mmplay.levels.scenario import build
from mmplay.recordings.library import open_recording
from tests.engine.sim.test_log_starts import with_table
from tests.levels.test_scenario import PRINTED, machine


def test_tasks_of_a_logs_table_are_there_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_recording("incident-4.5.0-rc7") as log:
        frame = dataclasses.replace(log.frame(0), report=with_table())
    monkeypatch.setattr(build, "_frame", lambda *_: frame)
    text = PRINTED.format(kind="log", file="any.log", at="")
    m = machine(text + '[[task]]\nname = "own"\nprogram = "eater"\npages = 9\n', tmp_path)
    assert m.state.tasks.names[3:] == ["own", "init", "hog", "sshd"]
    assert [name for _, name, _ in m.setup.script] == ["kill_group"]
    assert m.state.tasks.rss(3) == 0
    assert m.state.tasks.state[m.state.kswapd_task] != BLOCKED
    assert check(m) == []
