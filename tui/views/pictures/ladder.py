"""The ladder: every floor of a zone as a rung, free pages as the water, each caller on its rung.

A caller whose rung is under water gets a page; one whose rung lies at the water or above it is
refused.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.frame import Ask
from mmplay.levels.play.showing import UNKNOWN
from mmplay.tui.cells import fit, wrap
from mmplay.tui.views.pictures.canvas import STEPS, Canvas, Heights, Picture, heights, moved
from mmplay.tui.views.pictures.tank import COMES, GETS, MEETS, Visitor, mib_text, told

LEFT = 14
RAILS = 9
NUMBER = 7
NAME = 15

REFUSED = (("refused", "no"), "refused")
DONE = {GETS: (("gets a page", "served"), "fine"), MEETS: (("",), "number")}
"""What is said of a caller that stands on its rung, and in fewer letters, and its role; of any
other that it is REFUSED."""


class Rung(NamedTuple):
    """A floor: who stops there, at how many pages, and who stands on it.

    One that is not `drawn` has neither name nor number, until what it would tell may be known.
    """

    name: str
    pages: int
    callers: tuple[str, ...] = ()
    drawn: bool = True
    ask: Ask | None = None


class Ladder(NamedTuple):
    """What the picture shows of a zone, in pages.

    `told` tells that nothing is asked: then each rung says whether its callers are served.
    Where the water is asked about, rungs that may not be told are not even hinted at (`veiled`).
    `title` says what stands over it, if it is more than the zone.
    """

    zone: str
    free: int
    rungs: tuple[Rung, ...]
    role: str = "fine"
    fill: str = "█"
    asked: Visitor | None = None
    told: bool = True
    ask: Ask | None = None
    veiled: bool = False
    title: str = ""


@Picture
def ladder_rows(sheet: Canvas, ladder: Ladder, past: Ladder) -> None:
    """Draw the ladder; its water and its caller are on their way from `past`."""
    _Drawing(sheet, ladder, past).draw()


class _Drawing:
    """One drawing of a ladder, at one step of a move."""

    def __init__(self, sheet: Canvas, ladder: Ladder, past: Ladder) -> None:
        self.sheet, self.ladder, self.past = sheet, ladder, past
        self.step, self.glyphs = sheet.step, sheet.glyphs
        self.scale = self._scale(ladder)
        self.right = LEFT + RAILS + 1

    def _scale(self, ladder: Ladder) -> Heights:
        # How the water stands to a rung of which nothing may be known would tell who passes there.
        placed = [rung.pages for rung in ladder.rungs if rung.drawn or not ladder.veiled]
        return heights(placed, max(2, self.sheet.height))

    def draw(self) -> None:
        """Draw the water, the rungs over it, the caller."""
        before = self._scale(self.past).surface(self.past.free)
        surface = moved(before, self.scale.surface(self.ladder.free), self.step)
        self._water(surface)
        for rung in self.ladder.rungs:
            self._rung(rung, surface)
        self._caller()

    def _water(self, surface: int) -> None:
        ladder, height = self.ladder, self.sheet.height
        for x in (LEFT, LEFT + RAILS):
            self.sheet.fill(x, 0, 1, height, self.glyphs.rail, "dim")
        self.sheet.fill(LEFT + 1, surface, RAILS - 1, height - surface, ladder.fill, ladder.role)
        at = self.scale.level(ladder.free) if self.step == STEPS else surface
        row = min(at, height - 1)
        shown = moved(self.past.free, ladder.free, self.step)
        text = f"{shown} free {self.glyphs.to_right}"
        self.sheet.put(LEFT - 1 - len(text), row, text, "number", ladder.ask)
        other = mib_text(shown)
        below = row + 1 if row + 1 < height else row - 1
        self.sheet.put(LEFT - 3 - len(other), below, other, "dim")

    def _rung(self, rung: Rung, surface: int) -> None:
        if not rung.drawn and self.ladder.veiled:
            return
        row = self.scale.of_line(rung.pages)
        if not rung.drawn:
            self._hidden(row)
            return
        role = "label" if row < surface else f"in_{self.ladder.role}"
        bar = self.glyphs.lid * (RAILS - 1)
        self.sheet.put(LEFT, row, self.glyphs.rung_left, "label")
        self.sheet.put(LEFT + 1, row, bar, role)
        self.sheet.put(LEFT + RAILS, row, self.glyphs.rung_right, "label")
        same = [one for one in self.ladder.rungs if one.pages == rung.pages and one.drawn]
        self.sheet.put(self.right, row, f"{rung.pages:>{NUMBER - 1}}", "number", rung.ask)
        names = ", ".join(one.name for one in same)
        self._names(row, names)
        callers = ", ".join(name for one in same for name in one.callers)
        x = self.right + NUMBER + max(NAME, len(names) + 2)
        # Who has just come says itself what became of it: the water may have fallen by its page.
        if not self.ladder.told or self.ladder.asked is not None:
            self.sheet.put(x, row, callers)
            return
        passes = self.ladder.free > rung.pages
        word, role = ("gets a page", "fine") if passes else ("refused", "refused")
        beside = x + 13
        if x + len(word) > self.sheet.width:  # a sign beside the number, where no word has room
            x, beside = self.right, self.right + NUMBER + len(names) + 2
            word = self.glyphs.yes if passes else self.glyphs.no
        self.sheet.put(x, row, word, role)
        self.sheet.put(beside, row, callers, "dim")

    def _hidden(self, row: int) -> None:
        """Draw a rung of which no more may be told yet than that there is one."""
        bar = f"{self.glyphs.rung_left}{self.glyphs.dotted * (RAILS - 1)}{self.glyphs.rung_right}"
        self.sheet.put(LEFT, row, bar, "dim")
        self.sheet.put(self.right, row, f"{UNKNOWN:>{NUMBER - 1}}", "dim")

    def _names(self, row: int, names: str) -> None:
        """Write what a rung is called beside it; what is too long goes on in the rows below."""
        x = self.right + NUMBER
        room = self.sheet.width - x
        lines = [names] if len(names) <= room else wrap(names.replace("+", " +"), max(8, room))
        for n, line in enumerate(lines):
            self.sheet.put(x, row + n, line, "label")

    def _caller(self) -> None:
        """Draw the caller that is asked about: above the ladder, then on its rung."""
        who = self.ladder.asked
        if who is None:
            return
        top, x = 0, LEFT + 2
        if who.does == COMES or who.line is None:
            self.sheet.put(x, top, self.glyphs.ball, "number")
            rest = self.sheet.width - self.right - 1
            ends = "?" if who.does == COMES else DONE.get(who.does, REFUSED)[0][0]
            self.sheet.put(self.right + 1, top, fit(f"{who.name} {ends}", rest), "number")
            return
        row = max(0, moved(top, self.scale.of_line(who.line) - 1, self.step))
        words, role = DONE.get(who.does, REFUSED)
        rest = self.sheet.width - self.right - 1
        whole = [f"{who.name} {word}".strip() for word in words]
        ended = next((one for one in whole if len(one) <= rest), who.name)
        text = ended if self.step == STEPS else who.name
        self.sheet.put(x, row, self.glyphs.ball, role)
        self.sheet.put(self.right + 1, row, fit(text, rest), role)


def ladder_words(ladder: Ladder) -> str:
    """Return what the ladder shows in one or two sentences."""
    drawn = [rung for rung in ladder.rungs if rung.drawn]
    told_of = [f"{rung.name} {rung.pages}" for rung in drawn]
    hidden = len({rung.pages for rung in ladder.rungs if not (rung.drawn or ladder.veiled)})
    told_of += [f"{hidden} hidden"] if hidden else []
    rungs = ", ".join(told_of)
    found = f"{ladder.zone}: {ladder.free} pages free ({mib_text(ladder.free)}); rungs: {rungs}."
    who = ladder.asked
    if who is None:
        return found
    return f"{found} {told(f'{who.name} {who.says()}')}"
