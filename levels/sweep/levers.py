"""What a sweep sets: numbers of a start's data, keys of its file, or actions at the start."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.starts.common import ASSUMED, CALIBRATED, value
from mmplay.levels.level_text import Place

MAX_SETTINGS, MAX_LEVERS = 1000, 8
CONSTANT, IN_FILE, ACT = "constant", "key", "action"
VM = "vm."

_PERCENT = re.compile(r"([+-]?\d{1,4})%", re.ASCII)


class Lever(NamedTuple):
    """One KEY=VALUE: a number of the starts' data, a key of the file, or an action at the start."""

    kind: str
    key: str
    value: str


Setting = tuple[Lever, ...]
"""What is set in a run, all at once."""

Base = Callable[[str], int | None]
"""Returns the number that a key has without the sweep; None if it has none."""


def settings_of(texts: Sequence[str], in_file: Base | None) -> list[Setting]:
    """Return every combination of `KEY=a,b,c`; the last key changes fastest.

    `in_file` is what the start's file says of a key, None for a start that is no file. Raises
    InputError for an unknown key, a percentage of what has no number, and too many settings.
    """
    if not 0 < len(texts) <= MAX_LEVERS:
        raise InputError(
            f"--set: give 1 to {MAX_LEVERS} of them, such as min_free_kbytes=4096,8192"
        )
    levers = [_levers(text, in_file) for text in texts]
    keys = [some[0].key for some in levers]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise InputError(f"--set {twice}: is given twice; name all its values in one")
    count = prod(map(len, levers))  # told before they are made: three long lists are too many
    if count > MAX_SETTINGS:
        raise InputError(f"--set: these are {count} settings, at most {MAX_SETTINGS} are run")
    return list(product(*levers))


def _levers(text: str, in_file: Base | None) -> list[Lever]:
    key, equals, values = text.partition("=")
    key = key.strip().removeprefix(VM)
    found = [one for one in map(str.strip, _split(values)) if one]
    if not equals or not key or not found:
        raise InputError(f"--set {text[:60]}: expected KEY=a,b,c")
    kind = _kind(key, in_file is not None)
    base = {CONSTANT: value, IN_FILE: in_file}.get(kind)
    levers = [Lever(kind, key, _whole(key, one, base)) for one in found]
    if kind == CONSTANT:
        for one in levers:
            _number(one)
    return list(dict.fromkeys(levers))


def _split(values: str) -> list[str]:
    """Return what commas separate, apart from those inside of brackets."""
    parts, depth = [""], 0
    for letter in values:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == "," and depth < 1:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _kind(key: str, has_file: bool) -> str:
    if key in CALIBRATED or key in ASSUMED:
        return CONSTANT
    if key in ACTIONS:
        return ACT
    if "." in key and has_file:
        return IN_FILE
    known = [*ACTIONS, *CALIBRATED, *ASSUMED]
    where = "; for example min_free_kbytes, wb_mask, completions"
    where += "; of a scenario or level also its keys, such as task.hog.pages" if has_file else ""
    raise InputError(f"--set {no_such('name that a sweep sets', key, known)}{where}")


def _whole(key: str, text: str, base: Base | None) -> str:
    """Return a value; a percentage is of what the key has without the sweep."""
    percent = _PERCENT.fullmatch(text)
    if percent is None:
        return text
    now = base(key) if base is not None else None
    if now is None:
        raise InputError(f"--set {key}={text}: there is no number to take this of; give values")
    return str(now * (100 + int(percent[1])) // 100)


def _number(lever: Lever) -> int:
    if not (lever.value.isascii() and lever.value.isdigit()) or len(lever.value) > 18:
        raise InputError(f"--set {lever.key}={lever.value[:40]}: expected a whole number")
    return int(lever.value)


def constants_of(setting: Setting) -> dict[str, int]:
    """Return what the setting puts in the place of the starts' numbers."""
    return {one.key: _number(one) for one in setting if one.kind == CONSTANT}


# keys of a file


def number_at(top: Place, key: str) -> int | None:
    """Return the number that a file has under a key such as `task.hog.pages`; None for none."""
    owner, last = _owner(top, key)
    found = owner.get(last)
    return found if type(found) is int else None


def put(top: Place, setting: Setting) -> None:
    """Set what a setting has of keys; raises LevelError for a table that is not there."""
    for lever in setting:
        if lever.kind == IN_FILE:
            owner, last = _owner(top, lever.key)
            owner[last] = _of_toml(lever.value)


def _owner(top: Place, key: str) -> tuple[dict[str, Any], str]:
    """Return the table of a key, and its name there; tables of a list are found by `name`."""
    *steps, last = key.split(".")
    found: Any = top.table
    for step in steps:
        if isinstance(found, dict):
            found = found.setdefault(step, {})
        elif isinstance(found, list):
            found = _of_name(top, key, found, step)
    if not isinstance(found, dict):
        raise top.error("", f"--set {key}: there is no such table")
    return found, last


def _of_name(top: Place, key: str, tables: list[Any], name: str) -> Any:
    named = {str(one.get("name")): one for one in tables if isinstance(one, dict)}
    if name not in named:
        raise top.error("", f"--set {key}: {no_such('name there', name, named)}")
    return named[name]


def _of_toml(text: str) -> Any:
    try:
        return tomllib.loads(f"x = {text}", parse_float=Decimal)["x"]
    except ValueError:
        return text
