"""Import and export: byte identity, boots, reports, hostile input."""

import errno
import hashlib
import io
import lzma
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.engine.report import Report, ReportKind
from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json
from mmplay.recordings.library import open_recording
from mmplay.recordings.log.builder import MOST_ROWS, ReportBuilder
from mmplay.recordings.log.gather import feed
from mmplay.recordings.log.importing import MAX_LINE_BYTES, LogToTrace, import_to_memory, read_lines
from mmplay.recordings.log.observed import ObservedTimeline, from_bytes
from mmplay.recordings.log.prefix import NO_PREFIX, split_prefix, stamp
from mmplay.recordings.log.scan import Message, scan
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.writer import TraceWriter
from tests.conftest import incident_text, open_shipped
from tests.recordings.hosts import ZONE_4_5

DIGESTS = {
    "incident-4.5.0-rc7": (
        100,
        "218f50891fea0c1757b0de1af364cff69b6d2455344d243d8b5e71f1207c8734",
    ),
    "incident-next-20160311": (
        78,
        "4885a6c1f7d1d9a472f3b1ea2f56725792a15a6723ccddd352ae0455f5132b0f",
    ),
}
"""Lines and SHA-256 of the two logs as the mail carries them."""


def imported(data: bytes) -> ObservedTimeline:
    """Import a log that is held in memory."""
    stream = io.BytesIO()
    writer = TraceWriter(stream, {"title": "demo"})
    LogToTrace(writer).write(read_lines(io.BytesIO(data), "demo"))
    writer.close()
    return from_bytes(stream.getvalue(), "demo")


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_the_shipped_recordings_give_the_logs_back_byte_for_byte(name: str) -> None:
    lines, digest = DIGESTS[name]
    with open_shipped(name) as timeline:
        assert (timeline.line_count, timeline.understood) == (lines, lines)
        assert hashlib.sha256(b"".join(timeline.text())).hexdigest() == digest


def test_the_trace_stores_values_not_text(incident_trace: bytes) -> None:
    for text in (b"page allocation failure", b"Mem-Info", b"lowmem_reserve", b"Out of memory"):
        assert text not in incident_trace


def test_importing_the_exported_log_gives_the_same_recording(incident: ObservedTimeline) -> None:
    again = imported(b"".join(incident.text()))
    assert len(again) == len(incident)
    for index in range(len(incident)):
        assert again.frame(index) == incident.frame(index)


