"""What is read from the reports of a log, and what is kept of them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.report import Report, ReportKind
from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json
from mmplay.recordings.log.builder import MOST_ROWS, ReportBuilder
from mmplay.recordings.log.gather import feed
from mmplay.recordings.log.importing import read_lines
from mmplay.recordings.log.observed import ObservedTimeline, from_bytes
from mmplay.recordings.log.scan import Message, scan
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.writer import TraceWriter
from tests.conftest import incident_text
from tests.recordings.hosts import ZONE_4_5
from tests.recordings.imported_logs import imported


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
