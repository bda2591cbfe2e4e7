"""`mmplay run FILE.toml`: where a scenario starts.

Apart from `run_start`: only a scenario needs what reads its file.
"""

from __future__ import annotations

from argparse import Namespace

from mmplay.commands.arguments import MAX_SEED, whole
from mmplay.commands.run_start import (
    RunStart,
    check_fit,
    checked_variant,
    packets_of,
)
from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import simulated_kernel
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.starts.common import Choice
from mmplay.levels.scenario.build import (
    Changes,
    choice_for,
    machine_of_scenario,
    refused_event,
)
from mmplay.levels.scenario.load import Scenario, load_scenario, scenario_path


class ScenarioStart(RunStart):
    """A run that starts as a scenario says; what it refuses is told with the line of the file."""

    def __init__(self, args: Namespace, scenario: Scenario, choice: Choice) -> None:
        """Build the machine; raises InputError."""
        super().__init__(args, choice, machine_of_scenario(scenario, choice))
        self._scenario = scenario

    def refused(self, error: InputError, m: Machine) -> InputError:
        """Return a complaint about an event, which names its line."""
        return refused_event(self._scenario, m, error)


def scenario_start(args: Namespace) -> tuple[RunStart, Choice]:
    """Return the start of a scenario and what was chosen; raises InputError."""
    check_fit(args, "scenarios")
    scenario = load_scenario(scenario_path(args.start))
    choice = choice_for(scenario, changes_of(args))
    return ScenarioStart(args, scenario, choice), choice


def changes_of(args: Namespace) -> Changes:
    """Return what the options put in the place of what the file says; raises InputError."""
    return Changes(
        kernel=None if args.kernel is None else simulated_kernel(args.kernel),
        variant=None if args.variant is None else checked_variant(args.variant),
        seed=None if args.seed is None else whole(args.seed, "--seed", MAX_SEED),
        packets=packets_of(args),
        keep_atomic=args.keep_atomic,
    )
