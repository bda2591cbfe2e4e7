"""Frames arrive: NET_RX softirq takes a socket buffer, tracks the connection, refills the ring.

One turn is one frame and its NAPI poll, which takes every frame that waits in the ring, up to its
budget of 64. A frame without a socket buffer stays where it is, and the poll ends. The ring's
buffers are cut from page fragments and used up in the order in which they were cut, so that a
fragment is free once its last buffer is. A short frame is copied, and its buffer goes back into the
ring. What it is copied to is cut from the CPU's own fragment: such copies are free again before the
fragment's end is reached, so it is used again and again and no page is asked for. Where nobody
listens for the frames, the sender is told so, once a second.
Source: drivers/net/ethernet/intel/e1000/e1000_main.c (e1000_clean_rx_irq, e1000_copybreak,
e1000_alloc_rx_buffers), mm/page_alloc.c (__alloc_page_frag, __page_frag_refill), net/core/skbuff.c
(build_skb, __napi_alloc_skb), net/netfilter/nf_conntrack_core.c (init_conntrack) and
nf_conntrack_extend.c, net/ipv4/icmp.c (icmp_send, icmpv4_xrlim_allow), net/ipv4/inetpeer.c
(inet_peer_xrlim_allow) and net/ipv4/ip_output.c (ip_setup_cork) of 4.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmplay.engine.rules.alloc_flags import Context
from mmplay.engine.rules.watermarks import PAGE_BYTES
from mmplay.engine.sim.log.reports import warn_failures
from mmplay.engine.sim.log.stacks import NET, Caller
from mmplay.engine.sim.machine.asks import ask_key
from mmplay.engine.sim.machine.decisions import IcmpSend
from mmplay.engine.sim.machine.machine import NIC
from mmplay.engine.sim.machine.setup import HZ, JIFFY_NS, SECOND_NS
from mmplay.engine.sim.mm.page_alloc import alloc_nowait, give_block
from mmplay.engine.sim.mm.pcp import give_pages
from mmplay.engine.sim.mm.slub import give_objects, take_objects
from mmplay.engine.sim.state.state import LIMIT_NUMBERS, RATE_LIMITS, advance

if TYPE_CHECKING:
    from mmplay.engine.sim.machine.machine import Machine
    from mmplay.engine.sim.machine.setup import Flow
    from mmplay.engine.sim.state.state import State


RING = 256
"""Descriptors of the receive ring."""

BUFFER_BYTES = 1920
"""A frame of 1522 bytes with its headroom, and the shared info behind it, both cache-aligned."""

COPYBREAK = 256
"""Bytes up to which a frame is copied (COPYBREAK_DEFAULT)."""

LARGE_ORDER = 3
FRAG_NUMBERS = 3


def buffers_in(order: int) -> int:
    """Return how many receive buffers a fragment of this order holds."""
    return (PAGE_BYTES << order) // BUFFER_BYTES


def waiting(state: State) -> int:
    """Return the frames that wait in the ring: its buffers, less those that no frame is in yet.

    `State.ring` counts the latter; what else is cut from the fragments holds a frame.
    """
    return sum(state.frags[1::FRAG_NUMBERS]) - state.frag_left - state.ring


def refill(m: Machine, cpu: int) -> None:
    """Fill empty descriptors until all have a buffer or a fragment cannot be had."""
    state = m.state
    for _ in range(RING - state.ring - waiting(state)):
        if state.frag_left == 0 and not _new_fragment(m, cpu):
            state.counters.rx_alloc_frag_failed += 1
            return
        state.frag_left -= 1
        state.ring += 1


def _new_fragment(m: Machine, cpu: int) -> bool:
    """Get 32 kB at once if that is easy, else one page (__page_frag_refill)."""
    for order, gfp in ((LARGE_ORDER, m.masks.frag_large), (0, m.masks.frag_single)):
        ask = m.ask(ask_key(gfp, Context.SOFTIRQ))
        if alloc_nowait(m, ask, order, cpu) >= 0:
            m.zone.held += 1 << order
            m.state.frag_left = buffers_in(order)
            m.state.frags += (order, m.state.frag_left, m.zone_number(m.zone))
            return True
        who = Caller(NET, m.state.cpus[cpu].current, cpu, gfp, Context.SOFTIRQ, "fragment")
        who.count_failures(m, 1)
        warn_failures(m, who, ask, order, -1, 1)
    return False


def use_buffer(m: Machine, cpu: int) -> None:
    """Free the buffer of the frame at the ring's head, which is consumed."""
    state = m.state
    frags = state.frags
    if not frags:
        return
    frags[1] -= 1
    if frags[1]:
        return
    order, _, number = frags[:FRAG_NUMBERS]
    del frags[:FRAG_NUMBERS]
    zone = state.zones[number]
    zone.held -= 1 << order
    if order:
        give_block(m, zone, cpu, order)
    else:
        give_pages(m, zone, cpu, 1, cold=False)


