"""`mmplay record`: where it writes, how it ends, what it says."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.commands import record_verb
from mmplay.commands.record_verb import span_text, span_us
from mmplay.engine.errors import InputError
from mmplay.recordings.library import open_recording
from mmplay.recordings.live.capture import Roots
from tests.recordings.fake_proc import Machine, write_proc


class Waits(threading.Event):
    """An event that does not wait: it calls `on_wait` in place of each pause."""

    def __init__(self, on_wait: Callable[[int], None]) -> None:
        super().__init__()
        self._on_wait = on_wait
        self._count = 0

    def wait(self, timeout: float | None = None) -> bool:
        self._count += 1
        self._on_wait(self._count)
        return self.is_set()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up machine with no kernel log, and a user with a home of his own."""
    proc = tmp_path / "proc"
    write_proc(proc, Machine())
    monkeypatch.setattr(record_verb, "ROOTS", Roots(proc, tmp_path / "no-kmsg"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return proc


def pauses(monkeypatch: pytest.MonkeyPatch, on_wait: Callable[[int], None]) -> None:
    monkeypatch.setattr(record_verb, "Event", lambda: Waits(on_wait))


def interrupt_at(count: int, number: int = signal.SIGINT) -> Callable[[int], None]:
    def on_wait(n: int) -> None:
        if n == count:
            os.kill(os.getpid(), number)

    return on_wait


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_capture_well(
    machine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
) -> None:
    pauses(monkeypatch, interrupt_at(3, number))
    path = tmp_path / "night.mmtrace"
    before = signal.getsignal(number)
    assert main(["record", "-o", str(path)]) == 0
    assert signal.getsignal(number) is before
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].endswith("no-kmsg is left out: No such file or directory")
    assert lines[1] == f"mmplay: recording to {path}; Ctrl-C ends it"
    assert lines[2].startswith(f"mmplay: {path}: 3 samples in ")
    assert main(["explain", str(path), "--brief"]) == 0
    nothing = f"mmplay: {path}: nothing was reported, refused or killed\n"
    assert capsys.readouterr() == ("", nothing)
    with open_recording(str(path)) as timeline:
        assert timeline.ending.closed
        assert len(timeline) == 3
        assert [note.code for note in timeline.notes] == ["record.left_out"]


def test_without_a_file_it_records_into_the_users_recordings(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses(monkeypatch, interrupt_at(1))
    assert main(["record", "--interval", "100ms"]) == 0
    assert main(["record", "--interval", "100ms"]) == 0
    found = sorted((tmp_path / "data" / "mmplay" / "recordings").iterdir())
    assert len(found) == 2
    assert all(path.name.startswith("live-2") and path.suffix == ".mmtrace" for path in found)


def test_a_file_that_exists_is_kept(
    machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "old.mmtrace"
    path.write_bytes(b"precious")
    assert main(["record", "-o", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_bytes() == b"precious"


def test_a_disk_that_is_full_at_once_leaves_no_file(
    machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "night.mmtrace"
    with pytest.MonkeyPatch.context() as patch:

        def full(file: int, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr("mmplay.recordings.live.growing.os.write", full)
        status = main(["record", "-o", str(path)])
    assert status == 2
    said = f"mmplay: {path}: cannot be written: No space left on device"
    assert capsys.readouterr().err.splitlines()[-1] == said
    assert not path.exists()


def test_a_full_disk_is_told_in_one_line(
    machine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = os.write

    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def on_wait(count: int) -> None:
        if count == 2:
            monkeypatch.setattr("mmplay.recordings.live.growing.os.write", full)

    pauses(monkeypatch, on_wait)
    path = tmp_path / "night.mmtrace"
    status = main(["record", "-o", str(path)])
    monkeypatch.setattr("mmplay.recordings.live.growing.os.write", real)
    last = capsys.readouterr().err.splitlines()[-1]
    assert status == 2
    assert last == (
        f"mmplay: {path}: cannot be written: No space left on device; the 2 samples before stay "
        "readable"
    )
    with open_recording(str(path)) as timeline:
        assert len(timeline) == 2


def test_no_zones_no_recording(
    machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "zoneinfo").unlink()
    assert main(["record", "-o", str(tmp_path / "x.mmtrace")]) == 2
    err = capsys.readouterr().err
    assert "no zones to record here" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x.mmtrace").exists()


BAD = (
    (("--interval", "soon"), "expected a span"),
    (("--interval", "1ms"), "must be from 10ms to 1h"),
    (("--interval", "2h"), "must be from 10ms to 1h"),
    (("--keep", "1ms"), "must be from 1s to 366d"),
    (("--keep", "400d"), "must be from 1s to 366d"),
    (("--kernel", "2.4.37"), "are not known"),
    (("-o", "/nonexistent/x.mmtrace"), "No such file or directory"),
    (("--screen",), "no terminal"),
)


@pytest.mark.parametrize(("args", "said"), BAD)
def test_bad_use_is_told(
    machine: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], said: str
) -> None:
    assert main(["record", *args]) == 2
    assert said in capsys.readouterr().err


def test_spans() -> None:
    assert span_us("1.5s", "--keep", 0, 1 << 60) == 1_500_000
    assert span_us("250ms", "--keep", 0, 1 << 60) == 250_000
    assert span_us("2d", "--keep", 0, 1 << 60) == 172_800_000_000
    assert [span_text(us) for us in (10_000, 3_600_000_000, 1_500_000)] == ["10ms", "1h", "1500ms"]
    with pytest.raises(InputError):
        span_us("1w", "--keep", 0, 1)


def test_a_machine_without_proc_is_told_what_a_capture_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(record_verb, "ROOTS", Roots(tmp_path / "none", tmp_path / "no-kmsg"))
    assert main(["record", "-o", str(tmp_path / "a.mmtrace")]) == 2
    assert "needs Linux's /proc" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_capture_ends_by_itself_after_its_seconds(
    machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "short.mmtrace"
    assert main(["record", "0.05", "--interval", "10ms", "-o", str(path)]) == 0
    assert "shows it" in capsys.readouterr().err
    with open_recording(str(path)) as recording:
        assert len(recording) >= 1
        assert recording.ending.closed
    assert main(["record", "soon", "-o", str(path)]) == 2
    assert "SECONDS soon: expected a number of seconds, such as" in capsys.readouterr().err
