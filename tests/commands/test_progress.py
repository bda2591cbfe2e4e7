"""The bar on stderr: only on a terminal, one line, gone in the end; Ctrl-C leaves nothing."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.__main__ import main
from mmplay.commands import import_verb, output
from mmplay.commands.output import JsonObject, bar_line, progress_bar
from mmplay.recordings.files import Done
from mmplay.recordings.library import open_recording
from tests.bench.serial_log import serial_log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "serial.log"
    path.write_bytes(b"".join(serial_log(2_500_000)))
    return path


@given(
    st.text(max_size=40),
    st.integers(0, 10**12),
    st.none() | st.integers(0, 10**12),
    st.floats(0, 10**6),
    st.integers(1, 300),
)
def test_a_bar_never_is_wider_than_the_terminal(
    name: str, done: int, size: int | None, seconds: float, width: int
) -> None:
    line = bar_line(name, Done("reading", 1, done, size), seconds, width)
    assert len(line) <= width


def test_what_a_bar_says() -> None:
    done = Done("reading", 9, 430_000_000, 1_000_000_000)
    wide = bar_line("kern.log", done, 5.0, 64)
    assert wide == "reading kern.log [#####.......]  43 %  430 of 1000 MB    86 MB/s"
    files = Done("explaining", 0, 1, 10, "3 of 20 files")
    assert bar_line("logs", files, 1.0, 60).endswith("]  10 %  3 of 20 files")
    assert bar_line("kern.log", done, 5.0, 50) == "reading  43 %  430 of 1000 MB    86 MB/s"
    pipe = bar_line("-", Done("reading", 9, 430_000_000, None), 5.0, 79)
    assert pipe == "reading -  430 MB  86 MB/s"


def test_no_bar_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    with progress_bar("x") as shown:
        assert shown is None
    assert main(["import", str(log), "-o", str(log.with_suffix(".mmtrace"))]) == 0
    assert "\r" not in capsys.readouterr().err


def test_the_bar_is_drawn_and_wiped(monkeypatch: pytest.MonkeyPatch, log: Path) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(output, "EVERY_S", 0.0)
    assert main(["import", str(log), "-o", str(log.with_suffix(".mmtrace"))]) == 0
    said = terminal.getvalue()
    assert " 41 %" in said
    assert "reading" in said
    assert "opening" in said
    assert said.rsplit("\r", 1)[1].startswith("\x1b[Kmmplay: ")


def test_progress_counts_bytes_up_to_all(log: Path) -> None:
    told: list[Done] = []
    with open_recording(str(log), progress=told.append) as timeline:
        reading = [one for one in told if one.step == "reading"]
        assert reading[-1].bytes == reading[-1].size == log.stat().st_size
        assert reading[-1].lines == timeline.line_count
        assert [one.bytes for one in reading] == sorted(one.bytes for one in reading)


def test_ctrl_c_while_importing_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_verb, "import_into", stop)
    assert main(["import", str(log), "-o", str(log.with_suffix(".mmtrace"))]) == 130
    assert [path.name for path in log.parent.iterdir()] == ["serial.log"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "verb", [("explain",), ("import", "--json"), ("export", "--format", "dmesg")]
)
def test_a_pipe_that_nobody_writes_to_is_told_at_once(
    verb: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main([*verb, str(pipe)]) == 2
    assert capsys.readouterr().err.count("nobody writes") == 1


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_log(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 2
    assert "is no file" in capsys.readouterr().err


def test_a_pipe_with_a_writer_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"[    1.000000] a: page allocation failure: order:0, mode:0x20\n")
    os.close(writer)
    assert main(["import", f"/dev/fd/{reader}", "--json"]) == 0
    os.close(reader)
    assert json.loads(capsys.readouterr().out)["lines"] == 1


@given(st.dictionaries(st.sampled_from("abc"), st.integers() | st.text()), st.lists(st.text()))
def test_an_object_in_pieces_is_json(fields: dict[str, object], rows: list[str]) -> None:
    out = io.StringIO()
    one = JsonObject(out)
    for name, value in fields.items():
        one.field(name, value)
    one.rows("rows", map(json.dumps, rows))
    one.close()
    assert json.loads(out.getvalue()) == {"schema": 1, **fields, "rows": rows}
