"""What happens every second on every CPU: the differences it held of the counters are folded in.

Source: mm/vmstat.c of 4.5 (vmstat_update, refresh_cpu_vm_stats; vm.stat_interval is 1 s).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.mm.vmstat import fold
from mmplay.engine.sim.run.actors import VMSTAT
from mmplay.engine.sim.setup import SECOND_NS

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine


def refresh_vmstat(m: Machine, cpu: int, _: int) -> None:
    """Fold this CPU's differences, and come back in a second."""
    for zone in m.state.zones:
        fold(zone, cpu)
    m.push(m.state.now_ns + SECOND_NS, VMSTAT, cpu)
