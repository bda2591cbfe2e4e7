"""Right answers from the rules: a small closed language of questions, answered by the engine.

A question is `FORM ARGUMENT...`, perhaps with `kb` before it (pages become kB), `in KERNEL` (the
bits or rules of another kernel) and, at the end, `if ACTION VALUE` (asked of a machine to which
that was done first). Nothing is evaluated as code.
"""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.rules.versions import KERNELS, Kernel, layout_named
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import ACTIONS, do_action
from mmplay.levels.truth import blocks, callers, floors, machine, marks, masks
from mmplay.levels.truth.answer import KB, NUMBER, PAGES, Other, Truth, TruthError
from mmplay.levels.truth.compute import compute
from mmplay.levels.truth.facts import explains, fact, refused_first, waits_for, wb_stops_at
from mmplay.levels.truth.machine import fork
from mmplay.levels.truth.scene import MetricReader, Scene

__all__ = ["FORMS", "MetricReader", "Truth", "TruthError", "truth", "usage"]

MAX_QUESTION = 400
KB_WORD, IN, IF = "kb", "in", "if"

FORMS: dict[str, Callable[[Scene, list[str]], Truth]] = {
    # zones and floors
    "first_zone": callers.first_zone,
    "zone_order": callers.zone_order,
    "class": callers.caller_class,
    "floor": floors.floor_of,
    "lowest_served": floors.lowest_served,
    "passes": floors.passes,
    "seen": floors.seen,
    "drain_order": callers.drain_order,
    "served": callers.served,
    # marks and reserves
    "marks": marks.marks,
    "reserve": marks.reserve,
    "managed": marks.managed,
    "total_reserve": marks.set_aside,
    "compute": compute,
    # masks
    "decode": masks.decode,
    "bits": masks.bits,
    "encode": masks.encode,
    "may_sleep": masks.ability("may_sleep"),
    "wakes_kswapd": masks.ability("wakes_kswapd"),
    "may_do_io": masks.ability("may_do_io"),
    "may_enter_fs": masks.ability("may_enter_fs"),
    "warns": masks.ability("warns"),
    "uses_reserves": masks.uses_reserves,
    "slab_mask": masks.slab_mask,
    "slab_lost": masks.slab_lost,
    "slab_lost_discount": masks.slab_lost_discount,
    # blocks and slabs
    "buddy": blocks.buddy,
    "split_block": blocks.split_block,
    "merged_order": blocks.merged_order,
    "fits": blocks.fits,
    "objects_per_slab": blocks.objects_per_slab,
    "objects_per_page": blocks.objects_per_page,
    "objects": blocks.objects,
    "slabs": blocks.slabs,
    # reclaim, writeback, tasks
    "works_per_call": machine.works_per_call,
    "unreclaimable": machine.unreclaimable,
    "dirty_limit": machine.dirty_limit,
    "dirty_trend": machine.dirty_trend,
    "holds_key": machine.holds_key,
    "freed_by_exit": machine.freed_by_exit,
    "waits_for": waits_for,
    # what no rule computes
    "fact": fact,
    "explains": explains,
    "refused_first": refused_first,
    "wb_stops_at": wb_stops_at,
    "metric": machine.metric,
    "holds": machine.holds,
}
"""Every form; what it takes stands in its docstring."""

USAGE: dict[str, str] = {
    "may_sleep": "`may_sleep MASK`: whether the caller may sleep and reclaim.",
    "wakes_kswapd": "`wakes_kswapd MASK`: whether the request may wake kswapd.",
    "may_do_io": "`may_do_io MASK`: whether reclaim on its behalf may start I/O.",
    "may_enter_fs": "`may_enter_fs MASK`: whether reclaim on its behalf may enter the file system.",
    "warns": "`warns MASK`: whether a failure is printed.",
}
"""What the forms take that share one function."""


