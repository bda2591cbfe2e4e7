"""The sort of an event: what all events of one group share, whoever asked and when.

That is the kind, the rules, the order, the mask and the inequality that decided, in names.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.errors import shortened
from mmplay.engine.explain.diagnose import Diagnosis
from mmplay.engine.explain.finding import said, symbolic
from mmplay.engine.explain.headline import (
    LONGEST,
    MASKS,
    NO_REQUEST,
    decided,
    mask_names,
)
from mmplay.engine.explain.verdict import Judgement, Outcome, Status
from mmplay.engine.explain.words import WORDS
from mmplay.engine.report import TITLES, Report, ReportKind


class Sort(NamedTuple):
    """What all events of one group share. `gate` is the inequality that decided, in names."""

    kind: ReportKind
    rules: str | None
    order: int | None
    mask: str | None
    outcome: str
    zone: str | None = None
    mark: str | None = None
    gate: str | None = None


def sort_of(report: Report, diagnosis: Diagnosis) -> Sort:
    """Return the sort of an event; who asked and when makes no difference."""
    request, kernel = report.request or NO_REQUEST, diagnosis.kernel
    rules = kernel.name if kernel else None
    first = (report.kind, rules, request.order, mask_names(request, kernel))
    look = decided(diagnosis)
    if look is None:
        return Sort(*first, *_undecided(report, diagnosis.judgement))
    mark = "the last look" if look.caller.mark == "high" else look.caller.mark
    sign = "<=" if look.outcome is Outcome.REFUSED else ">"
    # There is a boost now and then only: the rule is the same without it.
    floor = symbolic(look.floor).replace(WORDS["unboosted"].symbol, WORDS["min"].symbol)
    gate = f"{symbolic(look.free)} {sign} {floor}"
    return Sort(*first, look.outcome, look.test.zone.name, mark, gate)


def _undecided(report: Report, judgement: Judgement) -> tuple[str, ...]:
    """Return why no inequality decided, and what is missing in the place of a zone."""
    if report.kind is ReportKind.DUMP:
        return ("dump",)
    if judgement.status is Status.NONE:
        return ("missing", judgement.missing[0]) if judgement.missing else ("none",)
    if judgement.outcome is Outcome.LIMIT:
        return ("limit",)
    return (judgement.status if judgement.status in UNDECIDED else "none",)


UNDECIDED = frozenset({Status.NOT_ASKED, Status.OPEN})


def sort_words(sort: Sort) -> str:
    """Return what happened to all of a sort, in one line of at most LONGEST characters."""
    about = [] if sort.order is None else [f"order {sort.order}"]
    if sort.mask is not None:
        about.append(shortened(sort.mask, MASKS[0]))
    text = said(
        f"sort.{sort.outcome}",
        event=", ".join([TITLES[sort.kind], *about]),
        zone=sort.zone,
        mark=sort.mark,
        gate=sort.gate,
    )
    return shortened(text, LONGEST)
