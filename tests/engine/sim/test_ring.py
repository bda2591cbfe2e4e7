"""The receive ring: frames that find no socket buffer wait in it, and the next poll takes them."""

from __future__ import annotations

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check, faults
from mmplay.engine.sim.machine.decisions import IcmpSend
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import Flow
from mmplay.engine.sim.mm.net import (
    COPYBREAK,
    CREDIT,
    EXTENSION,
    LONG_EXTENSION,
    RING,
    earlier_flows,
    extension_cache,
    first_answers,
    may_answer,
    waiting,
)
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_turns, run_until
from mmplay.engine.sim.starts.bench import START_NS, Bench, BenchZone, from_bench
from mmplay.engine.sim.starts.common import Choice, cache_kinds

MS = 1_000_000
FRAMES = 1000
SKBS = 16


def machine(
    free: int, frames_per_flow: int = 1 << 20, frame_bytes: int = 1514, extension: int = 64
) -> Machine:
    """A machine with so many pages free in a zone of floors 1300, 650, 488."""
    zone = BenchZone("DMA32", 8000, free, (1300, 1625, 1950))
    flow = Flow(FRAMES, frames_per_flow, 0, 0, frame_bytes, extension)
    return from_bench(Bench((zone,), caches=True, flow=flow), Choice(kernel_named("4.5-rc7")))


def without_heads(free: int) -> Machine:
    """The same, with every socket buffer head of the first slab in use by others."""
    m = machine(free)
    do_action(m, "kmalloc", f"skbuff_head_cache {SKBS}")
    return m


def run_ms(m: Machine, ms: int) -> None:
    run_until(m, START_NS + ms * MS)


def test_frames_wait_where_no_head_can_be_had_and_are_lost_only_when_the_ring_is_full() -> None:
    m = without_heads(600)
    counters = m.state.counters
    run_ms(m, 100)
    arrived = counters.alloc_rx_buff_failed
    assert 80 <= arrived <= 120
    assert waiting(m.state) == arrived
    assert m.state.ring == RING - arrived
    assert (counters.rx_packets, counters.rx_missed) == (0, 0)
    run_ms(m, 500)
    assert waiting(m.state) == RING
    assert m.state.ring == 0
    assert counters.rx_missed > 100
    assert check(m) == []


def test_what_waited_is_received_when_there_is_memory_again() -> None:
    m = without_heads(600)
    run_ms(m, 150)
    behind = waiting(m.state)
    assert behind > 64
    do_action(m, "kfree", "skbuff_head_cache 1")
    turn = m.state.turn
    while m.state.turn < turn + 2 and not m.state.counters.rx_packets:
        run_turns(m, 1)
    assert m.state.counters.rx_packets == 64
    run_turns(m, 40)
    assert waiting(m.state) == 0
    assert m.state.ring == RING
    assert m.state.counters.rx_missed == 0
    assert check(m) == []
    assert faults(m.setup, m.state) == []


def test_the_ring_is_refilled_below_the_floor_of_the_slabs() -> None:
    """Its pages are asked for with __GFP_ATOMIC, which slabs lose here: 488, not 650."""
    m = machine(600)
    run_ms(m, 600)
    assert m.state.ring == RING
    assert m.state.counters.rx_alloc_frag_failed == 0
    assert check(m) == []


def test_the_ring_lives_on_the_pages_that_it_gives_back_unless_they_lie_below_the_floor() -> None:
    at_floor, below = machine(488), machine(200)
    for m in (at_floor, below):
        run_ms(m, 600)
        assert m.state.counters.rx_alloc_frag_failed > 0
        assert check(m) == []
    assert at_floor.state.ring > 200
    assert at_floor.state.counters.rx_missed == 0
    assert below.state.ring == 0
    assert below.state.counters.rx_missed > 100


def test_every_frame_is_received_waits_or_was_missed() -> None:
    m = machine(640, frames_per_flow=2)
    for _ in range(1500):
        frames = m.state.counters.rx_packets + waiting(m.state) + m.state.counters.rx_missed
        run_turns(m, 1)
        after = m.state.counters.rx_packets + waiting(m.state) + m.state.counters.rx_missed
        assert after - frames in (0, 1)
    assert m.state.counters.nf_drop > 0


