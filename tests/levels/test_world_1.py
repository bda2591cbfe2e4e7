"""Levels of world 1 played as a student would, well and badly; what their files rest on."""

from __future__ import annotations

import pytest

from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.decisions import Script
from mmplay.engine.sim.metrics import condition, read
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.level_text import LevelError
from mmplay.levels.load import read_level
from mmplay.levels.model import Move
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import knows, play
from mmplay.recordings.run.tape import BY_LEVEL
from mmplay.tui.cells import plain
from mmplay.tui.views.task import task_rows
from tests.levels.proofs import DOOR, level, level_text, unread
from tests.waiting import as_long_as


def begun(name: str) -> LevelRun:
    return unread(level_of_id(name))


def answered(name: str) -> LevelRun:
    """A run of a level whose questions of the start are answered rightly."""
    run = begun(name)
    for question in as_long_as(run.open_question):
        knows(run, question)
    return run


# events, order


EVENT = '[[event]]\nat_us = {}\naction = "{}"\nvalue = "{}"\n'


def test_events_happen_by_themselves_at_their_time() -> None:
    tables = EVENT.format(2000, "request", "GFP_KERNEL") + EVENT.format(1000, "dirty_ratio", "7")
    goal = '[[win]]\ncounter = "request_served"\nop = "=="\nvalue = 1\ntext = "served"\n'
    run = unread(level(tables + goal))
    m = run.session.live
    assert (m.state.dirty_ratio, run.advance(1), m.state.dirty_ratio) == (20, 1, 7)
    assert run.playing
    run.advance(1)
    assert run.outcome is Outcome.WON
    assert run.player_acts() == []
    assert isinstance(run.session.decisions_of(2)[-1], Script)


def test_the_same_again_from_the_tape() -> None:
    tables = EVENT.format(1000, "request", "GFP_KERNEL") + EVENT.format(3000, "free", "1")
    run = unread(level(DOOR + tables))
    play(run, [Move("answer", f"door.{n} {a}") for n, a in enumerate(("yes", "no", "no"), 1)])
    other = unread(level(DOOR + tables))
    other.session.advance(2)
    assert run.outcome is Outcome.WON
    assert check(other.session.live) == []
    assert read(other.session.machine_at(other.session.end), "request_served") == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[[event]]\naction = "disk"\n', "lacks at_us"),
        (EVENT.format(1, "dsk", ""), "disk"),
        (EVENT.format(-1, "disk", ""), "whole number from 0"),
        (EVENT.format(1, "disk", "") + "when = 1\n", "when"),
        (EVENT.format(1, "answer", ""), "answer"),
    ],
)
def test_events_that_are_none(table: str, words: str) -> None:
    with pytest.raises(LevelError, match=words):
        read_level(level_text(DOOR + table), "t.toml")


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("name", ["L01", "L03", "L06", "L07"])
def test_a_level_of_questions_is_won_whatever_its_seed_draws(name: str, seed: int) -> None:
    run = play(unread(level_of_id(name), seed), (), knows)
    assert run.outcome is Outcome.WON
    assert run.score().stars == 3


def test_the_seed_decides_what_is_asked() -> None:
    one = level_of_id("L01")
    firsts = [unread(one, seed).open_question() for seed in range(1, 9)]
    assert len({first.text for first in firsts if first is not None}) > 2


def test_a_move_that_is_refused_names_its_line() -> None:
    tables = '[[win]]\ncounter = "dirty_ratio"\nop = "=="\nvalue = 5\ntext = "t"\n'
    one = level(tables + EVENT.format(5, "disk", "0"), 'allow = ["dirty_ratio"]\n')
    for move, words in (
        (Move("dirty_ratio", "500", "", 77), "line 77: dirty_ratio 500: .*EINVAL"),
        (Move("dirty_ratio", "5", "zones.DMA64.free < 9", 78), "line 78: .*no counter"),
    ):
        with pytest.raises(RefusedError, match=words):
            play(unread(one), [move])


# L02


def test_neighbours_that_are_no_buddies_do_not_merge() -> None:
    run = answered("L02")
    run.advance(5)
    run.act("free", "DMA32 2")
    run.act("free", "DMA32 4")
    assert read(run.session.live, "zones.DMA32.free") >= 4
    run.advance(1)
    assert run.outcome is Outcome.LOST
    assert "no block" in run.reason


