"""Events that a start puts on the time axis: actions that nobody at the keyboard takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.sim.run.actions import do_action

if TYPE_CHECKING:
    from mmplay.engine.sim.run.machine import Machine


def run_script(m: Machine, number: int, _: int) -> None:
    """Do one event of the script."""
    _, name, value = m.setup.script[number]
    do_action(m, name, value, "script")
