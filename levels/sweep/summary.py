"""What the runs of a sweep come to, a row a setting, and the question that it answers.

Numbers are given as least, median and most of the runs. A share of runs has Wilson's interval: the
shares that such a count does not rule out at 95 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import median_low
from typing import NamedTuple

from mmplay.levels.sweep.levers import Setting
from mmplay.levels.sweep.runs import Numbers

Z_95 = 1.959964


class Range(NamedTuple):
    """Least, median (the lower one of two) and most of a number in the runs."""

    least: int
    median: int
    most: int


class Share(NamedTuple):
    """`some` of `runs`, and the least and most share in per mille that this does not rule out."""

    some: int
    runs: int
    low: int
    high: int


class Row(NamedTuple):
    """All runs of one setting; `won` is None where nothing can be won."""

    setting: Setting
    failed: Share
    failures: Range
    stalls: Range
    lowest: tuple[tuple[str, Range], ...]
    watched: tuple[Range, ...]
    won: Share | None


def row_of(setting: Setting, runs: Sequence[Numbers]) -> Row:
    """Return the row of a setting's runs, of which there is one at least."""
    won = [one.won for one in runs if one.won is not None]
    return Row(
        setting,
        failed=wilson(sum(one.failures > 0 for one in runs), len(runs)),
        failures=range_of(one.failures for one in runs),
        stalls=range_of(one.stalls for one in runs),
        lowest=_lowest(runs),
        watched=tuple(map(range_of, zip(*(one.watched for one in runs), strict=True))),
        won=wilson(sum(won), len(won)) if won else None,
    )


def _lowest(runs: Sequence[Numbers]) -> tuple[tuple[str, Range], ...]:
    names = dict.fromkeys(name for one in runs for name, _ in one.lowest)
    lowest = [dict(one.lowest) for one in runs]
    return tuple((name, range_of(one[name] for one in lowest if name in one)) for name in names)


def range_of(numbers: Iterable[int]) -> Range:
    """Return least, median and most of one number or more."""
    some = sorted(numbers)
    return Range(some[0], median_low(some), some[-1])


def wilson(count: int, runs: int) -> Share:
    """Return Wilson's score interval of a share at 95 %, rounded outwards to whole per mille."""
    share, square = count / runs, Z_95 * Z_95
    middle = share + square / (2 * runs)
    reach = Z_95 * sqrt(share * (1 - share) / runs + square / (4 * runs * runs))
    low, high = ((middle + sign * reach) / (1 + square / runs) for sign in (-1, 1))
    return Share(count, runs, max(0, int(low * 1000)), min(1000, -int(-high * 1000 // 1)))


class Smallest(NamedTuple):
    """Which value of the only number that was swept is the smallest without a failed run.

    `row` is None where every value failed. `below` is the next smaller value that was tried, and
    `again` the larger ones that failed nevertheless.
    """

    key: str
    row: Row | None
    below: Row | None
    again: tuple[Row, ...]


def smallest_without_failure(rows: Sequence[Row]) -> Smallest | None:
    """Answer which value is the smallest without a failed run; None unless one number was swept."""
    if len(rows) < 2 or any(len(row.setting) != 1 for row in rows):
        return None
    if not all(number_of(row) is not None for row in rows):
        return None
    rising = sorted(rows, key=lambda row: number_of(row) or 0)
    key = rising[0].setting[0].key
    at = next((n for n, row in enumerate(rising) if not row.failed.some), None)
    if at is None:
        return Smallest(key, None, None, ())
    again = tuple(row for row in rising[at + 1 :] if row.failed.some)
    return Smallest(key, rising[at], rising[at - 1] if at else None, again)


def number_of(row: Row) -> int | None:
    """Return the number that the row's first key has; None for a word."""
    text = row.setting[0].value
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
