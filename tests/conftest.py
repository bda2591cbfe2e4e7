"""What several tests need: the two logs of the incident, read from the recordings that ship."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from mmplay.recordings.library import DATA
from mmplay.recordings.log.observed import ObservedTimeline, open_observed
from mmplay.recordings.parallel import spread

# What is compiled is kept, whatever the environment says: a suite starts hundreds of processes, and
# each of them and of the workers would compile all of mmplay and of the tests again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A job in the background is begun with Ctrl-C ignored, and so would be whatever the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# As it comes, a worker spends a tenth of its time on looking for garbage among what stays.
gc.set_threshold(20_000, 20, 10)

# How long an example takes says something about the machine, not about the code.
# Files of what was tried cost a tenth of a property; what fails is printed.
settings.register_profile(
    "patient",
    max_examples=30,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


MUCH_PAGES = 64 * 1024
"""A quarter of a gigabyte in pages of 4 kB."""


@pytest.fixture(scope="module", autouse=True)
def memory_given_back() -> Iterator[None]:
    """Give back what a file's tests took: glibc keeps it else, a gigabyte in each worker.

    Less than `MUCH_PAGES` is left: it is wanted again at once.
    """
    yield
    statm = Path("/proc/self/statm")
    if not statm.exists() or int(statm.read_text().split()[1]) < MUCH_PAGES:
        return
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def pytest_xdist_auto_num_workers() -> int:
    """Use two workers a core: tests of screens and of processes wait much of their time.

    Each worker more reads all tests once more.
    """
    return 2 * (os.cpu_count() or 1)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Read another part of all tests first in each worker.

    In a fresh clone each would compile all of them, at the same time: a quarter of a minute.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if not worker or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    files = sorted(Path(__file__).parent.rglob("test_*.py"))
    for path in files[int(worker) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]:
        name = path.relative_to(session.config.rootpath).with_suffix("")
        with suppress(Exception, pytest.skip.Exception):  # the collection says why
            import_module(".".join(name.parts))


def pytest_collection_finish() -> None:
    """Look for garbage no more among what stays to the end: modules and the tests themselves."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """Let the five searches for garbage with which pytest ends find what one has left of it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_core() -> Iterator[None]:
    """Let work on many items stay in this process where a test names no number of cores.

    Other processes begin by importing everything again, since a worker of the suite has threads.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "cores_here", lambda: 1)
        yield


INCIDENT_RC7 = "incident-4.5.0-rc7"
INCIDENT_NEXT = "incident-next-20160311"

SHARED = Path(__file__).parent.parent.parent / "shared"
"""Facts and logs that lie beside the project on development machines only."""


def open_shipped(name: str) -> ObservedTimeline:
    """Open one of the incident's two imported logs."""
    return open_observed(DATA / f"{name}.mmtrace")


@pytest.fixture(params=[INCIDENT_RC7, INCIDENT_NEXT])
def incident(request: pytest.FixtureRequest) -> Iterator[ObservedTimeline]:
    with open_shipped(request.param) as timeline:
        yield timeline


@pytest.fixture
def rc7() -> Iterator[ObservedTimeline]:
    with open_shipped(INCIDENT_RC7) as timeline:
        yield timeline


@pytest.fixture
def linux_next() -> Iterator[ObservedTimeline]:
    with open_shipped(INCIDENT_NEXT) as timeline:
        yield timeline


def incident_text(name: str) -> bytes:
    """Return one of the incident's logs as the kernel printed it."""
    with open_shipped(name) as timeline:
        return b"".join(timeline.text())


@pytest.fixture
def incident_logs(tmp_path: Path) -> dict[str, Path]:
    """The two logs as text files."""
    paths = {}
    for name in (INCIDENT_RC7, INCIDENT_NEXT):
        paths[name] = tmp_path / f"{name}.log"
        paths[name].write_bytes(incident_text(name))
    return paths


@pytest.fixture
def incident_trace() -> bytes:
    """The bytes of a shipped recording."""
    return (DATA / f"{INCIDENT_RC7}.mmtrace").read_bytes()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user whose folders are empty."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def shared(*parts: str) -> Path:
    """Return a path under ../shared, or skip the test where it is missing."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    return path
