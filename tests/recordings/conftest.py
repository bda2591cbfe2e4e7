"""Fixtures that several tests of recordings share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmplay.recordings.live import capture as capture_module
from tests.recordings.live_bench import Bench, Clock, PipeLog


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(capture_module, "now_us", clock)
    return clock


@pytest.fixture
def bench(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Bench]]:
    monkeypatch.setattr(capture_module, "KernelLog", PipeLog)
    made: list[Bench] = []

    def make(**keep: int) -> Bench:
        made.append(Bench(tmp_path, clock, **keep))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made-up.log"
