"""The text of `mmplay explain`: what is needed first, within 75 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence

from mmplay.commands.output import tell
from mmplay.engine.errors import how_many, printable
from mmplay.engine.frame import Frame
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame, headline_of
from mmplay.recordings.explained import Part, details, needed, rules_of
from mmplay.recordings.export.blocks import moment
from mmplay.recordings.grouping import Fleet, Group, Groups, Place
from mmplay.recordings.recording import Recording

WIDTH = 75
LABEL = 14
INDENT = "  "
BEHIND = " " * 16
"""Before what stands behind the numbers of a group."""

FEW = 5
"""More events than this are told in groups."""

SCREEN = 24
"""Rows of the smallest terminal: what is needed of an event lies on them."""

KEPT = {"because": 1, "would help": 1, "victim": 2, "cgroup": 2}
"""Parts that lose lines first where there is no room, and how many they keep before others do."""

LINE_LENGTHS = (240, 180, 120, 60)
"""What is left of a long line where there is no room even for one line of each part."""

CUT = " ..."

FIRST_SCREEN = 20
"""Lines that the table of groups may take, so that it stands on the first screen."""


def print_events(recording: Recording, results: Iterable[FrameDiagnosis]) -> None:
    """Print every event in full."""
    for result in results:
        _print_event(recording, result)


def print_brief(_: Recording, results: Iterable[FrameDiagnosis]) -> None:
    """Print a line an event: number, time, headline."""
    for result in results:
        frame = result.frame
        time = moment(frame.time_us, frame.wall)
        tell(f"#{frame.index + 1} {time} {headline_of(result)}")


def print_groups_first(recording: Recording, groups: Groups) -> None:
    """Print the table of groups, then the first event of each group in full."""
    ordered = groups.largest_first()
    told = f"{_sum_of(ordered)}; the first of each group follows, --all prints every one"
    tell(*_wrapped(told, "", INDENT))
    _print_table(ordered, _place, FIRST_SCREEN)
    tell("")
    for group in ordered:
        _print_event(recording, diagnose_frame(recording, group.first.event - 1))


def _sum_of(groups: Sequence[Group]) -> str:
    events = sum(group.count for group in groups)
    return f"{how_many(events, 'events')} in {how_many(len(groups), 'groups')}"


def _print_table(groups: Sequence[Group], place: Callable[[Place], str], lines: int) -> None:
    """Print the groups; those that do not fit in so many lines are counted."""
    tell(f"{'count':>7}  {'first':<31}  last")
    for number, group in enumerate(groups):
        rows = [f"{group.count:7}  {place(group.first):<31}  {place(group.last)}"]
        rows += _wrapped(group.headline, " " * 9, " " * 11)
        lines -= len(rows)
        if lines < 0:
            left = groups[number:]
            tell(f"{sum(one.count for one in left):7}  in {how_many(len(left), 'more groups')}")
            return
        tell(*rows)


def _place(place: Place) -> str:
    return f"#{place.event} {moment(place.time_us, place.wall)}"


def print_fleet(fleet: Fleet) -> None:
    """Print the table of groups of many logs, and the files that could not be read."""
    groups = fleet.groups.largest_first()
    tell(f"{_sum_of(groups)}, {how_many(fleet.read, 'files')}")
    tell(f"{'count':>7}{'files':>7}  release of the first, what happened, where")
    for group in groups:
        tell(f"{group.count:7}{group.files:7}  {group.release or 'unknown'}")
        tell(*_wrapped(group.headline, BEHIND, BEHIND + INDENT))
        tell(f"{BEHIND}first {_in_file(group.first)}")
        if group.count > 1:
            tell(f"{BEHIND}last  {_in_file(group.last)}")
    if fleet.unreadable:
        tell(f"{how_many(len(fleet.unreadable), 'files')} could not be read:")
        tell(*(f"{INDENT}{one.path}: {one.why}" for one in fleet.unreadable))


def _in_file(place: Place) -> str:
    return f"{place.path} {_place(place)}"


def fleet_json(fleet: Fleet) -> dict[str, object]:
    """Return the groups of many logs as plain data."""
    return {
        "files": fleet.read,
        "unreadable": [{"path": one.path, "why": one.why} for one in fleet.unreadable],
        "groups": [_group_json(group) for group in fleet.groups.largest_first()],
    }


def _group_json(group: Group) -> dict[str, object]:
    return {
        "kind": str(group.sort.kind),
        "headline": group.headline,
        "release": group.release,
        "count": group.count,
        "files": group.files,
        "first": {"path": group.first.path, "event": group.first.event},
        "last": {"path": group.last.path, "event": group.last.event},
    }


def _when(frame: Frame) -> str:
    return f"#{frame.index + 1}  {moment(frame.time_us, frame.wall)} "


def _print_event(recording: Recording, result: FrameDiagnosis) -> None:
    frame = result.frame
    head = _wrapped(f"{_when(frame)} {headline_of(result)}", "", INDENT * 2)
    source = f"{recording.name}, {frame.release or 'release unknown'} ({rules_of(result)})"
    first = [*needed(result), Part("kernel", [source])]
    shown = fitted(first, SCREEN - len(head))
    cut = [whole for whole, part in zip(first, shown, strict=True) if part != whole]
    tell(*head)
    for part in (*shown, *cut, *details(result)):
        tell(*_rows(part))
    tell("")


def fitted(parts: list[Part], room: int) -> list[Part]:
    """Return the parts in at most `room` rows, if need be with fewer lines of some.

    Where even one line of each is too much, long lines lose their ends.
    """
    kept = [len(part.lines) for part in parts]
    shown = list(parts)
    while _height(shown) > room and max(kept) > 1:
        n = _next_cut(parts, kept)
        kept[n] -= 1
        left = len(parts[n].lines) - kept[n]
        shown[n] = Part(parts[n].label, [*parts[n].lines[: kept[n]], f"({left} more below)"])
    for length in LINE_LENGTHS:
        if _height(shown) <= room:
            break
        shown = [
            one._replace(lines=[_to_a_word(line, length) for line in one.lines]) for one in shown
        ]
    return shown


def _to_a_word(line: str, length: int) -> str:
    """Return a line in so many characters, cut between two words if it is cut."""
    if len(line) <= length:
        return line
    return f"{line[: length - len(CUT)].rpartition(' ')[0].rstrip(',')}{CUT}"


def _height(parts: list[Part]) -> int:
    return sum(len(_rows(part)) for part in parts)


def _next_cut(parts: list[Part], kept: list[int]) -> int:
    """Return the part that loses a line next: the longest one of those that are cut first."""
    numbers = range(len(parts))
    first = [n for n in numbers if kept[n] > KEPT.get(parts[n].label, kept[n])]
    return max(first or numbers, key=lambda n: kept[n])


def _rows(part: Part) -> list[str]:
    rows: list[str] = []
    for number, line in enumerate(part.lines):
        label = part.label if number == 0 else ""
        rows += _wrapped(line, f"{INDENT}{label:<{LABEL}}", INDENT * 2 + " " * LABEL)
    return rows


def _wrapped(text: str, first: str, others: str) -> Sequence[str]:
    """Return the text in lines of at most WIDTH columns, a word that is too long broken."""
    shown = printable(text)
    lines = textwrap.wrap(shown, WIDTH, initial_indent=first, subsequent_indent=others)
    return lines or [first.rstrip()]
