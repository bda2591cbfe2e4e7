"""What is heard of a level's picture: it is of the question's request, machine and kernel."""

from __future__ import annotations

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.run.actions import do_action
from mmplay.levels import truth as truths
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.questions import right_answer
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, knows, play
from mmplay.levels.truth import Truth, supposed
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import ASCII, BOXES
from mmplay.tui.views.pictures.bits import bits_of, bits_rows, bits_words
from mmplay.tui.views.pictures.blocks import (
    FREE,
    HELD,
    USED,
    Blocks,
    Tile,
    blocks_rows,
    blocks_still,
    blocks_words,
)
from mmplay.tui.views.pictures.canvas import STEPS
from mmplay.tui.views.pictures.kinds import said_of
from mmplay.tui.views.pictures.ladder import Ladder, Rung, ladder_rows, ladder_words
from mmplay.tui.views.pictures.readings import bits_still, ladder_of, rooms_of, tank_of
from mmplay.tui.views.pictures.sight import sight_of
from mmplay.tui.views.pictures.slabs import Slab, Slabs, slabs_words
from mmplay.tui.views.pictures.tank import (
    COMES,
    WAITS,
    WORKS,
    Line,
    Ring,
    Tank,
    Visitor,
    tank_rows,
    tank_words,
)
from tests.levels.proofs import DOOR, level
from tests.waiting import as_long_as

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


def test_slabs_are_not_counted_where_their_number_is_asked_for() -> None:
    slabs = Slabs("kmalloc-64", (Slab("cpu", 1, 32, 64), Slab("full", 12, 64, 64)), counted=False)
    assert slabs_words(slabs) == "kmalloc-64: 800 objects in ? slabs."
    game = LevelGame(begin(level_of_id("L08")))
    while game.asked().group != "slabs":
        knows(game.level_run, game.asked())
    assert said_of(game) == slabs_words(slabs)
    game.answer(game.level_run.truths[game.asked().id].shown())
    assert "12 full slabs" in said_of(game)


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
    assert bits_still(urgent).line == "its line in DMA32: 488 pages; min is 1300"
    ordinary = told._replace(question=question._replace(truth="may_sleep GFP_KERNEL"))
    assert bits_still(ordinary).line == "its line in DMA32 is min, 1300 pages"
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


def test_a_question_about_numbers_alone_shows_blocks_of_its_order_and_no_page_twice() -> None:
    game = LevelGame(begin(level_of_id("L02")))
    asked = game.asked()._replace(truth="buddy 12 2")
    sight = sight_of(game.session.live, BOXES, game.showing)._replace(question=asked)
    still = blocks_still(sight)
    assert [tile.first for tile in still.tiles] == [0, 4, 8, 12]
    assert not still.ghosts
    said = "DMA32: blocks of order 2 begin at pages 0, 4, 8, 12. Asked about: pages 12 to 15."
    assert blocks_words(still) == said
    drawn = [plain(row) for row in blocks_rows(still, 43, 16, BOXES)]
    assert any("[ ] a block" in row for row in drawn)


def test_a_free_block_that_was_asked_for_is_framed_where_it_lies_free() -> None:
    game = LevelGame(begin(level_of_id("L02")))
    do_action(game.session.live, "set_free", "DMA32 15")
    asked = game.asked()._replace(truth="free_block DMA32 2")
    sight = sight_of(game.session.live, BOXES, game.showing)._replace(question=asked)
    told = truths.truth(asked.truth, sight.kernel, sight.machine)
    still = blocks_still(sight._replace(told=told))
    drawn = [plain(row) for row in blocks_rows(still, 43, 16, BOXES)]
    assert next(row for row in drawn if "{ 4-7  }" in row).startswith("order 2 ")
    assert not any(BOXES.to_right in row for row in drawn), "nobody asks for a block"


def test_a_rung_that_was_found_stays_and_the_one_that_is_asked_about_is_not_hinted_at() -> None:
    game = LevelGame(begin(level_of_id("L07")))
    asked = game.asked()._replace(truth="passes DMA32 HIGH 651")
    shown = game.showing._replace(known=("floor DMA32 HARDER", "floor DMA32 HIGH"), secrets=())
    sight = sight_of(game.session.live, BOXES, shown)._replace(question=asked)
    ladder = ladder_of(sight)
    assert [rung.name for rung in ladder.rungs if rung.drawn] == ["min", "HARDER"]
    drawn = [plain(row).rstrip() for row in ladder_rows(ladder, 43, 14, BOXES)]
    assert not [row for row in drawn[1:] if row.endswith("?")]
    assert "hidden" not in ladder_words(ladder)


def test_of_a_flag_group_too_long_for_its_room_the_switches_that_are_on_stay() -> None:
    bits = bits_of(0x2200020, kernel_named("4.5-rc7").gfp, "4.5-rc7", known=True)
    rows = [plain(row) for row in bits_rows(bits, 43, 4, BOXES)]
    assert any("HIGH" in row for row in rows)


