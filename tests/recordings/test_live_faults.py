"""Captures that are cut, full, taken away, spoilt or made up."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.recordings.library import open_recording
from mmplay.recordings.live.numbers import (
    numbers_of,
    packed_text,
)
from mmplay.recordings.live.samples import Text, memory_of
from mmplay.recordings.live.timeline import open_live
from mmplay.recordings.trace.format import Code, TraceError
from mmplay.recordings.trace.writer import TraceWriter
from tests.recordings.fake_proc import Machine, write_proc
from tests.recordings.live_bench import Bench


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
