"""Call traces, and the context that they show.

A function that can only be on the stack in softirq, or below reclaim, is evidence for it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mmplay.engine.rules.alloc_flags import Context


class StackEntry(NamedTuple):
    """One line of a call trace, innermost first.

    `mark` is IRQ or EOI where the trace enters or leaves an interrupt stack; `guess` marks an
    address that was merely found on the stack (printed with a question mark).
    """

    symbol: str
    offset: int
    size: int
    address: int | None = None
    module: str = ""
    mark: str = ""
    guess: bool = False


class Evidence(NamedTuple):
    """Why a context was concluded: the context bit and the function on the stack that shows it."""

    context: Context
    symbol: str


SHOWN_BY: dict[str, Context] = {
    **dict.fromkeys(
        (
            *("__do_softirq", "do_softirq", "do_softirq_own_stack", "net_rx_action"),
            *("tasklet_action", "__softirqentry_text_start", "handle_softirqs"),
        ),
        Context.SOFTIRQ,
    ),
    **dict.fromkeys(("do_IRQ", "handle_irq_event", "handle_irq_event_percpu"), Context.HARDIRQ),
    **dict.fromkeys(
        ("try_to_free_pages", "__perform_reclaim", "balance_pgdat", "kswapd"), Context.PF_MEMALLOC
    ),
}
"""Functions that cannot be on the stack without the context they show.

Softirqs run from irq_exit, inside do_IRQ but after the hard interrupt is done, so whichever of
the two stands further in decides. Newer traces may name __do_softirq after its section; since 6.11
it is handle_softirqs.
"""


class ContextReading(NamedTuple):
    """The context that a call trace shows, and the evidence for each bit of it."""

    context: Context
    evidence: tuple[Evidence, ...]
    traced: bool = True
    """False if there was no call trace to rely on: then only the mask is known."""
    whole: bool = True
    """False if no function is printed that stands at the bottom of a task's stack."""


INTERRUPT_STACK = "<IRQ>"
"""Stands for the function where the trace shows an interrupt, but not which function proves it."""


def read_context(stack: tuple[StackEntry, ...]) -> ContextReading:
    """Return the context of the innermost page request of a call trace.

    What lies under an interrupt belongs to the interrupted task and proves nothing:
    __do_softirq masks PF_MEMALLOC while it runs (kernel/softirq.c, 4.5). Addresses that were
    merely found on the stack are no evidence, and a trace of such alone is none; but a trace that
    enters the interrupt stack (<IRQ>) is of an interrupt, and there they tell of which kind.
    """
    above = _above_interrupted(stack)
    marked = any(entry.mark == "IRQ" for entry in above)
    if not marked and all(entry.guess for entry in stack):
        return ContextReading(Context.TASK, (), traced=False)
    context, evidence = Context.TASK, []
    for entry in above:
        shown = SHOWN_BY.get(entry.symbol, Context.TASK)
        if entry.guess and not (marked and shown.in_interrupt):
            continue
        if shown & ~context:
            context |= shown
            evidence.append(Evidence(shown, entry.symbol))
        if context.in_interrupt:
            break
    if marked and not context.in_interrupt:
        context |= Context.HARDIRQ
        evidence.append(Evidence(Context.HARDIRQ, INTERRUPT_STACK))
    return ContextReading(context, tuple(evidence), whole=_has_bottom(stack))


_BOTTOM = re.compile(
    r"(?i)sys|entry|ret_from|ret_to|thread|start_kernel|start_secondary|rest_init|kernel_init"
    r"|fault|abort|idle|_usr$|^el[01]|^exc_|error_code|stack_done|exception|initcall|check_handler"
)
"""What the functions are named by which a task enters the kernel, or where it begins."""

BOTTOM_ENTRIES = 6
"""Entries from the end of a trace among which the bottom stands, the last ones being guesses."""


def _has_bottom(stack: tuple[StackEntry, ...]) -> bool:
    return any(_BOTTOM.search(entry.symbol) for entry in stack[-BOTTOM_ENTRIES:])


def _above_interrupted(stack: tuple[StackEntry, ...]) -> list[StackEntry]:
    """Return the entries down to where the trace leaves the interrupt stack."""
    for count, entry in enumerate(stack):
        if entry.mark == "EOI":
            return list(stack[:count])
    return list(stack)
