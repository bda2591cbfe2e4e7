"""Levels for tests: small ones made of a text, and the shipped ones."""

from __future__ import annotations

from functools import partial

from mmplay.levels.load import read_level
from mmplay.levels.model import Level
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, play
from mmplay.recordings.run.unwritten import UnwrittenSession, Ways

HEAD = """\
format = 1
id = "T1"
title = "A test"
kernel = "4.5-rc7"
learn = "Nothing."
story = "A story."
task = "A task."
max_turns = 100
{keys}
[machine]
base = "bench"
min_free_kbytes = 52
{machine}
[[machine.zone]]
name = "DMA32"
managed = 2048
free = 600
inactive_file = 200
active_anon = 200

[real]
function = "f"
path = "mm/x.c"
text = "t"
leaves_out = "l"
{tables}
"""


def unread(level: Level, seed: int | None = None) -> LevelRun:
    """Return a run that has not begun and is not written down; it leaps what is known."""
    found = _ways.pop(id(level), None) or (level, Ways())
    while len(_ways) >= KEPT:
        del _ways[next(iter(_ways))]
    _ways[id(level)] = found
    return begin(level, seed, make=partial(UnwrittenSession, ways=found[1]))


KEPT = 3
_ways: dict[int, tuple[Level, Ways]] = {}
"""Of the last levels that were played: each may be a hundred megabytes."""


def answers_of(one: Level) -> list[str]:
    """Return the right answers of a level of questions alone, in the order in which it asks."""
    run = play(begin(one), (), knows)
    return [run.answers[ident] for ident in run.notes.asked]


EATER = """\
[[machine.workload]]
name = "eater"
program = "allocator"
pages = 2000
"""


def level_text(tables: str = "", keys: str = "", machine: str = "") -> str:
    return HEAD.format(tables=tables, keys=keys, machine=machine)


def level(tables: str = "", keys: str = "", machine: str = "") -> Level:
    return read_level(level_text(tables, keys, machine), "t.toml")


DOOR = """\
[[ask]]
id = "door"
text = "{0} pages are free. Does it pass?"
truth = "passes DMA32 plain {0} min"
options = ["yes", "no"]
before = ["set_free DMA32 {0}"]
each = ["14", "13", "12"]
"""

NUMBER = """\
[[ask]]
id = "low"
text = "What is low?"
truth = "marks DMA32 low"
unit = "pages"
"""
