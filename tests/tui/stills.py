"""Stills that the tests of pictures draw: three states of each kind, the last one on its way.

`python -m tests.tui.stills` draws the golden files anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from mmplay.engine.rules.versions import kernel_named
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import BOXES, Glyphs
from mmplay.tui.views.pictures.bits import bits_of
from mmplay.tui.views.pictures.blocks import FREE, HELD, Blocks, Shelf, Tile
from mmplay.tui.views.pictures.canvas import STEPS
from mmplay.tui.views.pictures.kinds import KINDS
from mmplay.tui.views.pictures.ladder import Ladder, Rung
from mmplay.tui.views.pictures.loop import Edge, Gauge, Loop
from mmplay.tui.views.pictures.rooms import Room, Rooms
from mmplay.tui.views.pictures.slabs import Slab, Slabs
from mmplay.tui.views.pictures.stack import stack_of_names
from mmplay.tui.views.pictures.tank import COMES, GETS, WAITS, Line, Tank, Visitor

PLACES = ((46, 12), (74, 24), (130, 40))
"""What a picture has of a screen of 80x24, 120x40 and 200x60."""

GOLDEN = Path(__file__).parent / "pictures"


class State(NamedTuple):
    """A still, the one before it, and the step of the move between them."""

    still: Any
    past: Any = None
    step: int = STEPS


LINES = (Line("high", 1950), Line("low", 1625), Line("min", 1300, strong=True))
AT_MIN = Tank(
    "DMA32", 1300, 443833, LINES, "at min", "below_min", "░", Visitor("memeater", COMES, 1300)
)
REFUSED = AT_MIN._replace(asked=Visitor("memeater", WAITS, 1300), waiting=("memeater", "sshd"))
ABOVE = AT_MIN._replace(free=1301, role="below_low", fill="▒", state="below low")
SERVED = AT_MIN._replace(asked=Visitor("memeater", GETS, 1300))

RUNGS = (
    Rung("min", 1300), Rung("HARDER", 975), Rung("HIGH", 650, ("conntrack",)),
    Rung("HIGH+HARDER", 488), Rung("no floor", 0),
)  # fmt: skip
LADDER = Ladder("DMA32", 629, RUNGS, "below_min", "░")
KNOCKS = LADDER._replace(asked=Visitor("conntrack", COMES), told=False)
STANDS = LADDER._replace(asked=Visitor("conntrack", WAITS, 650), told=False)

WHOLE = Blocks("DMA32", 16, (Tile(0, 15, FREE),))
SPLIT = WHOLE._replace(
    tiles=(Tile(0, 0, HELD), Tile(1, 1, FREE), Tile(2, 3, FREE, asked=True), Tile(4, 7, FREE),
           Tile(8, 15, FREE)),
    wanted=0,
)  # fmt: skip
LARGE = Blocks(
    "DMA32", 443833, (), tuple(Shelf(n, count, "UM") for n, count in enumerate((281, 172, 1, 0))), 3
)

MODERN = kernel_named("4.5-rc7")
VEILED = bits_of(0x2200020, MODERN.gfp, "4.5-rc7", known=False)
KNOWN = bits_of(0x2200020, MODERN.gfp, "4.5-rc7", True, "its line in DMA32: HIGH, 650 pages")

CHAIN = (
    "SyS_write", "vfs_write", "__alloc_pages_nodemask", "__perform_reclaim", "try_to_free_pages",
    "do_try_to_free_pages", "wakeup_flusher_threads", "wb_start_writeback",
)  # fmt: skip
OPEN = stack_of_names(CHAIN, "file_io.00", told=False)
DEEP = stack_of_names(CHAIN, "file_io.00", told=True)
SHALLOW = stack_of_names(CHAIN[:3], "file_io.00", told=True)

EDGES = (
    "reclaim scans: every page is dirty", "the flusher is woken to write",
    "64 bytes come from the reserve", "the work waits behind the disk", "nothing becomes clean",
)  # fmt: skip
GAUGES = (
    Gauge("DMA32", 1022, 2437, "below min", "below_min", "░"),
    Gauge("DMA", 1742, 2185, "locked by reserve 1732", "fine", "█"),
)


def lit(count: int) -> Loop:
    """Return the loop with its first edges lit."""
    return Loop(tuple(Edge(words, n < count) for n, words in enumerate(EDGES)), GAUGES)


HOUSE = Rooms((Room("DMA", 3976, 1742), Room("DMA32", 443833, 1300)), "a request")
WENT = HOUSE._replace(into="DMA32")

FULL = Slabs("kmalloc-64", (Slab("cpu", 1, 32, 64), Slab("full", 12, 64, 64)))
FREED = Slabs("kmalloc-64", (Slab("cpu", 1, 32, 64), Slab("partial", 1, 54, 64)))

STATES: dict[str, tuple[State, State, State]] = {
    "tank": (State(AT_MIN), State(REFUSED, AT_MIN), State(SERVED, ABOVE, 3)),
    "ladder": (State(LADDER), State(STANDS, KNOCKS), State(STANDS, KNOCKS, 3)),
    "blocks": (State(LARGE), State(SPLIT, WHOLE), State(SPLIT, WHOLE, 3)),
    "bits": (State(VEILED), State(KNOWN, VEILED), State(KNOWN, VEILED, 3)),
    "stack": (State(OPEN), State(DEEP, OPEN), State(DEEP, SHALLOW, 3)),
    "rooms": (State(HOUSE._replace(refused=True)), State(WENT, HOUSE), State(WENT, HOUSE, 4)),
    "slabs": (State(FULL), State(FREED, FULL), State(FREED, FULL, 3)),
    "loop": (State(lit(0)), State(lit(3), lit(2)), State(lit(4), lit(3), 3)),
}


def drawn(kind: str, state: State, place: tuple[int, int], glyphs: Glyphs = BOXES) -> list[str]:
    """Return a state as lines of text."""
    rows = KINDS[kind].rows(state.still, *place, glyphs, state.past, state.step)
    return [plain(row).rstrip() for row in rows]


def golden(kind: str) -> str:
    """Return all states of a kind at all places."""
    blocks = [
        [f"== {kind}, state {number}, {place[0]}x{place[1]}", *drawn(kind, state, place)]
        for number, state in enumerate(STATES[kind], 1)
        for place in PLACES
    ]
    return "\n".join(line for block in blocks for line in block) + "\n"


if __name__ == "__main__":
    for one in STATES:
        (GOLDEN / f"{one}.txt").write_text(golden(one), encoding="utf-8")