@given(
    st.lists(st.binary(max_size=80).filter(lambda line: b"\n" not in line), max_size=20),
    st.booleans(),
)
def test_any_bytes_come_back(lines: list[bytes], ends: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    assert b"".join(imported(data).text()) == data


@given(st.data())
def test_a_log_in_any_shuffle_comes_back(data: st.DataObject) -> None:
    """Interleaved CPUs, lost lines, torn lines: whatever is read, nothing is lost."""
    text = incident_text("incident-4.5.0-rc7").splitlines(keepends=True)
    lines = data.draw(st.lists(st.sampled_from(text), max_size=60))
    cut = data.draw(st.integers(0, 40))
    torn = [line[cut:] if n % 7 == 3 else line for n, line in enumerate(lines)]
    timeline = imported(b"".join(torn))
    assert b"".join(timeline.text()) == b"".join(torn)
    for index in range(len(timeline)):
        timeline.frame(index)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_line_ends_are_kept(end: bytes, rc7: ObservedTimeline) -> None:
    text = b"".join(rc7.text()).replace(b"\n", end)
    timeline = imported(text)
    assert timeline.understood == 100
    assert b"".join(timeline.text()) == text


DATED_US = 1_578_182_401_000_000
"""5 January 2020, 00:00:01."""

PREFIXES = (
    # prefix, time in us, wall clock, caller
    ("[   59.562581] ", 59_562_581, False, ""),
    ("[15180285.537297] ", 15_180_285_537_297, False, ""),
    ("[59.562581] ", 59_562_581, False, ""),
    ("[ 3239.898444][    C1] ", 3_239_898_444, False, "C1"),
    ("[12075.178094][ T5555] ", 12_075_178_094, False, "T5555"),
    ("<4>[ 1771.370367] ", 1_771_370_367, False, ""),
    ("Jun 20 12:47:02 host kernel: [15180285.537297] ", 15_180_285_537_297, False, ""),
    ("[21161.093428] kernel: ", 21_161_093_428, False, ""),
    ("[21161.093428] myhost kernel: ", 21_161_093_428, False, ""),
    ("Jan  5 00:00:01 kernel: ", 345_601_000_000, True, ""),
    ("2020-01-05T00:00:01.5+08:00 host kernel: ", DATED_US + 500_000, True, ""),
    ("[Sun Jan  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[So Jan 05 00:00:01 2020] ", DATED_US, True, ""),
    ("[日  1月  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[dim. janv.  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[вс янв  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[?? ???  5 00:00:01 2020] ", None, True, ""),
    ("Sun 2020-01-05 00:00:01 UTC host kernel: ", DATED_US, True, ""),
    ("2020-01-05T00:00:01,000000+00:00 ", DATED_US, True, ""),
    ("1578182401.000000 host kernel: ", DATED_US, True, ""),
    ("Jan  5 00:00:01.250000 host kernel: ", 345_601_250_000, True, ""),
    ("Jan  5 00:00:01  kernel: ", 345_601_000_000, True, ""),
    ("Jan  5 00:00:01 host ", 345_601_000_000, True, ""),
    ("[Jan05 00:00] ", 345_600_000_000, True, ""),
    ("[Jan 5 00:00] ", 345_600_000_000, True, ""),
    ("[  +0.000123] ", None, False, ""),
    ("<4>1 2020-01-05T00:00:01Z host kernel - - - ", DATED_US, True, ""),
    ('<4>1 2020-01-05T00:00:01Z host kernel - - [meta sequenceId="7"] ', DATED_US, True, ""),
    ("10.5.0.2: kern: warning: [2020-01-05T00:00:01.0000001Z]: ", DATED_US, True, ""),
    ("4,4711200,2816544225424,-;", 2_816_544_225_424, False, ""),
    ("6,12,59562581,-,caller=T1;", 59_562_581, False, ""),
    ("kern  :warn  : [   59.562581] ", 59_562_581, False, ""),
    ("[   59.562581] [   59.562581] ", 59_562_581, False, ""),
    ("[    1.000000 <    0.000012>] ", 1_000_000, False, ""),
    (
        "Jan  5 00:00:01 host kernel: Jan  5 00:00:01 host kernel: [   59.562581] ",
        59_562_581,
        False,
        "",
    ),
    ("2020-01-05T00:00:01.127Z In(05) vcpu-5 - Guest: <6>[   59.562581] ", 59_562_581, False, ""),
    ("** 1402 printk messages dropped ** [   59.562581] ", 59_562_581, False, ""),
    ("some console 7| [   59.562581] ", 59_562_581, False, ""),
    ("  12: [   59.562581] ", 59_562_581, False, ""),
    ("  - [   59.562581] ", 59_562_581, False, ""),
    ("| > [   59.562581] ", 59_562_581, False, ""),
    ("[code][   59.562581] ", 59_562_581, False, ""),
    ("[pod/node-agent-x7/agent] [   59.562581] ", 59_562_581, False, ""),
    ("01-05 00:00:01.250     0     0 W         : ", 345_601_250_000, True, ""),
    ("> Jan  5 00:00:01 www kernel: ", 345_601_000_000, True, ""),
    ("> [   59.562581] ", 59_562_581, False, ""),
    ("      [27742.909073] ", 27_742_909_073, False, ""),
    ("kernel: ", None, True, ""),
    ("> ", None, False, ""),
)


@pytest.mark.parametrize(("prefix", "time_us", "wall", "caller"), PREFIXES)
def test_prefixes(prefix: str, time_us: int | None, wall: bool, caller: str) -> None:
    found, rest = split_prefix(f"{prefix}Mem-Info:")
    assert (found.text, found.time_us, found.wall, found.caller) == (prefix, time_us, wall, caller)
    assert rest == "Mem-Info:"
    assert found.plain == (found.time_us is not None and prefix == stamp(found.time_us))


def test_no_prefix() -> None:
    assert split_prefix("Mem-Info:") == (NO_PREFIX, "Mem-Info:")


@pytest.mark.parametrize("prefix", [prefix for prefix, *_ in PREFIXES])
def test_a_log_with_any_prefix_is_understood(prefix: str, linux_next: ObservedTimeline) -> None:
    body = [line.text.split("] ", 1)[1] for line in linux_next.lines(1, 100)]
    text = "".join(f"{prefix}{line}\n" for line in body).encode()
    timeline = imported(text)
    assert timeline.understood == timeline.line_count == 78
    assert b"".join(timeline.text()) == text
    assert [str(timeline.frame(n).report.kind) for n in range(len(timeline))] == ["failure"] * 2  # type: ignore[union-attr]


def test_reports_of_the_rc7_log(rc7: ObservedTimeline) -> None:
    kinds = [rc7.frame(n).title for n in range(len(rc7))]
    assert kinds == [
        "OOM kill: file_io.00 (4450)",
        "page allocation failure: kthreadd, order 0",
        "page allocation failure: file_io.00, order 0",
        "page allocation failure: file_io.00, order 0",
    ]
    times = [rc7.frame(n).time_us for n in range(4)]
    assert times == [59_562_581, 61_526_353, 61_527_976, 61_528_085]


def test_an_oom_report_holds_every_number(rc7: ObservedTimeline) -> None:
    report = rc7.frame(0).report
    assert report is not None
    assert report.memory is not None
    assert report.kill is not None
    kill = report.kill
    assert (kill.pid, kill.comm, kill.score) == (4450, "file_io.00", 998)
    assert (kill.total_vm_kb, kill.anon_rss_kb, kill.file_rss_kb, kill.shmem_rss_kb) == (
        4308,
        100,
        1184,
        0,
    )
    zone = report.memory.zone("DMA32")
    assert zone is not None
    assert (zone.pages("free"), zone.pages("managed"), zone.pages("pages_scanned")) == (
        1300,
        443833,
        675401,
    )
    assert zone.all_unreclaimable is False
    assert zone.listed_pages() == 1265
    assert report.memory.tail["ram_pages"] == 524157
    assert report.memory.totals["slab_unreclaimable"] == 7077
    assert len(report.memory.hugepages) == 2


def test_a_failure_without_a_dump_carries_the_last_one_and_says_so(rc7: ObservedTimeline) -> None:
    frame = rc7.frame(1)
    assert frame.report is not None
    assert frame.report.memory is None
    assert frame.shown is not None
    assert not frame.shown.own
    assert frame.shown.age_us == 59_562_581 - 61_526_353
    nearest = rc7.nearest_dump(1)
    assert nearest is not None
    assert nearest.age_us == 61_528_059 - 61_526_353


def test_a_dump_is_marked_with_how_much_later_it_was_printed(linux_next: ObservedTimeline) -> None:
    shown = linux_next.frame(0).shown
    assert shown is not None
    assert shown.own
    assert shown.age_us == 89_941_103 - 89_794_733


def test_before_any_dump_values_are_unknown(linux_next: ObservedTimeline) -> None:
    text = b"".join(linux_next.text()).splitlines(keepends=True)
    frame = imported(b"".join(text[-2:])).frame(0)
    assert frame.shown is None
    assert frame.before is None


def test_two_logs_in_one_file_are_two_boots(
    rc7: ObservedTimeline, linux_next: ObservedTimeline
) -> None:
    old, new = b"".join(rc7.text()), b"".join(linux_next.text())
    for text in (new + old, old + new):
        timeline = imported(text)
        assert len(timeline.boots) == 2
        kernels = {boot.kernel.name if boot.kernel else None for boot in timeline.boots}
        assert kernels == {"4.5-rc7", "next-20160311"}
        assert timeline.frame(timeline.boots[1].first_frame).before is None
    assert [boot.last_frame - boot.first_frame + 1 for boot in imported(old + new).boots] == [4, 2]


def test_the_release_holds_for_its_whole_boot_also_backwards(rc7: ObservedTimeline) -> None:
    first = rc7.frame(0)
    assert first.release == "4.5.0-rc7+"
    assert first.kernel is not None
    assert first.kernel.name == "4.5-rc7"


def test_an_unknown_release_is_kept_without_rules(linux_next: ObservedTimeline) -> None:
    text = b"".join(linux_next.text()).replace(b"4.5.0-rc7-next-20160311+", b"2.4.37-demo")
    frame = imported(text).frame(0)
    assert frame.release == "2.4.37-demo"
    assert frame.kernel is None


def test_callers_are_told_apart_by_their_ids(linux_next: ObservedTimeline) -> None:
    body = [line.text.split("] ", 1)[1] for line in linux_next.lines(1, 76)]
    stamped = [
        [f"[   10.{n:06d}][{who}] {text}\n" for n, text in enumerate(body)]
        for who in (" T11", " C2")
    ]
    mixed = "".join(line for pair in zip(*stamped, strict=True) for line in pair)
    timeline = imported(mixed.encode())
    assert len(timeline) == 2
    for index in range(2):
        memory = timeline.frame(index).report.memory  # type: ignore[union-attr]
        assert memory is not None
        assert [zone.pages("free") for zone in memory.zones] == [1738, 629]


def test_a_second_dump_without_header_is_a_report_of_its_own(rc7: ObservedTimeline) -> None:
    lines = b"".join(rc7.text()).splitlines(keepends=True)
    dump = [line.replace(b"[   59.", b"[   60.") for line in lines[1:24]]
    timeline = imported(b"".join([*lines[:24], *dump]))
    kinds = [timeline.frame(n).report.kind for n in range(len(timeline))]  # type: ignore[union-attr]
    assert kinds == [ReportKind.DUMP, ReportKind.DUMP]


def test_a_long_line_is_cut_and_noted(tmp_path: Path, rc7: ObservedTimeline) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(b"x" * (MAX_LINE_BYTES + 1000) + b"\n" + b"".join(rc7.text()))
    with import_to_memory(str(path)) as timeline:
        check_cut(timeline)


def check_cut(timeline: ObservedTimeline) -> None:
    assert [(note.line, note.code) for note in timeline.notes] == [(1, "import.cut")]
    assert timeline.line_count == 101
    assert len(timeline) == 4
    first = next(timeline.text())
    assert first == b"x" * MAX_LINE_BYTES + b"\n"


def test_a_line_at_the_limit_is_whole() -> None:
    for size in (MAX_LINE_BYTES, MAX_LINE_BYTES - 1):
        data = b"y" * size + b"\n"
        assert b"".join(imported(data).text()) == data


def test_a_line_without_an_end_that_is_far_too_long_needs_little_memory() -> None:
    class Endless(io.RawIOBase):
        """100 MB of one line."""

        left = 100_000_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            view = memoryview(buffer)  # type: ignore[arg-type]
            size = min(len(view), self.left)
            view[:size] = b"z" * size
            self.left -= size
            return size

    lines = list(read_lines(io.BufferedReader(Endless()), "endless"))
    assert [(line.number, len(line.data)) for line in lines] == [(1, MAX_LINE_BYTES)]
    assert lines[0].cut_bytes == 100_000_000 - MAX_LINE_BYTES


def test_nul_bytes_and_other_encodings_are_kept(rc7: ObservedTimeline) -> None:
    text = b"".join(rc7.text())
    odd = (
        b"\x00\x01\xff\xfe\n"
        + text
        + "[   70.000001] J\xe4rvi: page allocation failure: order:0, mode:0x20\n".encode("latin-1")
    )
    timeline = imported(odd)
    assert b"".join(timeline.text()) == odd
    assert len(timeline) == 5
    assert timeline.line_count == 102


def test_packed_logs_are_unpacked(tmp_path: Path, rc7: ObservedTimeline) -> None:
    path = tmp_path / "kern.log.xz"
    path.write_bytes(lzma.compress(b"".join(rc7.text())))
    with import_to_memory(str(path)) as timeline:
        assert len(timeline) == 4


def test_a_broken_archive_is_told_in_one_line(tmp_path: Path, rc7: ObservedTimeline) -> None:
    path = tmp_path / "kern.log.xz"
    path.write_bytes(lzma.compress(b"".join(rc7.text()) * 50)[:-40])
    with pytest.raises(InputError, match=r"kern\.log\.xz: line \d+"):
        import_to_memory(str(path))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "is empty"),
        (bytes(range(256)) * 50, "nothing to read"),
        (b"hello\nworld\n", "nothing to read"),
        ("[    1.0] text\n".encode("utf-16"), "nothing to read"),
    ],
)
def test_where_nothing_can_be_read_it_is_said(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "bad.log"
    path.write_bytes(data)
    with pytest.raises(InputError, match=word):
        import_to_memory(str(path))


def test_directories_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory"):
        open_recording(str(tmp_path))
    with pytest.raises(InputError, match="no such file or recording"):
        open_recording(str(tmp_path / "none"))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.log"
    path.write_bytes(b"x")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"secret\.log: cannot be read: Permission denied"):
        open_recording(str(path))


