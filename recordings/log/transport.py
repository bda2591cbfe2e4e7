"""Lines that a transport has changed: JSON, colours, padding, `#012`, fences, a cut at the edge.

Most logs put something before the kernel's text and leave the text alone: `prefix` reads those.
Here are the others. What a line says is offered in guesses, the likeliest first; the line is kept
as it came beside what was read of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any, NamedTuple

from mmplay.recordings.log.clocks import SECOND_US
from mmplay.recordings.log.prefix import DAEMONS, Prefix, split_prefix


class Unwrapped(NamedTuple):
    """What a line may say: a prefix, and one or more lines of the kernel's text.

    `lost` is the field in which the line was cut, as far as it is there.
    """

    prefix: Prefix
    texts: list[str]
    lost: str = ""


_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
_OPENING = re.compile(r"(?:[*_`~]|<[a-z]{1,10}>)*")
_CLOSING = re.compile(r"(?:\[/[a-z]{1,8}\]|</[a-z]{1,10}>)$")
_CLOSING_MARKS = "*_`~\"',"
JOINED = re.compile(r"#012|\\n|\\x0a|\r(?=.)")
"""What stands where a transport joined lines."""
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_JSON_STRING = re.compile(r'\s*(?:"[\w.@-]{1,40}"\s*:\s*)?("(?:[^"\\]|\\.)*")\s*,?\s*')
_LABEL = re.compile(r"[^ \t\"]{1,80}[:\]|>)}][ \t]")
_LAST_FIELD = re.compile(r" [^ ]*$")

MOST_LABELS = 4
"""Words of an unknown prefix, each of which ends as a label does."""


def is_coloured(prefix: Prefix, text: str) -> bool:
    """Tell whether a tool coloured a line: a task may have colours in its name, but not before."""
    return "\x1b[" in prefix.text or _COLOUR.match(text) is not None


def unwrap(line: str, prefix: Prefix, text: str) -> Iterator[Unwrapped]:
    """Yield what a line, whose end was taken off, may say if it is not simply prefix and text."""
    if prefix.foreign and "{" not in text:
        return
    bare = _COLOUR.sub("", line).rstrip(" \t\r")
    found = _from_json(bare)
    if found is not None:
        yield found
        return
    if bare != line:
        prefix, text = split_prefix(bare)
    if bare != line or JOINED.search(text):
        yield Unwrapped(prefix, _lines(text))
    for change in _CHANGES:
        changed = change(bare)
        if changed is not None:
            yield _split(changed)
    if not prefix.foreign:
        yield from _without_labels(prefix, text)
        yield from _cut_short(prefix, text)


def _split(line: str) -> Unwrapped:
    prefix, text = split_prefix(line)
    return Unwrapped(prefix, _lines(text))


def _lines(text: str) -> list[str]:
    """Return the lines that a transport joined, each without what it escaped."""
    first, *others = JOINED.sub("\n", text).split("\n")
    # Whole lines may have been joined: those that follow have prefixes of their own.
    lines = [first, *(split_prefix(one)[1] for one in others)]
    return [_ESCAPED.sub(_character, one).rstrip() for one in lines]


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def _with_blanks(line: str) -> str | None:
    """A mailer may write blanks that do not break."""
    return line.replace("\xa0", " ") if "\xa0" in line else None


_TORN_NUMBER = re.compile(r"(\*[0-9]*) ([0-9]+kB )")


def _healed(line: str) -> str | None:
    """A line broken at a fixed width has a blank inside a number of its free lists."""
    healed = _TORN_NUMBER.sub(r"\1\2", line)
    return healed if healed != line else None


def _without_fences(line: str) -> str | None:
    bare = line.strip(" \t")
    opening = _OPENING.match(bare)
    bare = bare[opening.end() if opening is not None else 0 :]
    bare = _CLOSING.sub("", bare.rstrip(_CLOSING_MARKS)).rstrip(_CLOSING_MARKS)
    return bare if bare != line else None


def _without_entities(line: str) -> str | None:
    return unescape(line) if "&" in line else None


def _from_string(line: str) -> str | None:
    found = _JSON_STRING.fullmatch(line)
    text = _loaded(found[1]) if found is not None else None
    return text if isinstance(text, str) else None


_CHANGES: tuple[Callable[[str], str | None], ...] = (
    _with_blanks,
    _healed,
    _without_fences,
    _without_entities,
    _from_string,
)


def _without_labels(prefix: Prefix, text: str) -> Iterator[Unwrapped]:
    """Take off what nobody has described, unless the kernel's own stamp or tag came before."""
    if "kernel" in prefix.text or (prefix.time_us is not None and not prefix.wall):
        return
    at = 0
    for _ in range(MOST_LABELS):
        label = _LABEL.match(text, at)
        if label is None:
            return
        at = label.end()
        inner, rest = split_prefix(text[at:])
        if inner.foreign:
            return
        shown = inner if inner.time_us is not None else prefix
        yield Unwrapped(shown._replace(text="", plain=False), _lines(rest))


