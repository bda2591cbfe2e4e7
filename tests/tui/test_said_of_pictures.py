"""What is heard of a level's picture: it is of the question's request, machine and kernel."""

from __future__ import annotations

from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.solve import begin
from mmplay.levels.truth import Truth
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import BOXES
from mmplay.tui.views.pictures.bits import bits_words
from mmplay.tui.views.pictures.blocks import (
    FREE,
    HELD,
    USED,
    Blocks,
    Tile,
    blocks_rows,
    blocks_words,
)
from mmplay.tui.views.pictures.canvas import STEPS
from mmplay.tui.views.pictures.kinds import said_of
from mmplay.tui.views.pictures.ladder import Ladder, Rung, ladder_rows
from mmplay.tui.views.pictures.readings import bits_still, ladder_of
from mmplay.tui.views.pictures.sight import sight_of
from mmplay.tui.views.pictures.slabs import Slab, Slabs, slabs_words
from mmplay.tui.views.pictures.tank import COMES, WAITS, Tank, Visitor, tank_words
from tests.levels.proofs import DOOR, level

TANK = '[picture]\nkind = "tank"\nzone = "DMA32"\ncallers = ["the card"]\n'
LADDER = TANK.replace("tank", "ladder")
BLOCK = DOOR.replace("{0} min", "{0} min order 3")
LATER = DOOR.replace("{0} min", "{0} in 6.12")
WAY = TANK + DOOR.replace("passes DMA32 plain {0} min", "served GFP_KERNEL").replace(
    'options = ["yes", "no"]', 'options = ["DMA32", "DMA", "none"]'
)


def said(tables: str) -> str:
    return said_of(LevelGame(begin(level(tables))))


def test_a_request_for_a_block_asks_for_so_many_pages() -> None:
    assert said(TANK + DOOR).endswith(" The card asks for a page.")
    assert said(TANK + BLOCK).endswith(" The card asks for 8 pages in one piece.")


def test_who_is_refused_is_not_said_to_wait() -> None:
    tank = Tank("DMA32", 12, 600, (), asked=Visitor("memeater", WAITS))
    assert tank_words(tank).endswith(" memeater is refused.")
    assert tank_words(tank._replace(asked=None, waiting=("a", "b"))).endswith(" a, b wait.")
    assert Visitor("memeater", COMES, wants=512).says() == "asks for 512 pages in one piece"


def test_the_rungs_are_those_of_the_kernel_that_is_asked_about() -> None:
    assert "HIGH+HARDER" in said(LADDER + DOOR)
    later = said(LADDER + LATER)
    assert "MIN_RESERVE" in later
    assert "HARDER" not in later


def test_a_long_name_of_a_rung_goes_on_below_it() -> None:
    rung = Rung("MIN_RESERVE+NON_BLOCK", 488)
    drawn = [plain(row) for row in ladder_rows(Ladder("DMA32", 1000, (rung,)), 43, 15, BOXES)]
    at = next(n for n, row in enumerate(drawn) if "488 MIN_RESERVE" in row)
    assert "+NON_BLOCK" in drawn[at + 1]


def test_the_zones_of_a_way_are_told_with_what_they_have_free() -> None:
    assert said(WAY) == "The rooms are DMA32 with 14 pages free. The card comes."


def test_slabs_that_are_alike_are_counted() -> None:
    one = Slab("partial", 1, 63, 64)
    cache = Slabs("kmalloc-64", (Slab("cpu", 1, 32, 64), one, one, Slab("full", 2, 64, 64)))
    assert slabs_words(cache) == (
        "kmalloc-64: 1 slab of a CPU with 32 of 64 objects in use; 2 slabs on the partial list "
        "with 63 of 64 objects in use each; 2 full slabs with 64 of 64 objects in use each."
    )


def test_a_ladder_whose_rungs_are_asked_for_has_them_without_their_numbers() -> None:
    game = LevelGame(begin(level_of_id("L07")))
    question = game.question
    assert question is not None
    right = {"HARDER": "975", "HIGH": "650", "HIGH+HARDER": "488", "NO_WATERMARKS": "0"}

    def rungs(told: Truth | None = None) -> list[str]:
        m = game.session.live
        sight = sight_of(m, BOXES, game.showing)._replace(question=question, told=told)
        rows = ladder_rows(ladder_of(sight), 46, 16, BOXES)
        return [plain(row) for row in rows if BOXES.rung_left in plain(row)]

    asked = question.truth.split()[2]
    shown = rungs()
    assert len(shown) == 5
    assert sum("?" in row for row in shown) == 4
    told = rungs(game.answer(right[asked]).truth)
    assert sum("?" in row for row in told) == 3
    assert any(f" {right[asked]} " in row for row in told), told


def test_switches_and_number_of_a_mask_are_not_seen_where_they_are_asked_for() -> None:
    game = LevelGame(begin(level_of_id("L06")))
    question = game.question
    assert question is not None
    sight = sight_of(game.session.live, BOXES, game.showing)

    def heard(truth: str) -> str:
        return bits_words(bits_still(sight._replace(question=question._replace(truth=truth))))

    assert heard("may_sleep GFP_NOWAIT").startswith("bits of")
    assert "not shown until" in heard("may_sleep GFP_NOWAIT")
    assert "not shown until" in heard("decode 0x2200020")
    told = sight._replace(question=question, told=game.level_run.truths[question.id])
    urgent = told._replace(question=question._replace(truth="uses_reserves GFP_ATOMIC"))
    assert bits_still(urgent).line == "its line in DMA32: HIGH+HARDER, 375 pages"
    untaught = urgent._replace(taught=frozenset({"HIGH"}))
    assert bits_still(untaught).line == "its line in DMA32: 375 pages"
    asked = heard("encode GFP_ATOMIC in 4.5")
    assert asked.startswith("mask ?")
    assert "HIGH" in asked
    assert "0x" not in asked


def test_every_tile_says_where_it_begins_and_what_is_in_use_is_told() -> None:
    still = Blocks("DMA32", 16, (Tile(0, 0, USED), Tile(1, 1, FREE), Tile(2, 3, HELD)))
    drawn = "\n".join(plain(row) for row in blocks_rows(still, 43, 15, BOXES))
    assert "0:" in drawn
    assert "1]" in drawn
    assert "(2 )" in drawn
    assert blocks_words(still).endswith("in use: page 0, pages 2 to 3.")
    before = still._replace(tiles=(Tile(0, 0, USED), Tile(1, 1, FREE), Tile(2, 3, FREE)))
    rows = [
        n
        for step in range(STEPS)
        for n, row in enumerate(blocks_rows(still, 43, 15, BOXES, before, step))
        if "(2 )" in plain(row)
    ]
    assert {n % 2 for n in rows} == {0}, "on its way a block stands in rows, not between them"
