"""`mmplay run`: a simulated machine without a screen, or (--screen) on the play screen."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import PLACE, add_json, add_simulated_kernel, add_workers
from mmplay.commands.output import output_path, print_json, tell, told_of_disk
from mmplay.commands.run_start import HELP, NO_SEED, STARTS, RunStart, choice_of, header
from mmplay.commands.screen import add_screen_options, require_terminal
from mmplay.engine.errors import InputError, how_many
from mmplay.engine.explain.finding import seconds
from mmplay.engine.sim.log.view import summary
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.engine.sim.starts.common import Choice
from mmplay.recordings.files import TRACE, replacing
from mmplay.recordings.run.run_log import text_of
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import open_writer
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.trace.writer import TraceWriter

POWER_ON = "power-on.toml"
POWER_ON_UNTIL = "24"
"""The scenario that ships, and where its livelock has lasted for a second and a half."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "start",
        metavar="SCENARIO|LEVEL|incident|boot|RECORDING|LOG",
        help="a scenario or a level (FILE.toml), or where to start: the incident, a freshly booted "
        "machine, a run that you recorded, or a log's machine at one of its reports",
    )
    parser.add_argument(
        "--from",
        dest="origin",
        choices=("boot",),
        help="boot: run the incident's machine from power-on to the livelock, not from its log",
    )
    parser.add_argument("--actions", metavar="FILE", help=HELP["actions"])
    parser.add_argument(
        "--frame", metavar="N", help="start from this frame of a log; the first is 0"
    )
    parser.add_argument(
        "--at", metavar="POS", help=f"of a recorded run, start here: {PLACE} (default: its end)"
    )
    add_simulated_kernel(parser)
    _add_machine_arguments(parser)
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        help="write the kernel log to this file, or a recording if its name ends in .mmtrace",
    )
    parser.add_argument(
        "--check", action="store_true", help="check a scenario and its start without running it"
    )
    parser.add_argument("--screen", action="store_true", help="show the run on the play screen")
    add_json(parser)
    add_workers(parser)
    add_screen_options(parser)


def _add_machine_arguments(parser: ArgumentParser) -> None:
    """Declare what changes the machine and its load."""
    default = "(default: that of the scenario, else atomic)"
    parser.add_argument("--variant", metavar="V", help=f"{HELP['variant']} {default}")
    parser.add_argument(
        "--act",
        metavar="'NAME VALUE'",
        action="append",
        default=[],
        help="do this at the start, for example 'wb_mask nowait'; may be given more than once",
    )
    parser.add_argument("--until", metavar="SECONDS", help=HELP["until"])
    parser.add_argument("--seed", metavar="N", help="seed for when packets arrive (default: 1)")
    parser.add_argument("--packets", metavar="N", help=HELP["packets"])
    parser.add_argument(
        "--keep-atomic",
        action="store_true",
        help="let SLUB pass __GFP_ATOMIC on to the page allocator",
    )
    parser.add_argument(
        "--ram",
        metavar="SIZE",
        help="RAM of a freshly booted machine (default: 2G); a log's machine must fit it",
    )
    parser.add_argument(
        "--bounds",
        choices=("no",),
        help="no: run a log's frame once, without trying each assumption at its bounds",
    )


def run(args: Namespace) -> int:
    """Run; raises InputError for a bad name or number."""
    if args.origin is not None:
        _from_boot(args)
    if _is_level(args):
        _no_check(args)
        _no_frame(args)
        from mmplay.commands.run_level import run_level

        return run_level(args)
    return _run(args, *_begun(args))


def _from_boot(args: Namespace) -> None:
    """Let the incident be the scenario that begins at its machine's power-on."""
    if args.start != "incident":
        raise InputError("--from boot is for the incident: 'mmplay run incident --from boot'")
    args.start, args.until = POWER_ON, args.until or POWER_ON_UNTIL


def _begun(args: Namespace) -> tuple[RunStart, Choice]:
    """Return the start and what was chosen; raises InputError."""
    if _is_scenario(args):
        from mmplay.commands.run_scenario import scenario_start

        _no_frame(args)
        return scenario_start(args)
    _no_check(args)
    if args.actions is not None:
        raise InputError("--actions is for levels; to act at the start, use --act 'NAME VALUE'")
    choice = choice_of(args)
    start = RunStart(args, choice)
    if start.found:
        _no_frame(args)
        return start, start.choice
    from mmplay.commands.run_frame import frame_start

    return frame_start(args, choice)


