"""What can be said of the words of a level file without running anything.

Truths, moments, counters and acts are checked here as far as that goes; `levels check` asks the
rest of the level's own machine.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.rules.versions import KERNELS, kernel_named
from mmplay.engine.rules.watermarks import MARKS, ZONES
from mmplay.engine.sim.metrics import TASK_FIELDS, is_of_tasks, names_for, read_condition
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.starts.common import CACHES
from mmplay.levels.truth import FORMS, IF, IN, KB_WORD, MAX_QUESTION

START, END, NOW, TURN, AFTER = "start", "end", "now", "turn ", "after "
UNTIL = " until "
"""Between the moment at which an edge of a loop is lit and the one at which it is broken."""
MAX_MOMENT = 100

PANELS = (
    *("zones", "marks", "floors", "reserve", "managed", "counters", "history", "log"),
    *("tasks", "stack", "buddy", "slabs", "report"),
)
"""What a level may show or hide as a whole."""

_MOMENT_WORDS = (START, END, NOW, TURN.strip(), AFTER.strip())
MAX_TURNS = 1 << 20


@cache
def _names() -> tuple[str, ...]:
    return tuple(names_for(ZONES, [name for name, *_ in CACHES]))


def check_counter(name: str) -> None:
    """Complain about what no machine has a number for; raises InputError."""
    if name in _names() or is_of_tasks(name):
        return
    near = get_close_matches(name, (*_names(), *_of_tasks(name)), 1)
    hint = f"did you mean {near[0]}? " if near else ""
    known = "`mmplay run incident --json` prints such names"
    raise InputError(f"{name[:60]!r} is no number of a machine; {hint}{known}")


def _of_tasks(name: str) -> list[str]:
    """Return the numbers of the workload that a name speaks of."""
    kind, _, rest = name.partition(".")
    load = rest.rpartition(".")[0]
    return (
        [f"tasks.{load}.{field}" for field in TASK_FIELDS]
        if get_close_matches(kind, ("tasks",))
        else []
    )


def turn_count(text: str) -> int:
    """Return a number of turns; raises InputError."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MAX_TURNS):
        raise InputError(f"{text[:40]!r} is no number of turns from 0 to {MAX_TURNS}")
    return int(text)


def turns_on(when: str) -> int | None:
    """Return N of `+N turns`, None for another moment; raises InputError."""
    if not when.startswith("+"):
        return None
    return turn_count(when[1:].removesuffix("turns").removesuffix("turn").strip())


def check_condition(text: str) -> None:
    """Complain about what is no condition; raises InputError."""
    if len(text) > MAX_MOMENT:
        raise InputError(f"is longer than {MAX_MOMENT} characters")
    check_counter(read_condition(text).name)


def check_moment(text: str) -> None:
    """Complain about what is no moment of a run; raises InputError."""
    if text in (START, NOW, END) or text.startswith(AFTER):
        return
    if text.startswith(TURN):
        turn_count(text.removeprefix(TURN))
        return
    try:
        check_condition(text)
    except InputError as error:
        first, _, rest = text.partition(" ")
        near = get_close_matches(first, _MOMENT_WORDS, 1)
        hint = f"; did you mean {f'{near[0]} {rest}'.strip()!r}?" if near else ""
        raise InputError(f"{error}; or start, end, turn N, after QUESTION{hint}") from None


def check_when(text: str) -> None:
    """Complain about what is no moment at which an answer comes true; raises InputError."""
    if text.startswith(AFTER):
        raise InputError("an answer comes true now, at the end, +N turns on, or at a condition")
    if turns_on(text) is None:
        check_moment(text)


def check_act(name: str) -> None:
    """Complain about what is no action of the engine; raises InputError."""
    if name not in ACTIONS:
        raise InputError(no_such("action", name, sorted(ACTIONS)))


def check_truth(text: str) -> None:
    """Complain about a question that no machine could answer; raises InputError."""
    words = text.split()
    if len(text) > MAX_QUESTION:
        raise InputError(f"is longer than {MAX_QUESTION} characters")
    if IF in words:
        at = words.index(IF)
        check_act((words[at + 1 :] or [""])[0])
        words = words[:at]
    if IN in words:
        kernel_named((words[words.index(IN) + 1 :] or [""])[0])
    words = words[1:] if words[:1] == [KB_WORD] else words
    if not words or words[0] not in FORMS:
        raise InputError(no_such("question", words[0] if words else "", FORMS))
    if words[0] == "metric":
        check_counter(" ".join(words[1:]))
    if words[0] == "holds":
        check_condition(" ".join(words[1:]))


@cache
def shown_words() -> tuple[str, ...]:
    """Return every word of `shows` and `hides`: a panel, or `panel.part` of one that has parts."""
    classes = {one.name for kernel in KERNELS.values() for one in kernel.gate.classes}
    parts = {
        "zones": ZONES,
        "marks": MARKS,
        "floors": sorted(classes),
        "counters": [name for name in _names() if "." not in name],
    }
    return (*PANELS, *(f"{panel}.{part}" for panel, some in parts.items() for part in some))


def check_shown(word: str) -> None:
    """Complain about what no screen shows; raises InputError with the nearest word."""
    if word not in shown_words():
        panel = word.partition(".")[0]
        near = [one for one in shown_words() if one.startswith(f"{panel}.")] or shown_words()
        raise InputError(no_such("word of what is shown", word, near))
