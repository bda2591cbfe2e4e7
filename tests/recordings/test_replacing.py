"""Files that are written whole or not at all, and what a killed process leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import layout_of_release
from mmplay.recordings.files import replacing

KILLED = """
import os, signal, sys
from pathlib import Path
from mmplay.recordings.files import replacing
with replacing(Path(sys.argv[1])) as stream:
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_with_the_next_file(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "one")], check=False)
    (left,) = tmp_path.iterdir()
    assert left.read_bytes() == b"half"
    living = tmp_path / f".other.{os.getppid()}.mmplay.part"
    foreign = tmp_path / ".video.999999999.part"
    for path in (living, foreign):
        path.write_text("kept")
    with replacing(tmp_path / "two") as stream, replacing(tmp_path / "three") as other:
        stream.write(b"2")
        other.write(b"3")
    assert {path.name for path in tmp_path.iterdir()} == {"two", "three", living.name, foreign.name}


def test_a_part_of_an_earlier_process_with_our_number_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / f".one.{os.getpid()}.mmplay.part").write_text("half")
    with replacing(tmp_path / "two") as stream:
        stream.write(b"2")
    assert [path.name for path in tmp_path.iterdir()] == ["two"]


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(InputError, match="leads back to itself"), replacing(loop):
        pass
    assert loop.is_symlink()


def test_a_release_of_many_digits_is_not_known() -> None:
    assert layout_of_release("9" * 4301 + ".1") is None
    assert layout_of_release("4." + "9" * 4301) == layout_of_release("4.999999")
