"""What every verb says to bad use: one line that names the place and the remedy, and exit 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.commands.verbs import VERBS
from tests.conftest import INCIDENT_RC7
from tests.levels.proofs import DOOR, level_text

pytestmark = pytest.mark.usefixtures("home")

ZONE = ("--zone", "DMA32=100000")
FLOORS = ("floors", *ZONE, "--min-free-kbytes", "4000")
OUT = ("-o", "new.mmtrace")

CASES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    # classes, sweeps, the web
    (("class",), ("student-edition", "mmplay class --help")),
    (("class", "new"), ("--level", "--due")),
    (("class", "check", "nowhere.toml"), ("nowhere.toml", "No such file")),
    (("grade", "nowhere"), ("--assignment",)),
    (("submit", "nowhere.mmtrace"), ("--assignment", "--student")),
    (("sweep", "nowhere"), ("nowhere", "a level, a scenario, incident or boot")),
    (("serve", "--port", "99999999"), ("--port 99999999", "0 to 65535")),
    # floors
    (("floors",), ("--zone", "mmplay floors --help")),
    (("floors", *ZONE, "--boost", "DMA32=512"), ("no watermark boost",)),
    (("floors", *FLOORS[1:], "--no-thp"), ("--no-thp", "one of them")),
    (("floors", *ZONE, "--lowmem-reserve-ratio", "1 2 3 4 5"), ("up to 3 numbers",)),
    (("floors", *ZONE, "--lowmem-reserve-ratio", "a"), ("whole number",)),
    (("floors", "--live", *ZONE), ("--zone", "--live")),
    (("floors", INCIDENT_RC7, "--event", "99"), ("--event 99", "events")),
    (("floors", "nowhere.log"), ("nowhere.log",)),
    (("floors", "--zone", "DMA32", "--min-free-kbytes", "1"), ("DMA32", "ZONE=PAGES")),
    (("floors", "--zone", "HighMem=3", "--min-free-kbytes", "1"), ("HighMem=3", "DMA32, Normal")),
    ((*FLOORS, "--zone", "DMA32=5"), ("DMA32=5", "twice")),
    ((*FLOORS, "--zone", "DMA=0"), ("DMA=0", "leave out")),
    ((*FLOORS, "--zone", "DMA=1.5"), ("1.5", "whole number")),
    ((*FLOORS, "--zone", f"DMA={'9' * 500}"), ("999", "whole number")),
    ((*FLOORS, "--boot-managed", "DMA=5"), ("--boot-managed DMA", "--zone")),
    ((*FLOORS, "--watermark-scale-factor", "10"), ("--watermark-scale-factor", "4.5-rc7")),
    ((*FLOORS, "--kernel", "6.6", "--watermark-scale-factor", "0"), ("1 to 1000",)),
    ((*FLOORS, "--kernel", "6.6", "--watermark-scale-factor", "1001"), ("0 to 1000",)),
    ((*FLOORS, "--kernel", "v6.6"), ("v6.6", "did you mean 6.6")),
    (
        ("floors", "--zone", "Movable=9", "--min-free-kbytes", "1", "--kernel", "6.6"),
        ("Movable=9", "shares vm.min_free_kbytes"),
    ),
    # what-if
    (("what-if",), ("--set", "mmplay what-if --help")),
    (("what-if", "x.log", "--set", "vm.swappiness=1"), ("vm.swappiness", "arithmetic cannot")),
    # gfp
    (("gfp",), ("mmplay gfp --help",)),
    (("gfp", ""), ("empty flag name", "GFP_ATOMIC|__GFP_ZERO")),
    (("gfp", "GFP_ATOMIC|"), ("empty flag name",)),
    (("gfp", "__GFP_ZER0"), ("__GFP_ZER0", "did you mean __GFP_ZERO")),
    (("gfp", "0x"), ("0x", "hexadecimal")),
    (("gfp", "0x1ffffffff"), ("0x1ffffffff", "32 bits")),
    (("gfp", "0x20", "--kernel", "2.4.10"), ("2.4.10", "write a version")),
    # run
    (("run",), ("mmplay run --help",)),
    (("run", "nowhere"), ("nowhere",)),
    (("run", "incident", "--kernel", "6.6"), ("6.6", "cannot be simulated", "4.5-rc7")),
    (("run", "incident", "--variant", "magic"), ("magic", "atomic, nomemalloc, nowait")),
    (("run", "incident", "--until", "-3"), ("--until",)),
    (("run", "incident", "--until", "3601"), ("--until 3601", "0 to 3600")),
    (("run", "incident", "--until", "1.0000000001"), ("--until", "seconds")),
    (("run", "incident", "--seed", "x"), ("--seed x", "whole number")),
    (("run", "incident", "--packets", "-1"), ("--packets",)),
    (("run", "incident", "--act", "reboot now"), ("reboot", "no such action")),
    (("run", "incident", "--act", "dirty_ratio 101"), ("dirty_ratio: 101", "EINVAL")),
    (("run", "incident", "--act", ""), ("--act ''", "wb_mask nowait")),
    (("run", "incident", "--act", "dirty_ratio"), ("--act dirty_ratio", "EINVAL")),
    (("run", "incident", "--until", "5"), ("--until 5", "begins at 59.562581 s", "later")),
    (("run", "incident", "--at", "#9"), ("incident: --at is not for the incident",)),
    (("run", "incident", "--ram", "4G"), ("--ram is not for the incident", "leave it out")),
    (("run", INCIDENT_RC7, "--frame", "0", "--at", "3"), ("--at is not for logs",)),
    (("run", "incident", "-o", "-"), ("-o -", "name a file")),
    (("run", "incident", "-o", ""), ("-o ''", "name a file")),
    (("fidelity", "empty.log"), ("empty.log", "no line there is a kernel memory report")),
    (("run", "boot", "--ram", "2T"), ("--ram 2T", "512M or 4G")),
    (("run", "boot", "--ram", "1M"), ("--ram 1M", "32M to 1024G")),
    (("run", INCIDENT_RC7, "--frame", "9"), ("9",)),
    (("run", INCIDENT_RC7, "--frame", "one"), ("--frame one", "whole number")),
    (("run", "incident", "--screen"), ("terminal", "leave out --screen")),
    # recordings
    (("replay", "nowhere"), ("terminal", "mmplay speak nowhere")),
    (("replay", INCIDENT_RC7), ("terminal", f"mmplay speak {INCIDENT_RC7}")),
    (("replay", INCIDENT_RC7, "--kernel", "7"), ("'7'", "write a version")),
    (("explain", "nowhere"), ("nowhere",)),
    (("explain", INCIDENT_RC7, "--at", "#0"), ("#0", "#1 to #4")),
    (("explain", INCIDENT_RC7, "--at", "soon"), ("soon", "61.526")),
    (("explain", INCIDENT_RC7, "--at", "/nothing"), ("/nothing", "not found")),
    (("explain", INCIDENT_RC7, "--kernel", "4.x"), ("'4.x'", "write a version")),
    (("explain", "empty.log"), ("empty.log",)),
    (("explain", "."), (".",)),
    (("import", "empty.log"), ("-o FILE.mmtrace", "--json")),
    (("import", "nowhere", *OUT), ("nowhere",)),
    (("import", "empty.log", "-o", "no/such/folder.mmtrace"), ("no/such/folder.mmtrace",)),
    (("import", "empty.log", "-o", "."), (".",)),
    (("export", INCIDENT_RC7), ("--format",)),
    (("export", INCIDENT_RC7, "--format", "screen", "--at", "9"), ("9: the first frame", "#1")),
    (("export", INCIDENT_RC7, "--format", "gif"), ("gif", "dmesg")),
    (("export", INCIDENT_RC7, "--format", "csv", "--size", "80x24"), ("--size", "cast")),
    (("export", INCIDENT_RC7, "--format", "cast", "--size", "80"), ("--size 80", "80x23")),
    (("export", INCIDENT_RC7, "--format", "cast", "--size", "9x9"), ("80x23 to 400x200",)),
    (("export", INCIDENT_RC7, "--format", "csv", "-o", "no/such/f.csv"), ("no/such/f.csv",)),
    (("cut", INCIDENT_RC7), ("-o",)),
    (("cut", INCIDENT_RC7, "--from", "101%x", *OUT), ("101%x",)),
    (("cut", INCIDENT_RC7, "--from", "#3", "--to", "#2", *OUT), ("--to #2", "--from #3")),
    (("cut", "empty.log", *OUT), ("empty.log",)),
    (("diff", INCIDENT_RC7), ("mmplay diff --help",)),
    (("diff", INCIDENT_RC7, "nowhere"), ("nowhere",)),
    (("diff", INCIDENT_RC7, INCIDENT_RC7, "--align", "later"), ("later",)),
    (("info", "empty.log"), ("empty.log",)),
    (("info", "cut.mmtrace"), ("cut.mmtrace",)),
    (("verify",), ("mmplay verify --help",)),
    (("verify", "empty.log"), ("empty.log",)),
    (("anonymise", INCIDENT_RC7), ("-o",)),
    (("anonymise", "nowhere", *OUT), ("nowhere",)),
    (("anonymise", "empty.log", *OUT), ("empty.log",)),
    # record
    (("record", "--interval", "soon"), ("--interval soon", "100ms, 1s, 24h")),
    (("record", "--interval", "1us"), ("--interval 1us",)),
    (("record", "--interval", "0s"), ("--interval 0s", "from")),
    (("record", "--keep", "1ms"), ("--keep 1ms", "from")),
    (("record", "--kernel", "9"), ("'9'", "write a version")),
    (("record", "--screen"), ("terminal",)),
    # levels
    (("play",), ("name a level",)),
    (("play", "L3"), ("L3", "did you mean L03?")),
    (("play", "empty.toml"), ("empty.toml",)),
    (("play", "L03"), ("terminal", "mmplay speak L03")),
    (("speak", "nowhere"), ("nowhere",)),
    (("speak", "empty.log"), ("empty.log",)),
    (("levels",), ("mmplay levels --help",)),
    (("levels", "checks"), ("checks", "check")),
    (("levels", "check", "L99"), ("L99",)),
    (("levels", "check", "L03", "--runs", "many"), ("--runs many", "whole number")),
    (("levels", "new", "level.txt"), ("level.txt", ".toml")),
    (("levels", "new", "9.toml"), ("9.toml", "begins with a letter")),
    (("levels", "new", "empty.toml"), ("empty.toml", "exists already")),
    (("levels", "pack", "nowhere", "-o", "p.toml"), ("nowhere",)),
    (("run", "L03", "--seed", "99999999999999999999999"), ("--seed",)),
    (("run", "L03", "--actions", "nowhere.toml"), ("nowhere.toml",)),
    (("run", "L03", "-o", "run.log"), ("run.log", ".mmtrace")),
    (("run", "L03", "--until", "5"), ("L03: --until is not for levels", "leave it out")),
    (("run", "L03", "--act", "dirty_ratio 5"), ("--act is not for levels",)),
    (("progress", "--import", "nowhere"), ("nowhere", "no such file")),
    (("progress", "--import", "level.toml"), ("level.toml", "nothing was imported")),
    (("progress", "--export", "no/such/file"), ("no/such/file",)),
    (("glossary", "xyzzy"), ("xyzzy",)),
    # the front door
    (("--theme",), ("--theme",)),
    (("--colour",), ("--colour",)),
    (("explane", "x"), ("explane", "did you mean 'explain'?")),
    (("fidelity", "now"), ("now",)),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with files that are nothing, or not what they should be."""
    where = tmp_path / "here"
    where.mkdir()
    (where / "empty.log").write_bytes(b"")
    (where / "empty.toml").write_bytes(b"")
    (where / "level.toml").write_text(level_text(DOOR))
    (where / "cut.mmtrace").write_bytes(b"\x93")
    monkeypatch.chdir(where)
    return where


