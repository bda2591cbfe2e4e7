"""The man page and the completions are what the parser says; bash and groff can read them."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from mmplay.commands.verbs import VERBS
from tests.packaging.share import MADE, SHARE

BASH = "bash-completion/completions/mmplay"

COMPLETED = """
source "$1"
COMP_WORDS=(mmplay "${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_shtab_mmplay mmplay "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
echo "${COMPREPLY[*]}"
"""


@pytest.mark.parametrize("name", MADE)
def test_what_lies_there_is_made_from_the_parser(name: str) -> None:
    """After a change of a verb's arguments: `python -m tests.packaging.share`."""
    assert (SHARE / name).read_text(encoding="utf-8") == MADE[name]()


@pytest.mark.parametrize("name", MADE)
def test_every_verb_is_there(name: str) -> None:
    text = (SHARE / name).read_text(encoding="utf-8").replace("\\-", "-")
    assert [verb.name for verb in VERBS if verb.name not in text] == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("re",), "replay record"),
        (("play", "L1"), "L10 L11 L12 L13 L14 L15 L16 L17 L18 L19"),
        (("levels", "ch"), "check"),
        (("run", "--k"), "--kernel --keep-atomic"),
        (("verify", "x", "incident-4"), "incident-4.5.0-rc7"),
    ],
)
def test_bash_completes(words: tuple[str, ...], offered: str) -> None:
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    command = ["bash", "--norc", "-c", COMPLETED, "bash", str(SHARE / BASH), *words]
    assert subprocess.check_output(command, text=True).strip() == offered


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_has_nothing_to_say_against_the_man_page() -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", "-z", str(SHARE / "man/man1/mmplay.1")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
