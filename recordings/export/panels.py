"""One zone as a panel: free pages over time, the floors as lines, and their names beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mmplay.engine.rules.watermarks import MARKS
from mmplay.recordings.chart.curves import strips_of
from mmplay.recordings.chart.story import BootStory, FloorLine, Level, ZoneStory
from mmplay.recordings.export import svg
from mmplay.recordings.export.blocks import moment

LEFT, RIGHT = 76, 650
"""Where panels begin and end."""

LABELS, PAGES, MET = 696, 902, 920
"""Where the floors' names begin, their pages end, and when free met them begins."""

PANEL, CLOSE_UP = 190, 112
LINE = 17

MOST_DOTS = 60
"""More dumps than this stand so close that a line says it better than dots."""


def met_text(one: FloorLine, story: BootStory) -> str:
    """Return when free was first at or below a floor, and at how many pages if it moved since."""
    if one.met is None:
        return "never"
    if one.met.since_us is None:
        return "from the start" if story.exact else "at the first dump"
    then = "" if one.met.pages == one.pages else f" ({one.met.pages})"
    return f"{'at' if story.exact else 'by'} {moment(one.met.time_us, story.boot.wall)}{then}"


class Panel(NamedTuple):
    """A panel: which pages it shows, where it lies, and whether it names the floors."""

    zone: ZoneStory
    title: str
    low: int
    high: int
    height: int
    names: bool


def panels_of(zone: ZoneStory) -> list[Panel]:
    """Return the panels of a zone: one, or two if its floors lie too close together for one."""
    floors = [one.pages for one in zone.floors.values()]
    most = max((level.highest for level in zone.levels), default=0)
    title = f"{zone.name}, free pages"
    if zone.class_zone and zone.class_zone != zone.name:
        title += f" · floors of a caller that may use {zone.class_zone}"
    *near, whole = strips_of(floors, most)
    if most > whole.high:
        title += f" · up to {most}, off this scale"
    magnified = f"{zone.name}, the floors magnified"
    return [
        *(Panel(zone, magnified, one.low, one.high, CLOSE_UP, names=True) for one in near),
        Panel(zone, title, whole.low, whole.high, PANEL, names=not near),
    ]


class Scale(NamedTuple):
    """Turns a moment into x and pages into y; what is off the panel runs along its edge."""

    story: BootStory
    low: int
    high: int
    top: int
    height: int

    @property
    def bottom(self) -> int:
        """The y of the panel's lower edge."""
        return self.top + self.height

    def x(self, time_us: int) -> int:
        """Return where a moment is."""
        span = self.story.last_us - self.story.first_us
        if span <= 0:
            return (LEFT + RIGHT) // 2
        return LEFT + (time_us - self.story.first_us) * (RIGHT - LEFT) // span

    def y(self, pages: int) -> int:
        """Return where a page count is."""
        shown = max(self.low, min(pages, self.high)) - self.low
        return self.bottom - shown * self.height // (self.high - self.low)


def drawn(panel: Panel, scale: Scale) -> Iterator[str]:
    """Draw a panel."""
    zone = panel.zone
    yield svg.box(LEFT, scale.top, RIGHT - LEFT, scale.height, "plot")
    yield from _pages_axis(scale)
    least = zone.floors.get("min")
    if least is not None:
        yield svg.path(f"{_steps(least, scale)} V{scale.bottom} H{LEFT} Z", "below")
    yield from _band(zone, scale)
    yield svg.text(LEFT, scale.top - 9, panel.title, "strong")
    for one in zone.ordered():
        yield svg.path(_steps(one, scale), f"floor {_class(one)}")
    yield from _free(zone.levels, scale)
    if panel.names:
        yield from _names(zone, scale)
        yield from _meetings(zone, scale)


