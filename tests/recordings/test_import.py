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
from mmplay.recordings.library import open_recording
from mmplay.recordings.log.importing import MAX_LINE_BYTES, import_to_memory, read_lines
from mmplay.recordings.log.observed import ObservedTimeline, from_bytes
from tests.conftest import incident_text, open_shipped
from tests.recordings.imported_logs import imported

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
