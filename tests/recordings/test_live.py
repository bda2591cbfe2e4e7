"""Live captures: what is read, how it is stored, followed, trimmed, and what a frame shows."""

from __future__ import annotations

import csv
import errno
import io
import lzma
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.engine.explain.finding import sentence
from mmplay.engine.frame import Growth
from mmplay.engine.rules.versions import KERNELS
from mmplay.recordings.chart.story import stories_of
from mmplay.recordings.diagnosis import diagnose_frame
from mmplay.recordings.library import open_recording
from mmplay.recordings.live import capture as capture_module
from mmplay.recordings.live.capture import Capture, Plan, Roots
from mmplay.recordings.live.numbers import (
    UNCHANGED,
    ChangedText,
    TextDecoder,
    TextEncoder,
    numbers_of,
    packed_text,
)
from mmplay.recordings.live.samples import Text, memory_of
from mmplay.recordings.live.sources import KernelLog, ProcFiles, lines_of
from mmplay.recordings.live.timeline import LiveTimeline, open_live
from mmplay.recordings.trace.format import Code, TraceError
from mmplay.recordings.trace.writer import TraceWriter
from tests.conftest import incident_text, shared
from tests.recordings.export.exported import export
from tests.recordings.export.html_rules import Page
from tests.recordings.export.trace_rules import Trace
from tests.recordings.fake_proc import Machine, write_proc

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_us = 100 * SECOND_US

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(capture_module, "now_us", clock)
    return clock


class Bench:
    """A made-up machine and a capture of it."""

    def __init__(self, folder: Path, clock: Clock, keep_us: int = HOUR_US) -> None:
        self.path = folder / "night.mmtrace"
        self.proc, self.kmsg = folder / "proc", folder / "kmsg"
        self.clock = clock
        write_proc(self.proc, Machine())
        os.mkfifo(self.kmsg)
        self.writer = os.open(self.kmsg, os.O_RDWR)
        self.capture = Capture(self.path, Plan(SECOND_US, keep_us), Roots(self.proc, self.kmsg))

    def sample(self, machine: Machine) -> None:
        write_proc(self.proc, machine)
        self.clock.now_us += SECOND_US
        self.capture.sample()

    def print(self, *lines: str) -> None:
        for line in lines:
            head = f"6,1,{self.clock.now_us + 10},-;"
            os.write(self.writer, head.encode() + line.encode().replace(b"\n", b"\\x0a") + b"\n")

    def close(self) -> None:
        self.capture.abandon()
        os.close(self.writer)


