"""What a picture of a level is read from: the machine, what may be shown, and the question."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.explain.gate import zone_floor
from mmplay.engine.report import MemDump, ZoneDump
from mmplay.engine.rules.floors import NO_WATERMARKS, PLAIN
from mmplay.engine.rules.memory import class_zone, highest_zone
from mmplay.engine.rules.versions import Kernel, kernel_named
from mmplay.engine.rules.watermarks import MARKS
from mmplay.engine.sim.log.view import memory_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.mm.slowpath import DONE, FAILED, NONE
from mmplay.engine.sim.state.tasks import EXITED
from mmplay.levels.model import TANK, Picture, Question
from mmplay.levels.play.showing import EVERYTHING, Showing
from mmplay.levels.truth import IN, KB_WORD, Truth, truth
from mmplay.levels.truth.subject import Subject, Who
from mmplay.tui.glyphs import Glyphs
from mmplay.tui.views.pictures.tank import COMES, GETS, MEETS, SLEEPS, WAITS, WORKS, Line, Visitor

OF_A_FLOOR = ("floor", "lowest_served")
OF_A_ZONE = (*OF_A_FLOOR, "passes", "seen", "marks", "kswapd_sleeps", "managed", "reserve")
"""Questions whose first word after the form is a zone."""

REFUSALS = ["holds", "alloc_fail_net"]
"""With what a question begins whether the network's request is refused."""

OF_MARKS = "mark."
"""Facts about one of the marks: it alone is drawn thick, and a caller is held against it."""

PF_MEMALLOC = ":pf_memalloc"
"""What a question adds to a caller's mask that holds the key."""

KEPT, MANY = "highatomic", 1 << 30
"""The option of a question that says what is set aside; more free pages than any zone has."""


