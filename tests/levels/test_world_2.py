"""What the levels of World 2 say, held against what their machines do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.run.actions import do_action
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.load import load_level
from mmplay.levels.model import Level, Move, Question
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import come_to, knows, play
from mmplay.levels.truth import truth
from tests.levels.proofs import unread
from tests.waiting import as_long_as


def shipped(ident: str) -> Level:
    return next(load_level(path) for path in shipped_levels() if path.stem == ident)


def right_answers(run: LevelRun) -> Iterator[Question]:
    """Answer what is open rightly; each question is yielded before it."""
    for question in as_long_as(run.open_question):
        yield question
        knows(run, question)


def machine(run: LevelRun) -> Machine:
    return run.session.to_end()


def count(run: LevelRun, name: str) -> Callable[[], int]:
    return lambda: read(machine(run), name)


# L07 The ladder


@pytest.mark.parametrize("seed", range(1, 7))
def test_the_engine_opens_exactly_the_doors_that_the_answers_open(seed: int) -> None:
    run = unread(shipped("L07"), seed)
    served, last = count(run, "request_served"), 0
    opened: dict[str, bool] = {}
    asked = ""
    for question in right_answers(run):
        if asked.startswith("door"):
            opened[asked] = served() > last
        asked, last = question.id, served()
    assert len(opened) == 4
    assert opened == {ident: run.truths[ident].value for ident in opened}
    assert not check(machine(run))


def test_every_rung_may_be_met_at_its_floor_and_above() -> None:
    run = unread(shipped("L07"))
    met: dict[int, set[int]] = {}
    for form, right in run.asking.forms("door.1", machine(run)):
        assert right.term is not None
        free = int(form.truth.split()[-1])
        met.setdefault(right.term.value, set()).add(free - right.term.value)
    assert met == {floor: {0, 1, 2} for floor in (1300, 975, 650, 488)}


# L08 Sixty-four bytes, one page


def test_the_order_of_the_frees_decides() -> None:
    """The same objects in another order bring four pages less back."""
    run = unread(shipped("L08"))
    for _ in right_answers(run):
        pass
    for _ in range(6):
        run.act("kfree", "kmalloc-64 full 64")
    assert read(machine(run), "slab.kmalloc-64.slabs") == 13 - 2
    assert run.playing


def test_six_pages_open_the_door_of_conntrack() -> None:
    level = shipped("L08")
    run = play(unread(level), level.solution, knows)
    assert run.outcome is Outcome.WON
    m = machine(run)
    assert read(m, "zones.DMA32.free") == 651
    refused = count(run, "request_refused")()
    do_action(m, "request", "0x2200020:softirq")
    assert read(m, "request_refused") == refused
    assert read(m, "slab.kmalloc-64.in_use") >= 400


# L10 Softirq at the door


def with_acts(ident: str, *acts: str) -> LevelRun:
    """A run whose answers are right and whose acts are these, done as soon as they may be."""
    moves = [Move(name, value) for name, _, value in (act.partition(" ") for act in acts)]
    return play(unread(shipped(ident)), moves, knows)


def test_a_refused_nf_conn_costs_no_packet_of_a_flow_that_is_there() -> None:
    run = with_acts("L10", "disk 3000", "min_free_kbytes 2624")
    m = machine(run)
    assert run.outcome is Outcome.WON
    assert read(m, "rx_missed") == 0
    assert read(m, "zones.DMA32.lowest") < 650
    assert not check(m)


@pytest.mark.parametrize(
    "acts",
    [
        (),
        ("disk 3000",),
        ("disk 1200", "min_free_kbytes 2624"),
        ("min_free_kbytes 2624",),
        ("disk 3000", "min_free_kbytes 16384"),
    ],
)
def test_the_ring_runs_empty(acts: tuple[str, ...]) -> None:
    run = with_acts("L10", *acts)
    assert run.outcome is Outcome.LOST
    assert read(machine(run), "rx_missed") > 0


def test_the_zone_has_what_each_question_says_and_700_pages_when_the_clock_starts() -> None:
    run = unread(shipped("L10"))
    for question in right_answers(run):
        free = read(machine(run), "zones.DMA32.free")
        assert str(free) in question.text or question.group == "cost", question.text
    assert read(machine(run), "zones.DMA32.free") == 700
    assert machine(run).state.turn == 0


def test_sending_half_saves_the_ring_and_misses_the_goal() -> None:
    run = with_acts("L10", "packets 1000", "disk 3000")
    assert run.outcome is Outcome.LOST
    assert read(machine(run), "rx_missed") == 0
    assert "at least 1800 frames" in " ".join(goal.text for goal in run.goals() if not goal.met)


# L09 Dirty laundry


@pytest.mark.parametrize(
    ("acts", "reason"),
    [
        ((), "free or clean"),
        (("sync",), "free or clean"),
        (("dirty_background_ratio 40",), "free or clean"),
        (("dirty_ratio 40",), ""),
        (("dirty_ratio 5",), ""),
        (("dirty_background_ratio 5",), ""),
    ],
)
def test_only_an_early_flusher_keeps_cache_and_cameras(acts: tuple[str, ...], reason: str) -> None:
    run = with_acts("L09", *acts)
    assert run.outcome is (Outcome.LOST if reason else Outcome.WON)
    assert not reason or reason in run.reason
    assert not check(machine(run))


@pytest.mark.parametrize("after_s", [4, 8, 12, 16])
def test_one_sync_is_not_enough_whenever_it_comes(after_s: int) -> None:
    level = shipped("L09")
    late = Move("sync", "", f"time_us >= {1_000_000 * (1 + after_s)}")
    run = play(unread(level), [late], knows)
    assert run.outcome is Outcome.LOST


def test_the_dirtyable_pages_in_the_text_are_the_machine_s() -> None:
    run = unread(shipped("L09"))
    question = run.open_question()
    assert question is not None
    assert question.text.startswith(f"{read(machine(run), 'dirtyable')} pages are dirtyable")


def test_slabs_that_are_half_used_are_not_packed_together() -> None:
    run = unread(shipped("L08"))
    question = run.open_question()
    assert question is not None
    packed = truth("slabs kmalloc-64 if kfree kmalloc-64 full 63", run.level.kernel, machine(run))
    assert packed.value == 13
    assert "packed together; SLUB moves none" in packed.wrong("12")


def test_an_emptied_slab_goes_back_once_the_partial_list_is_long() -> None:
    run = unread(shipped("L08"))
    while (question := run.open_question()) is not None and question.group != "all":
        knows(run, question)
    slabs = {right.value for _, right in run.asking.forms("all.1", machine(run))}
    assert slabs == {13, 12}


def test_a_question_is_come_to_that_the_solution_answers_itself() -> None:
    question = come_to(shipped("L08"), "ask:one").run.open_question()
    assert question is not None
    assert question.id == "one"
