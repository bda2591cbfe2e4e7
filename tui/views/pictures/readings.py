"""Stills of a level: what each kind of picture shows of a sight."""

from __future__ import annotations

from mmplay.engine.errors import InputError
from mmplay.engine.report import ZoneDump
from mmplay.engine.rules.floors import NO_WATERMARKS, PLAIN
from mmplay.engine.rules.gfp import GfpError
from mmplay.engine.rules.watermarks import MARKS
from mmplay.engine.sim.log.view import slabs_of
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.mm.net import RING
from mmplay.engine.sim.mm.net import waiting as frames_waiting
from mmplay.levels.model import DIRTY
from mmplay.levels.play.showing import UNKNOWN
from mmplay.levels.truth import KB_WORD
from mmplay.levels.truth.subject import Subject
from mmplay.tui.views.pictures.bits import Bits, bits_of
from mmplay.tui.views.pictures.blocks import numbers_in
from mmplay.tui.views.pictures.ladder import Ladder, Rung
from mmplay.tui.views.pictures.loop import Edge, Gauge, Loop
from mmplay.tui.views.pictures.rooms import Room, Rooms
from mmplay.tui.views.pictures.sight import KEPT, OF_MARKS, Sight
from mmplay.tui.views.pictures.slabs import Slab, Slabs
from mmplay.tui.views.pictures.stack import Stack, stack_of_names
from mmplay.tui.views.pictures.tank import GETS, WAITS, Line, Ring, Tank, Visitor, water

ITS_LINE, NO_LINE = "its line", "none"
"""What a caller's own line is called on the glass: HIGH lies below min, high above it. Where pages
are set aside its name says of what it is made."""

RUNGS = {"plain": "min", "NO_WATERMARKS": "no floor"}
"""What rungs are called whose class says little."""


def fill_of(sight: Sight, zone: ZoneDump, kept: int = 0) -> tuple[str, str]:
    """Return the role and the glyph of a zone's water, by the zone's marks over what is `kept`.

    Where the marks are hidden the water tells nothing of them.
    """
    if "marks" in sight.showing.hidden:
        return water(1, (0, 0, 0), sight.glyphs)
    marks = [(zone.pages(mark) or 0) + kept for mark in ("min", "low", "high")]
    return water(zone.pages("free") or 0, marks, sight.glyphs)


def standing(free: int, lines: tuple[Line, ...]) -> str:
    """Return in words how free pages stand to the lines that are drawn."""
    drawn = sorted((line for line in lines if line.drawn), key=lambda line: line.pages)
    at = [line.name for line in drawn if line.pages == free]
    if at:
        return f"at {at[0]}"
    below = next((line.name for line in drawn if line.pages > free), "")
    above = next((line.name for line in reversed(drawn) if line.pages < free), "")
    if below:
        return f"below {below}"
    return f"above {above}" if above else ""


def dirty_of(sight: Sight) -> Tank:
    """Return the tank of dirty pages, under the limits at which they are written.

    Above the background limit the flusher works, above the limit writers wait; both only then. The
    glass is as high as if no page were anonymous: what a question changes moves the limits in it.
    """
    m, glyphs = sight.machine, sight.glyphs
    limits = [read(m, name) for name in ("dirty_background_threshold", "dirty_threshold")]
    dirty = read(m, "dirty")
    names, secrets = ("background", "limit"), sight.showing.secrets
    lines = tuple(
        Line(name, pages, name == "limit", pages not in secrets)
        for name, pages in zip(names, limits, strict=True)
    )
    above = sum(dirty > limit for limit in limits)
    role = ("fine", "below_low", "below_min")[above]
    fill = (glyphs.fine, glyphs.below_low, glyphs.below_min)[above]
    state = standing(dirty, lines)
    anonymous = sum(zone.active_anon + zone.inactive_anon for zone in m.state.zones)
    rim = read(m, "dirtyable") + anonymous
    return Tank(
        "dirty pages", dirty, rim, tuple(reversed(lines)), state, role, fill,
        unit="dirty", waiting=sight.waiting,
    )  # fmt: skip


def line_name(sight: Sight, zone: ZoneDump, pages: int) -> str:
    """Return what a caller's line is called: its class, and what is on top: lock, set aside."""
    name, kept = sight.class_asked(), sight.reserve(zone)
    rung = RUNGS.get(name, name) or "line"
    floor = sight.floor(zone, name) if name else None
    above = [kept] if kept and floor is not None and floor <= pages else []
    above += [pages - floor] if floor is not None and pages > floor else []
    return "+".join([rung, *map(str, above)])


