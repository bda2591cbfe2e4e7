"""Machines for tests: the incident's in every variant, and helpers to run them."""

from __future__ import annotations

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.machine.decisions import Decision
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.slowpath import NONE, RETRY
from mmplay.engine.sim.run.turns import turn
from mmplay.engine.sim.starts.common import Choice
from mmplay.recordings.log.prefix import stamp
from mmplay.recordings.run.starts import incident_machine, machine_of

SECOND = 1_000_000_000
RC7, NEXT = "4.5-rc7", "next-20160311"
LOG_1 = "incident-next-20160311"


def incident(
    variant: str = "atomic", kernel: str = RC7, seed: int = 1, packets: int = -1
) -> Machine:
    """Return the incident's machine."""
    return incident_machine(Choice(kernel_named(kernel), variant, seed, packets=packets))


def log_1(keep_atomic: str) -> Machine:
    """Return the machine of log 1, with or without __GFP_ATOMIC in SLUB's mask."""
    choice = Choice(kernel_named(NEXT), "nomemalloc", keep_atomic=keep_atomic == "keeps")
    return machine_of(LOG_1, 0, choice)


def without_kill(eater_asks: bool = True) -> Machine:
    """Return the incident's machine as if a victim never died: nobody is exempt from the throttle.

    kthreadd does not ask for its stack. Without `eater_asks` the eater asks for nothing either, and
    the disk gives nothing back.
    """
    m = incident()
    tasks = m.state.tasks
    eater = tasks.names.index("memeater")
    tasks.token[tasks.names.index("kthreadd")] += 1
    m.state.oom_lock = 0
    tasks.stage[eater] = RETRY if eater_asks else NONE
    m.state.oom_victims = int(eater_asks)
    if not eater_asks:
        tasks.want[eater] = m.state.disk_left = 0
    return m


def until_depleted(m: Machine, limit_ns: int = 62 * SECOND) -> Machine:
    """Run until a work cannot be allocated."""
    while not m.state.first_fail_ns and m.state.now_ns < limit_ns and turn(m):
        pass
    return m


def listened(m: Machine) -> list[Decision]:
    """Return the list that every decision of this machine comes into from now on."""
    made: list[Decision] = []
    m.tell = made.append
    return made


def log_text(m: Machine) -> list[str]:
    """Return what a machine has printed since it was made, one string a line, with time stamps."""
    return [
        f"{stamp(time_ns // 1000)}{line}"
        for time_ns, form, values in m.log
        for line in form.render(values)
    ]
