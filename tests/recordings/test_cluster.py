"""A work on a real Dask cluster of two worker processes, one of which is killed half way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.levels.classroom.collecting import found_in
from mmplay.levels.classroom.grading import graded_class
from mmplay.recordings.parallel import cluster
from mmplay.recordings.parallel.spread import Workers, spread
from tests.clusters import running
from tests.levels.cheats import made_up
from tests.levels.classes import assignment, assignment_text
from tests.levels.proofs import DOOR, level_text

dask = pytest.importorskip("dask", reason="Dask is not installed")
pytest.importorskip("distributed", reason="Dask is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")

WORST = 9


def pid_once_killed(number: int, mark: Path) -> tuple[int, int]:
    if number == WORST and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number, os.getpid()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("dask")) as one:
        yield one.address


def test_wrong_addresses_are_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT_S", 0.2)
    for wrong, said in (
        ("http://x", "expected tcp://"),
        ("tcp://127.0.0.1:1", "cannot be reached"),
        ("tls://127.0.0.1:1", "names no certificates"),
    ):
        assert main(["levels", "check", "L03", "--scheduler", wrong]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert wrong in err
        assert err.count("\n") == 1


TLS_FAULTS = {
    "the certificates of Dask's configuration: No such file": ("tls", {"ca-file": "/none.pem"}),
    "Dask's configuration requires encryption; use tls://": ("tcp", {}),
}


@pytest.mark.parametrize("said", TLS_FAULTS)
def test_what_dask_would_refuse_is_told(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    scheme, tls = TLS_FAULTS[said]
    given = {f"tls.{key}": one for key, one in tls.items()}
    if tls:
        given |= {"tls.client.cert": __file__, "tls.client.key": __file__}
    values = {f"distributed.comm.{key}": one for key, one in given.items()}
    with dask.config.set({**values, "distributed.comm.require-encryption": True}):
        assert main(["levels", "check", "L03", "--scheduler", f"{scheme}://127.0.0.1:1"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"mmplay: --scheduler {scheme}://127.0.0.1:1: {said}")
    assert err.count("\n") == 1


def test_levels_are_proven_on_a_cluster_as_here(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "door.toml").write_text(level_text(DOOR))
    check = ["levels", "check", str(tmp_path / "door.toml"), "--runs", "3", "--json"]
    here = main(check), capsys.readouterr().out
    assert (main([*check, "--scheduler", address]), capsys.readouterr().out) == here


def test_a_class_is_graded_as_on_one_core(address: str, tmp_path: Path) -> None:
    """Workers need not see the teacher's files: what was handed in is sent to them."""
    hands = list(made_up(assignment("L03"), (), 9, 6))
    for hand in hands:
        (tmp_path / f"{hand.student}.mmhand").write_bytes(hand.data)
    found = found_in([tmp_path])
    text = assignment_text("L03")
    here = graded_class(text, "w3.toml", found, on=Workers(cores=1))
    there = graded_class(text, "w3.toml", found, on=Workers(scheduler=address))
    assert [str(one.status) for one in there.files] == [str(hand.status) for hand in hands]
    assert (here.students, here.files) == (there.students, there.files)


def test_one_of_two_workers_is_killed_and_the_result_is_the_same(
    address: str, tmp_path: Path
) -> None:
    work = partial(pid_once_killed, mark=tmp_path / "mark")
    found = list(spread(work, range(40), Workers(scheduler=address)))
    assert [number for number, _ in found] == list(range(40))
    assert (tmp_path / "mark").exists()
    assert len({pid for _, pid in found[WORST:]} - {os.getpid()}) >= 1
    # A single worker is left, and the rest of the work is its own.
    assert len({pid for _, pid in spread(work, range(8), Workers(scheduler=address))}) == 1


def deadly(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_cluster_without_workers_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WITHOUT_WORKERS_S", 0)
    with pytest.raises(InputError, match="all its workers are gone"):
        list(spread(deadly, [1], Workers(scheduler=address)))
    with pytest.raises(InputError, match="has no workers"):
        list(spread(abs, [1, 2], Workers(scheduler=address)))
