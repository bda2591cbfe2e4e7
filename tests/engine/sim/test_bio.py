"""Vectors of bios: one for 256 pages under I/O, two in the pool for when nothing else is left."""

from __future__ import annotations

import pytest

from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.check import check
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.machine.setup import MILLISECOND_NS
from mmplay.engine.sim.mm.disk import BIO_PAGES, CACHE, POOL, complete, submit, take_vectors
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.run.turns import run_turns, run_until
from mmplay.engine.sim.starts.boot import fresh_boot
from mmplay.engine.sim.starts.common import Choice
from tests.engine.sim.machines import RC7, SECOND


def idle() -> Machine:
    """Return a machine whose disk stands still."""
    m = fresh_boot(256 * 1024, Choice(kernel_named(RC7), packets=0))
    do_action(m, "disk", "0")
    return m


def objects_out(m: Machine) -> int:
    cache = m.state.caches[m.cache_numbers[CACHE]]
    free = sum(slab.free for slab in cache.partial) + sum(cache.cpu_free)
    return cache.objects() - free


def starve(m: Machine) -> None:
    """Leave no page and no free vector anywhere."""
    for zone in m.state.zones:
        zone.free = 0
    cache = m.state.caches[m.cache_numbers[CACHE]]
    for slab in cache.partial:
        slab.free = 0
    cache.cpu_free = [0] * len(cache.cpu_free)


def test_a_vector_for_256_pages_and_back_when_they_are_written() -> None:
    m = idle()
    flusher = m.state.flusher_task
    assert take_vectors(m, flusher, 0, 4 * BIO_PAGES - 1) == 4 * BIO_PAGES - 1
    submit(m, 4 * BIO_PAGES - 1)
    assert objects_out(m) == m.state.bio_vectors == 4
    complete(m, BIO_PAGES, m.state.disk_token)
    assert objects_out(m) == m.state.bio_vectors == 3
    complete(m, 3 * BIO_PAGES, m.state.disk_token)
    assert objects_out(m) == m.state.bio_vectors == 0


def go_on_to(m: Machine, time_ms: int) -> None:
    """Run to a moment since the machine began, and let it be that moment."""
    time_ns = m.state.started_ns + time_ms * MILLISECOND_NS
    run_until(m, time_ns)
    m.state.now_ns = time_ns


@pytest.mark.parametrize(("rate", "after_ms"), [("1000", 160), ("500", 320), ("2000", 80)])
def test_what_is_done_of_a_request_stays_done_at_another_rate(rate: str, after_ms: int) -> None:
    m = idle()
    do_action(m, "disk", "1000")
    submit(m, 320)
    go_on_to(m, 160)
    do_action(m, "disk", "0")
    assert m.state.disk_busy == -160 * SECOND
    go_on_to(m, 5000)
    do_action(m, "disk", rate)
    go_on_to(m, 5000 + after_ms - 1)
    assert m.state.counters.nr_written == 0
    go_on_to(m, 5000 + after_ms)
    assert m.state.counters.nr_written == 320


def test_short_bursts_complete_what_they_say_in_all() -> None:
    """Sixteen bursts of 20 pages make one request of 320."""
    m = idle()
    submit(m, 400)
    for burst in range(16):
        assert m.state.counters.nr_written == 0
        do_action(m, "disk", "2000")
        go_on_to(m, 20 * burst + 10)
        do_action(m, "disk", "0")
        go_on_to(m, 20 * burst + 20)
    assert m.state.counters.nr_written == 320


def test_the_pool_lends_two_and_is_filled_again_first() -> None:
    m = idle()
    starve(m)
    flusher = m.state.flusher_task
    assert take_vectors(m, flusher, 0, 4 * BIO_PAGES) == POOL * BIO_PAGES
    submit(m, POOL * BIO_PAGES)
    assert (m.state.bio_vectors, m.state.bio_pool_out) == (0, POOL)
    assert take_vectors(m, flusher, 0, 1) == 0
    complete(m, BIO_PAGES, m.state.disk_token)
    assert (m.state.bio_vectors, m.state.bio_pool_out) == (0, 1)
    assert take_vectors(m, flusher, 0, 4 * BIO_PAGES) == BIO_PAGES


def test_every_bio_under_io_has_its_vector() -> None:
    m = idle()
    do_action(m, "scale", "writers 1")
    while not m.state.under_io and run_turns(m, 1):
        pass
    for _ in range(2000):
        run_turns(m, 1)
        assert check(m) == []
    assert objects_out(m) == m.state.bio_vectors == -(-m.state.under_io // BIO_PAGES)


def test_the_disk_lets_a_writing_machine_go_on() -> None:
    m = fresh_boot(256 * 1024, Choice(kernel_named(RC7), packets=0))
    do_action(m, "scale", "writers 2")
    run_until(m, 4 * SECOND)
    assert m.state.counters.nr_written > 1000
    assert m.state.bio_pool_out == 0
    assert check(m) == []
