"""A played run, and what verify says of its bytes."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from mmplay.recordings.run.verify import verify_stream
from mmplay.recordings.run.witness import Verdict
from tests.sessions import Recorded

SECOND = 1_000_000_000


@lru_cache(maxsize=1)
def played() -> bytes:
    """A played run: acts, one of them undone, a report, marks before and after, two stops."""
    recorded = Recorded()
    run = recorded.session
    run.advance(turns=1000)
    run.act("wb_mask", "nowait")
    run.act("sysrq_m", "")
    run.mark(400, "early", "set later")
    run.advance(turns=900)
    run.act("dirty_ratio", "10")
    run.advance(turns=300)
    run.undo()
    run.act("sysrq_f", "")
    run.reached()
    run.advance(turns=400)
    run.mark(run.end, "late", "")
    return recorded.data()


def checked(data: bytes) -> Verdict:
    return verify_stream(io.BytesIO(data), "played")


def sealed(change: dict[str, Any], variant: str = "atomic") -> Verdict:
    """Return what verify says of a run that was written with a forged header, digests and all."""
    recorded = Recorded(variant, more=change)
    recorded.session.advance(turns=300)
    return checked(recorded.data())
