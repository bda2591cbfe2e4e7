"""Levels of world 3 played well and badly; what they ask the machine."""

from __future__ import annotations

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.sim.check import check
from mmplay.engine.sim.run.actions import RefusedError, do_action
from mmplay.engine.sim.run.turns import run_until
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.model import Move
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.moments import later
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import knows, play
from mmplay.levels.truth import TruthError, truth
from mmplay.recordings.run.replay import act_text
from mmplay.recordings.run.tape import BY_LEVEL, Entry
from mmplay.recordings.trace.format import Code
from tests.levels.proofs import unread
from tests.waiting import as_long_as


def with_acts(name: str, *acts: str) -> LevelRun:
    """Play a level with the right answers and other acts than its solution's."""
    moves = [Move(*act.partition(" ")[::2]) for act in acts]
    return play(unread(level_of_id(name)), moves, knows)


# L11


@pytest.mark.parametrize(
    ("free", "asked", "gives"),
    [
        ((1742, 1300), "0x342004a", "none"),
        ((1742, 1301), "0x342004a", "DMA32"),
        ((1744, 1300), "0x342004a", "DMA"),
        ((1742, 650), "0x2088020:slab:pf_memalloc", "DMA"),
        ((1738, 650), "0x2088020:slab:pf_memalloc", "DMA32"),
        ((1738, 650), "0x2088020:slab:softirq", "none"),
        ((1738, 650), "0x2088020:softirq", "DMA32"),
        ((1738, 650), "0x2098020:slab:pf_memalloc", "none"),
        ((1738, 0), "0x2088020:slab:pf_memalloc", "DMA"),
        ((0, 0), "0x2088020:slab:pf_memalloc", "none"),
    ],
)
def test_the_machine_says_which_zone_serves(free: tuple[int, int], asked: str, gives: str) -> None:
    level = level_of_id("L11")
    m = unread(level).session.live
    acts = tuple(
        ("set_free", f"{zone} {n}") for zone, n in zip(("DMA", "DMA32"), free, strict=True)
    )
    there = later(m, "now", "end", 0, acts)
    digest = there.state.digest()
    found = truth(f"served {asked}", level.kernel, there)
    assert found.value == gives
    assert there.state.digest() == digest
    for other in {"DMA", "DMA32", "none"} - {gives}:
        assert found.wrong(other)


@pytest.mark.parametrize("name", ["keyed", "unkeyed"])
def test_each_caller_at_the_door_comes_again_with_another_answer(name: str) -> None:
    run = unread(level_of_id("L11"))
    forms = list(run.asking.forms(f"{name}.1", run.session.to_end()))
    assert len(forms) >= 3
    assert len({right.value for _, right in forms}) >= 2
    assert len({form.truth for form, _ in forms}) == 1


def test_who_holds_the_key_and_why_not() -> None:
    kernel = level_of_id("L11").kernel
    reclaim = "vfs_write __alloc_pages_nodemask __perform_reclaim try_to_free_pages"
    assert truth(f"holds_key {reclaim}", kernel).value is True
    masked = truth(f"holds_key {reclaim} do_IRQ __do_softirq net_rx_action", kernel)
    assert masked.value is False
    assert "takes PF_MEMALLOC away" in masked.explanation()[0]
    kswapd = truth("holds_key kthread kswapd balance_pgdat", kernel)
    assert "keeps it" in kswapd.explanation()[0]
    assert truth("holds_key kthread wb_workfn xfs_vm_writepage", kernel).value is False


def test_served_needs_a_mask() -> None:
    level = level_of_id("L11")
    with pytest.raises(TruthError, match="a mask expected"):
        truth("served HIGH", level.kernel, unread(level).session.live)


# L12


@pytest.mark.parametrize(
    ("act", "stops"),
    [
        ("wb_mask nomemalloc", True),
        ("disk 25600", True),
        ("oom_reaper on", False),
        ("kill_group 4467", False),
        ("dirty_ratio 5", False),
        ("sysrq_f ", False),
    ],
)
def test_some_acts_break_the_loop_and_others_do_not(act: str, stops: bool) -> None:
    name, _, value = act.partition(" ")
    late = Move(name, value, "time_us >= 59830000")
    run = play(unread(level_of_id("L12")), [late], knows)
    assert (run.outcome is Outcome.WON) is stops
    assert (run.session.to_end().state.zones[1].free > 0) is stops
    assert check(run.session.live) == []
    if not stops:
        assert run.reason.startswith("no page is free")


def test_the_loop_takes_one_act_only_and_that_after_its_questions() -> None:
    run = unread(level_of_id("L12"))
    run.act("answer", "scan wake")
    game = LevelGame(run)
    with pytest.raises(RefusedError, match="comes after the questions"):
        run.act("packets", "0")
    assert game.acts_left == 0
    for _ in range(100):
        question = run.open_question()
        if question is None and run.notes.may_act(run.level):
            break
        if question is not None:
            knows(run, question)
        else:
            run.advance(1 << 12)
    assert game.acts_left == 1
    game.act("sysrq_f")
    with pytest.raises(RefusedError, match="at most 1"):
        run.act("wb_mask", "none")
    assert game.undo() == "SysRq-F: call the OOM killer by hand", "not the act's own name"


