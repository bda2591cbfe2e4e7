"""Call traces, and the context that they show.

A function that can only be on the stack in softirq, or below reclaim, is evidence for it.
"""

from __future__ import annotations

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
    """False if there was no call trace to read: then only the mask is known."""


def read_context(stack: tuple[StackEntry, ...]) -> ContextReading:
    """Return the context of the innermost page request of a call trace.

    What lies under an interrupt belongs to the interrupted task and proves nothing:
    __do_softirq masks PF_MEMALLOC while it runs (kernel/softirq.c, 4.5). Addresses that were
    merely found on the stack are no evidence.
    """
    if not stack:
        return ContextReading(Context.TASK, (), traced=False)
    context, evidence = Context.TASK, []
    for entry in stack:
        shown = Context.TASK if entry.guess else SHOWN_BY.get(entry.symbol, Context.TASK)
        if shown & ~context:
            context |= shown
            evidence.append(Evidence(shown, entry.symbol))
        if context.in_interrupt or entry.mark == "EOI":
            break
    return ContextReading(context, tuple(evidence))
