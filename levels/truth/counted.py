"""What a number of the machine is called where a player reads it; never by its internal name."""

from __future__ import annotations

from functools import cache

from mmplay.engine.tables import read_data


@cache
def _tables() -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = read_data("mmplay.levels.truth", "counted")
    return tables


def spoken(name: str) -> str:
    """Return what a number counts, in words."""
    tables = _tables()
    if name in tables["one"]:
        return tables["one"][name]
    rest, _, part = name.rpartition(".")
    owner = rest.partition(".")[2]
    if owner and part in tables["part"]:
        return tables["part"][part].replace("{owner}", owner)
    return f"{part.replace('_', ' ')} of {owner}" if owner else name.replace("_", " ")


def bound_in_words(operator: str, value: int) -> str:
    """Return what a number must be: `at most 5`."""
    return f"{_tables()['sign'][operator]} {value}"
