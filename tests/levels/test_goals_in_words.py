"""Goals as a player reads them: what can never be met, how near the end is, who was refused."""

from __future__ import annotations

import pytest

from mmplay.engine.errors import InputError
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.deeds import can_be_done, orders_to_come
from mmplay.levels.play.game import LevelGame, digits
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.solve import begin, knows
from mmplay.levels.tries import Try
from mmplay.tui.cells import plain
from mmplay.tui.glyphs import ASCII
from mmplay.tui.views.menu import level_preview
from mmplay.tui.views.pictures.kinds import said_of
from mmplay.tui.views.stage import standing_rows
from tests.levels.proofs import level
from tests.waiting import as_long_as


def puzzle() -> LevelGame:
    """Return L02 with its questions answered: programs come, one a turn."""
    game = LevelGame(begin(level_of_id("L02")))
    for question in as_long_as(lambda: game.question):
        knows(game.level_run, question)
    return game


def test_a_board_says_what_comes_next_and_how_near_the_limit_is() -> None:
    game = puzzle()
    assert orders_to_come(game.session.to_end()) == [0, 0, 1, 1, 2, 2, 3]
    told = " ".join(" ".join(map(plain, standing_rows(game.level_run, 60))).split())
    assert "next: order 0 (1 page), then 0 1 1 2 2 3" in told
    assert "pages given back: 0 (more than 11 loses)" in told
    game.grow(3)
    game.act("free DMA32 6")
    told = " ".join(" ".join(map(plain, standing_rows(game.level_run, 60))).split())
    assert "next: order 1 (2 pages), then 2 2 3" in told
    assert "pages given back: 1 (" in told


def test_only_blocks_that_are_there_can_be_given_back() -> None:
    game = puzzle()
    m = game.session.to_end()
    offered = [one.value for one in game.options]
    assert offered == [one.value for one in game.level_run.level.choices if can_be_done(m, one)]
    assert offered == ["free DMA32 2", "free DMA32 4"]
    assert list(game.choices) == [2, 3], "each keeps its number"
    with pytest.raises(InputError, match="choose 2-3"):
        game.choose(1)
    for one in offered:
        LevelGame(game.level_run).act(one)  # each is taken
    assert "free DMA32 2" not in [one.value for one in game.options]


def test_objects_of_no_partial_slab_cannot_be_ended() -> None:
    game = LevelGame(begin(level_of_id("L08")))
    for question in as_long_as(lambda: game.question):
        knows(game.level_run, question)
    assert list(game.choices) == [1, 2], "no slab is on the partial list yet"
    game.choose(2)
    assert digits(game.choices) == "1-4"
    assert digits([1, 2, 4]) == "1-2,4"


def test_a_loss_says_who_asked_for_what() -> None:
    game = puzzle()
    for _ in as_long_as(lambda: game.live):
        game.grow(1)
    run = game.level_run
    assert run.outcome is Outcome.LOST
    assert run.reason.endswith("program 6 of 7 asked for 4 pages side by side"), run.reason


def test_a_growing_number_that_is_past_its_goal_can_never_be_met_any_more() -> None:
    run = begin(level_of_id("L04"))
    for question in as_long_as(run.open_question):
        knows(run, question)
    m, none_stalled = run.session.to_end(), next(iter(run.goals()))
    assert none_stalled.met
    m.state.counters.allocstall += 1
    assert "never be met any more" in run.goals()[0].why


def test_a_limit_that_nothing_may_pass_says_so() -> None:
    told = "\n".join(map(plain, standing_rows(puzzle().level_run, 60)))
    assert "requests refused: 0 (one loses)" in told


def test_the_menu_counts_the_fastest_of_won_tries_alone() -> None:
    one, lost = level_of_id("L02"), Try("L02", 4, 0, 1, 30, 0)
    lost_only = "\n".join(map(plain, level_preview(one, None, (60, 20), ASCII, [lost])))
    assert "1 try" in lost_only
    assert "fastest" not in lost_only
    tries = [lost, lost._replace(seconds=90, stars=3)]
    both = "\n".join(map(plain, level_preview(one, 3, (60, 20), ASCII, tries)))
    assert "2 tries, the fastest won in 1:30" in both


def test_a_mask_is_seen_once_it_is_told_and_its_number_not_where_it_is_asked() -> None:
    game = LevelGame(begin(level_of_id("L06")))
    while game.question is not None and not game.question.id.startswith("repair"):
        said = said_of(game)
        assert "not shown until" in said, said
        knows(game.level_run, game.question)
    said = said_of(game)
    assert "mask ?, bits of 4.5" in said
    assert "KSWAPD_RECLAIM, HIGH, ATOMIC on" in said
    assert "0x" not in said


def test_a_lost_run_is_told_why_what_was_done_did_not_help() -> None:
    vain = 'in_vain = ["dirty_ratio 60 | more is worse", "dirty_ratio 50 | unsaid"]\n'
    win = '[[win]]\ncounter = "dirty_ratio"\nop = "=="\nvalue = 5\ntext = "it is 5"\n'
    lose = '[[lose]]\ncounter = "dirty_ratio"\nop = ">"\nvalue = 50\ntext = "too much"\n'
    run = begin(level(win + lose, 'allow = ["dirty_ratio"]\n' + vain))
    run.act("dirty_ratio", "60")
    assert run.reason == "too much. more is worse"
    run.undo()
    run.act("dirty_ratio", "70")
    assert run.reason == "too much"


def test_a_driver_is_not_offered_to_fall_back_before_it_has_begun() -> None:
    game = LevelGame(begin(level_of_id("L17")))
    for question in as_long_as(lambda: game.question):
        knows(game.level_run, question)
    acts = game.level_run.level.choices
    m = game.session.to_end()
    assert [can_be_done(m, one) for one in acts] == [True, True, False]
    game.grow(1)
    assert can_be_done(game.session.to_end(), acts[2])


def test_a_goal_of_the_end_that_is_met_is_met_so_far() -> None:
    told = " ".join(map(plain, standing_rows(begin(level_of_id("L12")), 90)))
    assert "[x] at 61.7 s 1500 pages or more are free (so far 3042; none left loses)" in told
