"""The fast way through a log gives the very recording that reading every line gives."""

import io
import lzma
import re
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.recordings.library import DATA
from mmplay.recordings.log import importing
from mmplay.recordings.log.importing import MAX_LINE_BYTES, LogToTrace, read_lines
from mmplay.recordings.log.scan import Lines, scan
from mmplay.recordings.trace.reader import TraceReader
from mmplay.recordings.trace.writer import TraceWriter
from tests.bench.serial_log import serial_log
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, SHARED, incident_text
from tests.recordings.test_real_logs import LOGS

EVERY_LINE = re.compile(rb"^", re.MULTILINE)
"""A clue that passes no line over."""

ODD = (
    *(b"", b" ", b"\r", b"\x00\xff", b"x" * 300, b"Mem-Info", b"Call Trace: no", b" free:"),
    *(
        b" ffffffff81000000 ffffffff81000001 ffffffff81000002 ffffffff81000003",
        b"Node 0 DMA: empty",
    ),
    *(b"y" * (MAX_LINE_BYTES - 1), b"y" * MAX_LINE_BYTES, b"y" * (MAX_LINE_BYTES + 1)),
)


def recorded(data: bytes, clues: re.Pattern[bytes] | None, block_bytes: int) -> bytes:
    stream = io.BytesIO()
    writer = TraceWriter(stream, {"title": "demo"})
    with patch.object(importing, "scan", lambda source: scan(source, clues)):
        LogToTrace(writer).write(read_lines(io.BytesIO(data), "demo", block_bytes))
    writer.close()
    return stream.getvalue()


def fast_and_slow_agree(data: bytes, block_bytes: int) -> None:
    slow = recorded(data, EVERY_LINE, 1 << 16)
    assert recorded(data, None, block_bytes) == slow
    assert recorded(data, None, 1 << 20) == slow


@settings(max_examples=25)
@given(st.data())
def test_any_mixture_of_lines(data: st.DataObject) -> None:
    known = (incident_text(INCIDENT_RC7) + incident_text(INCIDENT_NEXT)).splitlines()
    serial = b"".join(serial_log(4000)).splitlines()
    one = st.sampled_from((*known, *serial, *ODD)) | st.binary(max_size=40)
    start = st.integers(0, len(known) - 1)
    run = start.flatmap(lambda n: st.sampled_from((2, 7, 30)).map(lambda size: known[n : n + size]))
    pieces = data.draw(st.lists(run | st.lists(one, min_size=1, max_size=3), max_size=12))
    end = data.draw(st.sampled_from((b"\n", b"\r\n")))
    text = end.join(line for piece in pieces for line in piece)
    text += data.draw(st.sampled_from((b"", end)))
    fast_and_slow_agree(text, data.draw(st.sampled_from((1, 50, 1000, 70_000))))


@settings(max_examples=20)
@given(st.integers(1, 4000), st.integers(0, 200))
def test_a_message_of_six_lines_over_the_edge_of_a_block(block_bytes: int, lost: int) -> None:
    fast_and_slow_agree(incident_text(INCIDENT_NEXT)[lost:], block_bytes)


def test_a_long_log_is_stored_in_the_same_blocks() -> None:
    fast_and_slow_agree(b"".join(serial_log(900_000)), 1 << 20)


@pytest.mark.parametrize("name", [INCIDENT_RC7, INCIDENT_NEXT])
def test_the_shipped_recordings_come_out_again(name: str) -> None:
    again = recorded(incident_text(name), None, 1 << 20)
    shipped = (DATA / f"{name}.mmtrace").read_bytes()
    both = [
        [record.fields for record in TraceReader(io.BytesIO(data), name)]
        for data in (again, shipped)
    ]
    assert both[0] == both[1]


@pytest.mark.skipif(not LOGS, reason="the real logs are not on this machine")
def test_real_logs() -> None:
    for path in sorted(SHARED.glob("logs/*.log.xz")):
        fast_and_slow_agree(real(path), 5000)


def real(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes())[:300_000]


def model(data: bytes) -> list[tuple[bytes, int]]:
    """Every line as it is kept, with what was cut off it; read one at a time."""
    lines = []
    for line in data.splitlines(keepends=True) if b"\r" not in data else data.split(b"\n"):
        body = line.removesuffix(b"\n")
        cut = max(0, len(body) - MAX_LINE_BYTES)
        lines.append((body[: MAX_LINE_BYTES if cut else None] + line[len(body) :], cut))
    return lines


@given(
    st.lists(
        st.sampled_from(
            [0, 1, 80, MAX_LINE_BYTES - 1, MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 200_000]
        ),
        max_size=8,
    ),
    st.booleans(),
    st.sampled_from([100, 65_536, 1 << 20]),
)
def test_blocks_hold_every_line_once(sizes: list[int], closed: bool, block_bytes: int) -> None:
    data = b"\n".join(b"z" * size for size in sizes) + (b"\n" if closed else b"")
    found: list[tuple[bytes, int]] = []
    number = 1
    for block in read_lines(io.BytesIO(data), "demo", block_bytes):
        assert isinstance(block, Lines)
        assert block.number == number
        lines = block.data.splitlines(keepends=True)
        assert len(lines) == 1 or not block.cut_bytes
        found += [(line, block.cut_bytes) for line in lines]
        number += len(lines)
    assert found == model(data)
