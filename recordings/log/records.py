"""Moments that are not in the line itself: beside it in a record of a journal, or in a year."""

from __future__ import annotations

import re

from mmplay.recordings.log.clocks import YEARLESS_US, YEARS
from mmplay.recordings.log.prefix import Prefix, split_prefix

FIELD = "MESSAGE="
"""What a line of a journal's record begins with that has the kernel's text."""

RECORD_BYTES = 1 << 13
"""How far before its message, or behind, the fields of a record are looked for."""

_FIELDS = re.compile(
    rb"^ {0,8}(?P<key>(?:_SOURCE|_)_MONOTONIC_TIMESTAMP|__REALTIME_TIMESTAMP|SYSLOG_IDENTIFIER)="
    rb"(?P<value>[^\n]{1,64})$",
    re.MULTILINE,
)
_VERBOSE_HEAD = re.compile(rb"^(?P<clock>[A-Z][a-z]{2} \d{4}-[^\[\n]{10,40}) \[s=", re.MULTILINE)


def with_record(prefix: Prefix, data: bytes, at: int) -> Prefix:
    """Return the prefix of a message at `at` with what the other fields of its record say."""
    start = max(0, at - RECORD_BYTES, data.rfind(b"\n\n", 0, at))
    end = data.find(b"\n\n", at, at + RECORD_BYTES)
    record = data[start : end if end >= 0 else at + RECORD_BYTES]
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
