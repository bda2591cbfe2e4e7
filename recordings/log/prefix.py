"""What stands before the kernel's text: time stamps, syslog headers, levels, caller id, quotes.

A prefix is a row of pieces in any order, some twice, as one tool after the other wrote them. Every
prefix is kept as it came; only its time and its caller id are read, and whose words follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

from mmplay.recordings.log.clocks import MONTHS, SECOND_US, YEARLESS_US, Clock, clock_text, month_of

MOST_PIECES = 12
"""No tools write more; a line of brackets would otherwise be taken apart for long."""


class Prefix(NamedTuple):
    """What stood before the text.

    `time_us` counts from boot, or, if `wall`, is a clock time as `recordings.log.clocks` says.
    `plain` tells a prefix that printk itself writes, `[   59.562581] `: its text follows from its
    time. `caller` is printk's caller id (T123, C0), or empty. `foreign` tells that a program other
    than the kernel said what follows: it may quote the kernel.
    """

    text: str
    time_us: int | None = None
    wall: bool = False
    caller: str = ""
    plain: bool = False
    foreign: bool = False


NO_PREFIX = Prefix("")

LAST_US = 10**16 - 1
"""The latest time that a stamp of ten digits can say."""


def stamp(time_us: int) -> str:
    """Return printk's time stamp, with its brackets and the blank behind it."""
    return f"[{time_us // SECOND_US:5d}.{time_us % SECOND_US:06d}] "


def bare_prefix(prefix: Prefix) -> Prefix:
    """Return a prefix that gives the same moment in the kernel's own words, and no name."""
    if prefix.time_us is None:
        return NO_PREFIX
    if prefix.wall:
        clock = clock_text(prefix.time_us)
        return split_prefix(f"{clock} kernel: ")[0]
    if prefix.caller:
        return split_prefix(f"{stamp(prefix.time_us).rstrip()}[{prefix.caller:>6}] ")[0]
    return Prefix(stamp(prefix.time_us), prefix.time_us, plain=True)


_LEVEL = "emerg|alert|crit|err|error|warn|warning|notice|info|debug"
_FACILITY = "kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7]"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_ISO = (
    rf"(?P<year>[0-9]{{4}})[-/](?P<month>[0-9]{{2}})[-/](?P<day>[0-9]{{2}})[T ]{_TIME}"
    r"(?:[.,](?P<frac>[0-9]{1,6})[0-9]*)?(?: ?Z| ?[+-][0-9]{2}:?[0-9]{2}| [A-Z]{3,4})?"
)
_HOST = r"[^\s:\[\]]{1,255}"
_LOOSE = re.compile(r"[ \t]*(?:(?:[>|#*-]|[0-9]{1,7}[:.)|]?)[ \t]+|[0-9]{1,7}[:.)|](?=[\[<A-Z]))*")
"""Quote marks, numbers of a pasted listing, indentation: taken off only before a piece."""
_QUOTE = re.compile(r"(?:> ?)+|<[0-9]{1,3}>")

DAEMONS = ("systemd-oomd", "earlyoom", "systemd")
"""Programs whose own words are read: they kill, or tell of it. Their tag is taken off."""

