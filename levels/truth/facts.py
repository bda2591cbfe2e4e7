"""Questions that no rule computes: facts of the kernel, and who waits for whom on a machine."""

from __future__ import annotations

from mmplay.engine.errors import no_such
from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.words import FACTS
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.mm.slowpath import NONE as NO_REQUEST
from mmplay.engine.sim.run.locks import holder_of
from mmplay.engine.sim.run.programs import HOLDER, LOCKER
from mmplay.engine.sim.state.tasks import BLOCKED, EXITED, TIF_MEMDIE
from mmplay.levels.truth.answer import Truth, TruthError, slip, told
from mmplay.levels.truth.rules import ruled
from mmplay.levels.truth.scene import Scene, counted, whole

KILLER, MEMORY, LOCK, NOTHING = "killer", "memory", "lock", "nothing"

SAID_BY_GROUP = {"edge": "wrong.edge"}
"""Groups whose wrong answers have a sentence of their own."""


def fact(scene: Scene, words: list[str]) -> Truth:
    """`fact GROUP.NAME`: a fact of the table, such as mark.kswapd_sleeps."""
    words, _ = counted(words, (), 1, 1)
    name = words[0]
    if name not in FACTS:
        raise TruthError(no_such("fact", name, FACTS))
    one = FACTS[name]
    group = name.partition(".")[0]
    code = SAID_BY_GROUP.get(group, "wrong.fact")
    others = [
        slip(other.value, code, other=_spoken(key), own=_spoken(name))
        for key, other in FACTS.items()
        if key.startswith(f"{group}.") and other.value != one.value and isinstance(other.value, str)
    ]
    return told(
        "",
        f"{one.function}  {one.path}  {scene.kernel.source}",
        one.value,
        finding("truth.fact", why=one.why),
        others,
    )


def _spoken(name: str) -> str:
    return name.partition(".")[2].replace("_", " ")


def waits_for(scene: Scene, words: list[str]) -> Truth:
    """`waits_for PID|lock|killer`: the lock, memory, nothing, or the pid of a task.

    The lock waits for its holder, the OOM killer for a victim that has not ended.
    """
    words, _ = counted(words, (), 1, 1)
    m, who = scene.machine, words[0]
    value, why = _edge(m, who)
    others = [
        slip(other, "wrong.waits", own=edge_of, right=value)
        for edge_of in _nodes(m, who)
        if (other := _edge(m, edge_of)[0]) != value
    ]
    return ruled(scene, "waits_for", value, why, others)


def _nodes(m: Machine, who: str) -> list[str]:
    """Return everybody else in the graph: the lock, the killer, the victim, the holder."""
    tasks = m.state.tasks
    victim, holder = _victim(m), holder_of(m, HOLDER)
    found = [LOCK, KILLER, *(str(tasks.pid[task]) for task in (victim, holder) if task >= 0)]
    return [one for one in found if one != who]


def _victim(m: Machine) -> int:
    flags = m.state.tasks.flags
    return next((task for task in range(len(flags)) if flags[task] & TIF_MEMDIE), -1)


def _edge(m: Machine, who: str) -> tuple[str, Finding]:
    """Return what somebody waits for, and why."""
    tasks = m.state.tasks
    if who in (LOCK, KILLER):
        task = holder_of(m, HOLDER) if who == LOCK else _victim(m)
        value = str(tasks.pid[task]) if task >= 0 else NOTHING
        return value, finding(f"waits.{who}", task=value)
    pid = whole(who, "PID")
    if pid not in tasks.pid or tasks.state[tasks.pid.index(pid)] == EXITED:
        raise TruthError(f"there is no task {pid}")
    task = tasks.pid.index(pid)
    if tasks.kind[task] == LOCKER and tasks.state[task] == BLOCKED:
        return LOCK, finding("waits.locker", task=pid)
    if tasks.stage[task] != NO_REQUEST:
        return MEMORY, finding("waits.memory", task=pid, gfp=tasks.ask[task])
    return NOTHING, finding("waits.nothing", task=pid)
