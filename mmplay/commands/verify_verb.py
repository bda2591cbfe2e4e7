"""`mmplay verify`: is a recording as it was written, and does a simulated run come out again."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import NamedTuple

from mmplay.commands.arguments import RECORDING, add_json
from mmplay.commands.output import print_json, remark, tell
from mmplay.engine.errors import InputError, how_many
from mmplay.engine.sim import ENGINE
from mmplay.levels.play.regrade import Judged, judge
from mmplay.levels.play.share_code import check_code, code_of, looks_like_code
from mmplay.recordings.library import trace_path
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import KIND, load_session
from mmplay.recordings.run.verify import verify
from mmplay.recordings.run.witness import Verdict
from mmplay.recordings.trace.reader import open_trace

GOOD, FALSE, UNREADABLE = 0, 1, 2


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    what = f"{RECORDING}; or the share code of a level's run"
    parser.add_argument("files", metavar="TRACE|NAME|CODE", nargs="+", help=what)
    add_json(parser)


class Checked(NamedTuple):
    """What came of one file or code: whether it is good, in words, and as data."""

    good: bool
    lines: list[str]
    json: dict[str, object]


def run(args: Namespace) -> int:
    """Check every file; the status is that of the worst: good, false, unreadable."""
    found: list[dict[str, object]] = []
    status = GOOD
    for name in args.files:
        try:
            checked = _checked_code(name) if looks_like_code(name) else _checked_file(name)
        except InputError as error:
            remark(str(error))
            status = UNREADABLE
            continue
        found.append(checked.json)
        status = max(status, GOOD if checked.good else FALSE)
        if not args.json:
            tell(*checked.lines)
    if args.json:
        print_json({"good": status == GOOD, "files": found})
    return status


def _checked_code(code: str) -> Checked:
    found = check_code(code)
    return Checked(found.good, found.lines(), found.as_json())


def _checked_file(name: str) -> Checked:
    verdict = verify(name)
    if not verdict.good or verdict.kind != KIND:
        return Checked(verdict.good, verdict_lines(verdict), _json(verdict, None, None))
    with open_trace(trace_path(name)) as stream:
        session = load_session(stream, name).session
    judged = judge(session)
    good = _good(verdict, judged)
    code = _code(session) if good and judged is not None else None
    lines = [*verdict_lines(verdict, judged), *([] if code is None else [f"  share code: {code}"])]
    return Checked(good, lines, _json(verdict, judged, code))


def _code(session: Session) -> str | None:
    """Return the share code of a level's run; None for one stage of it, and for too long a run."""
    if "stage" in session.header:
        return None
    try:
        return code_of([session])
    except InputError:
        return None


def _good(verdict: Verdict, judged: Judged | None) -> bool:
    return verdict.good and (judged is None or judged.good)


def verdict_lines(one: Verdict, judged: Judged | None = None) -> list[str]:
    """Return what came of one file, in a line or two."""
    if one.fault is not None:
        return [f"{one.name}: false: {one.fault.text}{_engines(one)}"]
    if not one.closed:
        right = f"the first {how_many(one.records, 'records')} fit, the end is missing"
        return [f"{one.name}: unfinished: {right} (byte {one.offset})"]
    if one.kind != KIND:
        records = how_many(one.records, "records")
        what = f"every check fits: {records} ({one.kind}: nothing to run again)"
    else:
        what = f"{how_many(one.turns, 'turns')} made again, all {one.records} records agree"
    if judged is None:
        return [f"{one.name}: good: {what}"]
    word = "good" if judged.good else "false"
    return [f"{one.name}: {word}: {what}", f"  {_level_text(judged)}"]


def _level_text(one: Judged) -> str:
    """Say which level was played, which is at hand, and what the run is worth there."""
    if not one.digest_at_hand:
        bound = f"played as {one.level_digest}" if one.level_digest else "not bound to a level"
        return f"level {one.level}: {bound}; {one.problem}, so its result cannot be judged"
    if not one.level_digest:
        played = f"level {one.level}: not bound to a level"
    elif one.level_digest == one.digest_at_hand:
        played = f"level {one.level}, as it is here"
    else:
        here = one.digest_at_hand
        played = f"level {one.level}: played as {one.level_digest}, the level at hand is {here}"
    said = f"the recording says {one.said or 'nothing of a result'}"
    earned = f"the level at hand gives {one.earned}" if one.earned else one.problem
    return f"{played}; {said}, {earned}"


def _engines(one: Verdict) -> str:
    """Say which engine wrote a run that comes out otherwise, and which this is."""
    if one.kind != KIND:
        return ""
    wrote = f"{one.writer}, engine {'unknown' if one.engine is None else one.engine}"
    return f" (written by {wrote}; this is engine {ENGINE})"


def _json(one: Verdict, judged: Judged | None, code: str | None) -> dict[str, object]:
    fault = one.fault._asdict() if one.fault is not None else None
    level = None
    if judged is not None:
        level = {**judged._asdict(), "good": judged.good, "share_code": code}
    good = _good(one, judged)
    return {**one._asdict(), "good": good, "this_engine": ENGINE, "fault": fault, "level": level}
