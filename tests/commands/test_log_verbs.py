"""import, export and explain on the incident's logs."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmplay.commands.explain_text import fitted
from mmplay.recordings.explained import Part
from tests.commands.conftest import Run
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text


@pytest.mark.parametrize("name", [INCIDENT_RC7, INCIDENT_NEXT])
def test_import_and_export_are_byte_identical(
    run: Run, incident_logs: dict[str, Path], tmp_path: Path, name: str
) -> None:
    trace, text = tmp_path / "a.mmtrace", tmp_path / "out.log"
    assert run("import", str(incident_logs[name]), "-o", str(trace))[0] == 0
    assert run("export", str(trace), "--format", "dmesg", "-o", str(text))[0] == 0
    assert text.read_bytes() == incident_logs[name].read_bytes()


def test_import_json(run: Run, incident_logs: dict[str, Path]) -> None:
    status, out, err = run("import", str(incident_logs[INCIDENT_RC7]), "--json")
    assert status == 0
    assert "100 lines, 0 kept as they came, 4 frames" in err
    found = json.loads(out)
    assert (found["schema"], found["lines"], found["understood"]) == (1, 100, 100)
    assert found["unknown"] == []
    assert [frame["kind"] for frame in found["frames"]] == ["oom", *["failure"] * 3]
    kill = found["frames"][0]["oom"]["kill"]
    assert (kill["score"], kill["anon_rss_kb"]) == (998, 100)
    failure = found["frames"][2]
    assert failure["failure"]["mode"] == 0x2200020
    assert failure["stack"][0] == {
        "symbol": "dump_stack",
        "offset": 0x4D,
        "size": 0x68,
        "address": "ffffffff812a4d65",
        "module": "",
        "mark": "",
        "guess": False,
    }
    assert failure["slub"]["nodes"] == [{"node": 0, "slabs": 3218, "objs": 205952, "free": 0}]
    zones = {zone["zone"]: zone for zone in failure["memory"]["zones"]}
    assert zones["DMA"]["free"] == 3
    assert zones["DMA"]["slab_unreclaimable"] == 1790
    assert len(zones["DMA32"]["free_lists"]) == 11
    assert failure["memory"]["totals"]["free"] == 3
    assert {note["code"] for note in found["notes"]} == {"note.lists", "note.totals"}


def test_import_json_lists_what_it_did_not_understand(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mixed.log"
    path.write_bytes(
        b"usb 1-1: new device \xff\n" + incident_text(INCIDENT_NEXT) + b"[   91.000000] bye\n"
    )
    found = json.loads(run("import", str(path), "--json")[1])
    assert (found["lines"], found["understood"]) == (80, 78)
    assert found["unknown"] == [
        {"line": 1, "text": "usb 1-1: new device \ufffd"},
        {"line": 80, "text": "[   91.000000] bye"},
    ]


def test_import_needs_a_place_to_go(run: Run, incident_logs: dict[str, Path]) -> None:
    status, _, err = run("import", str(incident_logs[INCIDENT_RC7]))
    assert status == 2
    assert "-o" in err
    assert "--json" in err


def test_import_of_a_chosen_kernel(
    run: Run, incident_logs: dict[str, Path], tmp_path: Path
) -> None:
    trace = tmp_path / "a.mmtrace"
    args = ("-o", str(trace), "--kernel", "next-20160311")
    assert run("import", str(incident_logs[INCIDENT_RC7]), *args)[0] == 0
    found = json.loads(run("explain", str(trace), "--json")[1])
    assert {frame["kernel"] for frame in found["frames"]} == {"next-20160311"}


def test_a_place_that_cannot_be_written_leaves_nothing(
    run: Run, incident_logs: dict[str, Path], tmp_path: Path
) -> None:
    status, _, err = run("import", str(incident_logs[INCIDENT_RC7]), "-o", "/dev/full/a.mmtrace")
    assert status == 2
    assert "/dev/full/a.mmtrace: cannot be written" in err
    missing = tmp_path / "none" / "a.mmtrace"
    assert (
        "cannot be written"
        in run("import", str(incident_logs[INCIDENT_RC7]), "-o", str(missing))[2]
    )
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".log", ".log"]


def test_a_failed_import_keeps_the_old_file(run: Run, tmp_path: Path) -> None:
    trace = tmp_path / "a.mmtrace"
    trace.write_bytes(b"old")
    empty = tmp_path / "empty.log"
    empty.write_bytes(b"")
    assert run("import", str(empty), "-o", str(trace))[0] == 2
    assert trace.read_bytes() == b"old"


def test_explain_text(run: Run) -> None:
    status, out, _ = run("explain", INCIDENT_NEXT)
    assert status == 0
    for text in (
        "629 <= 1300 - 1300/2 = 650: refused, 22 pages short",
        "1738 <= 11 - 5 + 1732 = 1738: refused, 1 page short",
        "1300 - 1300/2 - 162 = 488",
        "__GFP_ATOMIC",
    ):
        assert text in " ".join(out.split())


def test_explain_one_frame(run: Run) -> None:
    status, out, _ = run("explain", INCIDENT_RC7, "--at", "#3")
    assert status == 0
    assert out.startswith("#3  61.527976 s")
    assert "191552 objects of kmalloc-64" in out
    assert "#4" not in out
    assert run("explain", INCIDENT_RC7, "--at", "#9")[0] == 2


def test_explain_json(run: Run) -> None:
    found = json.loads(run("explain", INCIDENT_RC7, "--format", "json")[1])
    first = found["frames"][0]
    assert [ask["mark"] for ask in first["asks"]] == ["min", "high"]
    zones = first["asks"][0]["zones"]
    assert [
        (zone["zone"], zone["free"], zone["floor"]["value"], zone["verdict"]) for zone in zones
    ] == [
        ("DMA32", 1300, 1300, "refused"),
        ("DMA", 1742, 1743, "refused"),
    ]
    assert all(one["text"] for one in first["assumed"])


def test_explain_reads_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(incident_text(INCIDENT_NEXT)))

    monkeypatch.setattr(sys, "stdin", Stdin())
    assert "629 <= 1300" in run("explain", "-")[1]


def test_explain_follows_the_release(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "later.log"
    path.write_bytes(
        incident_text(INCIDENT_NEXT).replace(b"4.5.0-rc7-next-20160311+", b"6.1.0-demo")
    )
    status, out, _ = run("explain", str(path))
    assert status == 0
    assert "rules of 6.1.0" in out


def test_a_disk_that_fills_up_leaves_nothing(
    tmp_path: Path, incident_logs: dict[str, Path]
) -> None:
    """The file size limit stands in for a full disk: the write fails halfway."""
    trace = tmp_path / "a.mmtrace"
    program = (
        "import resource, sys\nfrom mmplay.__main__ import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\nsys.exit(main(sys.argv[1:]))"
    )
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            "import",
            str(incident_logs[INCIDENT_RC7]),
            "-o",
            str(trace),
        ],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 2
    assert b"cannot be written: File too large" in done.stderr
    assert b"Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_line_that_is_cut_ends_with_a_whole_word() -> None:
    (shown,) = fitted([Part("where", ["free 6.4 MiB (1636), " * 40])], 3)
    assert re.fullmatch(
        r"(free 6.4 MiB \(1636\), )*free( 6.4)?( MiB)?( \(1636\))? \.\.\.", shown.lines[0]
    )