def test_a_wrong_edge_is_met_with_the_edge_that_it_is() -> None:
    run = unread(level_of_id("L12"))
    reply = run.answer("scan", "stuck")
    number = [one.value for one in reply.question.options].index("stuck") + 1
    assert reply.said() == str(number), "the file's own word for an option is not said"
    assert "you answered: stuck" in map(act_text, run.session.acts)
    words = {"set_free DMA 9": "DMA has 9 free pages now", "dirty_ratio 5": "dirty_ratio is 5 now"}
    for act, said in words.items():
        name, _, value = act.partition(" ")
        assert act_text(Entry(Code.ACT, 0, 0, [BY_LEVEL + name, value])) == said
    assert len(reply.feedback()) == 1, "an edge that is asked about later is not told"
    kernel = run.level.kernel
    before = "that comes after the scan; asked is what comes after finding nothing to free"
    assert truth("fact edge.nothing_freed", kernel).wrong("wake") == before
    assert "what comes after" not in truth("fact_with edge wake", kernel).wrong("reserve")


# L13


@pytest.mark.parametrize(
    ("mask", "lowest", "wins"),
    [
        ("atomic", 650, False),
        ("nomemalloc", 650, False),
        ("nowait", 1300, True),
        ("none", 1300, True),
    ],
)
def test_a_mask_defends_the_network_or_does_not(mask: str, lowest: int, wins: bool) -> None:
    run = with_acts("L13", f"wb_mask {mask}")
    counters = run.session.to_end().state.counters
    assert (run.outcome is Outcome.WON) is wins
    assert (counters.alloc_fail_net == 0) is wins
    assert (counters.wb_work == 0) is (mask == "none")
    assert run.session.live.state.zones[1].lowest <= lowest


def test_what_a_question_supposes_is_done_in_the_continuation_alone() -> None:
    run = unread(level_of_id("L13"))
    supposed = 0
    for question in as_long_as(run.open_question):
        then = run.asking.supposed(run.session.to_end(), run.notes)
        assert (then is not None and then.state.now_ns >= 61_900_000_000) is bool(question.suppose)
        supposed += bool(question.suppose)
        if question.suppose == ("wb_mask nowait",) and not run.missed():
            reply = run.answer(question.id, "yes")
            needs = "yes would be right with some failed requests of the network"
            assert reply.wrong_because == needs
        else:
            knows(run, question)
    assert supposed >= 3
    state = run.session.live.state
    assert (state.wb_mask, state.turn, state.counters.alloc_fail_net) == (0, 0, 0)


def test_an_event_is_no_condition_to_ask_about() -> None:
    level = level_of_id("L13")
    with pytest.raises(TruthError, match="a number's name, a sign and a bound"):
        truth("holds kill", level.kernel, unread(level).session.live)


# L14


@pytest.mark.parametrize(
    ("act", "wins", "ends"),
    [
        ("kill 4449", True, True),
        ("kill 5538", False, False),
        # The lock's holder finds a page that the 17 tasks gave back; min is not reached with them.
        ("kill_group 4467", False, True),
    ],
)
def test_the_circle_breaks_where_the_pages_come_back(act: str, wins: bool, ends: bool) -> None:
    run = with_acts("L14", act)
    state = run.session.to_end().state
    assert (run.outcome is Outcome.WON) is wins
    assert (state.oom_victims == 0) is ends
    assert (state.counters.oom_aborts > 25) is not ends
    assert check(run.session.live) == []


def test_the_reaper_lets_the_killer_go_on_and_others_have_the_pages() -> None:
    run = with_acts("L14", "oom_reaper on")
    state = run.session.to_end().state
    assert run.outcome is Outcome.LOST
    assert state.oom_victims == 0
    assert state.counters.oom_kill >= 1
    assert state.counters.oom_reaped == 25 * state.counters.oom_kill


def test_a_reaper_that_comes_after_the_kill_takes_nobody() -> None:
    level = level_of_id("L14")
    answers = [move for move in level.solution if move.action == "answer"]
    late = Move("oom_reaper", "on", "time_us >= 59700000")
    assert play(unread(level), [*answers, late]).outcome is Outcome.LOST


def test_a_kill_by_hand_names_the_victim_once_more_and_only_after_the_log_s_own_kill() -> None:
    """Nobody but SysRq-F kills while a victim lives, and it waits for the lock of the report."""
    for name in ("L12", "L14"):
        m = unread(level_of_id(name)).session.live
        do_action(m, "sysrq_f", "")
        run_until(m, 59_700_000_000)
        killed = [
            (time_ns, values["pid"]) for time_ns, form, values in m.log if form.name == "killed/4.5"
        ]
        assert [pid for _, pid in killed] == [4450, 4450]
        assert killed[0][0] // 1000 == 59_628_839


def test_the_edges_of_the_circle_are_read_off_the_machine() -> None:
    level = level_of_id("L14")
    m = unread(level).session.live
    then = later(m, "time_us >= 59640000", "end", 10**6)
    edges = {who: truth(f"waits_for {who}", level.kernel, then).value for who in CIRCLE}
    assert edges == CIRCLE
    for who, what in CIRCLE.items():
        found = truth(f"waits_on {what}", level.kernel, then)
        assert found.value == who
        told = list(CIRCLE)[: list(CIRCLE).index(who)]
        assert [one.value for one in found.others] == told, "what is asked later is not told"
    holder = truth("waits_for 5538", level.kernel, then)
    assert [one.value for one in holder.others] == ["lock", "5538"]
    before = later(m, "time_us >= 59600000", "end", 10**6)
    assert truth("waits_for killer", level.kernel, before).value == "nothing"
    with pytest.raises(InputError, match="for lock wait none"):
        truth("waits_on lock", level.kernel, m)
    with pytest.raises(InputError, match="there is no task 7"):
        truth("waits_for 7", level.kernel, then)


CIRCLE = {"4450": "lock", "lock": "5538", "5538": "memory", "killer": "4450"}