def test_the_buffer_of_a_short_frame_goes_back_into_the_ring() -> None:
    """It asks for no page, so it is received where a longer frame has no buffer any more."""
    short, longer = (machine(200, frame_bytes=size) for size in (COPYBREAK, COPYBREAK + 1))
    for m in (short, longer):
        run_ms(m, 600)
        assert check(m) == []
    assert short.state.ring == RING
    assert (short.state.counters.rx_alloc_frag_failed, short.state.counters.rx_missed) == (0, 0)
    assert short.state.zones[0].free == 200
    assert longer.state.ring == 0


def test_connections_have_an_extension_only_where_the_configuration_has_one() -> None:
    plain, extended = (machine(4000, 1, COPYBREAK, extension) for extension in (0, 64))
    objects = []
    for m in (plain, extended):
        cache = m.state.caches[m.cache_numbers[EXTENSION]]
        before = cache.in_use()
        run_ms(m, 100)
        assert m.state.counters.nf_new > 50
        assert m.state.counters.nf_no_ext == 0
        objects.append(cache.in_use() - before)
    assert objects == [0, extended.state.counters.nf_new]


def test_connections_that_began_before_the_start_end_like_later_ones() -> None:
    second = 1_000_000_000
    flow = Flow(100, 2, 0, start_ns=50 * second)
    flows = earlier_flows(flow, 60 * second, 1 << 20)
    assert sum(flows[1::3]) == 10 * 50
    assert flows[::3] == sorted(flows[::3])
    assert 79 * second <= flows[0] <= 81 * second
    assert 89 * second <= flows[-3] <= 90 * second
    assert sum(earlier_flows(flow, 600 * second, 1 << 20)[1::3]) == 30 * 50
    assert sum(earlier_flows(flow, 600 * second, 7)[1::3]) == 7
    assert earlier_flows(flow, 50 * second, 1 << 20) == []
    assert earlier_flows(flow._replace(start_ns=0), 60 * second, 1 << 20) == []


def answered(m: Machine, seconds: int) -> int:
    """Return how many frames of ten a second may be answered, from a second after the start."""
    count = 0
    for tenth in range(10 * seconds):
        m.state.now_ns = START_NS + 1000 * MS + tenth * 100 * MS
        count += may_answer(m.state)
    return count


def test_a_closed_port_is_answered_once_a_second_after_a_burst_of_six() -> None:
    m = machine(4000)
    assert answered(m, 10) == 0
    m.state.limits += first_answers(START_NS, CREDIT)
    assert answered(m, 10) == CREDIT + 9
    assert check(m) == []


def test_an_answer_leaves_the_rest_of_its_slab_to_others() -> None:
    m = machine(4000, 1 << 20, COPYBREAK, extension=0)
    m.state.limits += first_answers(START_NS, 0)
    cache = m.state.caches[m.cache_numbers[EXTENSION]]
    told: list[object] = []
    m.tell = told.append
    run_ms(m, 1500)
    assert sum(isinstance(one, IcmpSend) for one in told) == 1
    assert (cache.slabs(), cache.in_use(), cache.cpu_free[0]) == (1, 0, 64)


def test_who_finds_no_object_to_answer_with_drops_nothing() -> None:
    m = machine(600, 1 << 20, COPYBREAK, extension=0)
    m.state.limits += first_answers(START_NS, CREDIT)
    do_action(m, "kmalloc", f"{EXTENSION} 64")
    run_ms(m, 100)
    assert m.state.counters.alloc_fail_net == 2 * CREDIT
    assert m.state.counters.nf_drop == 0


def test_long_extensions_have_a_cache_of_their_own() -> None:
    m = machine(4000)
    assert m.setup.caches[extension_cache(m)].name == EXTENSION
    assert LONG_EXTENSION not in {kind.name for kind in cache_kinds(2, 64)}
    kinds = {kind.name: kind for kind in cache_kinds(2, 96)}
    assert kinds[LONG_EXTENSION].orders.objects == 42


def test_connections_that_began_earlier_have_their_extensions() -> None:
    second = 1_000_000_000
    flow = Flow(100, 2, 0, start_ns=50 * second)
    flows = earlier_flows(flow, 60 * second, 480, 462)
    assert (sum(flows[1::3]), sum(flows[2::3])) == (480, 462)
    assert all(few <= most for most, few in zip(flows[1::3], flows[2::3], strict=True))