TIMEOUT_NS = 30 * SECOND_NS
"""nf_conntrack_udp_timeout: how long a connection without answer is remembered."""
BUDGET = 64
"""napi weight: frames of one poll."""
BUCKET_NS = SECOND_NS // 10
"""Connections that end in the same tenth of a second are kept together."""
FLOW_NUMBERS = 3

SKB, CONNTRACK, EXTENSION = "skbuff_head_cache", "nf_conntrack", "kmalloc-64"
LONG_EXTENSION = "kmalloc-96"
"""Only a machine whose connections have extensions of more than 64 bytes has this cache."""


def extension_cache(m: Machine) -> int:
    """Return the number of the cache that extensions come from."""
    return m.cache_numbers.get(LONG_EXTENSION, m.cache_numbers[EXTENSION])


def next_gap(rng: int, frames_per_second: int) -> tuple[int, int]:
    """Return the generator's next state, and how many ns after a frame the next one comes."""
    rng, random = advance(rng)
    gap = SECOND_NS // frames_per_second
    return rng, gap // 2 + random % gap


def frame_arrives(m: Machine, cpu: int, token: int) -> None:
    """Take one frame off the wire, and let the next one come."""
    state = m.state
    if token != state.flow_token or not state.packet_rate:
        return
    state.rng, gap_ns = next_gap(state.rng, state.packet_rate)
    m.push(state.now_ns + gap_ns, NIC, cpu, token)
    _forget_old(m, cpu)
    if state.ring:
        state.ring -= 1
    else:
        state.counters.rx_missed += 1
    for _ in range(min(BUDGET, waiting(state))):
        if not _clean(m, cpu):
            break
    refill(m, cpu)


def caller(m: Machine, cpu: int, gfp: int, way: str) -> Caller:
    """Return the softirq as a caller, on top of whatever its CPU was doing."""
    return Caller(NET, m.state.cpus[cpu].current, cpu, gfp, Context.SOFTIRQ, way)


def _clean(m: Machine, cpu: int) -> bool:
    """Receive the frame at the ring's head (e1000_clean_rx_irq); False if it must stay there."""
    state = m.state
    number = m.cache_numbers[SKB]
    if not take_objects(m, number, 1, caller(m, cpu, m.masks.net_atomic, "skb")):
        state.counters.alloc_rx_buff_failed += 1
        return False
    state.counters.rx_packets += 1
    if m.setup.flow is not None and m.setup.flow.frame_bytes <= COPYBREAK:
        state.ring += 1
    else:
        use_buffer(m, cpu)
    if state.flow_rest:
        state.flow_rest -= 1
        known = True
    else:
        known = _track(m, cpu)
    if known and may_answer(state):
        _answer(m, cpu)
    give_objects(m, number, 1, cpu)
    return True


ANSWERS = RATE_LIMITS * LIMIT_NUMBERS
"""Where the fourth of `State.limits` begins, which only a machine has at whose port nobody listens.

It is the moment of the last look, in jiffies, and the jiffies of credit then."""
CREDIT = 6
"""Seconds of credit at most (XRLIM_BURST_FACTOR, icmp_ratelimit)."""


