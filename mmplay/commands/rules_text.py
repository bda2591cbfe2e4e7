"""`explain --rules`: whose rules the events of a log are judged by, each with its source."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mmplay.commands.output import print_json, tell
from mmplay.engine.explain.evidence import candidates_for
from mmplay.engine.explain.finding import finding, sentence
from mmplay.engine.rules.kernel import Kernel, RuleRead
from mmplay.engine.rules.versions import KERNELS, Candidates, candidates_of
from mmplay.recordings.diagnosis import seen_by
from mmplay.recordings.recording import Recording

WIDTH = 75
LABEL = 9

ABOUTS = (
    *("gate", "boost", "masks", "slab mask", "marks", "min_free_kbytes", "lowmem_reserve"),
    *("OOM score", "outcome", "report"),
)
"""Parts of the rules in the order in which they are printed."""


class Used(NamedTuple):
    """The rules that the events of one release are judged by, and how they were found."""

    release: str | None
    found: Candidates

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels that are asked, the likeliest first."""
        return self.found.kernels[::-1]

    @property
    def how(self) -> str:
        """How the rules were found, empty if they were chosen or are those of the very version."""
        if self.found.sure:
            return ""
        count = len(self.found.kernels)
        return sentence(finding(self.found.why, release=self.release, count=count))


def chosen(name: str) -> Used:
    """Return the rules of a kernel by its name, version or release, without a log."""
    if name in KERNELS:
        return Used(None, Candidates((KERNELS[name],), sure=True, why="rules.chosen"))
    return Used(name, candidates_of(name))


def rules_used(timeline: Recording, frames: Iterable[int]) -> list[Used]:
    """Return the rules that these frames are judged by, each set once."""
    found: dict[tuple[str | None, tuple[str, ...]], Used] = {}
    for index in frames:
        frame = timeline.frame(index)
        seen = seen_by(timeline, frame)
        rules = candidates_for(
            frame.kernel, frame.release, frame.report, seen.dump if seen else None
        )
        names = tuple(one.name for one in rules.kernels)
        found.setdefault((frame.release, names), Used(frame.release, rules))
    return list(found.values())


def print_rules(used: Sequence[Used], form: str) -> None:
    """Print the rules as text or JSON."""
    if form == "json":
        print_json({"rules": [_as_json(one) for one in used]})
        return
    for number, one in enumerate(used):
        tell(*([""] if number else []), *_lines(one))


def _as_json(used: Used) -> dict[str, object]:
    likeliest, *others = used.kernels or (None,)
    return {
        "release": used.release,
        "kernel": likeliest.name if likeliest else None,
        "how": used.how or None,
        "others": [one.name for one in others if one],
        "rules": [one._asdict() for one in likeliest.rules] if likeliest else [],
    }


def _lines(used: Used) -> Iterator[str]:
    likeliest, *others = used.kernels or (None,)
    if used.release is not None:
        yield from _told("kernel", used.release)
    if used.how:
        yield from _told("how", used.how)
    if likeliest is None:
        return
    yield from _told("rules", f"{likeliest.name}; GFP bits of {likeliest.gfp.covers}")
    if others:
        yield from _told("or of", ", ".join(one.name for one in others if one))
    for about in ABOUTS:
        rules = [one for one in likeliest.rules if one.about == about]
        yield from ["", about, *_rows(rules)] if rules else []
    yield from _not_read(likeliest)


def _rows(rules: Iterable[RuleRead]) -> Iterator[str]:
    for one in rules:
        yield from textwrap.wrap(one.says, WIDTH, initial_indent="  ", subsequent_indent="  ")
        source = f"{one.where}; since {one.since}; read in {one.read}"
        yield from textwrap.wrap(source, WIDTH, initial_indent="    ", subsequent_indent="    ")


def _not_read(kernel: Kernel) -> Iterator[str]:
    """Yield the rules that came between two versions that were read: they may not hold here."""
    unread = [one for one in kernel.rules if one.open]
    if not unread:
        return
    yield from ("", "not read: this version lies between those that were, so these may not hold")
    for one in unread:
        yield from textwrap.wrap(one.says, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _told(label: str, text: str) -> list[str]:
    behind = " " * LABEL
    return textwrap.wrap(text, WIDTH, initial_indent=f"{label:<{LABEL}}", subsequent_indent=behind)
