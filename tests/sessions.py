"""Sessions for tests: the incident's run, kept in memory."""

from __future__ import annotations

import io
from typing import Any

from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import session_header
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.writer import TraceWriter
from tests.engine.sim.machines import incident

INCIDENT_START_NS = 59_562_581_000


def session(until_ns: int = 0, variant: str = "atomic", kernel: str = "4.5-rc7") -> Session:
    """Return a session of the incident's machine, run until a time."""
    one = Session(
        incident(variant, kernel), session_header("incident", start="incident", variant=variant)
    )
    one.advance(until_ns=until_ns)
    return one


def incident_run(until_ns: int, variant: str = "atomic") -> SessionTimeline:
    """Return the timeline of such a session."""
    return SessionTimeline(session(until_ns, variant))


class Recorded:
    """A session that writes its trace into memory; `data()` ends it and returns the bytes."""

    def __init__(
        self,
        variant: str = "atomic",
        kernel: str = "4.5-rc7",
        more: dict[str, Any] | None = None,
    ) -> None:
        header = session_header(
            "incident", **{"start": "incident", "variant": variant, **(more or {})}
        )
        self.stream = Kept()
        self.session = Session(incident(variant, kernel), header, TraceWriter(self.stream, header))

    def data(self) -> bytes:
        """End the recording and return its bytes."""
        self.session.finish()
        return self.stream.kept


class Kept(io.BytesIO):
    """Keeps its bytes when it is closed."""

    kept = b""

    def close(self) -> None:
        if not self.closed:
            self.kept = self.getvalue()
        super().close()
