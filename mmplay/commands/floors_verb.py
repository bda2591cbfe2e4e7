"""`mmplay floors`: watermarks, lowmem_reserve and the floor of every class of caller."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import add_json, add_kernel, whole
from mmplay.commands.floors_table import Floors, Zone, lowmem, print_table, table_json
from mmplay.commands.output import print_json
from mmplay.engine.errors import InputError
from mmplay.engine.rules.kernel import Boot
from mmplay.engine.rules.versions import DEFAULT_KERNEL, Kernel, kernel_named
from mmplay.engine.rules.watermarks import ZONES

MAX_PAGES = (1 << 40) - 1
MAX_KBYTES = (1 << 31) - 1
MAX_SCALE = 1000
MAX_NODE = 1023
MAX_RATIO = (1 << 31) - 1
MAX_EVENTS = 1_000_000_000
"""The kernel's own bounds: min_free_kbytes is an int, watermark_scale_factor at most 1000."""

_ZONE = re.compile(r"(?:([0-9]{1,4}):)?(\w+)=(.*)", re.DOTALL)

FROM_ZONES = ("zone", "min_free_kbytes", "boot_managed", "boost", "watermark_scale_factor")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "log",
        nargs="?",
        metavar="LOG",
        help="take zones, marks and reserves from the first Mem-Info of a kernel log",
    )
    parser.add_argument("--event", metavar="N", help="from event N of the log, as explain counts")
    parser.add_argument(
        "--live", action="store_true", help="take them from /proc/zoneinfo of this machine"
    )
    _add_machine(parser)
    add_kernel(parser, f"those of the log or machine; for --zone {DEFAULT_KERNEL}")
    add_json(parser)


def _add_machine(parser: ArgumentParser) -> None:
    """Declare what describes a machine that is computed."""
    parser.add_argument(
        "--zone",
        action="append",
        default=[],
        metavar="[NODE:]Z=PAGES",
        help=f"managed pages of a zone ({', '.join(ZONES)}); give it once for each zone",
    )
    parser.add_argument(
        "--min-free-kbytes",
        metavar="N",
        help="value of vm.min_free_kbytes (default: what the kernel chooses when it boots)",
    )
    parser.add_argument(
        "--no-thp",
        action="store_true",
        help="let it choose as with transparent huge pages off",
    )
    parser.add_argument(
        "--lowmem-reserve-ratio",
        metavar="R",
        help="value of vm.lowmem_reserve_ratio, for example '256 256 32'",
    )
    parser.add_argument(
        "--boost",
        action="append",
        default=[],
        metavar="[NODE:]Z=PAGES",
        help="watermark_boost of a zone at this moment, in pages",
    )
    parser.add_argument(
        "--boot-managed",
        action="append",
        default=[],
        metavar="[NODE:]Z=PAGES",
        help="managed pages when lowmem_reserve was computed, if they were fewer then",
    )
    parser.add_argument(
        "--watermark-scale-factor",
        metavar="N",
        help="value of vm.watermark_scale_factor, 1 to 1000",
    )


def run(args: Namespace) -> int:
    """Print the table; raises InputError for a bad zone, number, kernel or log."""
    if args.log is not None or args.live:
        return _seen(args)
    table = _table(args)
    if args.json:
        print_json(table_json(table))
    else:
        print_table(table)
    return 0


def _seen(args: Namespace) -> int:
    """Print the floors of a log or of this machine."""
    # What reads logs and /proc is not needed to compute.
    from mmplay.commands.floors_seen import floors_now, floors_of_log, print_seen, seen_json
    from mmplay.recordings.live.capture import Roots

    for name in (*FROM_ZONES, "lowmem_reserve_ratio", "no_thp"):
        if getattr(args, name):
            option = name.replace("_", "-")
            raise InputError(f"--{option}: a log or --live says it; leave this out, or that")
    if args.live and args.log is not None:
        raise InputError(f"{args.log} and --live: name a log, or this machine")
    event = None if args.event is None else whole(args.event, "--event", MAX_EVENTS)
    if args.live:
        seen = floors_now(kernel_named(args.kernel) if args.kernel else None, Roots())
    else:
        seen = floors_of_log(args.log, args.kernel, event)
    if args.json:
        print_json(seen_json(seen))
    else:
        print_seen(seen)
    return 0