def _cut_short(prefix: Prefix, text: str) -> Iterator[Unwrapped]:
    """Leave the last field out: a console overwrites its last column, the number may be false."""
    field = _LAST_FIELD.search(text)
    zone = " free:" in text and " min:" in text
    if field is not None and (zone or " active_anon:" in text):
        yield Unwrapped(prefix, [text[: field.start()]], field.group().strip())


_HEADER = re.compile(r"invoked oom-killer: |page allocation failure: |Killed process ")
_FIELD_START = re.compile(r"[ ,(]+")
MOST_FIELDS = 12


def header_cut(text: str) -> Iterator[tuple[str, str]]:
    """Yield what an event's first line may have been before its end was lost, and what is left.

    As in a zone line, the field in which it was cut is never believed.
    """
    head = _HEADER.search(text)
    if head is None:
        return
    starts = [found.start() for found in _FIELD_START.finditer(text, head.end())]
    for at in reversed(starts[-MOST_FIELDS:]):
        yield text[:at], text[at:].strip(" ,(")


# JSON

MESSAGE_KEYS = (
    *("MESSAGE", "message", "msg", "log", "textPayload", "text", "line", "_msg", "short_message"),
)
NESTED_KEYS = ("jsonPayload", "_source", "fields", "event", "data")
TAG_KEYS = ("SYSLOG_IDENTIFIER", "_COMM", "ident", "appname", "program")
UPTIME_KEYS = ("_SOURCE_MONOTONIC_TIMESTAMP", "__MONOTONIC_TIMESTAMP")
CLOCK_US_KEYS = ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")
CLOCK_KEYS = ("time", "timestamp", "@timestamp", "ts", "talos-time", "date")
MOST_JSON_DIGITS = 18


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return None


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= MOST_JSON_DIGITS else 0


def _from_json(line: str) -> Unwrapped | None:
    """Return the message of a JSON object, which may have a prefix; None if it is none."""
    records = _records(line)
    messages = [text for one in records if (text := _message(one)) is not None]
    if not messages:
        return None
    record, message = records[0], "\n".join(messages)
    inner, text = split_prefix(message)
    tag = next((record[key] for key in TAG_KEYS if isinstance(record.get(key), str)), "kernel")
    prefix = inner if inner.time_us is not None else _prefix(record)
    if tag not in ("kernel", *DAEMONS):
        text = f"{tag}[{record.get('_PID', record.get('SYSLOG_PID', 0))}]: {text}"
    foreign = inner.foreign or tag != "kernel"
    return Unwrapped(prefix._replace(text="", plain=False, foreign=foreign), _lines(text))


def _records(line: str) -> list[dict[str, Any]]:
    """Return the objects that end a line, alone or in a list."""
    start, text = line.find("{"), line.rstrip(",")
    if start < 0 or text[-1:] not in ("}", "]"):
        return []
    listed = text.endswith("]") and text[:start].endswith("[")
    loaded = _loaded(text[start - 1 :] if listed else text[start:])
    records = loaded if isinstance(loaded, list) else [loaded]
    return [one for one in records if isinstance(one, dict)]


def _message(record: dict[str, Any]) -> str | None:
    for key in MESSAGE_KEYS:
        value = record.get(key)
        if isinstance(value, str):
            return value.rstrip("\r\n")
        if isinstance(value, list) and all(type(n) is int and 0 <= n < 256 for n in value):
            return bytes(value).decode("utf-8", "surrogateescape")
    inner = (record[key] for key in NESTED_KEYS if isinstance(record.get(key), dict))
    return next((text for one in inner if (text := _message(one)) is not None), None)


def _prefix(record: dict[str, Any]) -> Prefix:
    """Return the moment that the fields beside a message give."""
    for keys, wall in ((UPTIME_KEYS, False), (CLOCK_US_KEYS, True)):
        for key in keys:
            time_us = str(record.get(key, ""))
            if time_us.isdecimal() and len(time_us) <= MOST_JSON_DIGITS - 2:
                return Prefix("", int(time_us), wall)
    for key in CLOCK_KEYS:
        value = record.get(key)
        if isinstance(value, str):
            return Prefix("", split_prefix(value)[0].time_us, wall=True)
        if isinstance(value, (int, float)) and 0 < value < 1 << 33:
            return Prefix("", int(value * SECOND_US), wall=True)
    return Prefix("")