class PipeLog(KernelLog):
    """A pipe that stands for /dev/kmsg: a record a line, nothing to skip at the start."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._rest = b""
        self.lost = 0

    def lines(self) -> Iterator[bytes]:
        try:
            self._rest += os.read(self._file, 1 << 20)
        except BlockingIOError:
            return
        *whole, self._rest = self._rest.split(b"\n")
        for record in whole:
            yield from lines_of(record)


@pytest.fixture
def bench(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Bench]]:
    monkeypatch.setattr(capture_module, "KernelLog", PipeLog)
    made: list[Bench] = []

    def make(**keep: int) -> Bench:
        made.append(Bench(tmp_path, clock, **keep))
        return made[-1]

    yield make
    for one in made:
        one.close()


# numbers


TEXTS = st.lists(
    st.lists(st.integers(-(10**12), 10**15), min_size=3, max_size=3), min_size=1, max_size=8
)


@given(TEXTS)
def test_every_sample_comes_back(rows: list[list[int]]) -> None:
    encoder, decoder = TextEncoder(), TextDecoder()
    for n, (a, b, c) in enumerate(rows):
        text = f"zone DMA32\n  free {a:>6}\n kmalloc-64 {b} {c}\n".encode()
        decoder.take(encoder.changed(text) if n else encoder.whole(text))
        assert decoder.numbers == numbers_of(text)


def test_only_what_changed_is_stored() -> None:
    encoder = TextEncoder()
    encoder.whole(b"free 100\nmin 5\nused     7\n")
    assert encoder.changed(b"free 100\nmin 5\nused     7\n") == UNCHANGED
    assert encoder.changed(b"free 98\nmin 5\nused    17\n") == [0, -2, 1, 10]
    assert type(encoder.changed(b"free 98\nmin 5\nbusy    17\n")) is bytes
    assert type(encoder.changed(b"free 98\nmin 5\n")) is bytes


@pytest.mark.parametrize(
    "stored",
    [
        *(b"no zlib", packed_text(b"1" * 30), packed_text(b"x" * (1 << 23)), [0], [9, 1], [-1, 1]),
        *([0, "1"], [0, True], 1, "text", {}, [[0, 1]]),
    ],
)
def test_a_sample_that_cannot_be_is_refused(stored: object) -> None:
    decoder = TextDecoder()
    decoder.take(packed_text(b"free 100\nmin 5\n"))
    with pytest.raises(ChangedText):
        decoder.take(stored)
    with pytest.raises(ChangedText):
        TextDecoder().take([0, 1])


# reading /proc


def test_a_machine_without_zones_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no zones to record here") as caught:
        ProcFiles(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    write_proc(tmp_path, Machine())
    (tmp_path / "slabinfo").unlink()
    files = ProcFiles(tmp_path)
    assert files.names == ["zoneinfo", "buddyinfo", "vmstat"]
    assert [Path(one.path).name for one in files.left_out] == ["slabinfo"]
    files.close()


RECORDS: tuple[tuple[bytes, list[bytes]], ...] = (
    (b"6,1,5140900,-;NET: Registered\n SUBSYSTEM=net\n", [b"[    5.140900] NET: Registered"]),
    (
        b"4,2,100000000,c,caller=T12;two\\x0alines\n",
        [b"[  100.000000][   T12] two", b"[  100.000000][   T12] lines"],
    ),
    (b"no record", []),
    (b"6,1,x,-;text", []),
)


@pytest.mark.parametrize(("record", "lines"), RECORDS)
def test_kmsg_records_become_lines(record: bytes, lines: list[bytes]) -> None:
    assert lines_of(record) == lines


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


def test_a_killed_capture_is_readable_up_to_its_last_sample(bench: Callable[..., Bench]) -> None:
    one = bench()
    for n in range(5):
        one.sample(Machine(free=900 + n))
    whole = one.path.read_bytes()
    for cut in (len(whole), len(whole) - 1, len(whole) - 30):
        one.path.write_bytes(whole[:cut])
        with open_live(one.path) as timeline:
            assert not timeline.ending.closed
            assert not timeline.ending.damaged
            assert len(timeline) == (5 if cut == len(whole) else 4)


def test_a_full_disk_keeps_what_was_written(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = bench()
    one.sample(Machine())
    real, left = os.write, [20]

    def full(file: int, data: bytes) -> int:
        if left[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(file, data[: left[0]])
        left[0] -= count
        return count

    monkeypatch.setattr("mmplay.recordings.live.growing.os.write", full)
    write_proc(one.proc, Machine(free=1, hits=9))
    with pytest.raises(OSError, match="No space left"):
        one.capture.sample()
    monkeypatch.setattr("mmplay.recordings.live.growing.os.write", real)
    one.capture.abandon()
    with open_live(one.path) as timeline:
        assert len(timeline) == 1
        assert timeline.ending.why == "the file was not closed"


@pytest.mark.parametrize("way", ["replaced", "deleted"])
def test_a_file_that_another_program_took_away_ends_the_capture(
    bench: Callable[..., Bench], way: str
) -> None:
    one = bench()
    one.sample(Machine())
    one.path.unlink()
    if way == "replaced":
        one.path.write_text("another's")
    with pytest.raises(InputError, match="replaced or deleted this file"):
        one.capture.sample()
    one.capture.abandon()
    assert way == "deleted" or one.path.read_text() == "another's"


@pytest.mark.parametrize(
    "verb", [("info",), ("export", "--format", "html"), ("export", "--format", "perfetto")]
)
def test_a_capture_without_a_sample_is_shown(
    bench: Callable[..., Bench], capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    one = bench()
    one.capture.close()
    assert main([verb[0], str(one.path), *verb[1:]]) == 0
    assert capsys.readouterr().err == ""


def test_every_changed_byte_is_noticed(bench: Callable[..., Bench]) -> None:
    one = bench()
    for n in range(3):
        one.sample(Machine(free=900 + n))
    one.capture.close()
    whole = one.path.read_bytes()
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0x20
        one.path.write_bytes(bytes(damaged))
        try:
            with open_recording(str(one.path)) as timeline:
                assert timeline.ending.damaged or not timeline.ending.closed
        except InputError:
            pass


def hostile(header: dict[str, object], *records: tuple[Code, list[object]]) -> bytes:
    import io

    out = io.BytesIO()
    writer = TraceWriter(out, header)
    for code, fields in records:
        writer.append(code, fields)
    writer.close()
    return out.getvalue()


HEADER: dict[str, object] = {"kind": "live", "page_kb": 4, "files": ["zoneinfo"]}
HOSTILE: tuple[tuple[dict[str, object], tuple[tuple[Code, list[object]], ...]], ...] = (
    ({"kind": "live"}, ()),
    ({"kind": "live", "page_kb": 4, "files": []}, ()),
    ({"kind": "live", "page_kb": "4", "files": ["zoneinfo"]}, ()),
    ({"kind": "live", "page_kb": 4, "files": ["x"] * 1000}, ()),
    (HEADER, ((Code.SAMPLE, [5, 0]),)),
    (HEADER, ((Code.SAMPLE_KEY, []),)),
    (HEADER, ((Code.SAMPLE_KEY, [1 << 60, packed_text(b"x 1")]),)),
    (HEADER, ((Code.SAMPLE_KEY, [1, [0, 1]]),)),
    (HEADER, ((Code.SAMPLE_KEY, [1, packed_text(b"x 1")]), (Code.SAMPLE, [-5, 0]))),
    (HEADER, ((Code.SAMPLE_KEY, [1, packed_text(b"x 1")]), (Code.SAMPLE, [1, [7, 1]]))),
    (HEADER, ((Code.SAMPLE_KEY, [1, packed_text(b"x" * (1 << 23))]),)),
)


@pytest.mark.parametrize(("header", "records"), HOSTILE)
def test_hostile_captures_are_refused_in_one_line(
    tmp_path: Path, header: dict[str, object], records: tuple[tuple[Code, list[object]], ...]
) -> None:
    path = tmp_path / "hostile.mmtrace"
    path.write_bytes(hostile(header, *records))
    with pytest.raises(TraceError) as caught:
        open_recording(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_odd_zoneinfo_gives_what_it_says() -> None:
    text = b"Node 0, zone   Normal\n  pages free     7\n        present  9\nwhat 3\n"
    dump = memory_of({"zoneinfo": Text(text, numbers_of(text))}, 5, 4)
    assert dump.totals == {}
    assert (dump.zones[0].pages("free"), dump.zones[0].pages("min")) == (7, None)
    assert dump.zones[0].reserve is None


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
