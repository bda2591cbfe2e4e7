"""Right answers from the rules: a small closed language of questions, answered by the engine.

A question is `FORM ARGUMENT...`, perhaps with `kb` before it (pages become kB), `in KERNEL` (the
bits or rules of another kernel) and, at the end, `if ACTION VALUE` (asked of a machine to which
that was done first). Nothing is evaluated as code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.rules.versions import Kernel, kernel_named
from mmplay.engine.rules.watermarks import PAGE_KB
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import ACTIONS, do_action
from mmplay.levels.truth import (
    on_blocks,
    on_callers,
    on_facts,
    on_floors,
    on_machine,
    on_marks,
    on_masks,
)
from mmplay.levels.truth.compute import compute
from mmplay.levels.truth.on_machine import changed, fork
from mmplay.levels.truth.subject import MetricReader, Subject, counted
from mmplay.levels.truth.truths import COUNTED, KB, NUMBER, OF_BITS, PAGES, Other, Truth, TruthError
from mmplay.levels.truth.wording import by_rule

__all__ = ["FORMS", "MetricReader", "Truth", "TruthError", "truth", "usage"]

MAX_QUESTION = 400
MANY_WORDS = MAX_QUESTION
KB_WORD, IN, IF = "kb", "in", "if"


class Form(NamedTuple):
    """A question: what answers it, how many words it takes, its options (a name and one word each).

    What it asks and takes stands in the docstring of the function, or in USAGE. `rule` is the key
    of the rule that it goes by (see `rules`), None where the answer tells that by itself, and
    `unit` that of its numbers. `deed` does on a machine what the question asks about, given its
    words: None where it asks of the machine as it is. `behind` tells that it asks what a zone's
    floors let in: the machine behind a level's picture computes that.
    """

    answer: Callable[[Subject, list[str]], Truth]
    least: int = 0
    most: int = MANY_WORDS
    options: tuple[str, ...] = ()
    rule: str | None = ""
    unit: str = ""
    deed: Callable[[Machine, list[str]], None] | None = None
    behind: bool = False


FORMS: dict[str, Form] = {
    # zones and floors
    "first_zone": Form(on_callers.first_zone),
    "zone_order": Form(on_callers.zone_order),
    "class": Form(on_callers.caller_class, 1, 1),
    "floor": Form(on_floors.floor_of, 2, 3, ("for",), rule=None, unit=PAGES, behind=True),
    "lowest_served": Form(
        on_floors.lowest_served, 2, 3, ("highatomic", "for"), rule=None, unit=PAGES, behind=True
    ),
    "kswapd_sleeps": Form(on_floors.kswapd_sleeps, 1, 1, rule=None, unit=PAGES, behind=True),
    "passes": Form(on_floors.passes, 3, 4, ("order", "highatomic", "for"), rule=None, behind=True),
    "seen": Form(
        on_floors.seen, 3, 3, ("order", "highatomic", "for"), rule=None, unit=PAGES, behind=True
    ),
    "drain_order": Form(on_callers.drain_order, 1, 5, ("for",), unit=PAGES),
    "served": Form(on_callers.served, 1, 1, ("order",), behind=True),
    # marks and reserves
    "marks": Form(on_marks.marks, 2, 2, rule=None, unit=PAGES),
    "reserve": Form(on_marks.reserve_of, 2, 2, unit=PAGES, behind=True),
    "managed": Form(on_marks.managed, 1, 1, unit=PAGES),
    "total_reserve": Form(on_marks.set_aside, 1, 1, unit=PAGES),
    "compute": Form(compute, rule=None),
    # masks
    "decode": Form(on_masks.decode, 1, 1),
    "bits": Form(on_masks.bits, 1, 1, rule="decode"),
    "encode": Form(on_masks.encode, 1, 1),
    "may_sleep": Form(on_masks.ability("may_sleep"), 1, 1),
    "wakes_kswapd": Form(on_masks.ability("wakes_kswapd"), 1, 1),
    "may_do_io": Form(on_masks.ability("may_do_io"), 1, 1),
    "may_enter_fs": Form(on_masks.ability("may_enter_fs"), 1, 1),
    "warns": Form(on_masks.ability("warns"), 1, 1),
    "uses_reserves": Form(on_masks.uses_reserves, 1, 1),
    "slab_mask": Form(on_masks.slab_mask, 1, 1),
    "slab_lost": Form(on_masks.slab_lost, 1, 1),
    "slab_lost_discount": Form(on_masks.slab_lost_discount, 1, 1, rule="slab_lost"),
    # blocks and slabs
    "buddy": Form(on_blocks.buddy, 2, 2, unit="block"),
    "split_block": Form(on_blocks.split_block, 2, 3, unit="block", deed=on_blocks.take_block),
    "free_block": Form(on_blocks.free_block, 2, 2, unit="block"),
    "merged_order": Form(on_blocks.merged_order, 3, 3, unit="order", deed=on_blocks.give_block),
    "fits": Form(on_blocks.fits, 2, 2),
    "objects_per_slab": Form(on_blocks.objects_per_slab, 1, 1, ("cpus",), unit="objects"),
    "objects_per_page": Form(
        on_blocks.objects_in_page, 1, 1, rule="objects_per_slab", unit="objects"
    ),
    "objects": Form(on_blocks.objects, 2, 2, ("cpus",), unit="objects"),
    "slabs": Form(on_blocks.slabs, 1, 1, unit="slabs"),
    # reclaim, writeback, tasks
    "works_per_call": Form(on_machine.works_per_call, 1, 2, unit="work items"),
    "unreclaimable": Form(on_machine.unreclaimable, 1, 1, rule="all_unreclaimable"),
    "dirty_limit": Form(on_machine.dirty_limit_now, 0, 0, unit=PAGES),
    "dirty_trend": Form(
        on_machine.dirty_trend, 1, 1, rule="dirty_limit", deed=on_machine.take_anonymous
    ),
    "holds_key": Form(on_machine.holds_key, 1, 40),
    "freed_by_exit": Form(on_machine.freed_by_exit, 1, 1, unit=PAGES),
    "waits_for": Form(on_facts.waits_for, 1, 1),
    "waits_on": Form(on_facts.waits_on, 1, 1, rule="waits_for"),
    # what no rule computes
    "fact": Form(on_facts.fact, 1, 1, rule=None),
    "fact_with": Form(on_facts.fact_with, 2, rule=None),
    "explains": Form(on_facts.explains, 1, 1, rule=None),
    "explained": Form(on_facts.explained, 3, rule=None),
    "refused_first": Form(on_facts.refused_first, 0, 3),
    "wb_stops_at": Form(on_facts.wb_stops_at, 2, 2),
    "metric": Form(on_machine.metric_named, 1, 1, rule=None),
    "holds": Form(on_machine.holds, rule=None),
}
"""Every form, by its first word, which is also the key of its rule unless it names another."""

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
    return (FORMS[name].answer.__doc__ or "").strip().splitlines()[0]


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


def supposed(text: str, machine: Machine) -> Machine | None:
    """Return the machine after what a question asks about: its `if`, the deed of its form.

    None if it asks of the machine as it is. Raises InputError.
    """
    words = text.split()
    at = words.index(IF) if IF in words else len(words)
    deeds = [(words[at + 1], " ".join(words[at + 2 :]))] if words[at:] else []
    deed = deed_of(text)
    if deed is None and not deeds:
        return None
    other = fork(machine)
    for name, value in deeds:
        do_action(other, name, value)
    if deed is not None:
        deed(other, words[1:at])
    return other


def deed_of(text: str) -> Callable[[Machine, list[str]], None] | None:
    """Return the deed that a question's form asks about; None if it asks about none."""
    form = FORMS.get(text.partition(" ")[0])
    return form.deed if form is not None else None