def test_an_open_question_about_the_way_does_not_tell_whether_there_is_a_normal_zone() -> None:
    game = LevelGame(begin(level_of_id("L01")))
    for zones in ("DMA DMA32", "DMA DMA32 Normal"):
        asked = game.asked()._replace(truth=f"first_zone GFP_KERNEL on {zones}")
        sight = sight_of(game.session.live, BOXES, game.showing)._replace(question=asked)
        assert [room.there for room in rooms_of(sight).rooms] == [True, True, None]


def test_kswapd_is_said_to_put_pages_back_or_to_sleep_where_it_asks_for_none() -> None:
    game = LevelGame(begin(level_of_id("L04")))
    shown = game.showing._replace(caller="kswapd", secrets=())
    sight = sight_of(game.session.live, BOXES, shown)
    for truth, deed in (
        ("fact kswapd.takes", "sleeps"),
        ("marks DMA32 high", "puts pages back"),
        ("kswapd_sleeps DMA32", "puts pages back"),
    ):
        tank = tank_of(sight._replace(question=game.asked()._replace(truth=truth)))
        assert tank_words(tank).endswith(f" kswapd {deed}."), truth


def test_the_limits_of_dirty_pages_move_in_a_glass_that_stays() -> None:
    game = LevelGame(begin(level_of_id("L09")))
    question, shown = game.asked(), game.showing._replace(secrets=())
    m = game.session.live
    tanks = []
    for text in (
        "dirty_limit",
        "dirty_trend 40",
        "dirty_trend -40",
        "dirty_limit if dirty_ratio 40",
    ):
        sight = sight_of(supposed(text, m) or m, BOXES, shown)
        tanks.append(tank_of(sight._replace(question=question._replace(truth=text))))
    assert len({tank.managed for tank in tanks}) == 1
    now, falls, rises, halved = (tank.lines[0].pages for tank in tanks)
    assert halved < falls < now < rises


def test_what_a_question_says_came_back_first_is_free_in_its_picture() -> None:
    game = LevelGame(begin(level_of_id("L02")))
    while not (question := game.asked()).text.startswith("And if the kernel's page"):
        right = right_answer(question, game.level_run.truths[question.id])
        wrong = question.group == "merge" and not game.level_run.missed()
        game.answer("9" if wrong else right)
    assert said_of(game) == (
        "DMA32: free blocks: order 2 at page 0, order 1 at page 6, order 3 at page 8; "
        "in use: pages 4 to 5. Asked about: pages 4 to 5."
    )
    assert game.session.live.state.zones[0].free == 11, "it is only supposed"


def test_the_line_that_free_is_held_against_is_the_thick_one() -> None:
    game = LevelGame(begin(level_of_id("L03")))
    sight = sight_of(game.session.live, BOXES, game.showing._replace(secrets=()))
    for asked, thick in {
        "passes DMA32 plain 17 low": ["low"],
        "passes DMA32 plain 13 min": ["min"],
        "kswapd_sleeps DMA32": ["high"],
        "fact mark.retry": [],
    }.items():
        tank = tank_of(sight._replace(question=game.asked()._replace(truth=asked)))
        assert [line.name for line in tank.lines if line.strong] == thick, asked


def test_a_caller_stands_on_no_line_and_what_it_does_is_not_cut() -> None:
    lines = (Line("high", 19), Line("low", 16, True), Line("min", 13))
    comes = Tank("DMA32", 17, 4096, lines, "", "fine", "#", asked=Visitor("memeater", COMES, 16))
    drawn = [plain(row) for row in tank_rows(comes, 43, 15, ASCII)]
    assert not any("memeater" in row and "high" in row for row in drawn)
    works = comes._replace(asked=Visitor("kswapd", WORKS))
    drawn = [plain(row) for row in tank_rows(works, 43, 15, ASCII)]
    assert any("kswapd" in row for row in drawn)
    assert "pu..." not in "".join(drawn)


def test_the_cards_ring_lies_under_the_glass_and_is_told() -> None:
    run = begin(level_of_id("L10"))
    tank = still_of(run)
    assert tank.ring == Ring(256, 0, 0)
    assert "The ring: 256 ready, 0 with a frame, 0 empty." in tank_words(tank)
    run = play(run, run.level.losing, knows)
    lost = still_of(run)
    assert lost.ring is not None
    assert lost.ring.ready == 0
    assert sum(lost.ring) == 256
    ring = lost._replace(ring=Ring(128, 64, 64))
    *_, strip, words = [plain(row) for row in tank_rows(ring, 44, 15, ASCII)]
    shapes = (ASCII.fine, ASCII.below_low, ASCII.rest)
    assert [strip.count(one) for one in shapes] == [22, 11, 11]
    assert words.strip() == "ring: 128 ready, 64 with a frame, 64 empty"
    assert plain(tank_rows(ring, 43, 8, ASCII)[-1]).strip() == words.strip()


def still_of(run: LevelRun) -> Tank:
    """The picture of a run as it is now."""
    game = LevelGame(run)
    return tank_of(sight_of(run.session.to_end(), BOXES, game.showing))


def test_nobody_knocks_at_the_end_of_a_level_that_asked_for_pages_itself() -> None:
    game = LevelGame(begin(level_of_id("L07")))
    for question in as_long_as(lambda: game.question):
        knows(game.level_run, question)
    ladder = ladder_of(sight_of(game.session.live, BOXES, game.showing))
    assert ladder.asked is None
