"""Right answers on the incident's machine and on that of the second log."""

from __future__ import annotations

from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.sim.machine.machine import Machine
from mmplay.levels.truth import Truth, truth
from tests.engine.sim.machines import NEXT, RC7, incident, log_1

MACHINES: dict[str, Machine] = {RC7: incident(), NEXT: log_1("loses")}


def ask(text: str, kernel: str = RC7) -> Truth:
    return truth(text, KERNELS[kernel], MACHINES[kernel])


def value(text: str, kernel: str = RC7) -> object:
    return ask(text, kernel).value


CLASSES = ("plain", "HARDER", "HIGH", "HIGH+HARDER", "NO_WATERMARKS")
