"""Settings of which the marks and reserves of a zone are arithmetic, read from KEY=VALUE.

Any other setting changes what the machine does over time, so no arithmetic tells what it would have
done: it is refused, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import NamedTuple

from mmplay.engine.errors import InputError, printable
from mmplay.engine.explain.finding import finding, sentence, templates

MIN_FREE = "vm.min_free_kbytes"
SCALE = "vm.watermark_scale_factor"
RATIOS = "vm.lowmem_reserve_ratio"
KEYS = (MIN_FREE, SCALE, RATIOS)

MAX_INT = (1 << 31) - 1
MAX_SCALE = 3000
"""The kernel takes 1 to 1000, and to 3000 from 5.17 on."""
MAX_ZONES = 6


class Settings(NamedTuple):
    """What is set; None is left as it was logged."""

    min_free_kbytes: int | None = None
    scale: int | None = None
    ratios: tuple[int, ...] | None = None

    def as_json(self) -> dict[str, object]:
        """Return what is set by the kernel's names, values as sysctl prints them."""
        ratios = " ".join(map(str, self.ratios)) if self.ratios is not None else None
        named = {MIN_FREE: self.min_free_kbytes, SCALE: self.scale, RATIOS: ratios}
        return {key: value for key, value in named.items() if value is not None}

    def __str__(self) -> str:
        """Return what is set in one line."""
        return ", ".join(f"{key} = {value}" for key, value in self.as_json().items())


def settings_of(texts: Iterable[str]) -> Settings:
    """Return what KEY=VALUE texts set; raises InputError for another key or a bad value."""
    found: dict[str, object] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key, value = _named(key.strip()), value.strip().strip("\"'")
        if not equals or not key:
            raise InputError(f"{printable(text)[:60]}: write KEY=VALUE; KEY is {_known()}")
        if key not in READERS:
            raise InputError(f"{printable(key)[:60]}: {_why_not(key)}")
        field, read = READERS[key]
        if field in found:
            raise InputError(f"{key}: was given twice")
        found[field] = read(key, value)
    if not found:
        raise InputError(f"nothing is set: write KEY=VALUE; KEY is {_known()}")
    return Settings(**found)  # type: ignore[arg-type]


def split_settings(line: str) -> list[str]:
    """Return the KEY=VALUE texts of a line in which blanks part them; a value may hold some."""
    return [text for text in re.split(r"[\s,]+(?=[\w./]+=)", line.strip()) if text]


def _named(key: str) -> str:
    """Return a key as sysctl(8) names it; `vm.` may be left out, as elsewhere."""
    return f"vm.{key}" if f"vm.{key}" in READERS else key


def _known() -> str:
    return ", ".join(KEYS)


def _why_not(key: str) -> str:
    near = get_close_matches(key if key.startswith("vm.") else f"vm.{key}", KEYS, 1, 0.85)
    if near:
        return f"did you mean {near[0]}?"
    code = f"beyond.{key.removeprefix('vm.').replace('.', '_')}"
    if code in templates():
        return sentence(finding(code))
    return sentence(finding("beyond.other", known=list(KEYS)))


def _whole(key: str, text: str, least: int, most: int) -> int:
    digits = text.isascii() and text.isdigit() and len(text) <= 20
    if not digits or not least <= int(text) <= most:
        shown = printable(text)[:40]
        raise InputError(f"{key}={shown}: expected a whole number from {least} to {most}")
    return int(text)


def _read_kbytes(key: str, text: str) -> int:
    return _whole(key, text, 0, MAX_INT)


def _read_scale(key: str, text: str) -> int:
    return _whole(key, text, 1, MAX_SCALE)


def _read_ratios(key: str, text: str) -> tuple[int, ...]:
    words = text.split()
    if not 1 <= len(words) <= MAX_ZONES:
        raise InputError(f'{key}: expected a number for each zone, such as "256 256 32"')
    return tuple(_whole(key, word, 0, MAX_INT) for word in words)


READERS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    MIN_FREE: ("min_free_kbytes", _read_kbytes),
    SCALE: ("scale", _read_scale),
    RATIOS: ("ratios", _read_ratios),
}
"""The field of Settings that a key sets, and what reads its value."""
