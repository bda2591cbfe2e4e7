"""The report of a recording: what it is, the picture, every incident, the numbers, the remarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mmplay.engine.errors import how_many
from mmplay.engine.explain.finding import Finding, sentence
from mmplay.engine.frame import BootSpan
from mmplay.engine.report import MemDump
from mmplay.recordings.chart.story import BootStory, stories_of
from mmplay.recordings.diagnosis import FrameDiagnosis, diagnose_frame
from mmplay.recordings.export.blocks import (
    Block,
    Facts,
    Heading,
    Picture,
    Table,
    Text,
    html_page,
    moment,
)
from mmplay.recordings.export.incident import incident
from mmplay.recordings.export.panels import met_text
from mmplay.recordings.export.picture import described, picture
from mmplay.recordings.recording import Recording, Row, said

UNKNOWN = "unknown"

KIND_WORDS = {
    "imported": "a kernel log",
    "simulated": "a simulated run: made by rule, not measured",
    "live": "a live capture",
}
SAID_BY_HEADER = ("writer", "engine", "start", "variant", "seed", "turn")


def as_html(recording: Recording) -> Iterator[bytes]:
    """Yield the whole report as one page."""
    for piece in html_page(recording.name, report_blocks(recording)):
        yield piece.encode()


def report_blocks(recording: Recording) -> Iterator[Block]:
    """Yield the whole report."""
    stories = stories_of(recording)
    yield Heading(1, recording.name)
    yield _about(recording)
    yield Heading(2, "Free pages over time")
    caption = "Free pages of each zone, the floors of every class of caller, and the events."
    yield Picture(picture(recording.name, stories), caption, described(stories))
    yield from (_floors(story) for story in stories)
    yield Heading(2, "Incidents")
    frames = recording.event_frames
    yield from _incidents(recording, (diagnose_frame(recording, n) for n in frames), 3)
    yield from _numbers(recording)
    yield from _what_happened(recording)
    yield from _remarks(recording)


def explanation_blocks(recording: Recording, results: Iterable[FrameDiagnosis]) -> Iterator[Block]:
    """Yield the explanations of some frames alone."""
    yield Heading(1, f"{recording.name}: why")
    yield _about(recording)
    yield from _incidents(recording, results, 2)


def _incidents(
    recording: Recording, results: Iterable[FrameDiagnosis], level: int
) -> Iterator[Block]:
    boots = {boot.index: boot for boot in recording.boots}
    none = True
    for result in results:
        none = False
        yield from incident(result, boots[result.frame.boot], level)
    if none:
        yield Text("Nothing was reported, refused or killed.")


def _about(recording: Recording) -> Facts:
    ending, kind = recording.ending, said(recording, "kind") or UNKNOWN
    rows = [("what", [KIND_WORDS.get(kind, kind)])]
    rows += [
        ("boot" if boot.index else "kernel", [_boot(recording, boot)])
        for boot in recording.boots[:MOST_BOOTS]
    ]
    lines = how_many(recording.line_count, "lines")
    rows.append(("frames", [f"{len(recording)}, with {lines} of log"]))
    rows.append(("ends", ["complete" if ending.closed else ending.why or "not complete"]))
    told = ((name, said(recording, name)) for name in SAID_BY_HEADER)
    rows += [(name, [text]) for name, text in told if text is not None]
    return Facts(rows)


MOST_BOOTS = 20


def _boot(recording: Recording, boot: BootSpan) -> str:
    rules = f"rules of {boot.kernel.name}" if boot.kernel else "its rules are not known"
    first, last = (
        moment(recording.time_us(n), boot.wall) if len(recording) else UNKNOWN
        for n in (boot.first_frame, boot.last_frame)
    )
    return f"{boot.release or 'release unknown'} ({rules}), {first} to {last}"


def _floors(story: BootStory) -> Table:
    """Return the picture's numbers once more, as a table."""
    boot = story.boot
    rows = [
        (zone.name, one.label, str(one.pages), met_text(one, story))
        for zone in story.zones
        for one in zone.ordered()
    ]
    caption = f"Floors in pages, and when free was first at or below them ({boot.release})"
    return Table(caption, ("zone", "floor", "pages", "reached"), rows, frozenset({2}))