@pytest.mark.parametrize(("args", "words"), CASES, ids=lambda one: " ".join(one)[:60])
def test_bad_use_is_one_line_that_helps(
    folder: Path, args: tuple[str, ...], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    try:
        status = main(list(args))
    except SystemExit as ending:
        status = int(ending.code or 0)
    out, err = capsys.readouterr()
    assert status == 2, (out, err)
    assert out == ""
    assert err.startswith("mmplay: ")
    assert err.count("\n") == 1, err
    for word in words:
        assert word in err
    assert "Traceback" not in err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_every_verb_is_misused_here() -> None:
    assert {args[0] for args, _ in CASES} >= {verb.name for verb in VERBS}


@pytest.mark.parametrize("verb", ["explain", "verify", "info", "import", "export", "diff", "cut"])
@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(
    verb: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "empty.log"
    path.chmod(0)
    more = {"import": OUT, "export": ("--format", "csv"), "diff": (INCIDENT_RC7,), "cut": OUT}
    assert main([verb, str(path), *more.get(verb, ())]) == 2
    assert "empty.log" in capsys.readouterr().err


HOSTILE = ("\x1b[31mred", "two\nlines", "bell\x07", "\x9b31m")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("verb", ["explain", "info", "verify", "play", "speak", "gfp", "glossary"])
def test_a_complaint_is_printable_whatever_was_typed(
    verb: str, name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, name]) == 2
    err = capsys.readouterr().err
    assert err.rstrip("\n").isprintable()
