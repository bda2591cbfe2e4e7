"""Output that does not take what is printed, and text that the terminal cannot show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

VERBS = (
    ("--help",),
    ("explain", "--help"),
    ("gfp", "0x20"),
    ("export", "incident-next-20160311", "--format", "dmesg"),
    ("explain", "incident-next-20160311", "--format", "html"),
)
ASCII = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "LC_ALL": "C"}
STRICT = {**ASCII, "PYTHONIOENCODING": "ascii:strict"}


def mmplay(words: tuple[str, ...], redirect: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run mmplay from a shell that opens its streams as told."""
    shell = ["sh", "-c", f'exec "$@" {redirect}', "sh", sys.executable, "-m", "mmplay", *words]
    return subprocess.run(shell, capture_output=True, check=False, env={**os.environ, **STRICT})


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
@pytest.mark.parametrize("redirect", [">/dev/full", ">&-"])
def test_a_stdout_that_takes_nothing_is_told(words: tuple[str, ...], redirect: str) -> None:
    done = mmplay(words, redirect)
    assert done.returncode == 2
    assert done.stderr.startswith(b"mmplay: output: ")
    assert done.stderr.count(b"\n") == 1


def test_closed_streams_are_no_crash() -> None:
    assert mmplay(("gfp", "zz"), "2>&-").returncode == 2
    assert mmplay((), "<&-").returncode == 2


def test_a_closed_stdout_does_not_matter_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mmtrace"
    done = mmplay(("anonymise", "incident-next-20160311", "-o", str(path)), ">&-")
    assert (done.returncode, done.stderr.count(b"\n")) == (0, 1)
    assert path.stat().st_size > 1000


@pytest.mark.parametrize("words", [*VERBS, ("explain", "incident-next-20160311", "--format", "md")])
def test_a_strict_locale_prints(words: tuple[str, ...]) -> None:
    done = mmplay(words)
    assert (done.returncode, done.stderr) == (0, b"")
    done.stdout.decode("utf-8")


@pytest.mark.parametrize("verb", ["explain", "info", "play", "run", "verify"])
def test_a_name_that_is_no_utf_8_is_told(verb: str, tmp_path: Path) -> None:
    done = mmplay((verb, f"{tmp_path}/\udcff.log"))
    assert done.returncode == 2
    assert done.stderr.startswith(b"mmplay: ")
    assert done.stderr.count(b"\n") == 1


def test_help_of_a_verb_and_the_version() -> None:
    assert mmplay(("help", "gfp")).stdout == mmplay(("gfp", "--help")).stdout
    assert mmplay(("help",)).stdout == mmplay(("--help",)).stdout
    assert mmplay(("-v",)).stdout == mmplay(("--version",)).stdout
    assert b"  anonymise  " in mmplay(("help",)).stdout


def test_a_level_without_its_zero_is_proposed() -> None:
    assert b"did you mean L03?" in mmplay(("run", "L3")).stderr
