"""What stands before the kernel's text: time stamp, syslog header, caller id, quote marks.

Every prefix is kept as it came; only its time and its caller id are read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_QUOTE = r"(?:(?:> ?)+| +)?(?:<[0-9]{1,3}>)?"


class _Patterns(NamedTuple):
    """The regular expressions, compiled when the first prefix is read."""

    stamp: re.Pattern[str]
    wall: tuple[re.Pattern[str], ...]
    bare_quote: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    wall = (
        rf"(?P<month>[A-Z][a-z]{{2}}) +(?P<day>[0-9]{{1,2}}) {_CLOCK} (?:[^ ]+ )?kernel: ",
        rf"[0-9]{{4}}-(?P<mon>[0-9]{{2}})-(?P<day>[0-9]{{2}})T{_CLOCK}"
        r"(?:[.,](?P<frac>[0-9]{1,6}))?[0-9]*(?:Z|[+-][0-9]{2}:?[0-9]{2})? (?:[^ ]+ )?kernel: ",
        rf"\[[^ \]]{{2,4}} (?P<month>[^ \]]{{3,4}}) +(?P<day>[0-9]{{1,2}}) {_CLOCK} [0-9]{{4}}\] ",
        r"\[ *\+[0-9]+\.[0-9]{6}\] ",
        r"kernel: ",
    )
    return _Patterns(
        stamp=re.compile(
            r"(?P<before>.{0,160}?)\[ *(?P<seconds>[0-9]{1,10})\.(?P<micros>[0-9]{6})\]"
            r"(?P<caller>\[ *[TC][0-9]+\])?(?: (?:[^ ]+ )?kernel:)?(?: |$)",
            re.DOTALL,
        ),
        wall=tuple(re.compile(_QUOTE + pattern) for pattern in wall),
        bare_quote=re.compile(r"(?:> ?)+|<[0-9]{1,3}>"),
    )


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS_BEFORE = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
"""Days of the year before each month, leap day counted: only differences matter."""

SECOND_US = 1_000_000


class Prefix(NamedTuple):
    """What stood before the text. `time_us` counts from boot, or from 1 January if `wall`.

    `plain` tells a prefix that printk itself writes, `[   59.562581] `: its text follows from its
    time. `caller` is printk's caller id (T123, C0), or empty.
    """

    text: str
    time_us: int | None = None
    wall: bool = False
    caller: str = ""
    plain: bool = False


NO_PREFIX = Prefix("")


def stamp(time_us: int) -> str:
    """Return printk's time stamp, with its brackets and the blank behind it."""
    return f"[{time_us // SECOND_US:5d}.{time_us % SECOND_US:06d}] "


def split_prefix(line: str) -> tuple[Prefix, str]:
    """Return what stands before the kernel's text, and the text."""
    patterns = _patterns()
    found = patterns.stamp.match(line)
    if found is not None:
        return _stamped(found), line[found.end() :]
    for pattern in patterns.wall:
        found = pattern.match(line)
        if found is not None:
            return Prefix(found.group(), _wall_time(found), wall=True), line[found.end() :]
    found = patterns.bare_quote.match(line)
    if found is not None:
        return Prefix(found.group()), line[found.end() :]
    return NO_PREFIX, line


def _stamped(found: re.Match[str]) -> Prefix:
    time_us = int(found["seconds"]) * SECOND_US + int(found["micros"])
    text = found.group()
    caller = (found["caller"] or "")[1:-1].strip()
    return Prefix(text, time_us, caller=caller, plain=text == stamp(time_us))


def _wall_time(found: re.Match[str]) -> int | None:
    parts = found.groupdict()
    if parts.get("hour") is None:
        return None
    month = _month(parts)
    if month is None:
        return None
    days = DAYS_BEFORE[month] + int(parts["day"]) - 1
    clock = (days * 24 + int(parts["hour"])) * 60 + int(parts["minute"])
    fraction = (parts.get("frac") or "").ljust(6, "0")
    return (clock * 60 + int(parts["second"])) * SECOND_US + int(fraction)


def _month(parts: dict[str, str | None]) -> int | None:
    if parts.get("mon"):
        month = int(parts["mon"] or 0) - 1
        return month if 0 <= month < len(MONTHS) else None
    name = (parts.get("month") or "")[:3]
    return MONTHS.index(name) if name in MONTHS else None


def stored_prefix(prefix: Prefix) -> int | str:
    """Return how a trace stores a prefix: the time of a plain one, the text of any other."""
    return prefix.time_us if prefix.plain and prefix.time_us is not None else prefix.text


def restored_prefix(stored: int | str) -> Prefix:
    """Return the prefix that `stored_prefix` stored."""
    if isinstance(stored, int):
        return Prefix(stamp(stored), stored, plain=True)
    found = split_prefix(stored)[0]
    return found._replace(text=stored, plain=found.plain and found.text == stored)