def test_importing_a_recording_is_told_apart(tmp_path: Path, incident_trace: bytes) -> None:
    path = tmp_path / "a.mmtrace"
    path.write_bytes(incident_trace)
    with pytest.raises(InputError, match="is a recording already"):
        import_to_memory(str(path))


def test_a_recording_whose_values_no_kernel_prints_is_refused(incident_trace: bytes) -> None:
    import msgpack

    from mmplay.recordings.trace.format import MAGIC, TraceError, check_of, pack_record

    body = msgpack.packb([0, {"format": 1, "kind": "imported"}])
    check = check_of(MAGIC, body)
    data = MAGIC + pack_record(check, body)
    for fields in (
        ["ram/4.5", 1, ["many"]],
        ["ram/4.5", 1, [True]],
        ["ram/4.5", 1, [-1]],
        ["ram/4.5", 1, []],
        ["no/such/form", 1, []],
        ["blocks/4.5", 1, [0, "DMA", [[1, 2]], 3]],
        ["ram/4.5", None, [1]],
        ["ram/4.5", -1, [1]],
        ["ram/4.5", 10**16, [1]],
        ["ram/4.5"],
    ):
        record = msgpack.packb([1, *fields])
        with pytest.raises(TraceError, match="byte"):
            from_bytes(data + pack_record(check_of(check, record), record), "demo")
    for code, *fields in (
        [2, 2, b"one line\n"],
        [2, 1 << 63, b""],
        [2, 0, b""],
        [3, 1, "import.cut", {}],
        [3, 1, "import.cut", {"line": "x", "cut": 1}],
    ):
        record = msgpack.packb([code, *fields])
        with pytest.raises(TraceError, match="byte"):
            from_bytes(data + pack_record(check_of(check, record), record), "demo")


