"""Pictures of L11 to L20: floors in rooms, loops that break, who knocked, what a tile is about."""

from __future__ import annotations

from mmplay.engine.sim.log.view import memory_of
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.moments import later
from mmplay.levels.play.questions import right_answer
from mmplay.levels.play.showing import is_told_behind
from mmplay.levels.play.solve import begin
from mmplay.levels.truth import Truth
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import BOXES
from mmplay.tui.views.pictures.kinds import said_of
from mmplay.tui.views.pictures.ladder import ladder_rows
from mmplay.tui.views.pictures.loop import Edge, Loop, loop_rows, loop_words
from mmplay.tui.views.pictures.readings import ladder_of, loop_of, rooms_of, tank_of
from mmplay.tui.views.pictures.rooms import rooms_rows, rooms_words
from mmplay.tui.views.pictures.sight import sight_of
from mmplay.tui.views.pictures.tank import WAITS, Visitor
from tests.waiting import as_long_as

LOOP = Loop((Edge("a waits", True), Edge("b holds", True, over=True), Edge("c asks", False)))


def test_rooms_tell_their_floors_once_the_way_is_known() -> None:
    game = LevelGame(begin(level_of_id("L11")))
    deep = next(one for one in game.level_run.questions if one.id == "keyed.1")
    asked = sight_of(game.session.live, BOXES, game.showing)._replace(
        question=deep._replace(truth="served 0x2088020:slab:pf_memalloc")
    )
    assert {room.floor for room in rooms_of(asked).rooms} == {"?"}
    m = later(
        asked.machine, "now", "end", 10, (("set_free", "DMA32 650"), ("set_free", "DMA 1738"))
    )
    told = asked._replace(told=Truth("", "DMA32", "choice", ()))
    served = rooms_of(told)
    assert [(room.floor, room.keyed) for room in served.rooms] == [(1738, False), (650, False)]
    refused = rooms_of(told._replace(machine=m, dump=memory_of(m)))
    assert all(room.keyed for room in refused.rooms), "only where every floor has refused it"
    assert "DMA32 with 650 pages free, floor 650, with the key 0." in rooms_words(refused)
    drawn = [plain(one) for one in rooms_rows(refused, 43, 15, BOXES)]
    assert any("floor 1738" in line and "floor 650" in line for line in drawn)


def test_a_broken_edge_leads_nowhere_and_is_said_to_be_no_more() -> None:
    assert loop_words(LOOP) == "2 of 3 edges are lit: a waits. b holds no more."
    drawn = "\n".join(plain(one) for one in loop_rows(LOOP, 43, 12, BOXES))
    assert "✗ b holds" in drawn
    whole = LOOP._replace(edges=tuple(one._replace(over=False) for one in LOOP.edges))
    assert "▼" in "\n".join(plain(one) for one in loop_rows(whole, 43, 12, BOXES))
    assert "▼" not in drawn


def test_a_question_that_goes_backwards_is_not_answered_by_its_loop() -> None:
    game = LevelGame(begin(level_of_id("L12")))
    known = tuple(one._replace(lit=True, known=True) for one in game.showing.edges)
    sight = sight_of(game.session.live, BOXES, game.showing._replace(edges=known))
    back = game.level_run.questions[1].forms[0]
    asked = sight._replace(question=game.level_run.questions[1]._replace(truth=back.truth))
    assert {edge.words for edge in loop_of(asked).edges} == {"?"}
    told = loop_of(asked._replace(told=Truth("", "wake", "choice", ())))
    assert "?" not in {edge.words for edge in told.edges}
    mine = asked._replace(question=game.level_run.questions[1]._replace(truth="fact edge.wake"))
    own = tuple(one._replace(asked=n == 1) for n, one in enumerate(known))
    shown = loop_of(mine._replace(showing=mine.showing._replace(edges=own))).edges
    assert [edge.words == "?" for edge in shown] == [False, True, False, False, False]


def test_who_was_asked_about_is_gone_once_it_was_not_about_its_page() -> None:
    game = LevelGame(begin(level_of_id("L13")))
    questions = {one.id: one for one in game.level_run.questions}
    sight = sight_of(game.session.live, BOXES, game.showing)
    quiet = sight._replace(question=questions["quiet.1"])
    assert tank_of(quiet).asked is not None
    assert tank_of(quiet._replace(told=Truth("", True, "choice", ()))).asked is None
    refused = sight._replace(question=questions["net.1"], told=Truth("", True, "choice", ()))
    assert tank_of(refused).asked == Visitor("writeback", WAITS)


def test_a_tile_of_the_boss_brings_its_floors_onto_the_glass() -> None:
    game = LevelGame(begin(level_of_id("L19")))
    sight = sight_of(game.session.live, BOXES, game.showing)
    asked = sight._replace(question=game.level_run.questions[0]._replace(truth="explains 2516"))
    floors = [("HIGH", 650), ("HIGH+HARDER", 488)]
    told = asked._replace(told=Truth("", "between", "choice", ()))
    assert [(one.name, one.pages) for one in tank_of(told).lines][-2:] == floors
    assert len(tank_of(asked).lines) == len(tank_of(told).lines) - len(floors)
    other = asked.question
    assert other is not None
    back = told._replace(question=other._replace(truth="explained between by 2516 12"))
    assert tank_of(back).lines == tank_of(told).lines


def test_a_caller_that_was_let_ask_is_refused_until_it_is_served() -> None:
    game = LevelGame(begin(level_of_id("L20")))
    for question in as_long_as(lambda: game.question):
        game.answer(right_answer(question, game.level_run.truths[question.id]))
    assert "conntrack" not in said_of(game)
    game.act("request 0x2088020:slab:softirq")
    assert said_of(game).endswith("conntrack is refused.")
    ladder = ladder_of(sight_of(game.session.live, BOXES, game.showing))
    assert any("conntrack refused" in plain(one) for one in ladder_rows(ladder, 43, 15, BOXES))


def test_what_stands_at_an_edge_is_not_cut_on_the_smallest_screen() -> None:
    for name in ("L12", "L14"):
        edges = LevelGame(begin(level_of_id(name))).showing.edges
        loop = Loop(tuple(Edge(one.text, True) for one in edges))
        drawn = " ".join(plain(one) for one in loop_rows(loop, 43, 12, BOXES)).split()
        for word in " ".join(one.text for one in edges).split():
            assert word in drawn, (name, word)


def test_what_is_set_aside_of_a_zone_is_told_beside_its_free_pages() -> None:
    game = LevelGame(begin(level_of_id("L18")))
    tank = tank_of(sight_of(game.session.live, BOXES, game.showing))
    assert "set aside" not in tank.state
    game.level_run.session.act("set_free", "DMA32 1500")
    game.level_run.session.act("request", "GFP_ATOMIC:softirq 3")
    later_on = tank_of(sight_of(game.session.live, BOXES, game.showing))
    assert later_on.state == "below low, 512 set aside"


def test_the_machine_behind_waits_where_it_computes_what_is_asked() -> None:
    told = {
        name: [is_told_behind(one) for one in level_of_id(name).questions][:2]
        for name in ("L13", "L14", "L18")
    }
    assert told == {"L13": [True, True], "L14": [False, True], "L18": [False, False]}
    assert is_told_behind(next(one for one in level_of_id("L18").questions if one.id == "seen"))
