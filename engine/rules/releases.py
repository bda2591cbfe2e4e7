"""From the release that a log prints (`4.5.0-rc7+`) to the rules and GFP bits that it follows."""

from __future__ import annotations

import re

from mmplay.engine.rules.gfp import GfpLayout
from mmplay.engine.rules.gfp_layouts import GFP_LAYOUTS
from mmplay.engine.rules.versions import KERNELS, Kernel

RULES_OF_RELEASE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"4\.5\.0-rc7-next-20160311\b"), "next-20160311"),
    (re.compile(r"4\.5\.0-rc\d+-next-"), ""),
    (re.compile(r"4\.5(\.\d+)?(-rc7)?(?![\d.])"), "4.5-rc7"),
    (re.compile(r"6\.1\.(11[6-9]|1[2-9]\d|[2-9]\d\d)(?![\d.])"), "6.1"),
    (re.compile(r"6\.1\.0-(2[89]|[3-9]\d|\d{3,})-(cloud-|rt-)?amd64\b"), "6.1"),
    (re.compile(r"6\.6\.([6-9]\d|\d{3})(?![\d.])"), "6.6"),
    (re.compile(r"6\.12\.\d+(?![\d.])(?!-rc|.*\.el\d)"), "6.12"),
)
"""Releases whose rules we know, first match; an empty name means that they are not known.

4.5.1 to 4.5.7 follow 4.5: the fix of the slab mask came after the last of them. 6.1.116 took over
the gate of 6.3; from 6.6.60 on non-blocking requests of order 0 may take highatomic blocks, as in
6.12. Debian's 6.1.0-28 is 6.1.119, its 6.1.0-27 still 6.1.115. Kernels that a distribution has
changed much (.el10) are left out.
"""

_NUMBERS = re.compile(r"(\d{1,6})\.(\d{1,6})")
"""Bounded: a release may be any text, and `int` refuses 4,301 digits."""
_RHEL8 = re.compile(r"4\.18\.0-\d+.*\.el8")

LAYOUT_FROM: tuple[tuple[tuple[int, int], str], ...] = (
    ((2, 6), "2.6.32"),
    ((3, 10), "3.10"),
    ((4, 4), "4.4"),
    ((4, 5), "4.5"),
    ((4, 8), "4.8"),
    ((4, 10), ""),
    ((4, 11), "4.11"),
    ((4, 13), "4.13"),
    ((4, 19), "4.19"),
    ((5, 2), "5.4"),
    ((6, 1), "6.1"),
    ((6, 3), "6.6"),
    ((6, 12), "6.12"),
)
"""First version of each GFP layout; 4.10 is left out because its layout was not read."""


def kernel_of_release(release: str) -> Kernel | None:
    """Return the rules that a kernel of this release follows, or None if they are not known."""
    for pattern, name in RULES_OF_RELEASE:
        if pattern.match(release):
            return KERNELS.get(name)
    return None


def layout_of_release(release: str) -> GfpLayout | None:
    """Return the GFP bits of a kernel of this release, or None if they are not known."""
    if _RHEL8.match(release):
        return GFP_LAYOUTS["4.19"]
    found = _NUMBERS.match(release)
    if found is None:
        return None
    version = int(found[1]), int(found[2])
    name = ""
    for first, layout in LAYOUT_FROM:
        if version >= first:
            name = layout
    return GFP_LAYOUTS.get(name)
