"""`-o`: what is no regular file is never replaced, and a link is written through."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmplay.__main__ import main

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