def usage(name: str) -> str:
    """Return what a form takes and what it asks, in one line."""
    if name in USAGE:
        return USAGE[name]
    return (FORMS[name].__doc__ or "").strip().splitlines()[0]


def truth(
    text: str,
    kernel: Kernel,
    machine: Machine | None = None,
    metrics: MetricReader = read,
) -> Truth:
    """Return the answer to a question of this kernel and, where it needs one, this machine.

    The machine is not changed. Raises TruthError, which quotes the question and says what is
    allowed.
    """
    if len(text) > MAX_QUESTION:
        raise TruthError(f"the question is longer than {MAX_QUESTION} characters")
    words = text.split()
    try:
        found = _answer(words, kernel, machine, metrics)
    except InputError as error:
        raise TruthError(f"{text!r}: {error}{_usage_of(words)}") from None
    others = tuple(other for other in found.others if other.value != found.comparable())
    return found._replace(text=" ".join(words), others=others)


def _usage_of(words: list[str]) -> str:
    name = next((word for word in words if word in FORMS), None)
    return f"; {usage(name)}" if name else ""


def _answer(
    words: list[str], kernel: Kernel, machine: Machine | None, metrics: MetricReader
) -> Truth:
    if IF not in words:
        return _ask(words, kernel, machine, metrics)
    at = words.index(IF)
    action, value = words[at + 1 : at + 2], " ".join(words[at + 2 :])
    if machine is None or not action or not value:
        raise TruthError("`if` needs a machine, an action and its value")
    if action[0] not in ACTIONS:
        raise TruthError(no_such("action", action[0], ACTIONS))
    other = fork(machine)
    do_action(other, action[0], value)
    before = _ask(words[:at], kernel, machine, metrics)
    after = _ask(words[:at], kernel, other, metrics)
    if before.value == after.value:
        return after
    right = "; ".join(after.explanation())
    shown = before.shown()
    why = finding("wrong.before", answer=shown, action=action[0], value=value, right=right)
    return after._replace(others=(Other(before.comparable(), why), *after.others))


def _ask(words: list[str], kernel: Kernel, machine: Machine | None, metrics: MetricReader) -> Truth:
    words, scene = _scene(words, kernel, machine, metrics)
    in_kb = words[:1] == [KB_WORD]
    words = words[int(in_kb) :]
    if not words or words[0] not in FORMS:
        raise TruthError(no_such("question", words[0] if words else "", FORMS))
    found = FORMS[words[0]](scene, words[1:])
    return _as_kb(found) if in_kb else found


def _scene(
    words: list[str], kernel: Kernel, machine: Machine | None, metrics: MetricReader
) -> tuple[list[str], Scene]:
    """Return the words without `in KERNEL`, and whom they are asked of."""
    if IN not in words:
        return words, Scene(kernel.gfp, kernel, machine, metrics)
    at = words.index(IN)
    if len(words) != at + 2:
        raise TruthError("`in` needs one kernel, and stands at the end")
    name = words[at + 1]
    return words[:at], Scene(layout_named(name), KERNELS.get(name), machine, metrics)


def _as_kb(found: Truth) -> Truth:
    """Return a number of pages in kB."""
    if found.kind != NUMBER or found.unit != PAGES or not isinstance(found.value, int):
        raise TruthError(f"{KB_WORD} is for numbers of pages")
    others = tuple(
        other._replace(value=other.value * PAGE_KB, why=_in_kb(other.why, other.value))
        for other in found.others
        if isinstance(other.value, int)
    )
    term = found.term * PAGE_KB if found.term is not None else None
    why = (*found.findings, finding("truth.computed", result=term)) if term else found.findings
    value = found.value * PAGE_KB
    return found._replace(value=value, unit=KB, term=term, others=others, findings=why)


def _in_kb(why: Finding, pages: int) -> Finding:
    """Return a sentence about a wrong answer in kB."""
    return why._replace(operands={**why.operands, "answer": pages * PAGE_KB})
