"""Where `mmplay run` starts: the incident, a boot, a frame of a log, a turn, a scenario."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from mmplay.commands.arguments import (
    MAX_SECONDS,
    MAX_SEED,
    MAX_UPTIME_S,
    nanoseconds,
    ram_kb,
    whole,
)
from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import seconds
from mmplay.engine.rules.versions import DEFAULT_KERNEL, simulated_kernel
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MICROSECOND_NS
from mmplay.engine.sim.starts.common import Choice
from mmplay.recordings.library import open_recording
from mmplay.recordings.log.source import claims_to_be_trace
from mmplay.recordings.position import find_place
from mmplay.recordings.run.continuing import AFTER_FOUND_NS
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.starts import incident_machine
from mmplay.recordings.run.store import session_header
from mmplay.recordings.run.tape import Sink

INCIDENT_UNTIL = "61.7"
BOOT_SECONDS = "10"
BOOT_RAM = "2G"
AFTER_FORK_NS = 2_000_000_000
"""A run from a turn of another goes on for two seconds, if nothing else is said."""

UNFIT = {
    "the incident": ("at", "ram", "bounds"),
    "a fresh machine": ("at", "bounds"),
    "levels": (
        *("at", "until", "kernel", "variant", "packets", "keep_atomic", "ram", "bounds"),
        *("act", "screen"),
    ),
    "scenarios": ("actions", "at", "ram", "bounds"),
    "logs": ("at",),
    "recorded runs": ("kernel", "variant", "seed", "packets", "keep_atomic", "ram", "bounds"),
}
"""Options that mean nothing to a sort of start."""

STARTS = ("incident", "boot")
"""Starts that are no file."""

DEFAULT_VARIANT = "atomic"
NO_SEED = -1
"""Of a run whose recording does not say with which it began."""

MAX_PACKETS = 100_000
VARIANTS = tuple(name for name, _ in WB_VARIANTS)

HELP = {
    "actions": "play a level by the [[solution]] in this file",
    "until": "stop at this time on the machine's clock",
    "variant": "how the kernel asks for memory when it wakes the flusher, which writes dirty "
    f"pages: {', '.join(VARIANTS)}",
    "packets": "how many new network flows arrive per second",
}
"""What options mean that every command has which runs a machine."""


def choice_of(args: Namespace) -> Choice:
    """Return what the arguments choose; raises InputError."""
    return Choice(
        simulated_kernel(args.kernel or DEFAULT_KERNEL),
        checked_variant(args.variant or DEFAULT_VARIANT),
        whole(args.seed or "1", "--seed", MAX_SEED),
        args.keep_atomic,
        packets_of(args),
    )


def checked_variant(name: str) -> str:
    """Return the name of a variant; raises InputError."""
    if name not in VARIANTS:
        raise InputError(f"--variant {name}: variants are {', '.join(VARIANTS)}")
    return name


def check_fit(args: Namespace, sort: str) -> None:
    """Raise InputError for an option that means nothing to this sort of start."""
    for name in UNFIT[sort]:
        if getattr(args, name) not in (None, False, []):
            option = name.replace("_", "-")
            raise InputError(f"{args.start}: --{option} is not for {sort}; leave it out")


def packets_of(args: Namespace) -> int:
    """Return `--packets`, -1 without it; raises InputError."""
    return -1 if args.packets is None else whole(args.packets, "--packets", MAX_PACKETS)


def header(m: Machine, choice: Choice) -> dict[str, object]:
    """Return what the run is, and what about it is assumed or calibrated."""
    return {
        "start": m.setup.name,
        "kernel": m.kernel.name,
        "variant": choice.variant,
        "seed": None if choice.seed == NO_SEED else choice.seed,
        "assumed": list(m.setup.assumed),
        "calibrated": list(m.setup.calibrated),
    }


class RunStart:
    """How a run begins: `session(header, writer)` makes it, `until_ns` is when it ends."""

    def __init__(self, args: Namespace, choice: Choice, machine: Machine | None = None) -> None:
        """Find the start, unless the machine is there already; raises InputError."""
        self.choice = choice
        self._parent: Session | None = None
        self._parent_name = ""
        self._turn = self._ram_kb = 0
        self._machine = machine
        self._title = machine.setup.name if machine is not None else ""
        until = args.until
        after_ns, most = AFTER_FORK_NS, MAX_SECONDS
        if machine is not None:
            after_ns, most = AFTER_FOUND_NS, MAX_UPTIME_S
        elif args.start == "incident":
            check_fit(args, "the incident")
            self._machine = incident_machine(choice)
            until = until or INCIDENT_UNTIL
        elif args.start == "boot":
            from mmplay.engine.sim.starts.boot import fresh_boot

            check_fit(args, "a fresh machine")
            self._ram_kb = ram_kb(args.ram or BOOT_RAM)
            self._machine = fresh_boot(self._ram_kb, choice)
            until = until or BOOT_SECONDS
        else:
            self._find_run(args)
        self.name = args.start
        self.until_ns = nanoseconds(until, "--until", most) if until else self.now_ns + after_ns
        if self.found and self.until_ns < self.now_ns:
            begun = seconds(self.now_ns // MICROSECOND_NS)
            raise InputError(f"--until {until}: this run begins at {begun}; name a later time")

    def _find_run(self, args: Namespace) -> None:
        """Take a simulated recording as what is forked, if the start names one."""
        path = Path(args.start)
        if not path.is_file() or not claims_to_be_trace(path):
            return
        recording = open_recording(args.start)
        if recording.session is None:
            recording.close()
            return
        check_fit(args, "recorded runs")
        self._parent, self._parent_name = recording.session, recording.name
        at = find_place(recording, args.at) if args.at else len(recording) - 1
        self._turn = recording.first_turn + at
        m = self._parent.machine_at(self._turn)
        seed = recording.header.get("seed")
        seed = seed if isinstance(seed, int) else NO_SEED
        self.choice = Choice(m.kernel, WB_VARIANTS[m.state.wb_mask][0], seed)

    @property
    def found(self) -> bool:
        """Whether there is anything to start from."""
        return self._machine is not None or self._parent is not None

    @property
    def now_ns(self) -> int:
        """The moment of the start."""
        if self._parent is not None:
            return self._parent.machine_at(self._turn).state.now_ns
        return self._machine.state.now_ns if self._machine is not None else 0

    def refused(self, error: InputError, m: Machine) -> InputError:
        """Return the complaint about what a machine refused while it ran."""
        return error

    def advance(self, session: Session) -> None:
        """Let the run go on to its time."""
        session.advance(until_ns=self.until_ns)

    def answered(self, args: Namespace, session: Session) -> int | None:
        """Print what a start says of its run in a way of its own; return the exit status.

        None where the run is printed like any other.
        """
        return None

    def header(self) -> dict[str, object]:
        """Return the header of the run's recording."""
        choice = self.choice
        if self._parent is not None:
            return session_header(f"{self._parent_name} (fork)", start=self.name, turn=self._turn)
        return session_header(
            self._title or str(self.name),
            start=str(self.name),
            kernel=choice.kernel.name,
            variant=choice.variant,
            seed=choice.seed,
            **self._more(),
        )

    def _more(self) -> dict[str, object]:
        """Return what else was chosen, where it is not what a start takes by itself."""
        found: dict[str, object] = {}
        if self.name == "boot":
            found["ram_kb"] = self._ram_kb
        if self.choice.keep_atomic:
            found["keep_atomic"] = 1
        if self.choice.packets >= 0:
            found["packets"] = self.choice.packets
        return found

    def session(self, writer: Sink | None = None) -> Session:
        """Return the session; it is written as it goes on if there is a writer."""
        if self._parent is not None:
            return self._parent.fork(self._turn, self.header(), writer)
        if self._machine is None:
            raise InputError(f"{self.name}: there is nothing to start from")
        return Session(self._machine, self.header(), writer)
