"""What `mmplay sweep` prints: a table, its columns as data, and the question that it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmplay.engine.errors import how_many
from mmplay.levels.sweep.runs import (
    Range,
    Row,
    Share,
    Smallest,
    Subject,
    number_of,
    smallest_without_failure,
)

HEAD = (
    "numbers are least/median/most of the runs; failed: runs with a refused request, and the",
    "shares that this count does not rule out (Wilson's interval, 95 %)",
)
ONE_RUN = "one run of each setting, with seed 1; failed: whether a request was refused"
LOST_EARLY = "A lost run ends where it is lost: compare failures of won runs only."
ALIKE = "no frames arrive on this machine, so no seed changes anything: one run of each setting"


def as_lines(subject: Subject, rows: Sequence[Row], random: bool) -> list[str]:
    """Return the table, and what follows from it."""
    if not rows:
        return []
    keys = ", ".join(one.key for one in rows[0].setting)
    runs = rows[0].failed.runs
    many = [f"{subject.name}: {keys}; {runs} runs of each setting, seeds 1 to {runs}", *HEAD]
    one = [f"{subject.name}: {keys}; {ONE_RUN}"]
    alike = [f"{subject.name}: {keys}", ALIKE]
    head = alike if not random else many if runs > 1 else one
    return [*head, "", *_table([_cells(subject, row) for row in rows]), "", *_conclusions(rows)]


def _cells(subject: Subject, row: Row) -> dict[str, str]:
    won = {} if row.won is None else {"won": _share(row.won)}
    return {
        **{one.key: one.value for one in row.setting},
        "failed": _share(row.failed),
        "failures": _range(row.failures),
        "stalls": _range(row.stalls),
        **{f"lowest {name}": _range(one) for name, one in row.lowest},
        **{name: _range(one) for name, one in zip(subject.watched, row.watched, strict=True)},
        **won,
    }


def _table(rows: list[dict[str, str]]) -> Iterator[str]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    widths = [max(len(name), *(len(row.get(name, "")) for row in rows)) for name in names]
    yield "  ".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
    for row in rows:
        cells = zip(names, widths, strict=True)
        yield "  ".join(f"{row.get(name, ''):>{width}}" for name, width in cells)


def _range(one: Range) -> str:
    return str(one.least) if one.least == one.most else f"{one.least}/{one.median}/{one.most}"


def _share(one: Share) -> str:
    if one.runs == 1:
        return "yes" if one.some else "no"
    return f"{one.some} of {one.runs} ({_percent(one.low)}-{_percent(one.high)} %)"


def _percent(per_mille: int) -> str:
    whole, tenth = divmod(per_mille, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


# what follows


def _conclusions(rows: Sequence[Row]) -> Iterator[str]:
    if len(rows) > 1 and len({row[1:] for row in rows}) == 1:
        yield f"No value changed anything: nothing in these runs depends on {_keys(rows)}."
        return
    if rows[0].won is not None:
        yield LOST_EARLY
        return
    found = smallest_without_failure(rows)
    if found is not None:
        yield from _smallest(found, rows)


def _keys(rows: Sequence[Row]) -> str:
    return " and ".join(one.key for one in rows[0].setting)


def _smallest(found: Smallest, rows: Sequence[Row]) -> Iterator[str]:
    if found.row is None:
        fewest = min(rows, key=lambda row: (row.failed.some / row.failed.runs, row.failures.median))
        yield f"Requests were refused with every {found.key} that was tried."
        yield f"The fewest refusals: {fewest.failures.median} (median), {_of(fewest)} failed."
        return
    runs = found.row.failed.runs
    some = "the run" if runs == 1 else f"{runs} runs"
    yield f"The smallest {found.key} with 0 failures in {some} is {number_of(found.row)}."
    if found.below is not None:
        yield f"The next smaller value failed: {_of(found.below)}."
    else:
        yield "It is the smallest value that was tried: try smaller ones."
    if found.again:
        yield f"Larger is not safer here: {'; '.join(map(_of, found.again))}."
    if runs > 1:
        most = _percent(found.row.failed.high)
        yield f"0 failures in {runs} runs do not rule out that up to {most} % of all runs fail."


def _of(row: Row) -> str:
    share, number = row.failed, number_of(row)
    if share.runs == 1:
        return f"{how_many(row.failures.most, 'failures')} with {number}"
    return f"{share.some} of {share.runs} runs with {number}"


# as data


def as_columns(subject: Subject, row: Row) -> dict[str, str | int]:
    """Return a row of the CSV by its columns; shares are in per mille."""
    found: dict[str, str | int] = {one.key: one.value for one in row.setting}
    found |= {"runs": row.failed.runs, "failed_runs": row.failed.some}
    found |= {"failed_low_per_mille": row.failed.low, "failed_high_per_mille": row.failed.high}
    if row.won is not None:
        found["won_runs"] = row.won.some
    for name, one in _ranges(subject, row).items():
        found |= {f"{name}_{what}": number for what, number in one._asdict().items()}
    return found


def row_json(subject: Subject, row: Row) -> dict[str, object]:
    """Return a row as plain data; shares are in per mille."""
    return {
        "set": {one.key: one.value for one in row.setting},
        "failed": row.failed._asdict(),
        "won": None if row.won is None else row.won._asdict(),
        **{name: one._asdict() for name, one in _ranges(subject, row).items()},
    }


def _ranges(subject: Subject, row: Row) -> dict[str, Range]:
    return {
        "failures": row.failures,
        "stalls": row.stalls,
        **{f"lowest_{name}": one for name, one in row.lowest},
        **dict(zip(subject.watched, row.watched, strict=True)),
    }
