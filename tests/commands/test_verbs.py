"""The command line: what it prints, where it writes, and how it says no."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmplay import __version__
from mmplay.commands.verbs import VERBS
from mmplay.recordings.export import FORMATS
from tests.commands.conftest import Run
from tests.conftest import INCIDENT_RC7, incident_text

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


@pytest.mark.parametrize(
    ("part", "says"), [("levels check", "Prove that levels can be"), ("class new", "Write an a")]
)
def test_a_part_of_a_verb_says_what_it_is_for(run: Run, part: str, says: str) -> None:
    status, out, _ = run(*part.split(), "--help")
    assert (status, f"\n{says}" in out) == (0, True)


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


def test_a_file_without_a_verb_is_opened(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "boot.log"
    log.write_bytes(incident_text(INCIDENT_RC7))
    assert run(str(log)) == run("replay", str(log))
    assert "is not a command" in run(str(tmp_path / "none.log"))[2]


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
