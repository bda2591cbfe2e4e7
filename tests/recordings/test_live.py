"""Live captures: what is read, how it is stored, followed, trimmed, and what a frame shows."""

from __future__ import annotations

import csv
import io
import lzma
import re
from collections.abc import Callable

import pytest

from mmplay.engine.explain.finding import sentence
from mmplay.engine.frame import Growth
from mmplay.engine.rules.versions import KERNELS
from mmplay.recordings.chart.story import stories_of
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.library import open_recording
from mmplay.recordings.live.numbers import (
    numbers_of,
)
from mmplay.recordings.live.samples import Text, memory_of
from mmplay.recordings.live.timeline import LiveTimeline, open_live
from mmplay.recordings.trace.writer import TraceWriter
from tests.conftest import incident_text, shared
from tests.recordings.export.exported import export
from tests.recordings.export.html_rules import Page
from tests.recordings.export.trace_rules import Trace
from tests.recordings.fake_proc import Machine
from tests.recordings.live_bench import SECOND_US, Bench

# frames


def test_a_frame_shows_the_sample(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.sample(Machine())
    one.sample(Machine(free=629, dirty=40, hits=13000, pcp=61))
    one.capture.close()
    with open_recording(str(one.path)) as timeline:
        assert timeline.ending.closed
        assert len(timeline) == 2
        frame = timeline.frame(1)
        assert (frame.title, frame.time_us, frame.report) == ("sample 2", 102 * SECOND_US, None)
        assert frame.shown is not None
        dump = frame.shown.dump
        assert [zone.name for zone in dump.zones] == ["DMA", "DMA32"]
        dma32 = dump.zones[1]
        assert {name: dma32.pages(name) for name in ("free", "min", "low", "high", "managed")} == {
            "free": 629,
            "min": 247,
            "low": 361,
            "high": 475,
            "managed": 114447,
        }
        assert (dma32.pages("free_pcp"), dump.totals["free_pcp"]) == (68, 75)
        assert dma32.listed_pages() == 629
        assert (dma32.all_unreclaimable, dma32.reserve_for(1)) == (False, 0)
        assert dump.zones[0].reserve_for(1) == 436
        assert (dump.totals["free"], dump.totals["dirty"]) == (629, 40)
        assert "unstable" not in dump.totals
        assert "swap_total_kb" not in dump.tail
        assert frame.before is not None
        assert frame.before.totals["free"] == 1000


def test_distances_where_the_gate_is_known(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.sample(Machine(free=629))
    one.capture.close()
    with open_recording(str(one.path)) as timeline:
        found = diagnose_frame(timeline, 0).diagnosis
    assert [(zone.name, sentence(text)) for zone, text in found.distances][:2] == [
        ("DMA32", "GFP_ATOMIC is 536 pages from refusal (629 > 247 - 123 - 124/4 = 93)"),
        ("DMA32", "GFP_KERNEL is 382 pages from refusal (629 > 247)"),
    ]
    assert "assumed.highatomic_unknown" in [text.code for text in found.assumed]


def test_no_number_where_the_rules_are_not_known(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.sample(Machine())
    one.capture.close()
    data = one.path.read_bytes().replace(b"6.12.30", b"0.12.30")
    one.path.write_bytes(rechained(data))
    with open_recording(str(one.path)) as timeline:
        found = diagnose_frame(timeline, 0).diagnosis
    assert found.distances == []
    assert found.verdict is not None
    assert found.verdict.code == "kernel.unknown"


def rechained(data: bytes) -> bytes:
    """Return a trace with its checks computed anew."""
    import io

    from mmplay.recordings.trace.format import MAGIC, unpack_body
    from mmplay.recordings.trace.reader import body_at

    stream, out, at = io.BytesIO(data), io.BytesIO(), len(MAGIC)
    body, at = body_at(stream, at, 1 << 20)
    writer = TraceWriter(out, unpack_body(body)[1])
    while at < len(data):
        body, at = body_at(stream, at, 1 << 24)
        writer.append_body(body)
    return out.getvalue()


# the kernel log


def test_reports_in_the_kernel_log_are_events(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.sample(Machine())
    texts = [
        line.split("] ", 1)[1]
        for line in incident_text("incident-next-20160311").decode().split("\n")
        if "] " in line
    ]
    one.print("usb 1-1: new device", *texts)
    one.sample(Machine(free=700))
    one.capture.close()
    with open_recording(str(one.path)) as timeline:
        assert list(timeline.event_frames) == [1, 2]
        assert len(timeline) == 4
        frame = timeline.frame(1)
        assert frame.title == "page allocation failure: swapper/2, order 0"
        assert frame.report is not None
        assert frame.report.memory is not None
        assert frame.shown is not None
        assert frame.shown.own
        assert timeline.line_count == len(texts) + 1
        assert timeline.lines(1, 1)[0].text.endswith("usb 1-1: new device")
        assert not timeline.lines(1, 1)[0].understood
        assert timeline.frame(3).report is None


def test_a_report_without_memory_is_judged_by_the_nearest_sample(
    bench: Callable[..., Bench],
) -> None:
    one = bench()
    one.sample(Machine(free=90))
    one.print(
        "ksoftirqd/0: page allocation failure: order:0, mode:0x820(GFP_ATOMIC), nodemask=(null)",
    )
    one.sample(Machine(free=700))
    one.capture.close()
    with open_recording(str(one.path)) as timeline:
        nearest = timeline.nearest_dump(1)
        assert nearest is not None
        assert not nearest.own
        assert nearest.dump.zones[1].pages("free") == 90
        result = diagnose_frame(timeline, 1).diagnosis
        assert [test.zone.name for _, tests in result.asks for test in tests] == ["DMA32", "DMA"]


# growing, trimming, faults


def test_a_timeline_grows_with_its_file(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.sample(Machine())
    with open_live(one.path) as timeline:
        assert timeline.growing
        assert timeline.follow() == Growth(0, 0)
        one.sample(Machine(free=800))
        one.sample(Machine(free=700))
        assert timeline.follow() == Growth(2, 0)
        assert shown_free(timeline, 2) == 700
        one.capture.close()
        assert timeline.follow() == Growth(0, 0)
        assert not timeline.growing


def shown_free(timeline: LiveTimeline, index: int) -> int | None:
    shown = timeline.frame(index).shown
    return shown.dump.zones[1].pages("free") if shown else None


def test_old_samples_are_dropped_and_nothing_else(bench: Callable[..., Bench]) -> None:
    one = bench(keep_us=40 * SECOND_US)
    one.sample(Machine())
    with open_live(one.path) as timeline:
        dropped = 0
        for n in range(200):
            one.sample(Machine(free=2000 - n, hits=13000 + n))
            growth = timeline.follow()
            dropped += growth.dropped
            assert timeline.time_us(len(timeline) - 1) == one.clock.now_us
            assert shown_free(timeline, len(timeline) - 1) == 2000 - n
            first = timeline.time_us(0)
            assert first is not None
            assert one.clock.now_us - first >= min(n + 1, 40) * SECOND_US
            assert len(timeline) + dropped == n + 2
        assert len(timeline) <= 60
        assert dropped >= 140
    one.capture.close()
    with open_recording(str(one.path)) as timeline:
        assert timeline.ending.closed
        frees = [timeline.frame(n).shown for n in range(len(timeline))]
        assert [shown.dump.zones[1].pages("free") for shown in frees if shown] == list(
            range(1801 + len(timeline) - 1, 1800, -1)
        )
    assert [path.name for path in one.path.parent.glob(".*")] == []


# against real kernels


_VARY = re.compile(
    r"=== VARY min_free_kbytes=(\d+) watermark_scale_factor=(\d+) "
    r"lowmem_reserve_ratio=(\d+)\s(\d+)\s(\d+)\s(\d+)\s\d+\n"
    r"=== BEGIN /proc/zoneinfo[^\n]*\n(.*?)=== END",
    re.DOTALL,
)


FACTS = (
    *("6.1-256M-facts-nothp", "6.1-1G-facts-thp", "6.1-8G-facts-nothp", "6.12-1G-facts-thp"),
    *("6.12-2G-facts-movable-nothp", "6.12-8G-facts-thp", "6.1-4G-facts-numa2-nothp"),
)


@pytest.mark.parametrize("name", FACTS)
def test_marks_and_reserves_of_real_kernels(name: str) -> None:
    kernel = KERNELS[name.split("-")[0]]
    with lzma.open(shared("truth", "modern", f"{name}.log.xz"), "rt", errors="replace") as log:
        sections = _VARY.findall(log.read().replace("\r", ""))
    assert len(sections) > 20
    for kbytes, scale, *ratios, zoneinfo in sections:
        text = zoneinfo.encode()
        dump = memory_of({"zoneinfo": Text(text, numbers_of(text))}, 0, 4)
        assert len(dump.zones) >= 2
        shares = [z.pages("managed") or 0 for z in dump.zones if z.name not in kernel.capped_zones]
        for zone in dump.zones:
            managed = zone.pages("managed") or 0
            marks = kernel.marks(zone.name, managed, sum(shares), int(kbytes), int(scale))
            assert tuple(zone.pages(mark) for mark in ("min", "low", "high")) == marks
            above = sum(
                other.pages("managed") or 0
                for other in dump.zones
                if other.node == zone.node and (other.index or 0) > (zone.index or 0)
            )
            ratio = int(ratios[zone.index or 0])
            assert zone.reserve_for(3) == (above // ratio if ratio else 0)


def test_a_capture_is_exported_like_any_other_recording(bench: Callable[..., Bench]) -> None:
    one = bench()
    for free in (700, 629, 90):
        one.sample(Machine(free=free))
    one.capture.close()
    with open_recording(str(one.path)) as timeline:
        rows = list(csv.DictReader(io.StringIO(export(timeline, "csv").decode())))
        assert [row["zones.DMA32.free"] for row in rows] == ["700", "629", "90"]
        (story,) = stories_of(timeline)
        floors = next(zone for zone in story.zones if zone.name == "DMA32").floors
        atomic = floors["MIN_RESERVE+NON_BLOCK"]
        assert atomic.pages == 93
        assert atomic.met is not None
        assert atomic.met.time_us == timeline.time_us(2)
        Trace(export(timeline, "perfetto"))
        Page(export(timeline, "html").decode())
        assert b"MIN_RESERVE+NON_BLOCK" in export(timeline, "svg")