FLOORS_OF = {"high floor": ("HIGH",), "between": ("HIGH", "HIGH+HARDER")}
"""The floors that a tile of the boss is about."""


def _lines_of_tile(sight: Sight, zone: ZoneDump) -> list[Line]:
    """Return the floors that explain a number of the log, once that is told."""
    words, told = sight.words, sight.told
    if told is None or words[:1] not in (["explains"], ["explained"]):
        return []
    tile = told.value if words[0] == "explains" else " ".join(words[1:]).partition(" by ")[0]
    found = [(one, sight.floor(zone, one)) for one in FLOORS_OF.get(str(tile), ())]
    return [Line(name, pages) for name, pages in found if pages is not None]


def ring_of(sight: Sight) -> Ring | None:
    """Return the card's ring where the level says that it shows it."""
    if "counters.ring" not in (sight.showing.words or ()):
        return None
    state = sight.machine.state
    frames = frames_waiting(state)
    return Ring(state.ring, frames, RING - state.ring - frames)


def _line_in_question(sight: Sight) -> str:
    """Return the mark that free is held against, or that was asked for; else nothing."""
    words = sight.words
    if words[:1] == ["kswapd_sleeps"]:
        return "high"
    if words[:1] == ["fact"] and words[1].startswith(OF_MARKS):
        return str(sight.told.value) if sight.told is not None else NO_LINE
    return next((one for one in words[3:5] if one in MARKS), "") if words[:1] == ["passes"] else ""


def tank_of(sight: Sight) -> Tank:
    """Return the tank of the picture's zone; of dirty pages where it is of those, or shows them."""
    words = sight.showing.words
    if sight.picture.zone == DIRTY or (words is not None and "counters.dirty" in words):
        return dirty_of(sight)
    zone = sight.zone(sight.zone_asked)
    free, role_fill = zone.pages("free") or 0, fill_of(sight, zone, sight.reserve(zone))
    lines, visitor = sight.marks(zone), sight.visitor()
    thick = _line_in_question(sight)
    if thick:
        lines = tuple(one._replace(strong=one.name.partition("+")[0] == thick) for one in lines)
    lines = (*lines, *_lines_of_tile(sight, zone))
    known = {line.pages for line in lines}
    if visitor is not None and visitor.line is not None and visitor.line not in known:
        drawn = sight.told is not None
        name = line_name(sight, zone, visitor.line) if KEPT in sight.words else ITS_LINE
        lines = (*lines, Line(name, visitor.line, True, drawn))
    return Tank(
        zone.name, free, zone.pages("managed") or free, lines, _standing(sight, zone, lines),
        *role_fill, asked=visitor, waiting=sight.waiting, ring=ring_of(sight),
    )  # fmt: skip


def _standing(sight: Sight, zone: ZoneDump, lines: tuple[Line, ...]) -> str:
    """Return how free stands to the lines, and what is set aside of it, if anything is."""
    found = standing(zone.pages("free") or 0, lines)
    kept = next(one for one in sight.machine.state.zones if one.name == zone.name)
    aside = kept.reserved_highatomic
    return ", ".join([*([found] if found else []), *([f"{aside} set aside"] if aside else [])])


def _is_told(sight: Sight, name: str, zone: str) -> bool:
    """Tell whether a rung's number is no answer, now or to what is asked next.

    While a level asks for the rungs, min is told, the rung that an answer was about, and those
    that were found before, but for the one that is asked about.
    """
    question = sight.question
    if question is None or "floors" not in question.hides:
        return sight.showing.shows(f"floors.{name}")
    if name == PLAIN.name:
        return sight.showing.shows("marks.min")
    asked = name == sight.class_asked()
    return sight.told is not None if asked else name in sight.found(zone)


def ladder_of(sight: Sight) -> Ladder:
    """Return the ladder of the picture's zone: one rung for every class of callers."""
    zone = sight.zone(sight.zone_asked)
    visitor = sight.visitor()
    if visitor is not None and sight.is_open:
        visitor = visitor._replace(line=None)
    if sight.question is None:
        visitor = _who_knocked(sight)
    rungs = []
    for one in sight.asked_kernel.classes_at("min"):
        pages = sight.floor(zone, one.name)
        shown = sight.showing._replace(hidden=()).shows(f"floors.{one.name}")
        if pages is None or not shown:
            continue
        drawn = _is_told(sight, one.name, zone.name) and pages not in sight.showing.secrets
        rungs.append(Rung(RUNGS.get(one.name, one.name), pages, (), drawn))
    line = visitor.line if visitor is not None else None
    if line is not None and line not in [rung.pages for rung in rungs]:
        rungs.append(Rung(line_name(sight, zone, line), line))
    free = zone.pages("free") or 0
    ordered = tuple(sorted(rungs, key=lambda rung: -rung.pages))
    kept = zone.reserve_for(sight.class_index())
    return Ladder(
        zone.name, free, ordered, *fill_of(sight, zone, kept or 0), asked=visitor,
        told=not sight.is_open, veiled=sight.words[:1] == ["passes"],
        title=f"{zone.name}: rungs with its lock of {kept}" if kept else "",
    )  # fmt: skip