class Sight(NamedTuple):
    """A level at a moment.

    `question` is what is asked; once it was answered, `told` is what is true. `waiting` are the
    callers refused so far, `chain` the functions on the stack, outermost first, `who` runs them;
    `cache` is the slab cache that the level is about, `taught` the names of the kernel that it
    says (None: all).
    """

    kernel: Kernel
    machine: Machine
    dump: MemDump
    glyphs: Glyphs
    showing: Showing = EVERYTHING
    question: Question | None = None
    told: Truth | None = None
    waiting: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    who: str = ""
    cache: str = ""
    taught: frozenset[str] | None = None

    @property
    def picture(self) -> Picture:
        """What the level or its open question wants drawn; a tank where they say nothing."""
        return self.showing.picture or Picture(kind="tank")

    @property
    def words(self) -> list[str]:
        """The words of what is asked, without unit and kernel."""
        text = self.question.truth.split() if self.question is not None else []
        text = text[1:] if text[:1] == [KB_WORD] else text
        return text[: text.index(IN)] if IN in text else text

    @property
    def asked_kernel(self) -> Kernel:
        """The kernel that the question names, else the machine's."""
        text = self.question.truth.split() if self.question is not None else []
        named = text[text.index(IN) + 1] if IN in text else ""
        return kernel_named(named) if named else self.kernel

    @property
    def order_asked(self) -> int | None:
        """The order that the question is about, None if it names none."""
        words = self.words
        for name, at in (("order", 1), ("request", 2), ("fits", 2), ("split_block", 2)):
            place = words.index(name) + at if name in words else len(words)
            if place < len(words) and words[place].isdigit():
                return int(words[place])
        return None

    @property
    def zone_asked(self) -> str:
        """The zone that the question is about, empty if it names none."""
        words = self.words
        if words[:1] and words[0] in OF_A_ZONE and len(words) > 1:
            return words[1]
        parts = words[1].split(".") if words[:1] == ["metric"] else []
        return parts[1] if parts[:1] == ["zones"] and len(parts) > 1 else ""

    @property
    def is_open(self) -> bool:
        """Tell whether a question waits for its answer."""
        return self.question is not None and self.told is None

    def zone(self, name: str = "") -> ZoneDump:
        """Return a zone by its name, else the picture's, else the largest."""
        zones = self.dump.populated() or self.dump.zones
        wanted = name or self.picture.zone
        largest = max(zones, key=lambda zone: zone.pages("managed") or 0)
        return next((zone for zone in zones if zone.name == wanted), largest)

    def answered(self, m: Machine, told: Truth) -> Sight:
        """Return the same sight once an answer has landed on a machine: nothing is hidden."""
        shown = self.showing._replace(hidden=(), secrets=())
        found = sight_of(m, self.glyphs, shown)
        refused = self.words[:1] == ["passes"] and not told.value
        return self._replace(
            machine=m,
            # Who is refused here may get a page at the next try: that is not what is told.
            dump=self.dump if refused else found.dump,
            showing=shown,
            told=told,
            waiting=found.waiting,
        )

    def class_index(self) -> int:
        """Return the class zone of the caller that is asked about, by the mask that it brings.

        Where it brings none, that of a caller that may use every zone of the machine.
        """
        zones = [self.dump.index_of(zone) for zone in self.dump.populated()]
        found = [index for index in zones if index is not None]
        who, highest = self._who_asked(), max(found, default=0)
        if who is None or who.mask is None:
            return highest
        most = class_zone(highest_zone(self.asked_kernel.gfp, who.mask), found)
        return highest if most is None else most

    def reserve(self, zone: ZoneDump) -> int:
        """Return the pages that are kept in a zone from who may use a higher one, if shown."""
        kept = zone.reserve_for(self.class_index()) or 0
        return kept if self.showing.shows("reserve") else 0

    def marks(self, zone: ZoneDump) -> tuple[Line, ...]:
        """Return the lines of a zone, highest first; what is hidden now is not drawn."""
        kept = self.reserve(zone)
        found = []
        for mark in reversed(MARKS):
            pages = zone.pages(mark)
            if pages is None or not self._taught(mark):
                continue
            name = f"{mark}+{kept}" if kept else mark
            drawn = self.showing.shows(f"marks.{mark}")
            found.append(Line(name, pages + kept, mark == "min", drawn))
        return tuple(found)

    def _taught(self, mark: str) -> bool:
        """Tell whether a mark is shown, or only hidden by the question."""
        return self.showing._replace(hidden=()).shows(f"marks.{mark}")

    def visitor(self) -> Visitor | None:
        """Return who comes, or has just been let in or bounced, or whose line was asked for."""
        name = "kswapd" if self._is_of_kswapd() else self.showing.caller
        if not name:
            return None
        line, wants, does = self._line_asked(), 1 << (self.order_asked or 0), self._deed()
        of_line = self.words[:1] == ["fact"] and self.words[1].startswith(OF_MARKS)
        if does == COMES and self.told is not None and not of_line:
            return None  # What was asked is answered, and was not whether it gets a page.
        return Visitor(name, does, line, wants)

    def _is_of_kswapd(self) -> bool:
        """Tell whether the question is about kswapd's work: there it asks for no page."""
        words = self.words
        if words[:1] == ["marks"]:
            return self.showing.caller == "kswapd"
        fact = words[:1] == ["fact"] and "kswapd" in words[1]
        return fact or words[:1] == ["kswapd_sleeps"]

    def _lets_kswapd_sleep(self) -> bool:
        """Tell whether kswapd may sleep: once it is told when, or where nobody needs its work."""
        words, zone = self.words, self.zone(self.zone_asked)
        if words[:1] == ["fact"] and "kswapd." in words[1]:
            return (zone.pages("free") or 0) > (zone.pages("high") or 0)
        return self.told is not None and words[0] != "marks"

    def _deed(self) -> str:
        """Return what the question's caller does, by what is true of it."""
        words = self.words
        if self._is_of_kswapd():
            return SLEEPS if self._lets_kswapd_sleep() else WORKS
        if self.told is None or not words:
            return COMES
        if words[0] == "passes":
            return GETS if self.told.value else WAITS
        if words[:2] == REFUSALS:
            return WAITS if self.told.value else GETS
        if words[0] in OF_A_FLOOR:
            return MEETS
        return GETS if "request" in words else COMES

    def _line_asked(self) -> int | None:
        """Return the pages of the line that the question's caller meets; None if none is asked.

        A line that is asked for is known once it is told.
        """
        words = self.words
        if "request" in words and self.told is not None:
            return self._line_of_request(words[words.index("request") + 1])
        mark = [one for one in words[3:5] if one in MARKS]
        asked = words[:1] and words[0] in OF_A_FLOOR and self.told is not None
        if not asked and (words[:1] != ["passes"] or len(words) < 4):
            return None
        floor = self._pages_of(["floor", *words[1:3], *mark])
        return floor if floor is None or words[0] == "floor" else floor + self._set_aside()

    def _line_of_request(self, caller: str) -> int | None:
        """Return low where the first try passes there, else the floor: its rung on a ladder."""
        zone = self.zone(self.zone_asked)
        low = (zone.pages("low") or 0) + (zone.reserve_for(self.class_index()) or 0)
        if self.picture.kind == TANK and (zone.pages("free") or 0) > low:
            return low
        return self._pages_of(["floor", self.zone_asked, caller])

    def _set_aside(self) -> int:
        """Return the pages that are free and do not count for the caller: they raise its line."""
        words = self.words
        said = words[words.index(KEPT) :][:2] if KEPT in words else []
        return MANY - (self._pages_of(["seen", *words[1:3], str(MANY), *said]) or MANY)

    def _pages_of(self, words: list[str]) -> int | None:
        try:
            found = truth(" ".join(words), self.asked_kernel, self.machine)
        except InputError:
            return None
        return found.value if isinstance(found.value, int) else None

    def found(self, zone: str) -> frozenset[str]:
        """Return the classes whose floor in a zone was asked for and is known by now."""
        asked = [one.split() for one in self.showing.known]
        floors = [words for words in asked if words[:2] == ["floor", zone] and len(words) == 3]
        callers = [self._who(words[2]) for words in floors]
        return frozenset(one.caller.name for one in callers if one is not None)

    def class_asked(self) -> str:
        """Return the class of the caller that is asked about; empty if none is."""
        who = self._who_asked()
        return "" if who is None else who.caller.name

    def _who_asked(self) -> Who | None:
        """Return the caller that is asked about; None if none is."""
        words = self.words
        place = {"passes": 2, "floor": 2, "lowest_served": 2, "served": 1, "class": 1}
        at = place.get(words[0] if words else "")
        at = words.index("request") + 1 if "request" in words else at
        if at is None or len(words) <= at:
            return None
        return self._who(words[at])

    def first_try(self) -> tuple[str, bool]:
        """Return the class of the caller's first try, and whether one without a floor follows."""
        who = self._who_asked()
        if who is None or who.caller != NO_WATERMARKS:
            return ("" if who is None else who.caller.name), False
        plain = self._who(self.words[1].replace(PF_MEMALLOC, ""))
        return (PLAIN.name if plain is None else plain.caller.name), True

    def _who(self, word: str) -> Who | None:
        """Return a caller that a question names, by the kernel that is asked about."""
        kernel = self.asked_kernel
        subject = Subject(kernel.gfp, kernel, self.machine, read)
        try:
            return subject.who(word)
        except InputError:
            return None

    def floor(self, zone: ZoneDump, class_name: str) -> int | None:
        """Return a zone's floor by the kernel asked about; None where the dump lacks a number."""
        kernel = self.asked_kernel
        classes = {one.name: one for one in (*kernel.classes_at("min"), PLAIN)}
        found = zone_floor(kernel, zone, classes[class_name], self.class_index())
        return None if found is None else found.value


def sight_of(machine: Machine, glyphs: Glyphs, showing: Showing) -> Sight:
    """Return the sight of a machine as it stands now, nothing asked."""
    sight = Sight(machine.kernel, machine, memory_of(machine), glyphs, showing)
    return sight._replace(waiting=waiting(machine, sight.picture.callers))


def waiting(m: Machine, callers: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the callers wait for a page, with their number where they are many."""
    tasks, found = m.state.tasks, []
    for name in callers:
        count = sum(
            comm == name and stage not in (NONE, DONE, FAILED) and state != EXITED
            for comm, stage, state in zip(tasks.names, tasks.stage, tasks.state, strict=True)
        )
        if count:
            found.append(name if count == 1 else f"{name} x{count}")
    return tuple(found)
