"""Files that are written whole or not at all, and what a killed process leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import layout_of_release
from mmplay.recordings.files import replacing, take_lock

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


def test_what_another_machine_writes_in_the_same_folder_stays(tmp_path: Path) -> None:
    """Its processes are not ours to ask for: it may be a container, or share the folder."""
    for number in (os.getpid(), 999_999_999):
        (tmp_path / f".one.{number}.mmplay.part").write_text("half")
    with (tmp_path / ".one.999999999.mmplay.part").open("r+b") as held:
        assert take_lock(held)
        with replacing(tmp_path / "two") as stream:
            stream.write(b"2")
        assert {path.name for path in tmp_path.iterdir()} == {Path(held.name).name, "two"}
    with replacing(tmp_path / "two") as stream:
        stream.write(b"3")
        (part,) = tmp_path.glob("*.part")
        with part.open("r+b") as other:
            assert not take_lock(other)
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
