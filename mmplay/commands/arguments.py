"""Arguments that several verbs take: options declared once, numbers read within bounds."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from mmplay.engine.errors import InputError
from mmplay.engine.rules.kernel import SIMULATED
from mmplay.engine.rules.memory import LEAST_RAM_KB, MOST_RAM_KB, size_kb
from mmplay.engine.rules.versions import KERNELS, kernel_named
from mmplay.recordings.files import Progress
from mmplay.recordings.parallel.spread import Workers

MAX_SECONDS = 3600
MAX_UPTIME_S = 10**9
"""The clock of a machine that was measured may have run for long."""

MAX_CORES = 1024
MAX_SEED = (1 << 63) - 1

RECORDING = "a recording: its file, or the name of one that ships with mmplay"
PLACE = "a time (61.526), #7, 40%%, a marker's name, or /text"
"""What `TRACE|NAME` and `POS` mean, for the help of every command that takes one."""


THE_PRINTERS = "those of the kernel it comes from"


def add_kernel(parser: ArgumentParser, otherwise: str = THE_PRINTERS) -> None:
    """Declare `--kernel`; `otherwise` says whose rules are used without it."""
    known = ", ".join(KERNELS)
    parser.add_argument(
        "--kernel",
        metavar="K",
        help=f"use the rules of {known}, or of any version or release, such as 5.14.0-427.el9 "
        f"(default: {otherwise})",
    )


def add_simulated_kernel(parser: ArgumentParser) -> None:
    """Declare `--kernel` of what is simulated."""
    known = " or ".join(SIMULATED)
    parser.add_argument(
        "--kernel",
        metavar="K",
        help=f"simulate by the rules of {known}, or a release that follows them, such as 4.5.0 "
        f"(default: {THE_PRINTERS})",
    )


def add_part(add: Callable[..., ArgumentParser], name: str, says: str) -> ArgumentParser:
    """Return the parser of a part of a verb, which says in its help what it is for."""
    return add(name, help=says, description=f"{says[0].upper()}{says[1:]}.")


def add_json(parser: ArgumentParser) -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_workers(parser: ArgumentParser) -> None:
    """Declare who does a work that has many parts."""
    parser.add_argument("--cores", metavar="N", help="use N cores (default: all)")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="use the Dask cluster whose scheduler is at tcp://HOST:PORT or tls://HOST:PORT; "
        "needs mmplay[cluster]",
    )


def workers_of(args: Namespace, progress: Progress | None) -> Workers:
    """Return who does the work; raises InputError."""
    if args.cores is not None and args.scheduler is not None:
        raise InputError("--cores and --scheduler: the work is done here, or on a cluster")
    cores = 0 if args.cores is None else whole(args.cores, "--cores", MAX_CORES)
    return Workers(cores, args.scheduler, progress)


def check_kernel(args: Namespace) -> None:
    """Raise InputError for a `--kernel` that is not known; none is right, too."""
    if args.kernel is not None:
        kernel_named(args.kernel)


def whole(text: str, option: str, limit: int) -> int:
    """Return a whole number from 0 to `limit`; raises InputError."""
    if len(text) > 20 or not (text.isascii() and text.isdigit()) or int(text) > limit:
        raise InputError(f"{option} {text[:40]}: expected a whole number from 0 to {limit}")
    return int(text)


def nanoseconds(text: str, option: str, most: int = MAX_SECONDS) -> int:
    """Return seconds up to `most`, with up to nine decimals, as ns; raises InputError."""
    seconds, _, rest = text.partition(".")
    digits = seconds.isascii() and seconds.isdigit() and len(seconds) <= len(str(most))
    decimals = not rest or (rest.isascii() and rest.isdigit() and len(rest) <= 9)
    if not digits or not decimals or int(seconds) > most:
        raise InputError(f"{option} {text[:40]}: expected seconds, 0 to {most}")
    return int(seconds) * 1_000_000_000 + int((rest + "000000000")[:9])


def ram_kb(text: str) -> int:
    """Return the RAM of `--ram`, such as 512M or 4G, in kB; raises InputError."""
    kb = size_kb(text)
    if kb is None:
        raise InputError(f"--ram {text[:40]}: expected a size such as 512M or 4G")
    if not LEAST_RAM_KB <= kb <= MOST_RAM_KB:
        raise InputError(f"--ram {text}: expected 32M to 1024G")
    return kb