def first_answers(now_ns: int, credit: int) -> list[int]:
    """Return the fourth of `State.limits` with so many seconds of credit."""
    return [now_ns // JIFFY_NS, credit * HZ, 0]


def may_answer(state: State) -> bool:
    """Tell whether an answer may go out now, and if so spend a second of credit on it."""
    limits = state.limits
    if len(limits) == ANSWERS:
        return False
    now = state.now_ns // JIFFY_NS
    credit = min(limits[ANSWERS + 1] + now - limits[ANSWERS], CREDIT * HZ)
    allowed = credit >= HZ
    limits[ANSWERS:] = [now, credit - HZ * allowed, 0]
    return allowed


def _answer(m: Machine, cpu: int) -> None:
    """Tell the sender that nobody listens: the options of the answer are an object of kmalloc-64.

    It is free again once the answer is out. Its buffer comes from caches that are not simulated.
    """
    number = m.cache_numbers[EXTENSION]
    if m.tell is not None:
        m.tell(IcmpSend())
    if take_objects(m, number, 1, caller(m, cpu, m.masks.net_atomic, "answer")):
        m.state.caches[number].cpu_free[cpu] += 1


def _track(m: Machine, cpu: int) -> bool:
    """Remember a new connection; without memory its packet is dropped (init_conntrack): False.

    A connection whose event extension finds no memory lives on without it.
    """
    state = m.state
    flow = m.setup.flow
    state.flow_rest = flow.frames_per_flow - 1 if flow else 0
    counters = state.counters
    gfp = m.masks.net_atomic
    if not take_objects(m, m.cache_numbers[CONNTRACK], 1, caller(m, cpu, gfp, "conntrack")):
        counters.nf_drop += 1
        return False
    wanted = int(not flow or flow.extension_bytes > 0)
    who = caller(m, cpu, m.masks.net_zeroed, "extension")
    extended = take_objects(m, extension_cache(m), wanted, who)
    counters.nf_new += 1
    counters.nf_no_ext += wanted - extended
    state.conntracks += 1
    flows = state.flows
    end = (state.now_ns + TIMEOUT_NS) // BUCKET_NS * BUCKET_NS
    if not flows or flows[-FLOW_NUMBERS] != end:
        flows += (end, 0, 0)
    flows[-2] += 1
    flows[-1] += extended
    return True


def earlier_flows(flow: Flow, now_ns: int, most: int, extended: int = 0) -> list[int]:
    """Return `State.flows` as the frames since `flow.start_ns` left it: `most`, so many `extended`.

    Empty where the frames do not begin before `now_ns`, or it is not said when (0).
    """
    begin_ns = max(flow.start_ns, now_ns - TIMEOUT_NS)
    if not flow.start_ns or begin_ns >= now_ns:
        return []
    total = min(
        most, (now_ns - begin_ns) * flow.frames_per_second // SECOND_NS // flow.frames_per_flow
    )
    parts = -(-(now_ns - begin_ns) // BUCKET_NS)
    flows: list[int] = []
    tracked = with_extension = 0
    for part in range(parts):
        end = (begin_ns + part * BUCKET_NS + TIMEOUT_NS) // BUCKET_NS * BUCKET_NS
        so_far = total * (part + 1) // parts
        extended_so_far = so_far * extended // max(1, total)
        flows += (end, so_far - tracked, extended_so_far - with_extension)
        tracked, with_extension = so_far, extended_so_far
    return flows


def _forget_old(m: Machine, cpu: int) -> None:
    """Free connections whose time is up."""
    flows = m.state.flows
    while flows and flows[0] <= m.state.now_ns:
        _, tracked, extended = flows[:FLOW_NUMBERS]
        del flows[:FLOW_NUMBERS]
        m.state.conntracks -= tracked
        give_objects(m, m.cache_numbers[CONNTRACK], tracked, cpu)
        give_objects(m, extension_cache(m), extended, cpu)