_PIECES = {
    "stamp": (
        r"\[ *(?P<s>[0-9]{1,10})\.(?P<us>[0-9]{6})(?: <[ 0-9.]{1,16}>)?\]"
        r"(?:\[ *(?P<caller>[TC][0-9]+)\])?(?: |$|(?=[A-Z]\[))",
        r"(?P<s>[0-9]{1,10})\.(?P<us>[0-9]{6})\](?P<caller>)(?: |$)",
        r"\[[0-9]{1,3}-(?P<s>[0-9]{1,10})\.(?P<us>[0-9]{4})\](?P<caller>)(?: |$)",
    ),
    "uptime_us": (r"[0-9]{1,6},[0-9]{1,20},(?P<us>[0-9]{1,16}),[^;]{0,40};",),
    "clock": (
        r"\[(?:[^ \]]{1,12} +)?(?P<name>[^ \]]{2,12}) +(?P<day>[0-9]{1,2})"
        rf" {_TIME} (?P<year>[0-9]{{4}})\](?: |$)",
        r"\[(?P<name>[^ \]0-9+]{3,5}|[0-9]{1,2}[^ \]0-9])(?P<day>[ 0-9][0-9])"
        r" (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})\](?: |$)",
        rf"(?:[A-Z][a-z]{{2}} )?{_ISO}(?:: ?| )?",
        rf"\[{_ISO}\]:? ?",
        rf"\[(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}}) {_TIME}(?:\.(?P<frac>[0-9]{{1,6}}))?\]"
        r"(?: |$)",
        rf"(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}}) {_TIME}\.(?P<frac>[0-9]{{3}})"
        r" +(?:\w+ +)?[0-9]+ +[0-9]+ [VDIWEF] [^:]{0,24}: ",
        r"(?P<unix>[0-9]{9,10})\.(?P<frac>[0-9]{6}) ",
    ),
    "syslog": (
        r"(?P<name>[^\s0-9:\[\]]{2,9}|[0-9]{1,2}[^\s0-9:\[\]]) +(?P<day>[0-9]{1,2})"
        rf" (?:(?P<year>[0-9]{{4}}) )?{_TIME}"
        r"(?:\.(?P<frac>[0-9]{1,6}))?(?: |$)",
    ),
    "kernel": (
        rf" *(?:{_HOST} +)?kernel(?:\[[0-9]{{1,7}}\])?: ",
        rf"{_HOST} kernel - - (?:-|\[[^\]]{{0,200}}\]) \ufeff?",
    ),
    "foreign": (
        rf" *(?:{_HOST} +)?(?:{'|'.join(DAEMONS)})(?:\[[0-9]{{1,7}}\])?: ",
        rf" *(?:{_HOST} +)?(?=[^\s:\[\]]{{1,48}}\[[0-9]{{1,7}}\]: )",
        rf"{_HOST} (?=[^\s]{{1,48}} (?:-|[0-9]+) [^\s]{{1,32}} (?:- |\[))",
        r"(?=[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2})",
    ),
    "other": (
        r"\[ *\+[0-9]+\.[0-9]{6}\](?: |$)",
        r"<[0-9]{1,3}>(?:1 (?=[0-9]{4}-))?",
        rf"(?:{_FACILITY}) *: ?(?:{_LEVEL}) *: ?",
        rf"[0-9A-Za-z.:_-]{{1,80}}: (?:{_FACILITY}): +(?:{_LEVEL}): (?=\[)",
        r"\*\* [0-9]{1,10} printk messages dropped \*\* ",
        r"In\([0-9]+\) vcpu-[0-9]+ - Guest: ",
        r"\[pod/[^ \]]{1,250}\] ",
        r"(?:stdout|stderr) [FP] ",
        r"\[?(?:[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4},?[ T]+)?[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
        r"(?:[.,][0-9]{1,9})?(?: ?[AP]M)?\]?:?(?: |$)",
        r" {0,2}-?\([0-9]{1,3}\)\[[0-9]{1,7}:[^\]]{1,15}\]",
        r" ?[A-Z]?\[[0-9]{1,3}: {1,16}[^\]]{1,16}: {0,6}[0-9]{1,7}\](?: |$)",
        r"(?:\[c[0-9]{1,3}\]|c[0-9]{1,3})(?: |$)",
        r"\[(?:code|quote|pre|spoiler|b)(?:=[^\]]{0,40})?\]",
        r" {0,8}MESSAGE=",
        r"[^\n]{0,2}\x00{6,7}",
    ),
}
"""What pieces look like, by what they say. A host follows a clock that syslog wrote."""

_UNKNOWN_BYTES = 160
"""What nobody has described may stand before a stamp of the kernel, but no more of it."""

_SYSLOG_HOST = re.compile(rf" *{_HOST} ")


class _Patterns(NamedTuple):
    """The regular expressions, compiled when the first prefix is read."""

    pieces: tuple[tuple[str, re.Pattern[str]], ...]
    far_stamp: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    pieces = tuple((kind, re.compile(text)) for kind, texts in _PIECES.items() for text in texts)
    return _Patterns(
        pieces, re.compile(rf".{{0,{_UNKNOWN_BYTES}}}?{_PIECES['stamp'][0]}", re.DOTALL)
    )


