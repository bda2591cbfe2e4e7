"""Clock times as logs write them: months in many languages, dates, seconds; without a time zone.

A clock time with its year counts from 1 January 1970. One without counts from 1 January of a year
that nobody knows, which is always less than YEARLESS_US.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import NamedTuple

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
YEARLESS_US = 366 * DAY_US
"""Clock times below this say no year; a new year that they pass adds this much."""

YEARS = 9
"""So many years without a number are told from years with one: nobody has logs of the seventies."""

DAYS_BEFORE = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
"""Days of the year before each month, leap day counted."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

OTHER_MONTHS = (
    "jän feb mär apr mai jun jul aug sep okt nov dez",
    "jan. févr. mars avril mai juin juil. août sept. oct. nov. déc.",
    "janv. fév. mar. avr. mai. jui. juil aoû sep. oct nov dec.",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "jan feb mars april mai juni juli aug. sep. okt. nov. des.",
    "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "led úno bře dub kvě čen čec srp zář říj lis pro",
    "jan febr márc ápr máj jún júl aug szept okt nov dec",
    "ian feb mar apr mai iun iul aug sep oct noi dec",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "січ лют бер кві тра чер лип сер вер жов лис гру",
    "oca şub mar nis may haz tem ağu eyl eki kas ara",
    "ιαν φεβ μαρ απρ μαΐ ιουν ιουλ αυγ σεπ οκτ νοε δεκ",
    "ינו פבר מרץ אפר מאי יונ יול אוג ספט אוק נוב דצמ",
)
"""How other languages shorten them, as far as a name is that of one month alone."""


@cache
def _months() -> dict[str, int]:
    table = {name.casefold(): number for number, name in enumerate(MONTHS)}
    for row in OTHER_MONTHS:
        for number, name in enumerate(row.split()):
            table.setdefault(name.rstrip("."), number)
    return table


_NUMBERED = re.compile(r"([1-9][0-9]?)[^0-9]?")
_SHORT = 3


def month_of(name: str) -> int | None:
    """Return the month, from 0, of a name in some language or of a number (`3月`); else None."""
    bare = name.casefold().rstrip(".")
    numbered = _NUMBERED.fullmatch(bare)
    if numbered is not None:
        number = int(numbered[1]) - 1
        return number if number < len(MONTHS) else None
    return _months().get(bare, _months().get(bare[:_SHORT]))


class Clock(NamedTuple):
    """A moment as a clock shows it; `year` is None where it is not written. Months from 0."""

    year: int | None
    month: int
    day: int
    hour: int
    minute: int
    second: int = 0
    micros: int = 0

    @property
    def time_us(self) -> int:
        """The moment in microseconds, as the module says."""
        if self.year is None:
            days = DAYS_BEFORE[self.month] + self.day - 1
        else:
            days = days_since_1970(self.year, self.month, self.day)
        minutes = (days * 24 + self.hour) * 60 + self.minute
        return (minutes * 60 + self.second) * SECOND_US + self.micros


def days_since_1970(year: int, month: int, day: int) -> int:
    """Return the days from 1 January 1970 to a date of the Gregorian calendar; months from 0."""
    # Years begin in March here, so that the leap day is the last one of a year.
    shifted_year, shifted_month = year - (month < 2), (month + 10) % 12
    era, of_era = divmod(shifted_year, 400)
    of_year = (153 * shifted_month + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def date_of(days: int) -> tuple[int, int, int]:
    """Return year, month (from 0) and day, so many days after 1 January 1970."""
    era, of_era = divmod(days + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted_month + 2) // 5 + 1
    month = (shifted_month + 2) % 12
    return era * 400 + year_of_era + (month < 2), month, day


def clock_text(time_us: int) -> str:
    """Return a clock time to be read: `2025-12-31 23:59:59`, or `Dec 31 23:59:59` without a year.

    A fraction of a second follows only where the log has one.
    """
    days, rest = divmod(time_us, DAY_US)
    seconds, micros = divmod(rest, SECOND_US)
    minutes, second = divmod(seconds, 60)
    fraction = f".{micros:06d}" if micros else ""
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}{fraction}"
    if time_us < YEARS * YEARLESS_US:
        month, day = _yearless_date(days % 366)
        return f"{MONTHS[month]} {day:2d} {clock}"
    year, month, day = date_of(days)
    return f"{year:04d}-{month + 1:02d}-{day:02d} {clock}"


def _yearless_date(days: int) -> tuple[int, int]:
    month = bisect_right(DAYS_BEFORE, days) - 1
    return month, days - DAYS_BEFORE[month] + 1