@given(st.data())
def test_a_report_read_again_is_the_report_that_was_read(data: st.DataObject) -> None:
    """Only an index of reports is kept: reading one from its lines must give the same."""
    text = (
        incident_text("incident-4.5.0-rc7") + incident_text("incident-next-20160311")
    ).splitlines(keepends=True)
    lines = data.draw(st.lists(st.sampled_from(text), max_size=80))
    timeline = imported(b"".join(lines))
    once: dict[int, Report] = {}
    builder = ReportBuilder(sealed=lambda report: once.update({report.first_line: report}))
    messages = (item for item in scan(read_lines(io.BytesIO(b"".join(lines)), "demo")))
    for message in messages:
        if isinstance(message, Message):
            feed(builder, message)
    builder.finish()
    again = {frame.first_line: frame.report for frame in map(timeline.frame, range(len(timeline)))}
    assert again == once


def test_a_remark_of_a_later_version_is_passed_over() -> None:
    stream = io.BytesIO()
    writer = TraceWriter(stream, {"title": ["no", "text"]})
    writer.append(Code.NOTE, [1, "import.later", {"x": []}])
    writer.close()
    timeline = from_bytes(stream.getvalue(), "demo")
    assert list(timeline.notes) == []
    assert timeline.name == "log"


def unstamped(name: str) -> list[bytes]:
    return [line.split(b"] ", 1)[1] for line in incident_text(name).splitlines(keepends=True)]


