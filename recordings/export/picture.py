"""The timeline as a picture: free pages of each zone, the floors, and where one met the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mmplay.engine.explain.remedy import HOW
from mmplay.recordings.export import svg
from mmplay.recordings.export.text import markup, moment, shortened
from mmplay.recordings.export.zone_story import (
    BootStory,
    FloorLine,
    Level,
    ZoneStory,
    stories_of,
)
from mmplay.recordings.recording import Recording

WIDTH = 1000
LEFT, RIGHT = 76, 650
LABELS, PAGES, MET = 696, 842, 860
PANEL, CLOSE_UP = 190, 112
HEAD, STRIP, FOOT, BETWEEN = 56, 44, 40, 36
LINE = 17
MARGIN = 20
BADGE = 9

BEYOND = 3
"""A panel reaches up to this many times its highest floor; more free pages run along its top."""

CLOSE = 12
"""Floors that lie in less than this part of a panel are shown once more, magnified."""

MOST_DOTS = 60
"""More dumps than this stand so close that a line says it better than dots."""

MOST_EVENTS = 24
"""Events that get a number and a line of text; the others are marked only."""

MOST_BOOTS = 12

MARK_CLASSES = {"high": "high", "low": "low", "min": "min"}
"""How a floor is drawn by its name; callers below min are drawn alike, and told by their labels."""


def as_svg(recording: Recording) -> Iterator[bytes]:
    """Yield the picture as a file of its own."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
    yield picture(recording.name, stories_of(recording)).encode()


def picture(name: str, stories: list[BootStory]) -> str:
    """Return the svg element; boots stand below each other, each with its own axis."""
    shown = stories[:MOST_BOOTS]
    parts: list[str] = []
    y = MARGIN
    for story in shown:
        y = _boot(parts, story, name, y)
    if not stories:
        parts.append(svg.text(LEFT, y + 20, "no dump with a time: nothing to draw", "soft"))
        y += 40
    if len(stories) > len(shown):
        more = f"{len(stories) - len(shown)} more boots are not drawn"
        parts.append(svg.text(LEFT, y + 12, more, "soft"))
        y += 30
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mm-svg" viewBox="0 0 {WIDTH} {y}" '
        f'width="{WIDTH}" height="{y}" role="img" aria-labelledby="mm-title mm-desc">\n'
        f'<title id="mm-title">{markup(f"{name}: free pages over time")}</title>\n'
        f'<desc id="mm-desc">{markup(described(shown))}</desc>\n'
        f"<style>{svg.STYLE}</style>\n{svg.box(0, 0, WIDTH, y, 'paper')}\n"
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def described(stories: list[BootStory]) -> str:
    """Return the picture in words."""
    return " ".join(
        f"{zone.name}: free goes from {zone.levels[0].last} to {zone.levels[-1].last} pages. "
        + " ".join(f"{one.name} {one.pages}: {met_text(one, story)}." for one in zone.ordered())
        for story in stories
        for zone in story.zones
        if zone.levels
    )


def met_text(one: FloorLine, story: BootStory) -> str:
    """Return when free was first at or below a floor, and at how many pages if it moved since."""
    if one.met is None:
        return "never"
    if one.met.since_us is None:
        return "from the start" if story.exact else "at the first dump"
    then = "" if one.met.pages == one.pages else f" ({one.met.pages})"
    return f"{'at' if story.exact else 'by'} {moment(one.met.time_us, story.boot.wall)}{then}"


class _Panel(NamedTuple):
    """A panel: which pages it shows, where it lies, and whether it names the floors."""

    zone: ZoneStory
    title: str
    low: int
    high: int
    height: int
    names: bool


