"""One work on many items: on one core or several, whatever becomes of the workers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from io import StringIO
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TypeVar

import pytest

from mmplay.engine.errors import InputError
from mmplay.recordings.files import Done
from mmplay.recordings.parallel import spread as spreading
from mmplay.recordings.parallel.parts import AHEAD, Parts, Processes
from mmplay.recordings.parallel.spread import Meter, Told, Workers, cores_here, spread
from mmplay.recordings.recording import never
from tests.recordings.squares import WORST, killed, killed_once, process, refused, square

Found = TypeVar("Found")
TWO = Workers(cores=2)


def until_it_ends(results: Iterator[Found]) -> tuple[list[Found], type[BaseException] | None]:
    """Return what came, and what was raised after it."""
    found: list[Found] = []
    try:
        while True:
            found.append(next(results))
    except StopIteration:
        return found, None
    except (InputError, KeyboardInterrupt) as error:
        return found, type(error)


@pytest.mark.parametrize("cores", [1, 2, 3])
@pytest.mark.parametrize("at_once", [1, 4, 100])
def test_results_are_in_the_order_of_the_items(cores: int, at_once: int) -> None:
    found = spread(square, range(50), Workers(cores), at_once=at_once)
    assert list(found) == [square(number) for number in range(50)]


def test_one_core_needs_no_other_process() -> None:
    assert set(spread(process, range(3), Workers(1))) == {os.getpid()}
    assert os.getpid() not in set(spread(process, range(3), TWO))
    assert list(spread(square, [], TWO)) == []


def test_all_cores_are_used_where_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cores_here() >= 1
    monkeypatch.setattr(spreading, "cores_here", lambda: 2)
    assert os.getpid() not in set(spread(process, range(3)))


@pytest.mark.parametrize("at_once", [1, 5])
def test_the_part_of_a_killed_worker_is_done_again(tmp_path: Path, at_once: int) -> None:
    counted: list[Done] = []
    work = partial(killed_once, mark=tmp_path / "mark")
    on = TWO._replace(progress=counted.append)
    assert list(spread(work, range(20), on, at_once=at_once)) == [*map(square, range(20))]
    assert (tmp_path / "mark").exists()
    assert [done.told for done in counted] == [f"{n} of 20 parts" for n in range(1, 21)]


def test_what_kills_every_worker_is_one_result_and_the_rest_are_right() -> None:
    found = list(spread(killed, range(8), TWO, at_once=4, lost=lambda number: -number))
    assert found == [-n if n == WORST else square(n) for n in range(8)]
    with pytest.raises(InputError, match="too little memory"):
        list(spread(killed, range(8), TWO, at_once=4))


@pytest.mark.parametrize("cores", [1, 2])
def test_what_the_work_raises_comes_in_its_place(cores: int) -> None:
    found, error = until_it_ends(spread(refused, range(20), Workers(cores)))
    assert error is InputError
    assert found == [square(number) for number in range(WORST)]


@pytest.mark.parametrize("cores", [1, 2])
def test_interrupted_work_keeps_what_is_done(cores: int) -> None:
    def stop(done: Done) -> None:
        if done.told.startswith("6 "):
            raise KeyboardInterrupt

    found, error = until_it_ends(spread(square, range(500), Workers(cores, progress=stop)))
    assert error is KeyboardInterrupt
    assert found == sorted(set(found))
    assert 5 <= len(found) < 500
    assert set(found) <= {square(number) for number in range(500)}


def test_who_stops_asking_stops_the_workers() -> None:
    results = spread(process, range(1000), TWO)
    workers = set(islice(results, 3))
    results.close()  # type: ignore[attr-defined]
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("cores", [1, 2])
def test_who_stops_it_gets_no_more_results(cores: int) -> None:
    found: list[int] = []
    for one in spread(square, range(20), Workers(cores, stopped=lambda: len(found) == 3)):
        found.append(one)
    assert found == [0, 1, 4]


def test_the_process_beside_spawned_ones_gets_a_stderr_that_is_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(sys, "stderr", StringIO())
    monkeypatch.setattr(resource_tracker, "ensure_running", lambda: seen.append(sys.stderr))
    Processes(1).end()
    assert sys.__stderr__ in seen


class SlowFirst:
    """Does all but the first part at once, and that when nothing else was asked for in between."""

    size = 1

    def __init__(self) -> None:
        self.asked = 0
        self._first: Callable[[], None] = lambda: None

    def submit(self, deed: Callable[[], list[Found]]) -> Future[list[Found]]:
        future: Future[list[Found]] = Future()
        self.asked += 1
        if self.asked == 1:
            self._first = lambda: future.set_result(deed())
        else:
            future.set_result(deed())
        if self.asked == AHEAD:
            self._first()
        return future

    def alone(self, deed: Callable[[], list[Found]]) -> list[Found]:
        return deed()

    def killed(self, error: BaseException) -> bool:
        return False

    def renew(self) -> bool:
        return False

    def check(self) -> None:
        pass

    def end(self) -> None:
        pass


def test_few_results_wait_for_an_earlier_one() -> None:
    crew, count = SlowFirst(), 10 * AHEAD
    parts = [range(n, n + 1) for n in range(count)]
    meter = Meter(None, Told("squaring", "numbers"), [1] * count)
    results = Parts(square, range(count), parts, crew, meter, None, never).results()
    assert next(results) == 0
    assert crew.asked == AHEAD
    assert [0, *results] == [*map(square, range(count))]