class _Reading:
    """A line whose prefix is read piece by piece; `at` is how far that is."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.at = 0
        self.kinds: set[str] = set()
        self.time_us: int | None = None
        self.clock_us: int | None = None
        self.caller = ""

    def pieces(self) -> None:
        """Take all pieces that follow."""
        for _ in range(MOST_PIECES):
            if "foreign" in self.kinds or not self._piece():
                return

    def _piece(self) -> bool:
        start = self.at
        if not self.kinds:
            loose = _LOOSE.match(self.line)
            start = loose.end() if loose is not None else 0
        for kind, pattern in _patterns().pieces:
            found = pattern.match(self.line, start)
            if found is not None:
                self.take(kind, found)
                return True
        return False

    def take(self, kind: str, found: re.Match[str]) -> None:
        """Take one piece."""
        self.kinds.add(kind)
        self.at = found.end()
        _TAKE.get(kind, _nothing)(self, found)

    def prefix(self) -> Prefix:
        """Return what was read."""
        text = self.line[: self.at]
        foreign = "foreign" in self.kinds
        if self.time_us is not None:
            plain = text == stamp(self.time_us)
            return Prefix(text, self.time_us, False, self.caller, plain, foreign)
        wall = not self.kinds.isdisjoint(_WALL)
        return Prefix(text, self.clock_us, wall, self.caller, foreign=foreign)


_WALL = frozenset({"clock", "syslog", "kernel"})


def _nothing(_reading: _Reading, _found: re.Match[str]) -> None:
    """Most pieces say neither when nor who."""


def _stamp(reading: _Reading, found: re.Match[str]) -> None:
    reading.time_us = int(found["s"]) * SECOND_US + int(found["us"].ljust(6, "0"))
    reading.caller = found["caller"] or reading.caller


def _uptime(reading: _Reading, found: re.Match[str]) -> None:
    reading.time_us = int(found["us"])


def _clock(reading: _Reading, found: re.Match[str]) -> None:
    if reading.clock_us is None or reading.clock_us < YEARLESS_US:
        moment = _moment(found.groupdict())
        reading.clock_us = reading.clock_us if moment is None else moment


def _syslog(reading: _Reading, found: re.Match[str]) -> None:
    _clock(reading, found)
    if any(tag.match(reading.line, reading.at) for tag in _tags()):
        return
    host = _SYSLOG_HOST.match(reading.line, reading.at)
    if host is not None:
        reading.at = host.end()


@cache
def _tags() -> tuple[re.Pattern[str], ...]:
    return tuple(pattern for kind, pattern in _patterns().pieces if kind in ("kernel", "foreign"))


_TAKE: dict[str, Callable[[_Reading, re.Match[str]], None]] = {
    "stamp": _stamp,
    "uptime_us": _uptime,
    "clock": _clock,
    "syslog": _syslog,
}


def split_prefix(line: str) -> tuple[Prefix, str]:
    """Return what stands before the kernel's text, and the text."""
    reading = _Reading(line)
    reading.pieces()
    if reading.kinds.isdisjoint(_NOTHING_BEFORE_A_STAMP):
        found = _patterns().far_stamp.match(line, reading.at)
        if found is not None:
            reading.take("stamp", found)
            reading.pieces()
    if reading.kinds:
        return reading.prefix(), line[reading.at :]
    quote = _QUOTE.match(line)
    if quote is not None:
        return Prefix(quote.group()), line[quote.end() :]
    return NO_PREFIX, line


_NOTHING_BEFORE_A_STAMP = frozenset({"stamp", "uptime_us", "kernel", "foreign"})


def _moment(parts: dict[str, str | None]) -> int | None:
    """Return the clock time that a piece shows; None for a month that nobody knows."""
    micros = int((parts.get("frac") or "").ljust(6, "0"))
    if parts.get("unix"):
        return int(parts["unix"] or 0) * SECOND_US + micros
    name = parts.get("name")
    month = month_of(name) if name else int(parts["month"] or 0) - 1
    if month is None or not 0 <= month < len(MONTHS):
        return None
    year = parts.get("year")
    hour, minute, second, day = (
        int(parts.get(name) or 0) for name in ("hour", "minute", "second", "day")
    )
    return Clock(int(year) if year else None, month, day, hour, minute, second, micros).time_us


Stored = int | str | list[Any]


def stored_prefix(prefix: Prefix) -> Stored:
    """Return how a trace stores a prefix: the time of a plain one, the text of any other.

    One whose text does not say all of it is stored as a list of its fields.
    """
    if prefix.plain and prefix.time_us is not None:
        return prefix.time_us
    if restored_prefix(prefix.text) == prefix:
        return prefix.text
    return [prefix.text, prefix.time_us, prefix.wall, prefix.caller, prefix.foreign]


def restored_prefix(stored: Stored) -> Prefix:
    """Return the prefix that `stored_prefix` stored; raises ValueError for what it never did."""
    if isinstance(stored, int):
        return Prefix(stamp(stored), stored, plain=True)
    if isinstance(stored, list):
        return _listed(stored)
    return _read_again(stored)


@lru_cache(maxsize=1024)
def _read_again(stored: str) -> Prefix:
    """Return the prefix of a text; neighbours in a log often share it."""
    if not stored:
        return NO_PREFIX
    found = split_prefix(stored)[0]
    return found._replace(text=stored, plain=found.plain and found.text == stored)


_KINDS = ((str,), (int, type(None)), (bool,), (str,), (bool,))


def _listed(fields: list[Any]) -> Prefix:
    kinds = [type(value) in kinds for value, kinds in zip(fields, _KINDS, strict=True)]
    if not all(kinds) or not -LAST_US <= (fields[1] or 0) <= LAST_US:
        raise ValueError("no prefix")
    text, time_us, wall, caller, foreign = fields
    return Prefix(text, time_us, wall, caller, foreign=foreign)
