"""The command line: what it prints, where it writes, and how it says no."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mmplay import __version__
from mmplay.__main__ import main
from mmplay.commands.verbs import VERBS
from mmplay.recordings.export import FORMATS
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text

Run = Any


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; return status, stdout, stderr."""

    def call(*args: str) -> tuple[int, str, str]:
        try:
            status = main(list(args))
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return call


MACHINE = ("--zone", "DMA=3976", "--zone", "DMA32=443833", "--min-free-kbytes", "5249")


def test_floors_of_rc7(run: Run) -> None:
    status, out, _ = run(
        "floors", "--kernel", "4.5-rc7", *MACHINE, "--boot-managed", "DMA32=443500"
    )
    assert status == 0
    for text in ("11 (44)", "13 (52)", "16 (64)", "1300 (5200)", "1625 (6500)", "1950 (7800)"):
        assert text in out
    assert "lowmem_reserve[] 0 1732 1732 1732" in out
    assert "1300 - 1300/2 - 162 = 488" in out
    assert "11 - 5 + 1732 = 1738" in out
    assert "lowmem_reserve[] 0 1733 1733 1733" in run("floors", *MACHINE)[1]


def test_floors_of_next(run: Run) -> None:
    args = [word.replace("443833", "443813") for word in MACHINE]
    status, out, _ = run("floors", "--kernel", "next-20160311", *args)
    assert status == 0
    for text in ("11 (44)", "14 (56)", "17 (68)", "1300 (5200)", "1743 (6972)", "2186 (8744)"):
        assert text in out


def test_boot_managed_changes_only_the_reserve(run: Run) -> None:
    plain = json.loads(run("floors", *MACHINE, "--json")[1])
    boot = json.loads(run("floors", *MACHINE, "--boot-managed", "DMA32=443500", "--json")[1])
    for before, after in zip(plain["zones"], boot["zones"], strict=True):
        assert {key: before[key] for key in ("managed", "min", "low", "high")} == {
            key: after[key] for key in ("managed", "min", "low", "high")
        }
    assert boot["zones"][0]["lowmem_reserve"] == [0, 1732, 1732, 1732]
    assert plain["zones"][0]["lowmem_reserve"] == [0, 1733, 1733, 1733]


def test_floors_json_has_every_class_and_its_tree(run: Run) -> None:
    found = json.loads(run("floors", *MACHINE, "--boot-managed", "DMA32=443500", "--json")[1])
    assert found["schema"] == 1
    dma = [row for row in found["zones"][0]["floors"] if row["class_zone"] == "DMA32"]
    assert {(row["mark"], row["caller"]): row["floor"] for row in dma} == {
        ("min", "plain"): 1743,
        ("min", "HARDER"): 1741,
        ("min", "HIGH"): 1738,
        ("min", "HIGH+HARDER"): 1737,
        ("min", "NO_WATERMARKS"): 0,
        ("low", "plain"): 1745,
        ("high", "plain"): 1748,
    }
    tree = dma[2]["formula"]["tree"]
    assert (tree["op"], tree["name"], tree["value"]) == ("rule", "floor", 1738)


def test_floors_with_another_scale_factor(run: Run) -> None:
    args = ("--kernel", "next-20160311", *MACHINE, "--watermark-scale-factor", "100")
    found = json.loads(run("floors", *args, "--json")[1])
    assert found["zones"][1]["low"] == 1300 + 4438


BAD_FLOORS = (
    (("--zone", "DMA32"), "write ZONE=PAGES"),
    (("--zone", "HighMem=5"), "zones are DMA"),
    (("--zone", "Normal=x"), "whole number"),
    (("--zone", "Normal=-4"), "whole number"),
    (("--zone", "DMA=7"), "given twice"),
    (("--zone", "Normal=0"), "leave out"),
    (("--boot-managed", "Normal=5"), "there is no --zone Normal"),
    (("--watermark-scale-factor", "10"), "does not have it"),
    (("--kernel", "next-20160311", "--watermark-scale-factor", "1001"), "from 0 to 1000"),
    (("--kernel", "next-20160311", "--watermark-scale-factor", "0"), "1 to 1000"),
    (("--kernel", "v4.5-rc7"), "did you mean 4.5-rc7"),
    (("--min-free-kbytes", "1" * 30), "whole number"),
)


@pytest.mark.parametrize(("extra", "word"), BAD_FLOORS)
def test_bad_floors_are_refused_in_one_line(run: Run, extra: tuple[str, ...], word: str) -> None:
    status, out, err = run("floors", *MACHINE, *extra)
    assert status == 2
    assert out == ""
    assert word in err
    assert err.count("\n") == 1


