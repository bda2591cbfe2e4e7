"""Clock times: dates back and forth, months of other languages, and years that count."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.recordings.log.clocks import (
    DAY_US,
    YEARLESS_US,
    Clock,
    clock_text,
    date_of,
    days_since_1970,
    month_of,
)


@given(st.dates(date(1600, 1, 1), date(2400, 12, 31)))
def test_dates_count_as_the_calendar_does(day: date) -> None:
    days = (day - date(1970, 1, 1)).days
    assert days_since_1970(day.year, day.month - 1, day.day) == days
    assert date_of(days) == (day.year, day.month - 1, day.day)


@pytest.mark.parametrize(
    ("name", "month"),
    [
        *(("Jan", 0), ("Mär", 2), ("déc.", 11), ("12月", 11), ("3月", 2), ("май", None)),
        *(("мая", 4), ("Ağu", 7), ("13月", None), ("???", None), ("Dez", 11)),
    ],
)
def test_months(name: str, month: int | None) -> None:
    assert month_of(name) == month


def test_a_year_that_is_written_counts() -> None:
    last = Clock(2025, 11, 31, 23, 59, 59).time_us
    first = Clock(2026, 0, 1, 0, 0, 5).time_us
    assert first - last == 6_000_000
    assert (clock_text(last), clock_text(first)) == ("2025-12-31 23:59:59", "2026-01-01 00:00:05")


def test_without_a_year_the_text_names_none() -> None:
    last = Clock(None, 11, 31, 23, 59, 59).time_us
    assert last < YEARLESS_US
    assert clock_text(last) == "Dec 31 23:59:59"
    assert clock_text(59 * DAY_US + 1) == "Feb 29 00:00:00.000001"
