"""The kinds of actor on the heap, and what each does when its time comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine

CPU, TIMER, DISK, NIC, VMSTAT, SCRIPT, WORKLOAD = range(7)

Actor = Callable[["Machine", int, int], None]

ACTORS: list[Actor] = []
"""By kind; filled by `register`, once all rules are imported."""
