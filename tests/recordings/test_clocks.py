"""Clock times: dates back and forth, months of other languages, and years that count."""

import json
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
from tests.recordings.imported_logs import imported


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


def test_a_new_year_without_a_number_is_counted() -> None:
    failure = "db1 kernel: a: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)"
    log = f"Dec 31 23:59:59 {failure}\nJan  1 00:00:05 {failure}\nJan  1 00:00:06 {failure}\n"
    timeline = imported(log.encode())
    assert len(timeline.boots) == 1
    times = [timeline.frame(n).time_us or 0 for n in range(3)]
    assert [later - times[0] for later in times] == [0, 6_000_000, 7_000_000]
    assert clock_text(times[1]) == "Jan  1 00:00:05"
    assert b"".join(timeline.text()) == log.encode()


def test_a_journal_s_record_says_when_and_who() -> None:
    failure = "a: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)"
    record = (
        "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1767225605000000\n__MONOTONIC_TIMESTAMP=5000000\n"
        "_TRANSPORT={who}\nSYSLOG_IDENTIFIER={who}\nMESSAGE=" + failure + "\n_HOSTNAME=db1\n\n"
    )
    timeline = imported((record.format(who="kernel") + record.format(who="detector")).encode())
    assert [timeline.frame(n).time_us for n in range(len(timeline))] == [5_000_000]
    pretty = json.dumps({"__REALTIME_TIMESTAMP": "1767225605000000", "MESSAGE": failure}, indent=4)
    frame = imported(f"{pretty}\n".encode()).frame(0)
    assert (clock_text(frame.time_us or 0), frame.wall) == ("2026-01-01 00:00:05", True)
    quoted = json.dumps({"MESSAGE": failure, "SYSLOG_IDENTIFIER": "detector"}, indent=4)
    assert len(imported(f"{quoted}\n".encode())) == 0
    size = len(failure).to_bytes(8, "little")
    binary = b"__MONOTONIC_TIMESTAMP=5000000\nMESSAGE\n" + size + failure.encode() + b"\n\n"
    assert imported(binary).frame(0).time_us == 5_000_000
    verbose = f"Thu 2026-01-01 00:00:05.000000 UTC [s=1;i=2]\n    _PID=1\n    MESSAGE={failure}\n"
    frame = imported(verbose.encode()).frame(0)
    assert (clock_text(frame.time_us or 0), frame.wall) == ("2026-01-01 00:00:05", True)


def test_without_a_year_the_text_names_none() -> None:
    last = Clock(None, 11, 31, 23, 59, 59).time_us
    assert last < YEARLESS_US
    assert clock_text(last) == "Dec 31 23:59:59"
    assert clock_text(59 * DAY_US + 1) == "Feb 29 00:00:00.000001"