# numbers


def _numbers(recording: Recording) -> Iterator[Block]:
    shown = recording.frame(len(recording) - 1).shown if len(recording) else None
    yield Heading(2, "Zones and counters")
    if shown is not None:
        yield _zones(shown.dump)
    series = recording.series()
    spans = _spans(series.rows, len(series.columns))
    rows = [
        (name, *spans[n]) for n, name in enumerate(series.columns) if n >= series.places and spans
    ]
    if rows:
        head = ("counter", "first", "last", "change", "lowest", "highest")
        caption = "Every counter over the recording; pages, unless its name says otherwise"
        yield Table(caption, head, rows, frozenset(range(1, 6)))


def _zones(dump: MemDump) -> Table:
    """Return the fields of every zone as last known, a zone a column."""
    zones = [zone for zone in dump.zones if zone.kb]
    fields = dict.fromkeys(name for zone in zones for name in zone.kb)
    rows = [
        (name, *(UNKNOWN if (n := zone.pages(name)) is None else str(n) for zone in zones))
        for name in fields
    ]
    several = len({zone.node for zone in zones}) > 1
    names = [f"{zone.node}:{zone.name}" if several else zone.name for zone in zones]
    numbers = frozenset(range(1, len(zones) + 1))
    return Table("Zones as last known, in pages", ("field", *names), rows, numbers)


def _spans(rows: Iterator[Row], count: int) -> list[tuple[str, ...]]:
    """Return first, last, change, lowest and highest of every column; empty without a row."""
    known: list[tuple[int, int, int, int] | None] = [None] * count
    for row in rows:
        for n, value in enumerate(row):
            if value is not None:
                first, _, low, high = known[n] or (value, value, value, value)
                known[n] = (first, value, min(low, value), max(high, value))
    return [_span(one) for one in known]


def _span(one: tuple[int, int, int, int] | None) -> tuple[str, ...]:
    if one is None:
        return (UNKNOWN,) * 5
    first, last, low, high = one
    return str(first), str(last), f"{last - first:+d}", str(low), str(high)


# events and remarks


def _what_happened(recording: Recording) -> Iterator[Block]:
    boots = {boot.index: boot for boot in recording.boots}
    yield Heading(2, "Events")
    frames = [recording.frame(index) for index in recording.event_frames]
    rows = [
        (f"#{one.index + 1}", moment(one.time_us, boots[one.boot].wall), one.title)
        for one in frames
    ]
    if rows:
        yield Table("Everything worth stopping at", ("frame", "time", "what"), rows)
    acts = [(str(n), moment(one.time_us), one.text) for n, one in enumerate(recording.acts, 1)]
    if acts:
        yield Table("What was done to the machine", ("act", "time", "what"), acts)
    marks = [
        (one.name, f"#{one.frame + 1}", moment(recording.time_us(one.frame)), one.note)
        for one in recording.markers
    ]
    if marks:
        yield Table("Marks", ("mark", "frame", "time", "note"), marks)


def _remarks(recording: Recording) -> Iterator[Block]:
    assumed: dict[str, list[str]] = {}
    for one in recording.assumptions:
        assumed.setdefault(one.sort, []).append(one.text)
    for note in recording.notes:
        words = sentence(Finding(note.code, note.operands))
        assumed.setdefault("recorder", []).append(f"line {note.line}: {words}")
    yield Heading(2, "What this rests on")
    if assumed:
        yield Facts(list(assumed.items()))
    yield Text(
        "All times and page counts come from the recording; every verdict follows from the rules "
        "of its kernel. What was assumed for one incident stands with it."
    )