def test_gfp_decodes(run: Run) -> None:
    status, out, _ = run("gfp", "0x2200020", "--kernel", "next-20160311")
    assert status == 0
    assert "GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK" in out
    assert "may not sleep" in out
    assert "min - min/2 + lowmem_reserve" in out


def test_gfp_encodes(run: Run) -> None:
    assert "0x2088020" in run("gfp", "GFP_ATOMIC|__GFP_ZERO")[1]


def test_gfp_through_slub(run: Run) -> None:
    found = json.loads(run("gfp", "0x2088020", "--slab", "--json")[1])
    assert found["asked"] == 0x2088020
    assert found["mask"] == 0x2200020
    assert "__GFP_ATOMIC" in found["lost"]
    floors = {row["context"]: row["caller"] for row in found["floors"]}
    assert floors["softirq"] == "HIGH"
    assert floors["PF_MEMALLOC task"] == "NO_WATERMARKS"


def test_gfp_of_any_version(run: Run) -> None:
    status, out, _ = run("gfp", "0x20", "--kernel", "3.10")
    assert status == 0
    assert "GFP_ATOMIC" in out
    assert "kernel   3.10" in out
    assert json.loads(run("gfp", "0xa20", "--kernel", "5.4", "--json")[1])["floors"]


@pytest.mark.parametrize(
    "args",
    [("0xgg",), ("GFP_ATOMC",), ("0x1", "--kernel", "9"), ("0x1", "--kernel", "1.0", "--slab")],
)
def test_bad_gfp_is_refused_in_one_line(run: Run, args: tuple[str, ...]) -> None:
    status, out, err = run("gfp", *args)
    assert (status, out) == (2, "")
    assert err.startswith("mmplay: ")
    assert err.count("\n") == 1


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


@pytest.mark.parametrize("verb", ["explain", "export", "replay", "import"])
def test_missing_files_are_one_line(run: Run, verb: str) -> None:
    extra = {"export": ("--format", "dmesg"), "import": ("--json",)}.get(verb, ())
    status, out, err = run(verb, "/none/at all.log", *extra)
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 2


def test_export_of_an_unknown_format(run: Run) -> None:
    status, _, err = run("export", INCIDENT_RC7, "--format", "pdf")
    assert status == 2
    assert "dmesg" in err


def test_an_unknown_verb_gets_a_hint(run: Run) -> None:
    status, _, err = run("explian")
    assert status == 2
    assert "did you mean 'explain'?" in err
    assert run("--frobnicate")[0] == 2


def test_version_paths_and_help(run: Run) -> None:
    assert run("--version") == (0, f"mmplay {__version__}\n", "")
    status, out, _ = run("--paths")
    assert status == 0
    folders = {"config", "state", "recordings", "levels"}
    assert {line.split("\t")[0] for line in out.splitlines()} == folders
    status, out, _ = run("--help")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert out.rstrip().endswith("mmplay gfp 0x2200020")


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_verb_has_help_with_examples(run: Run, verb: str) -> None:
    status, out, _ = run(verb, "--help")
    assert status == 0
    assert "examples:" in out
    assert max(map(len, out.splitlines())) <= 80


def test_without_a_terminal_the_menu_says_how_to_use_it(run: Run) -> None:
    status, out, err = run()
    assert (status, out) == (2, "")
    assert "usage: mmplay" in err
    assert "no terminal" in err
    assert run("replay", INCIDENT_RC7)[0] == 2


HEADLESS = (
    ("--help",),
    ("gfp", "0x20"),
    ("floors", *MACHINE),
    ("explain", INCIDENT_RC7),
    ("import", "-", "--json"),
    ("explain", INCIDENT_RC7, "--format", "html"),
    *(("export", INCIDENT_RC7, "--format", name) for name in FORMATS),
)


@pytest.mark.parametrize("args", HEADLESS, ids=lambda args: f"{args[0]}-{args[-1]}")
def test_headless_verbs_do_not_load_textual(args: tuple[str, ...]) -> None:
    program = (
        "import sys\nfrom mmplay.__main__ import main\n"
        "try:\n    status = main(sys.argv[1:])\nexcept SystemExit as end:\n    status = end.code\n"
        "loaded = {'textual', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *args],
        input=incident_text(INCIDENT_RC7),
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m mmplay explain {INCIDENT_RC7} --json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.stderr == b""
    assert done.stdout == b'{\n "schema'


def test_a_full_disk_behind_stdout_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mmplay", "explain", INCIDENT_RC7, "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert done.returncode == 2
    assert done.stderr == b"mmplay: output: No space left on device\n"


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
