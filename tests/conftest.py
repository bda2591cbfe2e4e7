"""What several tests need: the two logs of the mail, read from the recordings that ship."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from mmplay.recordings.library import DATA
from mmplay.recordings.observed import ObservedTimeline, open_observed

# How long an example takes says something about the machine, not about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

MAIL_RC7 = "mail-4.5.0-rc7"
MAIL_NEXT = "mail-next-20160311"

SHARED = Path(__file__).parent.parent.parent / "shared"
"""Facts and logs that lie beside the project on development machines only."""


def open_shipped(name: str) -> ObservedTimeline:
    """Open one of the mail's two imported logs."""
    return open_observed(DATA / f"{name}.mmtrace")


@pytest.fixture(params=[MAIL_RC7, MAIL_NEXT])
def mail(request: pytest.FixtureRequest) -> Iterator[ObservedTimeline]:
    with open_shipped(request.param) as timeline:
        yield timeline


@pytest.fixture
def rc7() -> Iterator[ObservedTimeline]:
    with open_shipped(MAIL_RC7) as timeline:
        yield timeline


@pytest.fixture
def linux_next() -> Iterator[ObservedTimeline]:
    with open_shipped(MAIL_NEXT) as timeline:
        yield timeline


def mail_text(name: str) -> bytes:
    """Return one of the mail's logs as the kernel printed it."""
    with open_shipped(name) as timeline:
        return b"".join(timeline.text())


@pytest.fixture
def mail_logs(tmp_path: Path) -> dict[str, Path]:
    """The two logs as text files."""
    paths = {}
    for name in (MAIL_RC7, MAIL_NEXT):
        paths[name] = tmp_path / f"{name}.log"
        paths[name].write_bytes(mail_text(name))
    return paths


@pytest.fixture
def mail_trace() -> bytes:
    """The bytes of a shipped recording."""
    return (DATA / f"{MAIL_RC7}.mmtrace").read_bytes()


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
