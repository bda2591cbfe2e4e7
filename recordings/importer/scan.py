"""Turns lines into messages: what one printk printed, understood or kept as it came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mmplay.engine.printk.reader import complete, form_index
from mmplay.recordings.importer.message import Message, Unknown
from mmplay.recordings.importer.prefix import Prefix, split_prefix
from mmplay.recordings.importer.source import RawLine

INDENT = "  "

LONGEST_FORM = 8
"""Lines that one printk may have; the totals block has the most."""


class _Split(NamedTuple):
    line: RawLine
    prefix: Prefix
    text: str


def scan(lines: Iterable[RawLine]) -> Iterator[Message | Unknown]:
    """Yield every line once, in order: inside a Message or as Unknown."""
    window: deque[_Split] = deque()
    source = iter(lines)
    done = False
    while True:
        while not done and len(window) < LONGEST_FORM:
            line = next(source, None)
            if line is None:
                done = True
            else:
                window.append(_split(line))
        if not window:
            return
        message = _read(window)
        for _ in range(message.size if isinstance(message, Message) else 1):
            window.popleft()
        yield message


def _split(line: RawLine) -> _Split:
    text = line.data.decode("utf-8", "surrogateescape")
    prefix, rest = split_prefix(text)
    return _Split(line, prefix, rest)


def _read(window: deque[_Split]) -> Message | Unknown:
    first = window[0]
    if not first.line.cut_bytes:
        message = _message(window)
        if message is not None:
            return message
        if first.text.startswith(INDENT):
            return _outdented(first) or Unknown(first.line)
    return Unknown(first.line)


def _outdented(split: _Split) -> Message | None:
    """Read a line that was indented when it was pasted: take blanks off, leaving up to two."""
    bare = split.text.lstrip(" ")
    for kept in range(len(INDENT) + 1):
        taken = len(split.text) - len(bare) - kept
        if taken > 0:
            prefix = split.prefix._replace(text=split.prefix.text + " " * taken, plain=False)
            message = _message(deque([_Split(split.line, prefix, " " * kept + bare)]))
            if message is not None:
                return message
    return None


def _message(window: deque[_Split]) -> Message | None:
    first = window[0]
    for form, values in form_index().read_first(first.text):
        whole = complete(form, values, _same_printk(window, len(form.parts)))
        if whole is not None:
            return Message(first.line.number, form, whole, first.prefix, first.line.end)
    return None


def _same_printk(window: deque[_Split], count: int) -> list[str]:
    """Return the texts of up to `count` lines that share prefix and line end with the first."""
    first, texts = window[0], [window[0].text]
    for n in range(1, min(count, len(window))):
        other = window[n]
        if other.prefix != first.prefix or other.line.end != first.line.end:
            break
        texts.append(other.text)
    return texts
