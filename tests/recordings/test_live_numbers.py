"""How a capture stores its samples, and how it reads /proc and kmsg."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.recordings.live.numbers import (
    UNCHANGED,
    ChangedText,
    TextDecoder,
    TextEncoder,
    numbers_of,
    packed_text,
)
from mmplay.recordings.live.sources import ProcFiles, lines_of
from tests.recordings.fake_proc import Machine, write_proc

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