def _panels(zone: ZoneStory) -> list[_Panel]:
    """Return the panels of a zone: one, or two if its floors lie too close together for one."""
    floors = [one.pages for one in zone.floors.values()] or [1]
    most = max((level.highest for level in zone.levels), default=0)
    high = max(10, max(floors) * 23 // 20, min(most * 21 // 20, max(floors) * BEYOND))
    title = f"{zone.name}, free pages"
    if zone.class_zone and zone.class_zone != zone.name:
        title += f" · floors of a caller that may use {zone.class_zone}"
    if most > high:
        title += f" · up to {most}, off this scale"
    spread = max(floors) - min(floors)
    if len(floors) == 1 or spread * CLOSE > high:
        return [_Panel(zone, title, 0, high, PANEL, names=True)]
    pad = max(2, spread // 3)
    near = f"{zone.name}, the floors magnified"
    return [
        _Panel(zone, near, max(0, min(floors) - pad), max(floors) + pad, CLOSE_UP, names=True),
        _Panel(zone, title, 0, high, PANEL, names=False),
    ]


class _Scale(NamedTuple):
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


def _boot(parts: list[str], story: BootStory, name: str, y: int) -> int:
    """Draw one boot from `y` on; return where it ends."""
    boot = story.boot
    rules = f"rules of {boot.kernel.name}" if boot.kernel else "rules unknown: no callers' floors"
    about = f"{shortened(boot.release or 'release unknown', 60)} · {rules}"
    parts.append(svg.text(LEFT, y + 14, shortened(name, 60), "title"))
    parts.append(svg.text(LEFT, y + 34, about, "soft"))
    first = top = y + HEAD + STRIP
    parts.append(svg.text(LABELS, top - 9, "floor", "soft"))
    parts.append(svg.text(PAGES, top - 9, "pages", "soft", "end"))
    parts.append(svg.text(MET, top - 9, "free at or below", "soft"))
    for panel in (panel for zone in story.zones for panel in _panels(zone)):
        parts += _drawn(panel, _Scale(story, panel.low, panel.high, top, panel.height))
        top += panel.height + BETWEEN
    bottom = top - BETWEEN
    parts += _event_marks(_Scale(story, 0, 1, first, 0), bottom)
    parts += _time_axis(story, bottom)
    return _notes(parts, story, bottom + FOOT + 14)


# one panel


def _drawn(panel: _Panel, scale: _Scale) -> Iterator[str]:
    zone = panel.zone
    yield svg.box(LEFT, scale.top, RIGHT - LEFT, scale.height, "plot")
    yield from _pages_axis(scale)
    least = zone.floors.get("min")
    if least is not None:
        yield svg.path(f"{_steps(least, scale)} V{scale.bottom} H{LEFT} Z", "below")
    yield svg.text(LEFT, scale.top - 9, panel.title, "strong")
    for one in zone.ordered():
        yield svg.path(_steps(one, scale), f"floor {_class(one)}")
    yield from _free(zone.levels, scale)
    if panel.names:
        yield from _names(zone, scale)
        yield from _meetings(zone, scale)


def _pages_axis(scale: _Scale) -> Iterator[str]:
    step = svg.round_step(scale.high - scale.low, 5)
    for pages in range(-(-scale.low // step) * step, scale.high + 1, step):
        y = scale.y(pages)
        yield svg.line(LEFT, y, RIGHT, y, "grid")
        yield svg.text(LEFT - 8, y + 4, str(pages), "soft", "end")


def _class(one: FloorLine) -> str:
    return MARK_CLASSES.get(one.name, "caller")


def _names(zone: ZoneStory, scale: _Scale) -> Iterator[str]:
    """Write every floor's name, pages, and when free met it beside the panel."""
    floors = zone.ordered()
    wanted = [scale.y(one.pages) for one in floors]
    places = svg.apart(wanted, LINE, scale.top + 2, scale.bottom)
    for one, y, place in zip(floors, wanted, places, strict=True):
        lead = f"M{RIGHT} {y} L{RIGHT + 8} {y} L{LABELS - 16} {place} L{LABELS - 6} {place}"
        yield svg.path(lead, f"lead {_class(one)}")
        yield svg.text(LABELS, place + 4, one.name, "strong")
        yield svg.text(PAGES, place + 4, str(one.pages), "strong", "end")
        yield svg.text(MET, place + 4, met_text(one, scale.story), "soft")


def _steps(one: FloorLine, scale: _Scale) -> str:
    (_, pages), *later = one.steps
    parts = [f"M{LEFT} {scale.y(pages)}"]
    parts += [f"H{scale.x(time_us)} V{scale.y(pages)}" for time_us, pages in later]
    return " ".join([*parts, f"H{RIGHT}"])


def _free(levels: list[Level], scale: _Scale) -> Iterator[str]:
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


def _seen(levels: list[Level], scale: _Scale) -> str:
    """Return the way from dump to dump, through the lowest and highest of each span."""
    points = []
    for one in levels:
        low, high, last = (scale.y(pages) for pages in (one.lowest, one.highest, one.last))
        points.append(f"{scale.x(one.time_us)} {low} V{high} V{last}")
    return f"M{' L'.join(points)}"


def _stairs(levels: list[Level], scale: _Scale) -> str:
    first, *later = levels
    parts = [f"M{LEFT} {scale.y(first.highest)} V{scale.y(first.lowest)} V{scale.y(first.last)}"]
    for one in later:
        heights = " ".join(f"V{scale.y(pages)}" for pages in (one.lowest, one.highest, one.last))
        parts.append(f"H{scale.x(one.time_us)} {heights}")
    return " ".join([*parts, f"H{RIGHT}"])


def _meetings(zone: ZoneStory, scale: _Scale) -> Iterator[str]:
    """Ring every place where free first met a floor, if it was seen to happen."""
    for one in zone.ordered():
        if scale.story.exact and one.met is not None and one.met.since_us is not None:
            x, y = scale.x(one.met.time_us), scale.y(one.met.pages)
            yield svg.dot(x, y, 5, f"met {_class(one)}")


# events and time


def _event_marks(scale: _Scale, bottom: int) -> list[str]:
    parts: list[str] = []
    top = scale.top
    wanted = sorted(scale.x(time_us) for _, time_us, _ in scale.story.events)
    numbered = wanted[:MOST_EVENTS]
    badges = svg.apart(numbered, 2 * BADGE + 3, LEFT, RIGHT)
    parts += [svg.line(x, top, x, bottom, "event") for x in dict.fromkeys(wanted)]
    for n, (x, badge) in enumerate(zip(numbered, badges, strict=True), 1):
        y = top - STRIP + BADGE
        points = f"M{badge} {y} L{badge} {y + BADGE + 2} L{x} {top - 4} L{x} {top}"
        parts.append(svg.path(points, "lead-event"))
        parts.append(svg.dot(badge, y, BADGE, "badge"))
        parts.append(svg.text(badge, y + 4, str(n), "number", "middle"))
    return parts


def _time_axis(story: BootStory, bottom: int) -> list[str]:
    scale = _Scale(story, 0, 1, 0, 0)
    unit = "time of day, UTC" if story.boot.wall else "seconds since boot"
    parts = [svg.text((LEFT + RIGHT) // 2, bottom + 36, unit, "soft", "middle")]
    span = story.last_us - story.first_us
    step = svg.round_step(max(1, span), 6)
    start = -(-story.first_us // step) * step
    times = range(start, story.last_us + 1, step) if span else [story.first_us]
    for time_us in times:
        x = scale.x(time_us)
        parts.append(svg.line(x, bottom, x, bottom + 5, "event"))
        words = _tick(time_us, step, story.boot.wall)
        parts.append(svg.text(x, bottom + 19, words, "soft", "middle"))
    return parts


def _tick(time_us: int, step: int, wall: bool) -> str:
    """Return a moment with as many decimals as the step needs."""
    if wall:
        return moment(time_us, wall)
    decimals = max(0, 7 - len(str(step)))
    whole, rest = divmod(time_us, 1_000_000)
    return f"{whole}.{rest:06d}"[: len(str(whole)) + 1 + decimals].rstrip(".")


def _notes(parts: list[str], story: BootStory, y: int) -> int:
    """Write the events and how to read the picture below it; return where that ends."""
    shown = sorted(story.events, key=lambda event: event[1])[:MOST_EVENTS]
    for n, (_, time_us, title) in enumerate(shown, 1):
        y += LINE
        parts.append(svg.dot(LEFT + BADGE, y - 4, BADGE - 1, "badge"))
        parts.append(svg.text(LEFT + BADGE, y, str(n), "number", "middle"))
        parts.append(svg.text(LEFT + 28, y, moment(time_us, story.boot.wall), "soft"))
        parts.append(svg.text(LEFT + 130, y, shortened(title, 100)))
    notes = [_reading(story)]
    if len(story.events) > len(shown):
        notes.insert(0, f"and {len(story.events) - len(shown)} more events")
    callers = {one.caller for zone in story.zones for one in zone.floors.values()}
    known = [f"{name}: {HOW[name]}" for name in HOW if name in callers]
    lines = [line for zone in story.zones for line in zone.ordered()]
    if any(line.met is not None and line.met.pages != line.pages for line in lines):
        notes.append("pages in brackets: the floor as it was when free met it")
    if known:
        notes.append(f"plain callers meet min; {'; '.join(known)}")
    y += 8
    for note in notes:
        y += LINE
        parts.append(svg.text(LEFT, y, note, "soft"))
    return y + MARGIN


def _reading(story: BootStory) -> str:
    refused = "a request of order 0 is refused where free is at or below its caller's floor"
    if story.exact:
        return f"{refused}; a ring is where free first got there"
    return f"{refused}; dots are dumps, between them nothing is known"
