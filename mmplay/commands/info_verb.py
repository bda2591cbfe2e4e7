"""`mmplay info`: what a recording holds."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mmplay.commands.arguments import RECORDING, add_json
from mmplay.commands.output import print_json, tell
from mmplay.engine.errors import how_many
from mmplay.recordings.about import About, BootInfo, Listed, about
from mmplay.recordings.export.blocks import moment
from mmplay.recordings.library import trace_path
from mmplay.recordings.opening import open_trace_file
from mmplay.recordings.run.store import KIND

SHOWN = 12
"""Lines of each list that are printed; `--json` has all."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recording", metavar="TRACE|NAME", help=RECORDING)
    add_json(parser)


def run(args: Namespace) -> int:
    """Print what there is; raises InputError for an unreadable recording."""
    path = trace_path(args.recording)
    with open_trace_file(path) as recording:
        found = about(recording, path)
    if args.json:
        print_json(_json(found))
    else:
        tell(*_lines(found))
    return 0


def _json(one: About) -> dict[str, object]:
    lists = ("boots", "events", "acts", "marks")
    listed = {name: [row._asdict() for row in getattr(one, name)] for name in lists}
    return {**one._asdict(), **listed}


def _lines(one: About) -> list[str]:
    unit = "turns" if one.kind == KIND else "frames"
    length = one.frames - 1 if one.kind == KIND else one.frames
    rows = {
        "title": one.title,
        "kind": one.kind,
        "writer": one.writer if one.engine is None else f"{one.writer}, engine {one.engine}",
        "size": f"{one.bytes} bytes",
        "length": f"{how_many(length, unit)}, {how_many(one.lines, 'lines')} of log",
        "ending": one.ending or "closed",
        "records": ", ".join(f"{count} {name}" for name, count in one.records.items()),
        **{name: str(value) for name, value in one.header.items()},
        "remarks": str(one.notes) if one.notes else "",
    }
    lines = [f"{name:<9} {value}" for name, value in rows.items() if value]
    lines += [f"{'boot':<9} {_boot(boot)}" for boot in one.boots]
    for name in ("events", "acts", "marks"):
        lines += _list(name, getattr(one, name))
    lines += [f"{'assumed':<9} {text}" for text in one.assumed]
    return lines + [f"calibrated {text}" for text in one.calibrated]


def _boot(boot: BootInfo) -> str:
    kernel = f"rules of {boot.kernel}" if boot.kernel else "rules not known"
    release = boot.release or "release unknown"
    first, last = (moment(one, boot.wall) for one in (boot.first_us, boot.last_us))
    return f"{release} ({kernel}), {first} to {last}"


def _list(name: str, listed: tuple[Listed, ...]) -> list[str]:
    if not listed:
        return []
    rows = [
        f"  #{one.frame + 1}  {moment(one.time_us, one.wall)}  {one.text}" for one in listed[:SHOWN]
    ]
    more = [f"  and {len(listed) - SHOWN} more"] if len(listed) > SHOWN else []
    return [f"{how_many(len(listed), name)}:", *rows, *more]
