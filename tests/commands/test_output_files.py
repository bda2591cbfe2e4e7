"""`-o`: what is no regular file is never replaced, and a link is written through."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import resources
from pathlib import Path

import pytest

from mmplay.__main__ import main

RC7 = "incident-4.5.0-rc7.mmtrace"
LOG = "[    1.000000] a: page allocation failure: order:0, mode:0x20\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "kern.log"
    path.write_text(LOG)
    return path


def verbs(log: Path, target: Path) -> list[list[str]]:
    return [
        ["import", str(log), "-o", str(target)],
        ["export", "incident-4.5.0-rc7", "--format", "dmesg", "-o", str(target)],
        ["run", "incident", "--until", "59.6", "-o", str(target)],
    ]


@pytest.mark.parametrize("number", range(3))
def test_a_pipe_stays_a_pipe(
    log: Path, tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(verbs(log, pipe)[number]) == 2
    assert pipe.is_fifo()
    assert "not a regular file" in capsys.readouterr().err


@pytest.mark.parametrize("number", range(3))
def test_a_folder_stays_a_folder(log: Path, tmp_path: Path, number: int) -> None:
    assert main(verbs(log, tmp_path)[number]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kern.log"]


@pytest.mark.parametrize("number", range(3))
def test_a_link_is_written_through(log: Path, tmp_path: Path, number: int) -> None:
    target = tmp_path / "target"
    target.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target)
    assert main(verbs(log, link)[number]) == 0
    assert link.is_symlink()
    assert target.read_bytes() != b"old"


@pytest.mark.parametrize(
    "args",
    [
        ("floors", "--zone", "DMA=" + "9" * 5000, "--min-free-kbytes", "5"),
        ("floors", "--zone", "DMA=3976", "--min-free-kbytes", "9" * 6000),
        ("gfp", "0x" + "f" * 5000),
    ],
)
def test_enormous_numbers_are_one_short_line(
    args: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(list(args)) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert len(said) < 400


def test_what_is_read_is_not_written_over(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace, link = tmp_path / "kept.mmtrace", tmp_path / "link"
    trace.write_bytes(resources.files("mmplay.recordings.data").joinpath(RC7).read_bytes())
    link.symlink_to(trace)
    before = trace.read_bytes()
    for words in (
        ("run", trace, "-o", trace),
        ("run", trace, "-o", link),
        ("export", link, "--format", "dmesg", "-o", trace),
        ("anonymise", trace, "-o", trace),
        ("import", log, "-o", log),
    ):
        assert main(list(map(str, words))) == 2, words
        assert "it would be lost" in capsys.readouterr().err
    assert trace.read_bytes() == before
    assert log.read_text() == LOG


def test_one_file_does_not_take_standard_output_and_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out"
    with path.open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["run", "incident", "--until", "59.6", "-o", str(path)]) == 2
    assert "standard output goes there, too" in capsys.readouterr().err


def test_a_complaint_that_no_disk_takes_is_bad_use_still(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert main(["run", "nowhere"]) == 2
        monkeypatch.undo()
        with suppress(OSError):
            full.close()