def _who_knocked(sight: Sight) -> Visitor | None:
    """Return the level's caller where the player has let it ask: refused, until it is served."""
    name = next(iter(sight.picture.callers), "")
    served, refused = (read(sight.machine, f"request_{one}") for one in ("served", "refused"))
    if not name or not (served or refused):
        return None
    return Visitor(name, GETS if served else WAITS)


def bits_still(sight: Sight) -> Bits:
    """Return the mask that is asked about, as switches of its kernel's layout."""
    kernel, words = sight.asked_kernel, sight.words
    mask, line = 0, ""
    for word in words[1:]:
        try:
            mask = kernel.gfp.encode(word.split(":")[0])
        except GfpError:
            continue
        break
    if not sight.is_open:
        line = _stands_at(sight, words)
    told = not sight.is_open or words[:1] == ["encode"]
    found = bits_of(mask, kernel.gfp, kernel.name, told, line, sight.taught)
    found = found._replace(numbered=words[:1] in (["decode"], ["encode"]))
    return found._replace(mask=None) if sight.is_open and words[:1] != ["decode"] else found


def _stands_at(sight: Sight, words: list[str]) -> str:
    """Return in words which line the mask's caller meets in the picture's zone."""
    subject = Subject(sight.kernel.gfp, sight.kernel, sight.machine, read)
    if sight.asked_kernel is not sight.kernel or len(words) < 2:
        return ""
    try:
        caller = subject.who(words[1]).caller.name
    except InputError:
        return ""
    zone = sight.zone()
    pages = sight.floor(zone, caller)
    if pages is None:
        return ""
    least = zone.pages("min")
    if caller == NO_WATERMARKS.name:
        return f"no line of {zone.name} holds it"
    if pages == least:
        return f"its line in {zone.name} is min, {pages} pages"
    return f"its line in {zone.name}: {pages} pages; min is {least}"


def stack_still(sight: Sight) -> Stack:
    """Return the chain that is asked about, else the one of what was decided last."""
    words = sight.words
    if words[:1] == ["holds_key"]:
        return stack_of_names(tuple(words[1:]), sight.showing.caller, not sight.is_open)
    return stack_of_names(sight.chain, sight.who, not sight.is_open)