def test_giving_back_what_comes_first_to_mind_costs_too_much() -> None:
    run = answered("L02")
    run.advance(5)
    run.act("free", "DMA32 12")
    run.advance(1)
    for page in (8, 10, 12):
        assert run.playing
        run.act("free", f"DMA32 {page}")
    assert run.outcome is Outcome.LOST
    assert "11 pages" in run.reason


def test_another_way_to_win() -> None:
    run = answered("L02")
    run.advance(5)
    for page in (4, 6):
        run.act("free", f"DMA32 {page}")
    run.advance(1)
    for page in (8, 10, 12):
        run.act("free", f"DMA32 {page}")
    run.advance(1)
    assert run.outcome is Outcome.WON
    assert run.score().stars == 1


def test_the_blocks_of_the_toy_zone_are_shown() -> None:
    run = answered("L02")
    text = "\n".join(plain(row) for row in task_rows(LevelGame(run), 78, ""))
    assert "0 in use  [1]  2-3 held  4-5 held  [6-7]  [8-15]" in text


# L04


SET = "watermark_scale_factor"


@pytest.mark.parametrize(
    ("factor", "won", "why"),
    [
        (10, False, "had to free pages itself"),
        (20, False, "had to free pages itself"),
        (35, True, ""),
        (100, True, ""),
        (150, False, "kswapd has looked at"),
        (1000, False, "kswapd has looked at"),
    ],
)
def test_the_alarm_can_be_too_late_and_too_early(factor: int, won: bool, why: str) -> None:
    run = answered("L04")
    run.act(SET, str(factor))
    m = run.session.live
    for _ in as_long_as(lambda: run.playing):
        question = run.open_question()
        if question is not None:
            knows(run, question)
        else:
            run.advance(1000)
    assert (run.outcome is Outcome.WON) is won, run.reason
    assert why in run.reason
    assert check(m) == []


def test_the_knob_may_be_turned_three_times() -> None:
    run = answered("L04")
    for factor in (20, 30, 40):
        run.act(SET, str(factor))
    with pytest.raises(RefusedError, match="at most 3"):
        run.act(SET, "50")


# L05


@pytest.mark.parametrize("seed", range(1, 5))
def test_each_door_does_what_the_rule_says(seed: int) -> None:
    run = unread(level_of_id("L05"), seed)
    m = run.session.live
    for _ in range(4):
        question = run.open_question()
        assert question is not None
        before = read(m, "request_served")
        truth = run.truths[question.id].shown()
        knows(run, question)
        assert read(m, "request_served") - before == (truth == "yes")


@pytest.mark.parametrize(
    ("ratio", "settles"), [("256 256 32", 1739), ("1024", 439), ("1", 1900), ("512 256 32", 872)]
)
def test_any_lock_that_keeps_enough_will_do(ratio: str, settles: int) -> None:
    run = answered("L05")
    run.act("lowmem_reserve_ratio", ratio)
    m = run.session.live
    run.advance(60_000, condition(m, "time_us >= 1059000").holds)
    question = run.open_question()
    if question is not None:
        assert question.id == "settle.1"
        if question.truth.startswith("metric"):
            assert run.truths["settle.1"].shown() == str(settles)
        knows(run, question)
        run.advance(60_000)
        assert run.outcome is Outcome.WON
    assert read(m, "tasks.isa.refused") == 0
    assert check(m) == []


def test_a_lock_put_on_too_late_brings_nothing_back() -> None:
    run = play(begun("L05"), level_of_id("L05").losing, knows)
    assert run.outcome is Outcome.LOST
    assert read(run.session.live, "tasks.isa.done") == 49
    assert any(entry.fields[0] == f"{BY_LEVEL}lowmem_reserve_ratio" for entry in run.session.acts)


def test_the_sysctl_may_be_written_twice() -> None:
    run = answered("L05")
    for ratio in ("8192", "256"):
        run.act("lowmem_reserve_ratio", ratio)
    with pytest.raises(RefusedError, match="at most 2"):
        run.act("lowmem_reserve_ratio", "300")


@pytest.mark.parametrize("name", ["L02", "L04", "L05"])
def test_answers_alone_do_not_win(name: str) -> None:
    assert play(begun(name), (), knows).outcome is Outcome.LOST