def _band(zone: ZoneStory, scale: Scale) -> Iterator[str]:
    """Fill where free lay in other runs, as far as the panel reaches."""
    for one in zone.band:
        if one.high < scale.low or one.low > scale.high:
            continue
        left, right = scale.x(one.from_us), min(RIGHT, scale.x(one.until_us))
        top, bottom = scale.y(one.high), scale.y(one.low)
        yield svg.box(left, top, max(1, right - left), max(1, bottom - top), "band")


def _pages_axis(scale: Scale) -> Iterator[str]:
    step = svg.round_step(scale.high - scale.low, 5)
    for pages in range(-(-scale.low // step) * step, scale.high + 1, step):
        y = scale.y(pages)
        yield svg.line(LEFT, y, RIGHT, y, "grid")
        yield svg.text(LEFT - 8, y + 4, str(pages), "soft", "end")


def _class(one: FloorLine) -> str:
    """Return how a floor is drawn: callers below min are drawn alike, and told by their labels."""
    return one.name if one.name in MARKS else "caller"


def _names(zone: ZoneStory, scale: Scale) -> Iterator[str]:
    """Write every floor's name, pages, and when free met it beside the panel."""
    floors = zone.ordered()
    wanted = [scale.y(one.pages) for one in floors]
    places = svg.apart(wanted, LINE, scale.top + 2, scale.bottom)
    for one, y, place in zip(floors, wanted, places, strict=True):
        lead = f"M{RIGHT} {y} L{RIGHT + 8} {y} L{LABELS - 16} {place} L{LABELS - 6} {place}"
        yield svg.path(lead, f"lead {_class(one)}")
        yield svg.text(LABELS, place + 4, one.label, "strong")
        yield svg.text(PAGES, place + 4, str(one.pages), "strong", "end")
        yield svg.text(MET, place + 4, met_text(one, scale.story), "soft")


def _steps(one: FloorLine, scale: Scale) -> str:
    (_, pages), *later = one.steps
    parts = [f"M{LEFT} {scale.y(pages)}"]
    parts += [f"H{scale.x(time_us)} V{scale.y(pages)}" for time_us, pages in later]
    return " ".join([*parts, f"H{RIGHT}"])


def _free(levels: list[Level], scale: Scale) -> Iterator[str]:
    """Draw free pages: a stair where they are always known, else a dot for every dump."""
    if not levels:
        return
    if scale.story.exact:
        curve = _stairs(levels, scale)
        yield svg.path(f"{curve} V{scale.bottom} H{LEFT} Z", "area")
        yield svg.path(curve, "free")
        return
    dots = len(levels) <= MOST_DOTS
    yield svg.path(_seen(levels, scale), "free guess" if dots else "free")
    if dots:
        for one in levels:
            yield svg.dot(scale.x(one.time_us), scale.y(one.last), 4, "dump")


def _seen(levels: list[Level], scale: Scale) -> str:
    """Return the way from dump to dump, through the lowest and highest of each span."""
    points = []
    for one in levels:
        low, high, last = (scale.y(pages) for pages in (one.lowest, one.highest, one.last))
        points.append(f"{scale.x(one.time_us)} {low} V{high} V{last}")
    return f"M{' L'.join(points)}"


def _stairs(levels: list[Level], scale: Scale) -> str:
    first, *later = levels
    parts = [f"M{LEFT} {scale.y(first.highest)} V{scale.y(first.lowest)} V{scale.y(first.last)}"]
    for one in later:
        heights = " ".join(f"V{scale.y(pages)}" for pages in (one.lowest, one.highest, one.last))
        parts.append(f"H{scale.x(one.time_us)} {heights}")
    return " ".join([*parts, f"H{RIGHT}"])


def _meetings(zone: ZoneStory, scale: Scale) -> Iterator[str]:
    """Ring every place where free first met a floor, if it was seen to happen."""
    for one in zone.ordered():
        if scale.story.exact and one.met is not None and one.met.since_us is not None:
            x, y = scale.x(one.met.time_us), scale.y(one.met.pages)
            yield svg.dot(x, y, 5, f"met {_class(one)}")
