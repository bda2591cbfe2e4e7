"""Moments that are not in the line itself: beside it in a record of a journal, or in a year."""

from __future__ import annotations

import re

from mmplay.recordings.log.clocks import YEARLESS_US, YEARS
from mmplay.recordings.log.prefix import Prefix, split_prefix

_FIELD_ENDS = ("MESSAGE=", "\0")
_PRETTY = re.compile(r'\s*"MESSAGE"\s*:')

RECORD_BYTES = 1 << 13
"""How far before its message, or behind, the fields of a record are looked for."""

_FIELDS = re.compile(
    rb"^[ \t]{0,16}\"?"
    rb"(?P<key>(?:_SOURCE|_)_MONOTONIC_TIMESTAMP|__REALTIME_TIMESTAMP|SYSLOG_IDENTIFIER)"
    rb"(?:=|\"[ \t]{0,4}:[ \t]{0,4}\")(?P<value>[^\n\"]{1,64})",
    re.MULTILINE,
)
_VERBOSE_HEAD = re.compile(rb"^(?P<clock>[A-Z][a-z]{2} \d{4}-[^\[\n]{10,40}) \[s=", re.MULTILINE)


def in_record(prefix: Prefix, text: str) -> bool:
    """Tell whether a line is the message of a journal's record of many lines."""
    if prefix.time_us is not None:
        return False
    return prefix.text.endswith(_FIELD_ENDS) or _PRETTY.match(text) is not None


def with_record(prefix: Prefix, data: bytes, at: int) -> Prefix:
    """Return the prefix of a message at `at` with what the other fields of its record say."""
    start = max(0, at - RECORD_BYTES, *(data.rfind(one, 0, at) for one in (b"\n\n", b"{\n")))
    ends = [data.find(one, at, at + RECORD_BYTES) for one in (b"\n\n", b"\n}")]
    record = data[start : min((end for end in ends if end >= 0), default=at + RECORD_BYTES)]
    heads = list(_VERBOSE_HEAD.finditer(data, start, at))
    if heads:
        clock = heads[-1]["clock"].decode("ascii", "replace")
        return prefix._replace(time_us=split_prefix(clock)[0].time_us, wall=True)
    fields = {
        one["key"]: one["value"].decode("ascii", "replace") for one in _FIELDS.finditer(record)
    }
    tag = fields.get(b"SYSLOG_IDENTIFIER", "kernel")
    prefix = prefix._replace(foreign=prefix.foreign or tag != "kernel")
    for key in (b"_SOURCE_MONOTONIC_TIMESTAMP", b"__MONOTONIC_TIMESTAMP", b"__REALTIME_TIMESTAMP"):
        value = fields.get(key, "")
        if value.isdecimal() and len(value) <= 16:
            return prefix._replace(time_us=int(value), wall=key == b"__REALTIME_TIMESTAMP")
    return prefix


NEW_YEAR_US = 300 * 86_400 * 1_000_000
"""A clock without a year that goes back further has passed a new year."""


class Years:
    """Counts the new years that a clock without years passes."""

    def __init__(self) -> None:
        self._latest_us = 0
        self._passed_us = 0

    def counted(self, prefix: Prefix) -> Prefix:
        """Return the prefix with the years that passed since the log's first."""
        time_us = prefix.time_us
        if not prefix.wall or time_us is None or time_us >= YEARLESS_US:
            return prefix
        if self._latest_us - time_us > NEW_YEAR_US and self._passed_us < (YEARS - 1) * YEARLESS_US:
            self._passed_us += YEARLESS_US
        self._latest_us = time_us
        return prefix if not self._passed_us else prefix._replace(time_us=time_us + self._passed_us)
