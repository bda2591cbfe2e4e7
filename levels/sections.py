"""Converts a table of a level file into a typed shape; every complaint names file and line.

msgspec says where a value does not fit; what is allowed there is told from the shape itself.
"""

from __future__ import annotations

import re
from threading import RLock
from typing import Any, Protocol, TypeVar

from msgspec import Struct, ValidationError, convert, inspect

from mmplay.engine.errors import no_such
from mmplay.levels.level_text import MAX_TEXT, LevelError, Place

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]", re.ASCII)
IN_DICT = "[...]"
"""How msgspec names a value of a table whose keys are free."""

_STRANGER = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")

Shape = TypeVar("Shape", bound=Struct)

_ONE_AT_A_TIME = RLock()
"""msgspec learns a shape at its first use; two threads that do so at once crash it (0.23)."""


def typed(
    place: Place,
    shape: type[Shape],
    of: dict[str, Any] | None = None,
    shared: frozenset[str] = frozenset(),
) -> Shape:
    """Return a table of a file in a shape; raises LevelError.

    `of` is the table with what else belongs to it: the keys `shared` of the top table.
    """
    try:
        with _ONE_AT_A_TIME:
            return convert(place.table if of is None else of, shape, dec_hook=_custom)
    except ValidationError as error:
        message, _, way = str(error).rpartition(" - at `$")
        raise _complaint(place, shape, message or str(error), way, shared) from None


class Custom(Protocol):
    """A type that a file's value becomes by its own rules."""

    def of(self, value: object, /) -> object:
        """Return it; raises ValueError."""
        ...


def _custom(kind: Any, value: object) -> object:
    """Make a value of such a type; msgspec takes a ValueError for a complaint about its place."""
    made: Custom = kind
    return made.of(value)


def _complaint(
    place: Place, shape: type[Struct], message: str, way: str, shared: frozenset[str]
) -> LevelError:
    """Return the complaint about what msgspec found at `way` from the place, as .key[number]."""
    steps = [key or int(number) for key, number in _STEP.findall(way.partition(IN_DICT)[0])]
    stranger, missing = _STRANGER.match(message), _MISSING.match(message)
    first = steps[0] if steps else (stranger or missing or [""])[1]
    place = place._replace(path=()) if first in shared else place
    if stranger is not None:
        here = _inspected(shape, steps)
        fields = here.fields if isinstance(here, inspect.StructType) else ()
        known = [one.encode_name for one in fields if not one.encode_name.startswith(" ")]
        problem = no_such("key of this table", stranger[1], known)
        return place.at(*steps).error(stranger[1], problem)
    if missing is not None:
        owner = place.at(*steps)
        name = f"[{owner.name}]" if owner.name else "the file"
        return owner.error("", f"{name} lacks {missing[1]}")
    last = max(n for n, step in enumerate(steps) if isinstance(step, str))
    owner, key = place.at(*steps[:last]), str(steps[last])
    there = _inspected(shape, steps)
    if isinstance(there, inspect.CustomType):
        return owner.error(key, message)
    return owner.error(key, _allowed(there, place.at(*steps).table, owner.at(key).name))


def _inspected(shape: type[Struct], steps: list[str | int]) -> inspect.Type:
    """Return the type of what is there that many keys and numbers into a shape."""
    found: inspect.Type = inspect.type_info(shape)
    for step in steps:
        found = _bare(found)
        if isinstance(found, inspect.StructType):
            found = next(one.type for one in found.fields if one.encode_name == step)
        elif isinstance(found, inspect.VarTupleType):
            found = found.item_type
    words = found.extra_json_schema if isinstance(found, inspect.Metadata) else None
    return found if words else _bare(found)


def _bare(found: inspect.Type) -> inspect.Type:
    """Return a type without what it is wrapped in: words beside it, `or None`."""
    if isinstance(found, inspect.Metadata):
        return _bare(found.type)
    if isinstance(found, inspect.UnionType):
        return _bare(found.types[0])
    return found


def _allowed(there: inspect.Type, value: object, name: str) -> str:
    """Return what may stand at a place of this type."""
    if isinstance(there, inspect.Metadata) and isinstance(value, str):
        words = (there.extra_json_schema or {}).get("examples", [])
        return no_such("word of this key", value, words)
    bare = _bare(there)
    if isinstance(bare, inspect.IntType):
        return f"must be a whole number from {bare.ge} to {bare.le}"
    if isinstance(bare, inspect.BoolType):
        return "must be true or false"
    if isinstance(bare, inspect.VarTupleType):
        item = _bare(bare.item_type)
        if isinstance(item, inspect.StructType):
            return f"write [[{name}]], at most {bare.max_length} of them"
        if isinstance(item, inspect.IntType):
            most = f"{bare.max_length} whole numbers from {item.ge} to {item.le}"
            return f"must be a list of up to {most}"
        return f"must be a list of up to {bare.max_length} texts"
    if isinstance(bare, inspect.StrType):
        if value == "":
            return "must not be empty"
        least = bare.min_length if (bare.min_length or 0) > 1 else "up"
        return f"must be a text of {least} to {MAX_TEXT} characters"
    if isinstance(bare, inspect.DictType):
        return "write {name = [whole numbers or names of numbers]}"
    return f"[{name}] must be a table"
