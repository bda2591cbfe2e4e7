"""Compares two recordings of any kind."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.comparison import Comparison, Setting
from mmplay.recordings.compare.aligning import START, aligned
from mmplay.recordings.compare.dumps import first_dump
from mmplay.recordings.compare.runs import Parted, part, settings_of
from mmplay.recordings.compare.values import first_times, series, table, tally
from mmplay.recordings.recording import Recording
from mmplay.recordings.session.session import BROKEN
from mmplay.recordings.session.timeline import SessionTimeline
from mmplay.recordings.trace.format import TraceError

COLUMNS = 120


def _never() -> bool:
    return False


def compare(
    a: Recording,
    b: Recording,
    align: str = START,
    columns: int = COLUMNS,
    stopped: Callable[[], bool] = _never,
) -> Comparison:
    """Return where two recordings part and what they come to.

    `align` is start, oom, marker:NAME or seconds; the series have `columns` values. `stopped` is
    asked now and then whether to give up. Raises InputError for a moment that one does not have,
    or when stopped. Both recordings are looked at, never changed.
    """
    alignment = aligned(a, b, align)
    settings: tuple[Setting, ...] = ()
    if isinstance(a, SessionTimeline) and isinstance(b, SessionTimeline):
        settings = settings_of(a.session, b.session)
        try:
            parted = part(a.session, b.session, stopped)
        except BROKEN as error:
            raise TraceError(f"{a.name}, {b.name}: cannot be made again: {error}") from None
        same: int | None = parted.turn - max(a.session.first, b.session.first)
    else:
        parted, same = Parted(first_dump(a, b, alignment), None, 0), None
    rows = table(a, b, alignment)
    return Comparison(
        a_name=a.name,
        b_name=b.name,
        settings=settings,
        first=parted.first,
        then=parted.then,
        same_turns=same,
        alignment=alignment,
        rows=rows,
        firsts=first_times(a, b, alignment),
        tally=tally(rows),
        series=series(a, b, alignment, columns),
    )
