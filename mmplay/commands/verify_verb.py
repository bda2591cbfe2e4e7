"""`mmplay verify`: is a recording as it was written, and does a simulated run come out again."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from mmplay.commands.output import add_json, print_json
from mmplay.engine.errors import InputError
from mmplay.engine.printable import printable
from mmplay.engine.sim import ENGINE
from mmplay.recordings.session.load import KIND
from mmplay.recordings.verify.check import verify
from mmplay.recordings.verify.verdict import Verdict

GOOD, FALSE, UNREADABLE = 0, 1, 2


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", metavar="TRACE|NAME", nargs="+", help="recordings to check")
    add_json(parser)


def run(args: Namespace) -> int:
    """Check every file; the status is that of the worst: good, false, unreadable."""
    verdicts: list[Verdict] = []
    status = GOOD
    for name in args.files:
        try:
            verdicts.append(verify(name))
        except InputError as error:
            print(printable(f"mmplay: {error}"), file=sys.stderr)
            status = UNREADABLE
            continue
        status = max(status, GOOD if verdicts[-1].good else FALSE)
        if not args.json:
            print(printable(verdict_text(verdicts[-1])))
    if args.json:
        print_json({"good": status == GOOD, "files": [_json(one) for one in verdicts]})
    return status


def verdict_text(one: Verdict) -> str:
    """Return what came of one file, in a line or two."""
    if one.fault is not None:
        return f"{one.name}: false: {one.fault.text}{_engines(one)}"
    if one.kind != KIND:
        what = f"every check fits: {one.records} records ({one.kind}: nothing to run again)"
    else:
        what = f"{one.turns} turns made again, all {one.records} records agree"
    cut = "" if one.closed else f"; cut at byte {one.offset}: checked as far as it goes"
    return f"{one.name}: good: {what}{cut}"


def _engines(one: Verdict) -> str:
    """Say which engine wrote a run that comes out otherwise, and which this is."""
    if one.kind != KIND:
        return ""
    wrote = f"{one.writer}, engine {'unknown' if one.engine is None else one.engine}"
    return f" (written by {wrote}; this is engine {ENGINE})"


def _json(one: Verdict) -> dict[str, object]:
    fault = one.fault._asdict() if one.fault is not None else None
    return {**one._asdict(), "good": one.good, "this_engine": ENGINE, "fault": fault}
