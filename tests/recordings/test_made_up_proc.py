"""Made-up texts of /proc: as a dump, and as what changed from one sample to the next."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.report import MemDump
from mmplay.recordings.live.numbers import (
    UNCHANGED,
    ChangedText,
    TextDecoder,
    TextEncoder,
    numbers_of,
    packed_text,
    shape_of,
    unpacked_text,
)
from mmplay.recordings.live.samples import Text, memory_of, zone_layouts
from tests.recordings.fake_proc import VMSTAT, Machine, zoneinfo

MACHINES = st.builds(
    Machine,
    free=st.integers(0, 1 << 30),
    boost=st.integers(0, 4000),
    dirty=st.integers(0, 1 << 20),
    hits=st.integers(0, 1 << 40),
    pcp=st.integers(0, 4000),
    objects=st.integers(0, 1 << 20),
)
QUICK = settings(max_examples=40)


def sample(text: str) -> Text:
    data = text.encode()
    return Text(data, numbers_of(data))


def dump_of(m: Machine, page_kb: int = 4) -> MemDump:
    files = {"zoneinfo": sample(zoneinfo(m)), "vmstat": sample(VMSTAT.format(**m._asdict()))}
    return memory_of(files, 7, page_kb)


# As a dump


@QUICK
@given(MACHINES)
def test_every_number_of_a_zone_is_where_a_report_has_it(m: Machine) -> None:
    dump = dump_of(m)
    assert dump.time_us == 7
    assert [zone.name for zone in dump.zones] == ["DMA", "DMA32"]
    dma, dma32 = dump.zones
    assert dma.pages("free") == 3808
    assert dma32.pages("free") == m.free
    assert dma32.pages("boost") == m.boost
    assert [dma32.pages(mark) for mark in ("min", "low", "high")] == [
        mark + m.boost for mark in (247, 361, 475)
    ]
    assert (dma32.pages("managed"), dma32.pages("writepending")) == (114_447, m.dirty)


@QUICK
@given(MACHINES)
def test_per_cpu_lists_are_added_up(m: Machine) -> None:
    dump = dump_of(m)
    each = [zone.pages("free_pcp") for zone in dump.zones]
    assert each == [7, m.pcp + 7]
    assert dump.totals["free_pcp"] == m.pcp + 14


@QUICK
@given(MACHINES)
def test_totals_are_the_kernel_s_own(m: Machine) -> None:
    totals = dump_of(m).totals
    assert (totals["free"], totals["dirty"]) == (m.free, m.dirty)
    assert (totals["active_file"], totals["slab_unreclaimable"]) == (780, 2524)
    assert "nr_free_pages" not in totals
    assert "pgfault" not in totals


@QUICK
@given(MACHINES)
def test_a_zone_without_pages_is_left_out(m: Machine) -> None:
    layouts = zone_layouts(zoneinfo(m).encode())
    assert [one.name for one in layouts] == ["DMA", "DMA32", "Normal", "Movable"]
    assert dump_of(m).zone("Normal") is None


@pytest.mark.parametrize("page_kb", [4, 16, 64])
def test_pages_of_any_size_come_back_as_pages(page_kb: int) -> None:
    zone = dump_of(Machine(free=999), page_kb).zones[1]
    assert zone.kb["free"] == 999 * page_kb
    assert zone.pages("free") == 999


def test_the_reserve_is_zoneinfo_s_protection() -> None:
    dma, dma32 = dump_of(Machine()).zones
    assert dma.reserve == (0, 436, 436, 436, 436)
    assert dma32.reserve == (0, 0, 0, 0, 0)
    assert (dma.reserve_for(2), dma.reserve_for(9)) == (436, None)


def test_what_was_not_read_is_absent_and_not_zero() -> None:
    nothing = memory_of({}, 1, 4)
    assert (nothing.zones, nothing.totals, nothing.nodes) == ([], {}, {})
    only = memory_of({"vmstat": sample(VMSTAT.format(**Machine()._asdict()))}, 1, 4)
    assert only.zones == []
    assert only.totals["free"] == 1000


# As what changed


@QUICK
@given(st.lists(MACHINES, min_size=1, max_size=8))
def test_samples_come_back_number_by_number(machines: list[Machine]) -> None:
    encoder, decoder = TextEncoder(), TextDecoder()
    for place, m in enumerate(machines):
        text = zoneinfo(m).encode()
        decoder.take(encoder.changed(text) if place else encoder.whole(text))
        assert decoder.numbers == numbers_of(text)
        assert decoder.text is not None
        assert len(zone_layouts(decoder.text)) == 4


@QUICK
@given(MACHINES)
def test_a_sample_that_is_the_same_takes_no_room(m: Machine) -> None:
    encoder, text = TextEncoder(), zoneinfo(m).encode()
    encoder.whole(text)
    assert encoder.changed(text) == UNCHANGED
    assert encoder.changed(text) == UNCHANGED


@given(st.integers(0, 1 << 60), st.integers(0, 1 << 60))
def test_one_number_that_changed_is_one_pair(before: int, after: int) -> None:
    encoder = TextEncoder()
    encoder.whole(b"a 1\nfree %d 3\n" % before)
    changed = encoder.changed(b"a 1\nfree %d 3\n" % after)
    assert changed == ([1, after - before] if after != before else UNCHANGED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a 1\nb 2\n", b"a 1\n"),
        (b"a 1\n", b"b 1\n"),
        (b"a 1\n", b"a 1 2\n"),
        (b"a 1\n", b"a x\n"),
        (b"a 1\n", b""),
    ],
)
def test_more_than_a_number_is_stored_whole(before: bytes, after: bytes) -> None:
    encoder, decoder = TextEncoder(), TextDecoder()
    decoder.take(encoder.whole(before))
    stored = encoder.changed(after)
    assert type(stored) is bytes
    decoder.take(stored)
    assert decoder.text == after
    assert encoder.changed(after) == UNCHANGED


def test_padding_that_moves_with_a_number_is_no_other_shape() -> None:
    assert shape_of(b"  free   99 3") == shape_of(b" free  100 3")
    assert shape_of(b"free 1") != shape_of(b"free 1 2")
    encoder = TextEncoder()
    encoder.whole(b"free   99\n")
    assert encoder.changed(b"free  100\n") == [0, 1]


def test_a_file_that_could_not_be_read_once_goes_on_after() -> None:
    encoder, decoder = TextEncoder(), TextDecoder()
    decoder.take(encoder.whole(b"a 1\n"))
    decoder.take(None)
    assert (decoder.text, decoder.numbers) == (None, None)
    decoder.take(encoder.changed(b"a 5\n"))
    assert (decoder.text, decoder.numbers) == (b"a 1\n", [5])


ANY = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=30)


@given(ANY | st.lists(ANY, max_size=5), st.booleans())
def test_whatever_is_stored_is_taken_or_refused(stored: object, begun: bool) -> None:
    decoder = TextDecoder()
    if begun:
        decoder.take(packed_text(b"a 1\nb 2\n"))
    try:
        decoder.take(stored)
    except ChangedText:
        return
    assert decoder.numbers is None or all(type(one) is int for one in decoder.numbers)


@given(st.binary(max_size=2000))
def test_a_text_comes_back_from_its_stored_form(text: bytes) -> None:
    assert unpacked_text(packed_text(text)) == text
    with pytest.raises(ChangedText):
        unpacked_text(packed_text(text)[:-1])


def test_a_number_beyond_64_bits_is_refused() -> None:
    assert numbers_of(b"x -5 18446744073709551615") == [-5, (1 << 64) - 1]
    with pytest.raises(ChangedText, match="64 bits"):
        numbers_of(b"free " + b"9" * 40)