def test_a_dump_without_time_is_said_to_be_of_an_unknown_moment() -> None:
    text = b"".join(unstamped("incident-next-20160311"))
    timeline = imported(text.replace(b"DMA32 free:2516kB", b"DMA32 free:99999kB"))
    texts = [
        one["text"]
        for index in range(len(timeline))
        for one in diagnosis_json(diagnose_frame(timeline, index))["contradictions"]  # type: ignore[attr-defined]
    ]
    assert any("does not say how long after" in text for text in texts)


REPEATED = {
    "zone": (b"Node 0 DMA free:", MOST_ROWS),
    "hugepages": (b"Node 0 hugepages_total=0", MOST_ROWS),
}


@pytest.mark.parametrize("role", REPEATED)
def test_a_dump_holds_so_many_rows_and_no_more(role: str) -> None:
    start, most = REPEATED[role]
    lines = unstamped("incident-4.5.0-rc7")
    at = next(n for n, line in enumerate(lines) if line.startswith(start))
    rows = [lines[at].replace(b"Node 0", b"Node %d" % node) for node in range(most + 5)]
    timeline = imported(b"".join([*lines[:at], *rows]))
    dumps = [timeline.frame(n).report.memory for n in range(len(timeline))]  # type: ignore[union-attr]
    assert len(dumps) == 2
    for dump in dumps:
        assert dump is not None
        assert max(len(dump.zones), len(dump.hugepages)) <= most


