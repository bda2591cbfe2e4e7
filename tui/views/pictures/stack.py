"""The stack: a call chain from the outside in, and the contexts that it has come into.

A context is a bracket from the function that opens it to the innermost one; what it changes for
a request is said at its opening.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.stack import SHOWN_BY
from mmplay.tui.views.pictures.canvas import Canvas, Picture

SAID: dict[str, tuple[str, str]] = {
    "PF_MEMALLOC": ("fine", "PF_MEMALLOC: passes every floor"),
    "softirq": ("below_low", "softirq: may not wait, holds no key"),
    "hardirq": ("below_min", "interrupt: may not wait, holds no key"),
    "oom_lock": ("refused", "holds oom_lock: nobody else kills"),
}
"""A context's role and what it changes."""

CONTEXTS: dict[Context, str] = {
    Context.PF_MEMALLOC: "PF_MEMALLOC",
    Context.SOFTIRQ: "softirq",
    Context.HARDIRQ: "hardirq",
}

LOCKERS = ("__alloc_pages_may_oom",)
"""Who takes oom_lock (mm/page_alloc.c, 4.5)."""

INDENT = 2


class Call(NamedTuple):
    """A function on the stack, and the context that it opens, if any."""

    name: str
    opens: str = ""


class Stack(NamedTuple):
    """What the picture shows: calls from the outside in; who runs; whether contexts may be told."""

    calls: tuple[Call, ...]
    who: str = ""
    told: bool = True


def stack_of_names(names: tuple[str, ...], who: str, told: bool) -> Stack:
    """Return the still of a chain, outermost first; a context is opened once."""
    calls, open_now = [], ""
    for name in names:
        context = CONTEXTS.get(SHOWN_BY.get(name, Context.TASK), "")
        opens = "oom_lock" if name in LOCKERS else context
        calls.append(Call(name, opens if opens != open_now else ""))
        open_now = opens or open_now
    return Stack(tuple(calls), who, told)


@Picture
def stack_rows(sheet: Canvas, stack: Stack, past: Stack) -> None:
    """Draw the chain; calls that are not in `past` come one by one."""
    glyphs = sheet.glyphs
    count = len(stack.calls)
    if past.calls != stack.calls:
        count = sheet.moved(_common(past, stack), count)
    first = 1 if stack.who else 0
    if stack.who:
        sheet.put(0, 0, f"{glyphs.ball} {stack.who}", "number")
    room = max(1, sheet.height - first)
    hidden = max(0, count - room)
    hidden += 1 if hidden else 0
    if hidden:
        sheet.put(INDENT, first, f"{hidden} outer functions {glyphs.more}", "dim")
        first += 1
    opening, role = "", ""
    for n, call in enumerate(stack.calls[:count]):
        if call.opens and stack.told:
            opening, role = call.opens, SAID[call.opens][0]
        y = first + n - hidden
        if n >= hidden:
            _draw(sheet, y, call, opening, role, n == count - 1)


def _common(past: Stack, now: Stack) -> int:
    """Return how many outer calls two chains share."""
    pairs = zip(past.calls, now.calls, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a.name != b.name), len(past.calls))


def _draw(sheet: Canvas, y: int, call: Call, opening: str, role: str, last: bool) -> None:
    glyphs = sheet.glyphs
    if opening:
        bracket = glyphs.bracket_top if call.opens == opening else glyphs.rail
        sheet.put(0, y, glyphs.bracket_end if last and not call.opens else bracket, role)
    sheet.put(INDENT, y, call.name, "changed" if last else "text")
    x = INDENT + len(call.name) + 1
    if last:
        sheet.put(x, y, f"{glyphs.points} here", "here")
        x += 7
    if opening and call.opens == opening:
        said = SAID[opening][1]
        at = max(x, min(34, sheet.width - len(said)))
        sheet.put(at, y, said if at + len(said) <= sheet.width else opening, role)


def stack_words(stack: Stack) -> str:
    """Return where the chain has come to, in one or two sentences."""
    who = f"{stack.who}: " if stack.who else ""
    found = f"{who}{' > '.join(call.name for call in stack.calls)}."
    opened = [SAID[call.opens][1] for call in stack.calls if call.opens and stack.told]
    return f"{found} {'; '.join(opened)}." if opened else found
