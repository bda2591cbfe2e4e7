"""Questions about GFP masks: names, bits, what they allow, what SLUB makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import dropwhile, takewhile

from mmplay.engine.explain.caller import DECIDED_BY, FOR_SLEEPERS, abilities
from mmplay.engine.explain.finding import Finding, finding, said
from mmplay.engine.explain.words import CALLERS
from mmplay.engine.rules.alloc_flags import AllocFlag, Context
from mmplay.engine.rules.gfp import GFP_LAYOUTS, GfpLayout, span
from mmplay.levels.truth.subject import Subject
from mmplay.levels.truth.truths import FLAGS, MASK, Other, Truth, opposite, told

TWO_BITS = 2

Form = Callable[[Subject, list[str]], Truth]


def _mask(subject: Subject, words: list[str]) -> int:
    return subject.layout.encode(words[0])


def _names(layout: GfpLayout, mask: int) -> str:
    return layout.format(mask) or "no flags"


def _sum(layout: GfpLayout, mask: int) -> str:
    """Return a mask as the sum of its bits, each with its name, the largest first."""
    set_bits = [1 << n for n in reversed(range(mask.bit_length())) if mask >> n & 1]
    bits = [said("steps.flag", bit=bit, name=layout.single_bits(bit)[0]) for bit in set_bits]
    if len(bits) < TWO_BITS:
        return f"{mask:#x} is one bit" if bits else f"{mask:#x} has no bit"
    return f"{mask:#x} = {' + '.join(bits)}"


def decode(subject: Subject, words: list[str]) -> Truth:
    """`decode MASK`: the names as the kernel prints them; any names of the same bits are right."""
    mask = _mask(subject, words)
    names = tuple(name for name in subject.layout.format(mask).split("|") if name)
    why = finding(
        "truth.decoded", sum=_sum(subject.layout, mask), names=_names(subject.layout, mask)
    )
    return told(names, why, kind=FLAGS)


def bits(subject: Subject, words: list[str]) -> Truth:
    """`bits MASK`: the single bits by name."""
    mask = _mask(subject, words)
    names = tuple(subject.layout.single_bits(mask))
    return told(
        names,
        finding("truth.bits", mask=mask, names=list(names)),
        kind=FLAGS,
    )


def encode(subject: Subject, words: list[str]) -> Truth:
    """`encode NAMES`: the mask in hex."""
    mask = _mask(subject, words)
    why = finding("truth.encoded", names=words[0], sum=_sum(subject.layout, mask))
    return told(mask, why, _by_other_layouts(subject.layout, words[0], mask), kind=MASK)


def _by_other_layouts(own: GfpLayout, text: str, mask: int) -> list[Other]:
    """Return what the names would be as a number of other kernels, the oldest first."""
    known = [one for one in _upstream() if _knows(one, text) and one.encode(text) != mask]
    values = dict.fromkeys(one.encode(text) for one in known)
    return [
        Other(value, _by_bits(f"{value:#x}", [one for one in known if one.encode(text) == value]))
        for value in values
    ]


def _upstream() -> list[GfpLayout]:
    return [one for one in GFP_LAYOUTS.values() if one.name[0].isdigit()]


def _knows(layout: GfpLayout, text: str) -> bool:
    return all(part in (*layout.bits, *layout.composites) for part in text.split("|"))


def _by_bits(answer: str, layouts: Sequence[GfpLayout]) -> Finding:
    """Return that an answer would be right with the bits of these kernels, side by side."""
    return finding("wrong.layout", answer=answer, kernel=span([one.covers for one in layouts]))


def ability(name: str) -> Form:
    """Return the form `NAME MASK`, where the name is one of the abilities."""

    def form(subject: Subject, words: list[str]) -> Truth:
        """Answer yes or no for a mask; the other answer would need other bits."""
        mask = _mask(subject, words)
        can = bool(getattr(abilities(subject.layout, mask), name))
        why = finding(
            "truth.ability",
            names=_asked_as(subject.layout, words[0]),
            has=_has(subject.layout, name, mask),
            ability=said(f"can.{name}" if can else f"can.not_{name}"),
        )
        by_number = looks_like_bits(words[0])
        need = (_opposite if by_number else _lacks)(subject.layout, name, mask, can)
        other = Other(not can, need)
        return told(can, why, [other])

    return form


def _asked_as(layout: GfpLayout, word: str) -> str:
    """Return a mask as the question has it; one in bits with its names."""
    if not looks_like_bits(word):
        return word
    return f"{word} ({_names(layout, layout.encode(word))})"


def looks_like_bits(word: str) -> bool:
    """Tell whether a mask is given as a number: only that is another one on another kernel."""
    return word[:1].isdigit()


def _deciding(layout: GfpLayout, name: str) -> list[str]:
    """Return the flags that decide an ability, of those that a layout has."""
    flags, _ = DECIDED_BY[name]
    return [flag for flag in flags if flag in layout.bits] or [flags[0]]


def _has(layout: GfpLayout, name: str, mask: int) -> str:
    """Return which of the flags that decide an ability a mask has, in words."""
    known = _deciding(layout, name)
    if name in FOR_SLEEPERS and layout.has(mask, known[0]):
        with_sleep = "and" if abilities(layout, mask).may_sleep else "but not"
        return f"has {known[0]} {with_sleep} {_deciding(layout, 'may_sleep')[0]}"
    there = [flag for flag in known if layout.has(mask, flag)]
    return f"has {' and '.join(there)}" if there else f"does not have {known[0]}"


def _opposite(layout: GfpLayout, name: str, mask: int, can: bool) -> Finding:
    """Return what the opposite would need: of bits those of another kernel, or another flag."""
    answer = "no" if can else "yes"
    others = dropwhile(lambda one: bool(getattr(abilities(one, mask), name)) is can, _upstream())
    run = list(takewhile(lambda one: bool(getattr(abilities(one, mask), name)) is not can, others))
    return _by_bits(answer, run) if run else _lacks(layout, name, mask, can)


def _lacks(layout: GfpLayout, name: str, mask: int, can: bool) -> Finding:
    """Return which flags the opposite would need: names mean the same in every kernel."""
    answer = "no" if can else "yes"
    return finding("wrong.need", answer=answer, need=_need(layout, name, mask, can))


def _need(layout: GfpLayout, name: str, mask: int, can: bool) -> str:
    """Return what a mask would need to lack, if it can, or to have, if it cannot.

    I/O and the file system are for callers that may sleep.
    """
    known = _deciding(layout, name)
    if DECIDED_BY[name][1] is can:
        there = [flag for flag in known if layout.has(mask, flag)] or known[:1]
        return f"a mask without {' and '.join(there)}"
    wanted = [known[0], _deciding(layout, "may_sleep")[0]] if name in FOR_SLEEPERS else known[:1]
    return f"a mask with {' and '.join(flag for flag in wanted if not layout.has(mask, flag))}"


def uses_reserves(subject: Subject, words: list[str]) -> Truth:
    """`uses_reserves MASK[:slab][:CONTEXT]`: whether the caller may go below min."""
    who = subject.who(words[0])
    can = who.caller.flags != AllocFlag.NONE
    code = "truth.reserves" if can else "truth.no_reserves"
    why = finding(code, how=CALLERS[who.caller.name].how)
    need = "a mask without __GFP_HIGH, __GFP_ATOMIC and __GFP_MEMALLOC in an ordinary task"
    if not can:
        need = "__GFP_HIGH, __GFP_ATOMIC, __GFP_MEMALLOC or PF_MEMALLOC"
    return told(can, why, [opposite(can, need)])


def slab_mask(subject: Subject, words: list[str]) -> Truth:
    """`slab_mask MASK`: the mask that SLUB passes on to the page allocator."""
    mask = _mask(subject, words)
    slab = subject.slab
    passed = slab.page_mask(mask)
    keeps, adds = slab.keeps, slab.adds
    why = finding("truth.slab", mask=mask, keeps=keeps, adds=adds, result=passed)
    lost = subject.layout.single_bits(mask & ~keeps)
    added = subject.layout.format(adds)
    unmasked = finding("wrong.unmasked", answer=f"{mask:#x}", keeps=keeps, lost=lost or ["nothing"])
    bare = mask & keeps
    others = (
        Other(mask, unmasked),
        Other(
            mask | adds,
            unmasked._replace(operands={**unmasked.operands, "answer": hex(mask | adds)}),
        ),
        Other(bare, finding("wrong.no_notrack", answer=f"{bare:#x}", added=added)),
    )
    return told(passed, (why, _lost(subject, mask)), others, kind=MASK)


def _lost(subject: Subject, mask: int) -> Finding:
    lost = subject.layout.single_bits(mask & ~subject.slab.keeps)
    if not lost:
        return finding("truth.slab_keeps_all", mask=mask)
    return finding("truth.slab_lost", mask=mask, lost=lost, keeps=subject.slab.keeps)


def slab_lost(subject: Subject, words: list[str]) -> Truth:
    """`slab_lost MASK`: the flags that SLUB does not pass on."""
    mask = _mask(subject, words)
    names = tuple(subject.layout.single_bits(mask & ~subject.slab.keeps))
    return told(names, _lost(subject, mask), _not_lost(subject, mask), kind=FLAGS)


def _not_lost(subject: Subject, mask: int) -> list[Other]:
    """Return what is wrong with a single flag that SLUB passes on, or adds."""
    layout, slab = subject.layout, subject.slab
    passed = layout.single_bits(mask & slab.keeps)
    added = layout.single_bits(slab.page_mask(mask) & ~mask)
    codes = {**dict.fromkeys(passed, "wrong.passed_on"), **dict.fromkeys(added, "wrong.added")}
    return [Other(layout.value(one), finding(code, answer=one)) for one, code in codes.items()]


def slab_lost_discount(subject: Subject, words: list[str]) -> Truth:
    """`slab_lost_discount MASK`: of the flags that SLUB loses, those that cost a discount."""
    mask = _mask(subject, words)
    passed = subject.slab.page_mask(mask)
    lost = subject.layout.single_bits(mask & ~subject.slab.keeps)
    kernel = subject.kernel
    own = kernel.alloc_flags(passed, Context.TASK)
    names = tuple(
        name
        for name in lost
        if kernel.alloc_flags(passed | subject.layout.value(name), Context.TASK) != own
    )
    caller = CALLERS[kernel.class_of(own).name].who
    why = finding("truth.discount", lost=list(names) or ["them"], who=caller)
    idle = [name for name in lost if name not in names]
    others = [
        Other(subject.layout.value(name), finding("wrong.lost_idly", answer=name)) for name in idle
    ]
    findings = _lost(subject, mask), why
    return told(names, findings, (*others, *_not_lost(subject, mask)), kind=FLAGS)