def test_a_call_trace_holds_so_many_entries_and_no_more() -> None:
    lines = unstamped("incident-next-20160311")
    at = next(n for n, line in enumerate(lines) if b"dump_stack" in line)
    timeline = imported(b"".join([*lines[:at], *[lines[at]] * (MOST_ROWS + 5), *lines[at:]]))
    request = timeline.frame(0).report.request  # type: ignore[union-attr]
    assert request is not None
    assert len(request.stack) == MOST_ROWS
    assert timeline.frame(0).report.memory is not None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("release", "pages"),
    [("3.10.0-514.el7", 700), ("3.16.0", 700), ("4.4.60", 175), ("4.6.2", 175)],
)
def test_pages_scanned_is_in_kb_from_3_17_to_4_7(release: str, pages: int) -> None:
    line = f"CPU: 0 PID: 7 Comm: worker Not tainted {release} #1\n".encode()
    zone = ZONE_4_5.format(name="Normal", free=4, min=1, low=1, high=1, managed=400)
    text = b"worker: page allocation failure: order:0, mode:0x20\n" + line
    text += f"Mem-Info:\n{zone}\n".replace("pages_scanned:0", "pages_scanned:700").encode()
    report = imported(text).frame(0).report
    assert report is not None
    assert report.memory is not None
    assert report.memory.zones[0].pages("pages_scanned") == pages
