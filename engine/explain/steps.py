"""The engine's steps in words: each kernel decision as a sentence, with its function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mmplay.engine.explain.sentences import Number
from mmplay.engine.explain.step_words import STEPS
from mmplay.engine.rules.floors import watermark_ok
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.masks import WB_VARIANTS
from mmplay.engine.sim.state.buddy import LETTERS

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine, Step


class Decision(NamedTuple):
    """One step in words. `operands` are as numbers; `refused` tells a no of the kernel."""

    code: str
    function: str
    path: str
    text: str
    operands: dict[str, Any]
    refused: bool


def _name_task(m: Machine, task: int) -> str:
    if not 0 <= task < len(m.state.tasks):
        return "nobody"
    return f"{m.state.tasks.names[task]} ({m.state.tasks.pid[task]})"


NAMES: dict[str, Callable[[Machine, Any], object]] = {
    "zone": lambda m, index: ZONES[index],
    "class_zone": lambda m, index: ZONES[index],
    "task": _name_task,
    "cache": lambda m, number: m.setup.caches[number].name,
    "type": lambda m, kind: LETTERS[kind],
    "mask": lambda m, number: WB_VARIANTS[number][0],
}
"""How an operand of this name is written."""


def decision(m: Machine, step: Step) -> Decision:
    """Return a step in words; `m` is the machine that made it."""
    code, *values = step
    words = STEPS[code]
    operands = dict(zip(words.operands, values, strict=True))
    shown = {
        name: NAMES[name](m, value) if name in NAMES else _number(value)
        for name, value in operands.items()
    }
    shown |= {name: make(operands) for name, make in EXTRA.get(code, {}).items()}
    refused = operands.get("ok") is False or code in (
        "nopage",
        "slab_refused",
        "fast_path_fails",
        "request_refused",
    )
    return Decision(code, words.function, words.path, words.text.format(**shown), operands, refused)


def _enough(operands: dict[str, Any]) -> bool:
    o = operands
    return watermark_ok(o["free"], o["order"], o["kept"], o["floor"])


def _seen(operands: dict[str, Any]) -> str:
    """Return what is compared, with what does not count of the free pages taken off."""
    parts = ((1 << operands["order"]) - 1, operands["kept"])
    return " - ".join(str(n) for n in (operands["free"], *(part for part in parts if part)))


def _verdict(operands: dict[str, Any]) -> str:
    if operands["ok"]:
        return "passes"
    if _enough(operands):
        return f"refused, for no free list has a block of order {operands['order']} for it"
    return "refused"


def _number(value: Any) -> object:
    return Number(value) if type(value) is int else value


EXTRA: dict[str, dict[str, Callable[[dict[str, Any]], object]]] = {
    "zone_watermark_ok": {
        "seen": _seen,
        "sign": lambda o: ">" if _enough(o) else "<=",
        "verdict": _verdict,
    },
    "no_watermarks": {"gives": lambda o: "gives a block" if o["ok"] else "has none"},
    "should_reclaim_retry": {"again": lambda o: "try again" if o["ok"] else "no use"},
    "wb_start_writeback": {
        "failed": lambda o: o["asked"] - o["got"],
        "scanned": lambda o: o["pages"],
    },
    "new_slab": {
        "reserves_note": lambda o: ", out of the reserves (pfmemalloc)" if o["reserves"] else ""
    },
}
"""Words that follow from several operands."""
