"""The hints of a level, in its own words or in the engine's."""

from __future__ import annotations

from collections.abc import Iterable

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.levels.model import Hint, Level
from mmplay.levels.sections import LevelError
from mmplay.levels.truth import truth


def hints_for(level: Level, m: Machine, own: Iterable[str]) -> list[str]:
    """Return a level's hints for this machine, then those of the open question, each once.

    Raises LevelError for a rule that this machine cannot be asked.
    """
    found = [text for hint in level.hints for text in _said(level, hint, m)]
    return list(dict.fromkeys([*found, *own]))


def _said(level: Level, hint: Hint, m: Machine) -> tuple[str, ...]:
    if hint.text:
        return (hint.text,)
    try:
        return truth(hint.rule, level.kernel, m, read).hints()
    except InputError as error:
        raise LevelError(f"{level.file}:{hint.line}: hint: {error}") from None