def _run(args: Namespace, start: RunStart, choice: Choice) -> int:
    if args.check:
        return _checked(args, start)
    if not all(map(str.strip, args.act)):
        raise InputError("--act '': expected 'NAME VALUE', for example 'wb_mask nowait'")
    if args.screen:
        require_terminal("the play screen", "leave out --screen")
        return _show(args, start)
    session = _recorded(args, start)
    if (status := start.answered(args, session)) is not None:
        return status
    machine = session.to_end()
    if args.json:
        print_json({**header(machine, choice), **summary(machine)})
    else:
        _print_text(machine, choice)
    return 0


def _no_check(args: Namespace) -> None:
    if args.check:
        raise InputError("--check is for scenarios; 'mmplay levels check FILE' checks a level")


def _checked(args: Namespace, start: RunStart) -> int:
    """Say that a scenario can be run: its machine was built."""
    m = start.session().to_end()
    if args.json:
        print_json({"scenario": str(args.start), "title": m.setup.name, "ok": True})
    else:
        zones = ", ".join(f"{zone.name} {zone.free} free" for zone in m.state.zones)
        tasks = how_many(len(m.state.tasks), "tasks")
        tell(f"{args.start}: is fine: {m.setup.name}; {tasks}, {zones}")
    return 0


def _is_scenario(args: Namespace) -> bool:
    if not args.start.endswith(".toml"):
        return False
    from mmplay.levels.scenario.load import is_scenario, scenario_path

    return is_scenario(scenario_path(args.start))


def _no_frame(args: Namespace) -> None:
    if args.frame is not None:
        raise InputError(f"--frame is for logs; {args.start} is none, leave it out")


def _is_level(args: Namespace) -> bool:
    if args.start in STARTS or _is_scenario(args):
        return False
    from mmplay.levels.catalogue import is_level_name

    return is_level_name(args.start)


def _recorded(args: Namespace, start: RunStart) -> Session:
    """Run to the end; write what `-o` asks for."""
    if args.output is None:
        return _ran(args, start, start.session())
    path = output_path(args.output, args.start)
    with told_of_disk(path), replacing(path) as stream:
        if path.suffix == TRACE:
            writer = TraceWriter(stream, start.header())
            session = _ran(args, start, start.session(writer))
            session.reached()
            if session.tape.trouble:
                raise InputError(f"{path}: cannot be written: {session.tape.trouble}")
            writer.close()
        else:
            session = _ran(args, start, start.session())
            for message in session.log.messages:
                stream.writelines(f"{line}\n".encode() for line in text_of(message))
    return session


def _ran(args: Namespace, start: RunStart, session: Session) -> Session:
    for act in args.act:
        name, _, value = act.strip().partition(" ")
        try:
            session.act(name, value.strip())
        except RefusedError as error:
            raise InputError(f"--act {error}") from None
    try:
        start.advance(session)
    except RefusedError as error:
        raise start.refused(error, session.live) from None
    return session


def _show(args: Namespace, start: RunStart) -> int:
    """Show the run; it is kept like every play."""
    from mmplay.commands.screen import open_app

    session = start.session(open_writer(start.header()))
    return open_app(args, SessionTimeline(_ran(args, start, session)), 0)


def _print_text(m: Machine, choice: Choice) -> None:
    state = m.state
    seed = "" if choice.seed == NO_SEED else f", seed {choice.seed}"
    tell(f"{m.setup.name}, kernel {m.kernel.name}, variant {choice.variant}{seed}")
    for why, lines in (("assumed", m.setup.assumed), ("calibrated", m.setup.calibrated)):
        for line in lines:
            tell(f"  {why}: {line}")
    turns = how_many(state.turn, "turns")
    tell(f"at {seconds(state.now_ns // 1000)}, after {turns}, digest {state.digest()}")
    for zone in state.zones:
        tell(f"  {zone.name:<8} free {zone.free_seen} (min {zone.min}, lowest {zone.lowest}) pages")
    for kind, cache in zip(m.setup.caches, state.caches, strict=True):
        tell(f"  {kind.name:<18} slabs {cache.slabs()}, objs {cache.objects()}")
    for name, count in state.counters.as_dict().items():
        if count:
            tell(f"  {name:<22} {count}")