def loop_of(sight: Sight) -> Loop:
    """Return the level's loop, and what its zones have left; an edge is told once it is known.

    While its own question is open it is not; where a question goes backwards, no edge is.
    """
    gauges = []
    for zone in sight.dump.populated():
        free, (role, fill) = zone.pages("free") or 0, fill_of(sight, zone)
        kept = sight.reserve(zone)
        least, high = zone.pages("min") or 0, zone.pages("high") or 1
        locked = kept and high < free <= least + kept
        words = f"locked by reserve {kept}" if locked else standing(free, sight.marks(zone))
        role = "refused" if locked else role
        gauges.append(Gauge(zone.name, free, max(1, (high + kept) * 5 // 4), words, role, fill))
    backwards = sight.is_open and sight.words[:2] == BACKWARDS
    edges = [
        Edge(one.text, one.lit, one.over)
        if one.known and not backwards and not (one.asked and sight.is_open)
        else Edge(UNKNOWN, one.lit)
        for one in sight.showing.edges
    ]
    return Loop(tuple(edges), tuple(reversed(gauges)))


BACKWARDS = ["fact_with", "edge"]
"""What is asked for by such a question is an edge that was lit before."""


OF_ORDER = ("first_zone", "zone_order")
"""Questions about the order of zones alone, where no number of theirs counts."""

TOP_ROOM = "Normal"
"""The zone of which an open question about the way does not tell whether the machine has it."""

OF_PAGES, OF_MACHINE = ["managed"], ["compute", "managed"]
"""Questions about the pages of a zone, or of a machine whose numbers they name."""

ROOM_FORMS = (*OF_ORDER, "served")
"""Questions about where a request goes."""


def rooms_of(sight: Sight) -> Rooms:
    """Return the zones side by side: those that the question names, else the machine's."""
    words = sight.words
    if words[:2] == OF_MACHINE:
        return _parts_of(sight, *numbers_in(words)[:2])
    if words[:1] == OF_PAGES:
        return _counted(sight)
    named = words[words.index("on") + 1 :] if "on" in words else []
    zones = {zone.name: zone for zone in sight.dump.populated()}
    same = words[:1] not in ([one] for one in OF_ORDER) and (not named or set(named) == set(zones))
    rooms = [
        Room(name, zones[name].pages("managed"), zones[name].pages("free"))
        if same and name in zones
        else Room(name)
        for name in (named or reversed(list(zones)))
    ]
    told = sight.told.value if sight.told is not None else ""
    into = told[0] if isinstance(told, tuple) and told else told if isinstance(told, str) else ""
    if isinstance(told, tuple):
        turns = {name: turn for turn, name in enumerate(told, 1)}
        rooms = [room._replace(turn=turns.get(room.name, 0)) for room in rooms]
    refused = bool(into) and into not in [room.name for room in rooms]
    if named and words[:1] in ([one] for one in OF_ORDER):
        there = None if sight.is_open else TOP_ROOM in named
        rooms = [one for one in rooms if one.name != TOP_ROOM or not sight.is_open]
        rooms += [] if there else [Room(TOP_ROOM, there=there)]
    if words[:1] == ["served"]:
        rooms = _with_floors(sight, rooms)
    caller = sight.showing.caller or "a request"
    return Rooms(tuple(rooms), caller, "" if refused else into, refused)


def _with_floors(sight: Sight, rooms: list[Room]) -> list[Room]:
    """Return rooms with the floors that the request meets first, once they may be told."""
    if sight.is_open:
        return [room._replace(floor=UNKNOWN) for room in rooms]
    name, keyed = sight.first_try()
    floors = [sight.floor(sight.zone(room.name), name) for room in rooms]
    pairs = list(zip(rooms, floors, strict=True))
    keyed = keyed and all((room.free or 0) <= (floor or 0) for room, floor in pairs)
    return [room._replace(floor=floor, keyed=keyed) for room, floor in pairs]


def _parts_of(sight: Sight, whole: int, reserved: int) -> Rooms:
    """Return a machine's memory in two parts: what the kernel keeps, what its zones manage."""
    value = sight.told.value if sight.told is not None else None
    managed = value if isinstance(value, int) else None
    parts = (Room("reserved", reserved), Room("managed", managed, asked=True))
    return Rooms(parts, "", title=f"{whole} pages")


def _counted(sight: Sight) -> Rooms:
    """Return the zones, and the pages of the one that is asked about once they are told.

    Those of the others may be asked for next.
    """
    zones = [(zone, zone.name == sight.zone_asked) for zone in reversed(sight.dump.populated())]
    rooms = [
        Room(zone.name, zone.pages("managed") if asked and not sight.is_open else None, asked=asked)
        for zone, asked in zones
    ]
    if sight.question is not None and sight.question.truth.startswith(KB_WORD):
        rooms = [room._replace(unit="kB") for room in rooms]
    return Rooms(tuple(rooms), "")


def slabs_still(sight: Sight) -> Slabs:
    """Return the slabs of the level's cache, or so many full ones as the question is about."""
    rows, words = slabs_of(sight.machine, sight.cache), sight.words
    if words[:1] == ["objects"] and rows:
        each = rows[0].objects
        return Slabs(sight.cache, (Slab("full", numbers_in(words)[0], each, each),))
    asked = words[:1] == ["slabs"] or words == ["metric", f"slab.{sight.cache}.objs"]
    return Slabs(
        sight.cache,
        tuple(Slab(one.where, one.slabs, one.in_use, one.objects) for one in rows),
        counted=not (sight.is_open and asked and "if" not in words),
    )


def kind_of(sight: Sight, kind: str) -> str:
    """Return how a kind is drawn for what is asked now: rooms for a way, slabs for objects."""
    taught = sight.showing._replace(hidden=())
    only_rooms = taught.shows("managed") and not taught.shows("marks")
    only_rooms = only_rooms or sight.words[:1] == OF_PAGES or sight.words[:2] == OF_MACHINE
    if kind == "tank" and only_rooms:
        return "rooms"
    if kind in ("tank", "stack") and sight.words[:1] and sight.words[0] in ROOM_FORMS:
        return "rooms"
    if kind == "blocks" and sight.cache:
        return "slabs"
    if kind == "stack" and not sight.chain and sight.words[:1] != ["holds_key"]:
        return "tank"
    return kind
