"""A release that a kernel prints, as the versions whose rules it may follow.

`5.4.286` is one version. `5.4.0-120-generic` is some version of the branch 5.4, which its
distribution does not print; a tree between two versions (`6.2.0-12017-g1ec35eadc3b4`, `4.15.0+`,
linux-next) may have the rules of either. What is known of distributions is data.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from mmplay.engine.tables import read_data

Version = tuple[int, int, int]

LAST_PATCH = 9999
"""Beyond the patches of any branch."""
DEVELOPMENT_COMMITS = 1000
"""A tree so many commits after a version belongs to the merge window of the next."""
LAST_MINOR = {2: 6, 3: 19, 4: 20, 5: 19, 6: 19}
"""The last version of a major series, after which the next begins with .0."""

_NUMBERS = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")
"""Bounded: a release may be any text, and `int` refuses 4,301 digits."""
_COMMITS = re.compile(r"-(\d{3,6})-g[0-9a-f]{7,}")
_NEXT_TREE = re.compile(r"-next-\d{8}")
_NO_PATCH = re.compile(r"\d+\.\d+\.0(?!\d)")
_BEYOND = re.compile(r"\d+\.\d+\.0\+")
_BUILT = re.compile(r"-\d{5}-g[0-9a-f]{7,}")


class Span(NamedTuple):
    """Versions from `low` to `high`, both included; `build` is that of a distribution."""

    low: Version
    high: Version
    builds: str = ""
    build: int = 0


class Place(NamedTuple):
    """Where a release stands: the spans it may lie in, and how that is known.

    `status` is `version` for a version that is named, `between` for a tree between two, else that
    of the `distribution`: read, log or unread.
    """

    spans: tuple[Span, ...]
    status: str
    distribution: str = ""


def version_of(text: str) -> Version | None:
    """Return the three numbers that a release begins with, a missing one as 0, or None."""
    found = _NUMBERS.match(text)
    if found is None:
        return None
    return int(found[1]), int(found[2]), int(found[3] or 0)


def place_of(release: str) -> Place | None:
    """Return the versions that a release may follow, or None if it does not begin with one."""
    version = version_of(release)
    if version is None:
        return None
    if _is_between(release):
        return Place((Span(version, _next(version)),), "between")
    for row in [] if _BUILT.search(release) else _distributions():
        found = row["match"].match(release)
        if found is not None:
            return _distributed(row, found, version)
    return Place((Span(version, version),), "version")


def _is_between(release: str) -> bool:
    """Tell whether a tree may have what the next version brings.

    From -rc1 on a version takes mistakes out alone; a stable one always does.
    """
    if _NEXT_TREE.search(release):
        return True
    if "-rc" in release or not _NO_PATCH.match(release):
        return False
    commits = _COMMITS.search(release)
    grown = commits is not None and int(commits[1]) >= DEVELOPMENT_COMMITS
    return grown or _BEYOND.match(release) is not None


def _next(version: Version) -> Version:
    major, minor, _ = version
    if minor >= LAST_MINOR.get(major, LAST_PATCH):
        return major + 1, 0, 0
    return major, minor + 1, 0


@cache
def _distributions() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_data(__package__, "distributions")["distribution"]
    return [{**row, "match": re.compile(row["match"])} for row in rows]


def _distributed(row: dict[str, Any], found: re.Match[str], version: Version) -> Place:
    build = int(found[1]) if "builds" in row else 0
    spans = tuple(_span(text, row.get("builds", ""), build, version) for text in row["versions"])
    return Place(spans, row["status"], row["name"])


def _span(text: str, builds: str, build: int, version: Version) -> Span:
    if text == "*":
        open_end = version[2] == 0
        return Span(version, (*version[:2], LAST_PATCH) if open_end else version)
    first, _, last = text.partition(" to ")
    low = version_of(first) or version
    high = last_of(last) if last else low
    return Span(low, high, builds, build)


def last_of(text: str) -> Version:
    """Return a version, or the last one of the branch if no patch is named ("6.1", "2.6.32")."""
    major, minor, patch = version_of(text) or (0, 0, 0)
    named = text.count(".") == 2
    return major, minor, patch if named else LAST_PATCH
