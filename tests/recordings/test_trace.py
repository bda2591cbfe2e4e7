"""The trace format: cut files open up to their last whole record; any changed byte is noticed."""

import io
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.recordings.trace.format import (
    FORMAT,
    MAGIC,
    Code,
    TraceError,
    check_of,
    pack_body,
    pack_record,
)
from mmplay.recordings.trace.reader import Record, TraceReader, open_trace, record_at
from mmplay.recordings.trace.writer import TraceWriter, new_trace

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.text(max_size=20)
    | st.binary(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
RECORDS = st.lists(
    st.tuples(st.sampled_from([Code.PRINTK, Code.RAW, Code.NOTE]), st.lists(PLAIN, max_size=3)),
    max_size=8,
)


def written(records: list[tuple[Code, list[Any]]], *, closed: bool = True) -> bytes:
    stream = io.BytesIO()
    writer = TraceWriter(stream, {"kind": "imported", "title": "t"})
    for code, fields in records:
        writer.append(code, fields)
    if closed:
        writer.close()
    return stream.getvalue()


def read(data: bytes) -> tuple[list[Record], TraceReader]:
    reader = TraceReader(io.BytesIO(data), "demo.mmtrace")
    return list(reader), reader


def starts_of(records: list[tuple[Code, list[Any]]]) -> list[int]:
    """Where each record after the header starts; the last one is END."""
    return [len(written(records[:n], closed=False)) for n in range(len(records) + 1)]


@given(RECORDS)
def test_what_is_written_is_read(records: list[tuple[Code, list[Any]]]) -> None:
    found, reader = read(written(records))
    assert [(record.code, record.fields) for record in found] == records
    assert reader.ending is not None
    assert reader.ending.closed
    assert reader.header["title"] == "t"


@given(RECORDS, st.data())
def test_a_cut_file_opens_up_to_its_last_whole_record(
    records: list[tuple[Code, list[Any]]], data: st.DataObject
) -> None:
    whole = written(records, closed=False)
    header_end = len(written([], closed=False))
    cut = data.draw(st.integers(header_end, len(whole)))
    found, reader = read(whole[:cut])
    complete = [n for n, end in enumerate(starts_of(records)[1:]) if end <= cut]
    assert len(found) == len(complete)
    assert [(record.code, record.fields) for record in found] == records[: len(complete)]
    assert reader.ending is not None
    assert not reader.ending.closed
    assert not reader.ending.damaged


@settings(max_examples=150)
@given(RECORDS, st.data())
def test_any_changed_byte_is_reported_with_its_record(
    records: list[tuple[Code, list[Any]]], data: st.DataObject
) -> None:
    whole = bytearray(written(records))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    header_end = len(written([], closed=False))
    if at < header_end:
        with pytest.raises(TraceError, match=r"demo\.mmtrace"):
            read(bytes(whole))
        return
    found, reader = read(bytes(whole))
    assert reader.ending is not None
    assert not reader.ending.closed
    damaged = max(start for start in starts_of(records) if start <= at)
    assert reader.ending.offset == damaged
    assert all(record.offset < damaged for record in found)


@given(RECORDS.filter(lambda records: len(records) >= 2), st.data())
def test_records_cannot_be_dropped_or_swapped(
    records: list[tuple[Code, list[Any]]], data: st.DataObject
) -> None:
    whole = written(records)
    starts = starts_of(records)
    n = data.draw(st.integers(0, len(records) - 1))
    dropped = whole[: starts[n]] + whole[starts[n + 1] :]
    assert not read(dropped)[1].ending.closed  # type: ignore[union-attr]


def test_bytes_behind_the_end_are_noticed() -> None:
    ending = read(written([]) + b"x")[1].ending
    assert ending is not None
    assert ending.damaged


def test_an_end_record_that_miscounts_is_noticed() -> None:
    stream = io.BytesIO()
    writer = TraceWriter(stream, {})
    writer.append(Code.END, [7])
    ending = read(stream.getvalue())[1].ending
    assert ending is not None
    assert ending.damaged


def hostile(body: bytes) -> bytes:
    """A file with a correct header and one record of any body, rightly checked."""
    head = written([], closed=False)
    header_body = pack_body(Code.HEADER, [{"format": FORMAT, "kind": "imported", "title": "t"}])
    check = check_of(check_of(MAGIC, header_body), body)
    return head + pack_record(check, body)


BODIES = {
    "not an array": msgpack.packb({"a": 1}),
    "an empty array": msgpack.packb([]),
    "a code that is no number": msgpack.packb(["x"]),
    "an ext type": msgpack.packb([1, msgpack.ExtType(5, b"payload")]),
    "a time stamp": msgpack.packb([1, msgpack.Timestamp(1, 0)]),
    "deep nesting": b"\x91" * 100_000 + b"\x01",
    "a huge array": b"\xdd\xff\xff\xff\xff",
    "a huge string": b"\x91\xdb\xff\xff\xff\xff",
    "a map with odd keys": msgpack.packb([1, {(1, 2): 3}]),
    "more arrays than memory": b"\xdd\x00\x0f\xff\xf0" + b"\x90" * 0xFFFF0,
    "arrays that claim to be long": b"\x92\x01" + b"\xdd\x00\x0f\xff\xff" * 2000,
    "too many fields": b"\xdc\x20\x00" + b"\x01" * 0x2000,
    "bytes behind the value": msgpack.packb([1]) + b"\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies_are_damage_not_crashes(name: str) -> None:
    found, reader = read(hostile(BODIES[name]))
    assert found == []
    assert reader.ending is not None
    assert reader.ending.damaged


def test_a_record_longer_than_the_limit_is_refused_before_it_is_read() -> None:
    head = written([], closed=False)
    claim = b"\x92\xc4\x08" + bytes(8) + b"\xc6" + (1 << 31).to_bytes(4, "big")
    ending = read(head + claim)[1].ending
    assert ending is not None
    assert ending.damaged
    assert "cannot be" in ending.why


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "is empty"),
        (b"\x00" * 100, "wrong magic"),
        (b"[    0.000000] Linux version 4.5.0\n", "wrong magic"),
        (MAGIC, "damaged header"),
        (MAGIC + b"\x92\xc4\x08", "damaged header"),
    ],
)
def test_other_files_are_refused_in_one_line(data: bytes, word: str) -> None:
    with pytest.raises(TraceError, match=word):
        read(data)


