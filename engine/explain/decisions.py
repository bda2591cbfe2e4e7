"""The kernel's decisions in words: each as a sentence, with the function that decides."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mmplay.engine.explain.finding import Number
from mmplay.engine.rules.floors import watermark_ok
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.log.stacks import RECLAIM, SLAB
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.decisions import (
    KINDS,
    Decision,
    NewSlab,
    RequestRefused,
    SlabRefused,
    WbStartWriteback,
    code_of,
)
from mmplay.engine.sim.machine.page_decisions import (
    FastPathFails,
    Nopage,
    NoWatermarks,
    ShouldReclaimRetry,
    ZoneWatermarkOk,
)
from mmplay.engine.sim.state.buddy import LETTERS
from mmplay.engine.tables import folded, read_data

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine


class DecisionWords(NamedTuple):
    """One kind of decision: who decides, where, sentence, and the functions from there outwards."""

    function: str
    path: str
    text: str
    inside: tuple[str, ...]


NODEMASK = ("__alloc_pages_nodemask",)
BELOW = {
    "": (),
    "page request": NODEMASK,
    "zone": ("get_page_from_freelist", *NODEMASK),
    "reclaim": RECLAIM[RECLAIM.index("do_try_to_free_pages") :],
    "flusher": RECLAIM[RECLAIM.index("wakeup_flusher_threads") :],
    "slab": SLAB[SLAB.index("___slab_alloc") :],
}
"""What lies between a decision's own functions and the task's way, by its name in the data."""


@cache
def decision_words() -> dict[type[Decision], DecisionWords]:
    """Return the words of every kind of decision; they are read when first asked for."""
    return {
        KINDS[code]: DecisionWords(
            row["function"],
            row["path"],
            folded(row["text"]),
            (*row.get("inside", ()), *BELOW[row.get("below", "")]),
        )
        for code, row in read_data(__package__, "decisions").items()
    }


class Worded(NamedTuple):
    """One decision in words. `operands` are as numbers; `refused` tells a no of the kernel."""

    code: str
    function: str
    path: str
    text: str
    operands: dict[str, Any]
    refused: bool


REFUSALS = (Nopage, SlabRefused, FastPathFails, RequestRefused)


def _name_task(m: Machine, task: int) -> str:
    if not 0 <= task < len(m.state.tasks):
        return "nobody"
    return f"{m.state.tasks.names[task]} ({m.state.tasks.pid[task]})"


NAMES: dict[str, Callable[[Machine, Any], object]] = {
    "zone": lambda m, index: ZONES[index],
    "class_zone": lambda m, index: ZONES[index],
    "task": _name_task,
    "child": _name_task,
    "cache": lambda m, number: m.setup.caches[number].name,
    "type": lambda m, kind: LETTERS[kind],
    "mask": lambda m, number: WB_VARIANTS[number][0],
}
"""How an operand of this name is written."""


def worded(m: Machine, one: Decision) -> Worded:
    """Return a decision in words; `m` is the machine that made it."""
    kind = type(one)
    words, operands = decision_words()[kind], one._asdict()
    shown = {
        name: NAMES[name](m, value) if name in NAMES else _number(value)
        for name, value in operands.items()
    }
    shown |= _extra(one)
    refused = isinstance(one, REFUSALS) or operands.get("ok") is False
    text = words.text.format(**shown)
    return Worded(code_of(kind), words.function, words.path, text, operands, refused)


def _extra(one: Decision) -> dict[str, object]:
    """Return the words that follow from several operands."""
    match one:
        case ZoneWatermarkOk():
            sign = ">" if _enough(one) else "<="
            return {"seen": _seen(one), "sign": sign, "verdict": _verdict(one)}
        case NoWatermarks():
            return {"gives": "gives a block" if one.ok else "has none"}
        case ShouldReclaimRetry():
            return {"again": "try again" if one.ok else "no use"}
        case WbStartWriteback():
            return {"items": _items(one), "scanned": one.pages}
        case NewSlab():
            return {"reserves_note": ", out of the reserves (pfmemalloc)" if one.reserves else ""}
        case _:
            return {}


def _items(one: WbStartWriteback) -> str:
    """Return what became of the work items that were asked for, if any were."""
    variant, mask = WB_VARIANTS[one.mask]
    if not mask:
        return "without a work item"
    return f"each a 64-byte work item ({variant}); {one.got} queued, {one.asked - one.got} refused"


def _enough(test: ZoneWatermarkOk) -> bool:
    return watermark_ok(test.free, test.order, test.kept, test.floor)


def _seen(test: ZoneWatermarkOk) -> str:
    """Return what is compared, with what does not count of the free pages taken off."""
    parts = ((1 << test.order) - 1, test.kept)
    return " - ".join(str(n) for n in (test.free, *(part for part in parts if part)))


def _verdict(test: ZoneWatermarkOk) -> str:
    if test.ok:
        return "passes"
    if _enough(test):
        return f"refused, for no free list has a block of order {test.order} for it"
    return "refused"


def _number(value: Any) -> object:
    return Number(value) if type(value) is int else value
