"""`mmplay run`: a simulated machine without a screen, or (--screen) on the play screen."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmplay.commands.output import add_json, add_kernel, print_json, told_of_disk
from mmplay.commands.verbs import add_screen_options, require_terminal
from mmplay.engine.errors import InputError
from mmplay.engine.kernel.versions import kernel_named
from mmplay.engine.sim.mm.masks import WB_VARIANTS
from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.summary import summary
from mmplay.recordings.importer.run import trace_header
from mmplay.recordings.library import SUFFIX
from mmplay.recordings.replacing import replacing
from mmplay.recordings.simulated import SimTimeline, log_text, write_log
from mmplay.recordings.starts import machine_of, mail_machine
from mmplay.recordings.trace.writer import new_trace

MAIL_UNTIL = "61.7"
BOOT_SECONDS = "10"
AFTER_FRAME_NS = 2_000_000_000
"""A run from a frame of a log goes on for two seconds, if nothing else is said."""
MAX_SECONDS = 3600
VARIANTS = tuple(name for name, _ in WB_VARIANTS)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "start", metavar="mail|boot|RECORDING|LOG", help="where to start from: a log's own memory"
    )
    parser.add_argument("--frame", metavar="N", default="0", help="which frame of a log, from 0")
    add_kernel(parser)
    parser.add_argument("--variant", metavar="V", default="atomic", help=", ".join(VARIANTS))
    parser.add_argument("--until", metavar="SECONDS", help="stop at this time of the machine")
    parser.add_argument("--seed", metavar="N", default="1", help="of the packets' arrivals")
    parser.add_argument("--packets", metavar="N", help="new flows a second")
    parser.add_argument(
        "--keep-atomic", action="store_true", help="let SLUB's mask keep __GFP_ATOMIC"
    )
    parser.add_argument("--ram", metavar="SIZE", default="2G", help="of a fresh machine: 512M, 4G")
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        help="write the kernel log here; a recording if it ends in .mmtrace",
    )
    parser.add_argument("--screen", action="store_true", help="show the run on the play screen")
    add_json(parser)
    add_screen_options(parser)


def run(args: Namespace) -> int:
    """Run; raises InputError for a bad name or number."""
    if args.variant not in VARIANTS:
        raise InputError(f"--variant {args.variant}: variants are {', '.join(VARIANTS)}")
    choice = Choice(
        kernel_named(args.kernel),
        args.variant,
        whole(args.seed, "--seed", (1 << 63) - 1),
        args.keep_atomic,
        -1 if args.packets is None else whole(args.packets, "--packets", 100_000),
    )
    machine, until_ns = _start(args, choice)
    if args.screen:
        require_terminal("the play screen")
        return _show(args, machine, until_ns)
    run_until(machine, until_ns)
    if args.output is not None:
        _write_log(machine, Path(args.output))
    if args.json:
        print_json({**header(machine, choice), **summary(machine)})
    else:
        _print_text(machine, choice)
    return 0


def _start(args: Namespace, choice: Choice) -> tuple[Machine, int]:
    if args.start == "mail":
        return mail_machine(choice), nanoseconds(args.until or MAIL_UNTIL, "--until")
    if args.start == "boot":
        from mmplay.engine.sim.starts.boot import fresh_boot

        machine = fresh_boot(size_kb(args.ram), choice)
        return machine, nanoseconds(args.until or BOOT_SECONDS, "--until")
    index = whole(args.frame, "--frame", 1 << 32)
    machine = machine_of(args.start, index, choice)
    if args.until is not None:
        return machine, nanoseconds(args.until, "--until")
    return machine, machine.state.now_ns + AFTER_FRAME_NS


def header(m: Machine, choice: Choice) -> dict[str, object]:
    """Return what the run is, and what about it is assumed or calibrated."""
    return {
        "start": m.setup.name,
        "kernel": m.kernel.name,
        "variant": choice.variant,
        "seed": choice.seed,
        "assumed": list(m.setup.assumed),
        "calibrated": list(m.setup.calibrated),
    }


def whole(text: str, option: str, limit: int) -> int:
    """Return a whole number from 0 to `limit`; raises InputError."""
    if len(text) > 20 or not (text.isascii() and text.isdigit()) or int(text) > limit:
        raise InputError(f"{option} {text[:40]}: expected a whole number from 0 to {limit}")
    return int(text)


def nanoseconds(text: str, option: str) -> int:
    """Return seconds with up to nine decimals as ns; raises InputError."""
    seconds, _, rest = text.partition(".")
    digits = seconds.isascii() and seconds.isdigit() and len(seconds) <= 4
    decimals = not rest or (rest.isascii() and rest.isdigit() and len(rest) <= 9)
    if not digits or not decimals or int(seconds) > MAX_SECONDS:
        raise InputError(f"{option} {text[:40]}: expected seconds, 0 to {MAX_SECONDS}")
    return int(seconds) * 1_000_000_000 + int((rest + "000000000")[:9])


def size_kb(text: str) -> int:
    """Return a size such as 512M or 4G in kB; raises InputError."""
    units = {"M": 1024, "G": 1024 * 1024}
    number, unit = text[:-1], text[-1:].upper()
    if unit not in units or not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise InputError(f"--ram {text[:40]}: expected a size such as 512M or 4G")
    kb = int(number) * units[unit]
    if not 32 * 1024 <= kb <= 1024 * 1024 * 1024:
        raise InputError(f"--ram {text}: expected 32M to 1024G")
    return kb


def _write_log(m: Machine, path: Path) -> None:
    """Write the run's kernel log: as a recording if the name says so, else as text."""
    if path.suffix == SUFFIX:
        with (
            told_of_disk(path),
            new_trace(path, trace_header("simulated", m.setup.name, None)) as w,
        ):
            write_log(w, log_text(m), m.setup.name)
        return
    with told_of_disk(path), replacing(path) as out:
        out.writelines(f"{line}\n".encode() for line in log_text(m))


def _show(args: Namespace, m: Machine, until_ns: int) -> int:
    from mmplay.commands.menu import open_app

    return open_app(args, SimTimeline(m, until_ns), 0)


def _print_text(m: Machine, choice: Choice) -> None:
    state = m.state
    print(f"{m.setup.name}, kernel {m.kernel.name}, variant {choice.variant}, seed {choice.seed}")
    for why, lines in (("assumed", m.setup.assumed), ("calibrated", m.setup.calibrated)):
        for line in lines:
            print(f"  {why}: {line}")
    print(
        f"at {state.now_ns // 1000 / 1e6:.6f} s, after {state.turn} turns, digest {state.digest()}"
    )
    for zone in state.zones:
        print(f"  {zone.name:<8} free {zone.free} (min {zone.min}, lowest {zone.lowest}) pages")
    for kind, cache in zip(m.setup.caches, state.caches, strict=True):
        print(f"  {kind.name:<18} slabs {cache.slabs()}, objs {cache.objects()}")
    for name, count in state.counters.as_dict().items():
        if count:
            print(f"  {name:<22} {count}")
