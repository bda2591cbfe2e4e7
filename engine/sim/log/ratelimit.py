"""Printing at most ten reports in five seconds, and saying how many were left out.

Source: lib/ratelimit.c and include/linux/ratelimit.h of 4.5 (___ratelimit,
DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.printk.forms import SUPPRESSED

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

INTERVAL_NS = 5_000_000_000
BURST = 10

FUNCTIONS = ("warn_alloc_failed", "slab_out_of_memory", "oom_kill_process")
PAGES, SLABS, KILLS = range(3)
"""Which limit; `FUNCTIONS` are the names that the suppression line prints."""

BEGIN, PRINTED, MISSED, SIZE = 0, 1, 2, 3


def allowed(m: Machine, which: int) -> bool:
    """Tell whether one more report may be printed, and count it either way."""
    limits, at = m.state.limits, which * SIZE
    now = m.state.now_ns
    if limits[at + BEGIN] == 0:
        limits[at + BEGIN] = now
    if now > limits[at + BEGIN] + INTERVAL_NS:
        if limits[at + MISSED]:
            m.printk(SUPPRESSED, {"function": FUNCTIONS[which], "count": limits[at + MISSED]})
        limits[at : at + SIZE] = [0, 0, 0]
    if limits[at + PRINTED] < BURST:
        limits[at + PRINTED] += 1
        return True
    limits[at + MISSED] += 1
    return False


def missed(m: Machine, which: int, count: int) -> None:
    """Count reports that come at the same moment as one that was just refused."""
    m.state.limits[which * SIZE + MISSED] += count