def _table(args: Namespace) -> Floors:
    """Return what the options describe; raises InputError for what no machine can be."""
    kernel = kernel_named(args.kernel or DEFAULT_KERNEL)
    if not args.zone:
        raise InputError("name a log, --live, or zones with --zone; see 'mmplay floors --help'")
    managed = _zones(args.zone, "--zone")
    boot = {**managed, **_known(args.boot_managed, "--boot-managed", managed)}
    boosts = _known(args.boost, "--boost", managed)
    if boosts and not kernel.gate.boosts:
        raise InputError(f"--boost: kernel {kernel.name} has no watermark boost; it came with 5.0")
    if not lowmem(kernel, managed):
        raise InputError(f"--zone {args.zone[0]}: name a zone that shares vm.min_free_kbytes too")
    scale = _scale(kernel, args.watermark_scale_factor)
    kbytes, why = _min_free(args, kernel, managed, scale)
    ratios = _ratios(kernel, args.lowmem_reserve_ratio)
    return Floors(kernel, managed, boot, boosts, ratios, kbytes, scale, why)


def _zones(pairs: list[str], option: str) -> dict[Zone, int]:
    zones: dict[Zone, int] = {}
    for pair in pairs:
        found = _ZONE.fullmatch(pair)
        if found is None or found[2] not in ZONES:
            raise InputError(
                f"{option} {pair}: write ZONE=PAGES or NODE:ZONE=PAGES; zones are "
                f"{', '.join(ZONES)}"
            )
        zone = whole(found[1] or "0", f"{option} {pair}: node", MAX_NODE), found[2]
        if zone in zones:
            raise InputError(f"{option} {pair}: {zone[1]} was given twice")
        zones[zone] = whole(found[3], f"{option} {zone[1]}", MAX_PAGES)
        if zones[zone] == 0:
            raise InputError(f"{option} {pair}: leave out a zone that has no pages")
    return zones


def _known(pairs: list[str], option: str, managed: dict[Zone, int]) -> dict[Zone, int]:
    """Return pages by zone; raises InputError for a zone that the machine does not have."""
    zones = _zones(pairs, option)
    extra = ", ".join(name for _, name in sorted(set(zones) - set(managed)))
    if extra:
        raise InputError(f"{option} {extra}: there is no --zone {extra} to go with it")
    return zones


def _scale(kernel: Kernel, text: str | None) -> int:
    if text is None:
        return kernel.watermark_scale_factor or 0
    if kernel.watermark_scale_factor is None:
        raise InputError(f"--watermark-scale-factor: kernel {kernel.name} does not have it")
    scale = whole(text, "--watermark-scale-factor", MAX_SCALE)
    if scale == 0:
        raise InputError("--watermark-scale-factor 0: the kernel takes 1 to 1000")
    return scale


def _ratios(kernel: Kernel, text: str | None) -> tuple[int, ...]:
    """Return the ratio of each zone; those that are left out keep the kernel's own."""
    own = kernel.lowmem_reserve_ratio
    if text is None:
        return own
    words = text.replace(",", " ").split()
    if not 0 < len(words) <= len(own):
        raise InputError(
            f"--lowmem-reserve-ratio {text[:40]!r}: write up to {len(own)} numbers, for "
            f"{', '.join(ZONES[: len(own)])}"
        )
    given = tuple(whole(word, "--lowmem-reserve-ratio", MAX_RATIO) for word in words)
    return (*given, *own[len(given) :])


def _min_free(
    args: Namespace, kernel: Kernel, managed: dict[Zone, int], scale: int
) -> tuple[int, str]:
    """Return vm.min_free_kbytes, and how it came about if it was not given."""
    if args.min_free_kbytes is not None:
        if args.no_thp:
            raise InputError("--no-thp: it decides --min-free-kbytes; give one of them")
        return whole(args.min_free_kbytes, "--min-free-kbytes", MAX_KBYTES), ""
    boot = Boot(kernel, tuple((name, pages) for (_, name), pages in managed.items()), scale)
    if args.no_thp:
        return boot.without_thp(), "chosen at boot without transparent huge pages"
    return boot.with_thp(), "chosen at boot with transparent huge pages"