OF_CALLERS = ("floor", "passes", "lowest_served", "seen")


def about(
    text: str, kernel: Kernel, machine: Machine, metrics: MetricReader = read
) -> tuple[str, ...]:
    """Return what a question is about: its form; of a caller also its class, and what it leaves.

    FREE may still be a slot. Raises TruthError.
    """
    asked = text.split()
    asked = asked[: asked.index(IF)] if IF in asked else asked
    words, subject = _subject(asked, kernel, machine, metrics)
    words = words[words[:1] == [KB_WORD] :]
    if words[0] not in OF_CALLERS:
        return (words[0],)
    form = FORMS[words[0]]
    args, chosen = counted(words[1:], form.options, form.least, form.most)
    gate = on_floors.gate_of(subject._replace(chosen=chosen), args[:2])
    return words[0], gate.who.caller.name, "kept" if gate.reserve else ""


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
    after = _ask(words[:at], kernel, other, metrics)
    try:
        before = _ask(words[:at], kernel, machine, metrics)
    except InputError:  # what is asked of comes to be by what is supposed
        return after
    if before.value == after.value:
        return after
    why = finding("wrong.before", answer=before.shown(), action=action[0], value=value)
    others = (Other(before.comparable(), why), *after.others)
    return after._replace(others=others, findings=changed(before, after))


def _ask(words: list[str], kernel: Kernel, machine: Machine | None, metrics: MetricReader) -> Truth:
    words, subject = _subject(words, kernel, machine, metrics)
    in_kb = words[:1] == [KB_WORD]
    words = words[int(in_kb) :]
    if not words or words[0] not in FORMS:
        raise TruthError(no_such("question", words[0] if words else "", FORMS))
    name, form = words[0], FORMS[words[0]]
    words, chosen = counted(words[1:], form.options, form.least, form.most)
    found = form.answer(subject._replace(chosen=chosen), words)
    if form.rule is not None and not found.source:
        found = by_rule(found, subject, form.rule or name)
    if form.unit and found.kind in COUNTED:
        found = found._replace(unit=form.unit)
    if found.kind in OF_BITS:
        found = found._replace(layout=subject.layout)
    return _as_kb(found) if in_kb else found


def _subject(
    words: list[str], kernel: Kernel, machine: Machine | None, metrics: MetricReader
) -> tuple[list[str], Subject]:
    """Return the words without `in KERNEL`, and whom they are asked of."""
    if IN not in words:
        return words, Subject(kernel.gfp, kernel, machine, metrics)
    at = words.index(IN)
    if len(words) != at + 2:
        raise TruthError("`in` needs one kernel, and stands at the end")
    kernel = kernel_named(words[at + 1])
    return words[:at], Subject(kernel.gfp, kernel, machine, metrics)


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
    value = found.value * PAGE_KB
    told = "; ".join(found.explanation())
    code = "truth.pages_in_kb" if str(value) in told else "truth.in_kb"
    why = (finding(code, said=told, pages=found.value, kb=value),)
    return found._replace(value=value, unit=KB, term=term, others=others, findings=why)


def _in_kb(why: Finding, pages: int) -> Finding:
    """Return a sentence about a wrong answer in kB."""
    return why._replace(operands={**why.operands, "answer": pages * PAGE_KB})
