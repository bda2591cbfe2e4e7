"""The verdict on a request: what every set of rules that may apply says, and whether they agree.

Where it is open which rules a kernel follows, all of them are asked. If they agree, the verdict is
exact; if not, each stands as a candidate, with what would decide between them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """How sure the verdict is; NOT_ASKED where no watermark was tested."""

    EXACT = "exact"
    OPEN = "open"
    NONE = "none"
    NOT_ASKED = "not_asked"


class Outcome(StrEnum):
    """What stopped the request.

    SKEW: the printed numbers would let it pass, so they changed before they were printed.
    """

    REFUSED = "refused"
    NO_BLOCK = "no_block"
    SKEW = "skew"
    LIMIT = "limit"


class ZoneVerdict(NamedTuple):
    """The deciding test in one zone: pages that count as free, the floor, the mark by its name."""

    zone: str
    node: int
    free: int | None
    floor: int | None
    mark: str
    verdict: str


class Candidate(NamedTuple):
    """What one set of rules says; `zones` are those that the request was allowed to use."""

    rules: str
    outcome: Outcome | None
    zones: tuple[ZoneVerdict, ...]


class Judgement(NamedTuple):
    """The verdict. `skew_pages` is by how much a zone passes; `missing` names lines that lack.

    `decided_by` says what would decide between the candidates; there is one candidate where all
    rules agree.
    """

    status: Status
    outcome: Outcome | None = None
    skew_pages: int | None = None
    missing: tuple[str, ...] = ()
    decided_by: str | None = None
    candidates: tuple[Candidate, ...] = ()


NO_VERDICT = Judgement(Status.NONE)
