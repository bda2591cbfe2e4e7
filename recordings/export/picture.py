"""The timeline as a picture: free pages of each zone, the floors, and where one met the other."""

from __future__ import annotations

from collections.abc import Iterator

from mmplay.engine.errors import how_many
from mmplay.engine.explain.words import CALLERS
from mmplay.recordings.chart.story import BootStory, ZoneStory, stories_of
from mmplay.recordings.export import svg
from mmplay.recordings.export.blocks import markup, moment, shortened, style
from mmplay.recordings.export.panels import (
    LABELS,
    LEFT,
    LINE,
    MET,
    MOST_DOTS,
    PAGES,
    RIGHT,
    Scale,
    drawn,
    met_text,
    panels_of,
)
from mmplay.recordings.recording import Recording

WIDTH = 1060
HEAD, STRIP, FOOT, BETWEEN = 56, 44, 40, 36
MARGIN = 20
BADGE = 9

MOST_EVENTS = 24
"""Events that get a number and a line of text; the others are marked only."""

MOST_BOOTS = 12


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
        more = f"not drawn: {how_many(len(stories) - len(shown), 'more boots')}"
        parts.append(svg.text(LEFT, y + 12, more, "soft"))
        y += 30
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mm-svg" viewBox="0 0 {WIDTH} {y}" '
        f'width="{WIDTH}" height="{y}" role="img" aria-labelledby="mm-title mm-desc">\n'
        f'<title id="mm-title">{markup(f"{name}: free pages over time")}</title>\n'
        f'<desc id="mm-desc">{markup(described(shown))}</desc>\n'
        f"<style>{style('picture')}</style>\n{svg.box(0, 0, WIDTH, y, 'paper')}\n"
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def described(stories: list[BootStory]) -> str:
    """Return the picture in words."""
    return " ".join(
        f"{zone.name}: free goes from {zone.levels[0].last} to {zone.levels[-1].last} pages. "
        + _others(zone)
        + " ".join(f"{one.label} {one.pages}: {met_text(one, story)}." for one in zone.ordered())
        for story in stories
        for zone in story.zones
        if zone.levels
    )


def _others(zone: ZoneStory) -> str:
    if not zone.band:
        return ""
    low, high = min(one.low for one in zone.band), max(one.high for one in zone.band)
    return f"In other runs it lies between {low} and {high} pages. "


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
    for panel in (panel for zone in story.zones for panel in panels_of(zone)):
        parts += drawn(panel, Scale(story, panel.low, panel.high, top, panel.height))
        top += panel.height + BETWEEN
    bottom = top - BETWEEN
    parts += _event_marks(Scale(story, 0, 1, first, 0), bottom)
    parts += _time_axis(story, bottom)
    return _notes(parts, story, bottom + FOOT + 14)


# events and time


def _event_marks(scale: Scale, bottom: int) -> list[str]:
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
    scale = Scale(story, 0, 1, 0, 0)
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
        notes.insert(0, f"and {how_many(len(story.events) - len(shown), 'more events')}")
    callers = {one.caller for zone in story.zones for one in zone.floors.values()}
    known = [f"{name}: {one.how}" for name, one in CALLERS.items() if one.how and name in callers]
    lines = [line for zone in story.zones for line in zone.ordered()]
    if any(line.met is not None and line.met.pages != line.pages for line in lines):
        notes.append("pages in brackets: the floor as it was when free met it")
    if any(zone.band for zone in story.zones):
        notes.append("the band: where free lay in any run within the bounds of what is assumed")
    if known:
        notes += ["plain callers meet min", *known]
    y += 8
    for note in notes:
        y += LINE
        parts.append(svg.text(LEFT, y, note, "soft"))
    return y + MARGIN


def _reading(story: BootStory) -> str:
    refused = "a request of order 0 is refused where free is at or below its caller's floor"
    if story.exact:
        return f"{refused}; a ring is where free first got there"
    dense = any(len(zone.levels) > MOST_DOTS for zone in story.zones)
    seen = "the line goes from dump to dump" if dense else "dots are dumps"
    return f"{refused}; {seen}, between them nothing is known"
