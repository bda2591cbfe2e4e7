"""The sentences: one template for each finding, filled with the finding's operands.

A Term operand is written as its filled-in equation. Format specs of our own: `pages` counts
("1 page", "22 pages"), `seconds` turns microseconds into seconds, `hex` prints a mask.
"""

from __future__ import annotations

from mmplay.engine.explain.finding import Finding, Operand, equation
from mmplay.engine.explain.sentences_asked import ASKED
from mmplay.engine.terms import Term

_TABLE = """
gate.refused: {free} <= {floor}: refused, {short:pages} short
gate.passes: {free} > {floor}: passes
gate.no block: {free} > {floor}: the gate is open, but no free list has a block to give
gate.unknown: the dump lacks a number that the test needs: no verdict
gate.skew: the dump was printed {delay_us:seconds} after the refusal: pages moved in between
gate.skew_untimed: the dump was printed after the refusal, the log does not say how long after:
    pages moved in between

caller.class: class {caller}: {why}
caller.plain: class plain: no rule of gfp_to_alloc_flags gives this caller a discount
caller.softirq: in softirq, where nobody may sleep or reclaim: {symbol} is on the stack
caller.hardirq: in a hard interrupt, where nobody may sleep or reclaim: {symbol} is on the stack
caller.pf_memalloc: freeing memory itself (PF_MEMALLOC): {symbol} is on the stack
caller.task: an ordinary task: neither interrupt nor reclaim is on its stack
caller.untraced: no call trace was printed: the context is not known, only the mask
caller.abilities: {mode:hex} = {names}: {abilities}
caller.names_differ: the log names {printed}; this kernel's table gives {names}
caller.slab: a slab page: SLUB was asked with {gfp:hex} ({names}) and passed {mode:hex} on
caller.slab_lost: {lost} did not get through: new_slab keeps GFP_RECLAIM_MASK|GFP_CONSTRAINT_MASK
    ({keeps:hex}) only
caller.slab_differs: SLUB was asked with {gfp:hex}; its mask would pass {expected:hex} on, but the
    page allocator printed {mode:hex}

assumed.no_header: the log does not name the caller: class plain, mark min, class zone {zone}
assumed.last_look: the OOM killer took its last look at the high mark (__alloc_pages_may_oom)
assumed.class_zone: class zone {zone}: the highest populated zone that the mask allows
assumed.task_context: no call trace: taken as a task that is not freeing memory itself
assumed.if_memalloc_refused: were it freeing memory itself (PF_MEMALLOC), it would be refused too:
    no zone has a page to give
assumed.if_memalloc_passes: were it freeing memory itself (PF_MEMALLOC), no watermark would have
    stopped it in {zone}
assumed.no_highatomic: no pages are reserved for high-order atomic requests: no H in the lists
assumed.highatomic: the lists show highatomic blocks (H): callers without ALLOC_HARDER see fewer
    free pages than printed
assumed.highatomic_unknown: how many pages are reserved for high-order atomic requests is not
    said here: taken as none
assumed.own_dump: the Mem-Info was printed {distance_us:seconds} after the request was refused
assumed.other_dump: this report has no Mem-Info of its own: the numbers are from the dump printed
    {distance_us:seconds} {direction}

stop.on: {free} is exactly the floor of {callers}: that is where such a caller stops
stop.between: {free} lies between the floors of {above} ({above_pages}) and {below} ({below_pages})
stop.above: {free} is above every floor; the highest is {below} ({below_pages})
stop.below: {free} is below every floor that is tested; the lowest is {above} ({above_pages})
stop.lists_empty: free counts {free:pages}, but every free list is empty: the counter runs behind
    (per-CPU vmstat)

pass.pages: {pages:pages} more free in {zone}
pass.last_look: {pages:pages} more free in {zone} at the last look: nobody is killed
pass.kept: {flags} kept by SLUB: class {caller}, floor {floor} in {zone}, {free} passes
pass.class: as a caller of class {caller} ({how}): floor {floor} in {zone}, {free} passes
pass.min_free: vm.min_free_kbytes at most {kbytes}
pass.reserve: vm.lowmem_reserve_ratio of {zone} at least {ratio}: lowmem_reserve {reserve}
pass.nothing: no flag and no setting: there is no free page

note.lists: {zone}: free is {free:pages}, but its free lists sum to {listed}: {moved:pages} moved
    while the dump was printed, or counted late
note.list_total: {zone}: the free lists sum to {listed_kb} kB, the line says {total_kb} kB: the
    text is damaged
note.totals: totals and zones were printed at different moments: {fields}
note.unreclaimable: {zone}: prints all_unreclaimable {printed}, but {scanned} scanned against
    {limit} gives {expected}
note.reserved: {printed} pages are printed as reserved; RAM less managed is {computed}
note.marks: {zone}: {mark} is printed as {printed}; this kernel computes {computed}

record.left_out: {path} is left out: {why}
record.lost: lines of the kernel log were overwritten before they were read ({times} times)

import.cut: line {line} was longer than a line may be; {cut} bytes of it are gone

trend.field: {name} {delta:+d} pages in {span_us:seconds} ({before} -> {after})
trend.objects: {delta:pages} of slab are {objects} objects of {cache}, if all of it is {cache}
trend.rate: that is {rate} objects a second

distance.left: {caller} is {left:pages} from refusal ({free} > {floor})
distance.none: {caller} is refused here ({free} <= {floor})

reclaim.dirty: {percent} % of the file cache is dirty ({dirty} of {file} pages);
    {writeback:pages} under writeback
reclaim.no_swap: no swap: anonymous memory cannot leave
reclaim.zones: all_unreclaimable: {zones}

oom.by_hand: the kill was asked for by hand (sysrq-f prints order -1): no watermark was tested

kernel.unknown: the rules of kernel {release} are not known: no verdict
kernel.none: the log does not name its kernel: no verdict (name one with --kernel)
"""


def _read_table(text: str) -> dict[str, str]:
    table: dict[str, str] = {}
    code = ""
    for line in text.split("\n"):
        if line.startswith(" "):
            table[code] += f" {line.strip()}"
        elif line:
            code, template = line.split(": ", 1)
            table[code] = template
    return table


SENTENCES: dict[str, str] = _read_table(_TABLE) | _read_table(ASKED)
"""Every finding's template by its code."""


COUNTED = ("pages", "objects", "times")


class Number(int):
    """An integer that knows the specs of the templates."""

    def __format__(self, spec: str) -> str:
        if spec in COUNTED:
            return f"{int(self)} {spec[:-1] if self == 1 else spec}"
        if spec == "hex":
            return f"{int(self):#x}"
        if spec == "seconds":
            return seconds(int(self))
        return format(int(self), spec)


def seconds(time_us: int) -> str:
    """Return microseconds as seconds with all six decimals, as printk prints them."""
    sign, time_us = ("-", -time_us) if time_us < 0 else ("", time_us)
    return f"{sign}{time_us // 1_000_000}.{time_us % 1_000_000:06d} s"


def sentence(one: Finding) -> str:
    """Return the finding in words."""
    return SENTENCES[one.code].format(**{k: _shown(v) for k, v in one.operands.items()})


def _shown(value: Operand) -> object:
    if isinstance(value, Term):
        return equation(value)
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, int):
        return Number(value)
    return "unknown" if value is None else value
