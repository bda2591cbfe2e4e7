"""Finds levels: the shipped ones, those in the user's folder, and any by its path.

A level is named by its id in any case (`L05`), by a file, or by a pack and an id
(`course.toml:L05`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError, no_such
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.load import load_level
from mmplay.levels.model import Level
from mmplay.levels.pack import SUFFIX, levels_in
from mmplay.recordings.files import user_paths
from mmplay.recordings.library import trace_path

OF_PACK = ":"
MAX_FILES = 200
_LIKE_SHIPPED = re.compile(r"[Ll]\d{1,3}", re.ASCII)


class ListedLevel(NamedTuple):
    """A level file as a list shows it: its level, or (None) why it cannot be used."""

    path: Path
    level: Level | None
    problem: str
    shipped: bool


def levels_folder() -> Path:
    """Return the user's folder of levels; it need not exist."""
    return user_paths()["levels"]


def all_levels() -> list[ListedLevel]:
    """Return every level: the shipped ones in order, then the user's by file.

    A file that cannot be used is listed with its problem. An id that is taken already is one.
    """
    found = [ListedLevel(path, load_level(path), "", True) for path in shipped_levels()]
    taken = {one.level.id.casefold() for one in found if one.level is not None}
    for path in _user_files():
        for one in _listed(path):
            ident = one.level.id.casefold() if one.level is not None else ""
            if ident in taken:
                problem = f"{path}: another level has the id {ident} already"
                one = ListedLevel(path, None, problem, False)
            taken.add(ident)
            found.append(one)
    return found


def _user_files() -> list[Path]:
    try:
        paths = sorted(path for path in levels_folder().iterdir() if path.suffix == SUFFIX)
    except OSError:
        return []
    return paths[:MAX_FILES]


def _listed(path: Path) -> list[ListedLevel]:
    try:
        return [ListedLevel(path, level, "", False) for level in levels_in(path)]
    except InputError as error:
        return [ListedLevel(path, None, str(error), False)]


def is_level_name(name: str) -> bool:
    """Tell whether a word means a level: a level file, a pack's level, a level's id.

    A file of another kind and a shipped recording are none.
    """
    if name.endswith(SUFFIX) or f"{SUFFIX}{OF_PACK}" in name:
        return True
    if trace_path(name).is_file():
        return False
    ids = [one.level.id.casefold() for one in all_levels() if one.level is not None]
    return name.casefold() in ids or _LIKE_SHIPPED.fullmatch(name) is not None


def is_kept(level: Level) -> bool:
    """Tell whether a level is one of the list, so that progress in it is kept under its id.

    It may have been read from elsewhere: what counts is what is in it.
    """
    known = [(one.level.id, one.level.content) for one in all_levels() if one.level is not None]
    return (level.id, level.content) in known


def find_level(name: str) -> Level:
    """Return the level that a word names; raises InputError with the nearest right name."""
    path, inside = Path(name), ""
    if not path.exists() and f"{SUFFIX}{OF_PACK}" in name:
        file, _, inside = name.rpartition(OF_PACK)
        path = Path(file)
    if name.endswith(SUFFIX) or inside or path.is_file():
        return _of_file(path, inside)
    return level_of_id(name)


def level_of_id(name: str) -> Level:
    """Return the level of the list with this id, in any case; raises InputError."""
    levels = [one.level for one in all_levels() if one.level is not None]
    for level in levels:
        if level.id.casefold() == name.casefold():
            return level
    if _LIKE_SHIPPED.fullmatch(name) and len(name) < len("L00"):
        name = f"L0{name[1:]}"
        if any(level.id == name for level in levels):
            raise InputError(f"'L{name[2:]}' is no level; did you mean {name}?")
    problem = no_such("level", name, [level.id for level in levels])
    raise InputError(f"{problem}; or name a file that ends in {SUFFIX}")


def _of_file(path: Path, ident: str) -> Level:
    """Return the only level of a file, or the one of this id."""
    levels = {level.id: level for level in levels_in(path)}
    if not levels:
        raise InputError(f"{path}: this pack holds no level")
    if len(levels) == 1 and not ident:
        return next(iter(levels.values()))
    for name, level in levels.items():
        if name.casefold() == ident.casefold():
            return level
    if not ident:
        some = f"{path}{OF_PACK}{next(iter(levels))}"
        raise InputError(f"{path}: holds {len(levels)} levels; name one, such as {some}")
    raise InputError(f"{path}: {no_such('level of this pack', ident, levels)}")
