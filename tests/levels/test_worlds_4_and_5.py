"""Levels of worlds 4 and 5 played as a student would, well and badly."""

from __future__ import annotations

import pytest

from mmplay.engine.sim.check import check
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import RefusedError
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import knows
from tests.levels.proofs import unread
from tests.waiting import as_long_as

Acts = list[tuple[str, str]]


def answered(name: str) -> LevelRun:
    """A run of a level, the questions of its start answered rightly."""
    run = unread(level_of_id(name))
    _answer_all(run)
    return run


def _answer_all(run: LevelRun) -> None:
    for question in as_long_as(run.open_question):
        knows(run, question)


def with_acts(name: str, acts: Acts) -> LevelRun:
    """Play the solution's answers, and these acts in the place of its own."""
    run = answered(name)
    for act, value in acts:
        run.act(act, value)
        _answer_all(run)
        assert check(run.session.to_end()) == []
    for _ in as_long_as(lambda: run.playing):
        run.advance(1 << 20)
        _answer_all(run)
    return run


# L15


@pytest.mark.parametrize(("factor", "won"), [(1, True), (7, True), (8, False), (100, False)])
def test_l15_any_gap_that_leaves_the_quarter_larger_will_do(factor: int, won: bool) -> None:
    run = answered("L15")
    run.act("watermark_scale_factor", str(factor))
    run.advance(100)
    assert (run.outcome is Outcome.WON) is won


def test_l15_takes_one_write() -> None:
    run = answered("L15")
    run.act("watermark_scale_factor", "20")
    with pytest.raises(RefusedError):
        run.act("watermark_scale_factor", "5")


# L16


@pytest.mark.parametrize("left_out", ["min_free_kbytes", "watermark_scale_factor", "dirty_ratio"])
def test_l16_every_knob_is_needed(left_out: str) -> None:
    acts = [
        (move.action, move.value)
        for move in level_of_id("L16").solution
        if move.action not in ("answer", left_out)
    ]
    assert with_acts("L16", acts).outcome is Outcome.LOST


@pytest.mark.parametrize(
    "acts",
    [
        [("min_free_kbytes", "5249"), ("watermark_scale_factor", "45"), ("dirty_ratio", "45")],
        [("dirty_ratio", "40"), ("watermark_scale_factor", "20"), ("min_free_kbytes", "5249")],
    ],
)
def test_l16_leaves_room_around_its_solution(acts: Acts) -> None:
    run = with_acts("L16", acts)
    assert run.outcome is Outcome.WON, run.reason


@pytest.mark.parametrize(
    "acts",
    [
        [("min_free_kbytes", "300000"), ("dirty_ratio", "40")],
        [("min_free_kbytes", "5249"), ("watermark_scale_factor", "50"), ("dirty_ratio", "5")],
        [("min_free_kbytes", "12000"), ("dirty_ratio", "40")],
        [("min_free_kbytes", "5249"), ("watermark_scale_factor", "300"), ("dirty_ratio", "40")],
    ],
)
def test_l16_a_knob_can_be_turned_too_far(acts: Acts) -> None:
    assert with_acts("L16", acts).outcome is Outcome.LOST


# L17


DROP, COMPACT, FALL_BACK = ("drop_caches", "1"), ("compact_memory", "1"), ("fall_back", "table")


@pytest.mark.parametrize("acts", [[DROP], [COMPACT], [COMPACT, DROP], [DROP, COMPACT]])
def test_l17_needs_both_in_this_order_and_a_driver_that_falls_back(acts: Acts) -> None:
    run = with_acts("L17", acts)
    assert (run.outcome, run.reason) == (Outcome.LOST, "two requests have failed")


def test_l17_nothing_fits_although_plenty_is_free() -> None:
    run = answered("L17")
    m = run.session.to_end()
    assert (read(m, "zones.DMA32.free"), read(m, "zones.DMA32.largest_order")) == (8000, 1)
    run.advance(1 << 20)
    question = run.open_question()
    assert question is not None
    assert question.id == "again", "time stops where table has failed"
    knows(run, question)
    run.advance(1 << 20)
    assert read(run.session.to_end(), "alloc_fail") == 2


def test_l17_says_how_many_dropped_pages_are_not_free_yet() -> None:
    run = answered("L17")
    run.act("drop_caches", "1")
    dropped = next(one for one in run.level.questions if one.id == "dropped")
    kept = 480 - (read(run.session.to_end(), "zones.DMA32.free") - 8000)
    assert f"({kept} of the 480 are still on a CPU's own list" in dropped.why


def test_l17_a_driver_that_is_not_there_yet_cannot_fall_back() -> None:
    with pytest.raises(RefusedError, match="no task now"):
        answered("L17").act(*FALL_BACK)


# L18


def test_l18_a_plain_request_pays_for_the_table() -> None:
    run = unread(level_of_id("L18"))
    doors = {}
    for question in as_long_as(run.open_question):
        before = read(run.session.to_end(), "request_served")
        right = run.truths[question.id].value
        knows(run, question)
        if question.group == "door":
            after = read(run.session.to_end(), "request_served")
            doors[question.id] = (bool(right), after - before == 1)
    run.advance(1)
    assert run.outcome is Outcome.WON
    assert len(doors) == 2
    assert all(said is served for said, served in doors.values())
    assert read(run.session.to_end(), "zones.DMA32.reserved_highatomic") == 512


# L20


KNOCK = ("request", "0x2088020:slab:softirq")


def test_l20_who_knocks_before_the_repair_is_refused() -> None:
    run = answered("L20")
    run.act(*KNOCK)
    assert read(run.session.to_end(), "request_refused") == 1
    assert run.playing
    run.act("slab_keeps_atomic", "yes")
    run.act(*KNOCK)
    _answer_all(run)
    assert (run.outcome, run.score().stars) == (Outcome.WON, 1)


@pytest.mark.parametrize("kbytes", ["2600", "16384"])
def test_l20_the_reserves_stay_as_they_are(kbytes: str) -> None:
    run = answered("L20")
    run.act("min_free_kbytes", kbytes)
    assert run.outcome is Outcome.LOST


def test_l20_what_is_refused_now_is_refused_by_the_engine_too() -> None:
    run = answered("L20")
    run.act("slab_keeps_atomic", "yes")
    run.act(*KNOCK)
    said = False
    for question in as_long_as(run.open_question):
        said = run.truths[question.id].value is True
        knows(run, question)
    m = run.session.to_end()
    assert (read(m, "request_served"), read(m, "request_refused")) == (1 + said, 1 - said)
    assert run.outcome is Outcome.WON


@pytest.mark.parametrize("name", ["L15", "L16", "L17", "L18", "L20"])
def test_a_wrong_answer_is_met_with_words(name: str) -> None:
    run = unread(level_of_id(name))
    for question in as_long_as(run.open_question):
        right = run.truths[question.id]
        wrong = [one.value for one in question.options if not right.accepts(one.value)]
        if not run.notes.missed[question.id]:
            reply = run.answer(question.id, wrong[0] if wrong else "77777")
            assert len(reply.wrong_because) > 20
        else:
            knows(run, question)