def headed(header: object) -> bytes:
    body = msgpack.packb([0, header])
    return bytes(MAGIC + pack_record(check_of(MAGIC, body), body))


def test_a_future_format_is_refused() -> None:
    with pytest.raises(TraceError, match="update mmplay"):
        read(headed({"format": FORMAT + 1}))


@pytest.mark.parametrize("header", [{}, [], {"format": "1"}, {"format": True}, 7])
def test_a_header_without_a_version_is_refused(header: object) -> None:
    with pytest.raises(TraceError, match=r"no format version|damaged header"):
        read(headed(header))


def test_unknown_codes_are_passed_on() -> None:
    stream = io.BytesIO()
    writer = TraceWriter(stream, {})
    body = msgpack.packb([99, "later"])
    writer.append(Code.MARK, [])
    data = stream.getvalue()
    check = data[-len(pack_record(bytes(8), pack_body(Code.MARK, []))) :][3:11]
    later = data + pack_record(check_of(check, body), body)
    assert [record.code for record in read(later)[0]] == [Code.MARK, 99]


def test_a_record_can_be_read_again_by_its_offset() -> None:
    data = written([(Code.NOTE, [1]), (Code.NOTE, [2])])
    found = read(data)[0]
    again = record_at(io.BytesIO(data), found[1].offset, 100)
    assert again == found[1]
    with pytest.raises(TraceError, match="changed"):
        record_at(io.BytesIO(data), found[1].offset, 0)
    with pytest.raises(TraceError, match="changed"):
        record_at(io.BytesIO(b""), 50, 100)


def test_nothing_appears_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.mmtrace"

    def fail() -> None:
        with new_trace(path, {}) as writer:
            writer.append(Code.NOTE, [1])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_finished_trace_replaces_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mmtrace"
    path.write_bytes(b"old")
    with new_trace(path, {"title": "new"}) as writer:
        assert path.read_bytes() == b"old"
        writer.append(Code.NOTE, [1])
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.mmtrace"]
    with open_trace(path) as stream:
        assert TraceReader(stream, "a").header["title"] == "new"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="is a directory"):
        open_trace(tmp_path)
    with pytest.raises(TraceError, match="No such file"):
        open_trace(tmp_path / "none")
