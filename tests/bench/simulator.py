"""The incident's burst beside SimPy's bare timeouts, in one process, in turn, best of five.

Run with `python -m tests.bench.simulator`. Figures and ratios are printed, nothing is asserted.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Generator

import simpy

from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.turns import run_until, turn
from mmplay.engine.sim.state.state import State
from mmplay.levels.scenario.build import Changes, choice_for, machine_of_scenario
from mmplay.levels.scenario.load import load_scenario, scenario_path
from tests.engine.sim.machines import incident

TIMEOUTS = 750_000
BURST_END_NS = 61_526_353_000
ROUNDS = 5
KEEP_EVERY = 512
LIVELOCK_NS = 24_000_000_000


def timeouts() -> None:
    """Let SimPy make its bare timeouts."""
    environment = simpy.Environment()

    def clock() -> Generator[simpy.Event, None, None]:
        for _ in range(TIMEOUTS):
            yield environment.timeout(1)

    environment.process(clock())
    environment.run()


def burst(m: Machine) -> None:
    """Run the burst without steps."""
    run_until(m, BURST_END_NS)


def recorded(m: Machine) -> list[State]:
    """Run the burst and keep a state every few turns, as a recording does."""
    kept = [m.state.copy()]
    heap = m.state.heap
    count = 0
    while heap and heap[0][0] <= BURST_END_NS:
        turn(m)
        count += 1
        if count % KEEP_EVERY == 0:
            kept.append(m.state.copy())
    return kept


def power_on() -> Machine:
    """Return the incident's machine a second after its boot."""
    scenario = load_scenario(scenario_path("power-on.toml"))
    return machine_of_scenario(scenario, choice_for(scenario, Changes()))


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Print the figures."""
    best = {"simpy": 1e9, "burst": 1e9, "recorded": 1e9}
    machine = incident()
    for _ in range(ROUNDS):
        best["simpy"] = min(best["simpy"], seconds(timeouts))
        machine = incident()
        best["burst"] = min(best["burst"], seconds(lambda m=machine: burst(m)))  # type: ignore[misc]
        other = incident()
        best["recorded"] = min(best["recorded"], seconds(lambda m=other: recorded(m)))  # type: ignore[misc]
    counters = machine.state.counters
    requests = counters.wb_work + counters.wb_nowork + counters.pgalloc
    print(f"SimPy, {TIMEOUTS} timeouts   {best['simpy']:.3f} s")
    print(
        f"burst, no steps         {best['burst']:.3f} s  ratio {best['burst'] / best['simpy']:.2f}"
    )
    ratio = best["recorded"] / best["burst"]
    print(f"burst, states kept      {best['recorded']:.3f} s  {ratio:.2f} of the burst")
    print(f"turns/s                 {machine.state.turn / best['burst']:.0f}")
    print(f"requests/s              {requests / best['burst']:.0f}")
    begun = power_on()
    taken = seconds(lambda: run_until(begun, LIVELOCK_NS))
    simulated = LIVELOCK_NS / 1e9
    print(f"power-on to livelock    {taken:.3f} s  {taken / simulated:.2f} of what is simulated")
    tracemalloc.start()
    kept = recorded(incident())
    print(f"{len(kept)} states and run    {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
