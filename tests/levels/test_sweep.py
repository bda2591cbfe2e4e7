"""Sweeps: what is set, what the runs come to, and the question that they answer."""

from __future__ import annotations

import csv
import json
import re
import shlex
from io import StringIO
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.commands import sweep_verb
from mmplay.engine.errors import InputError
from mmplay.engine.sim.starts import common
from mmplay.levels.sweep.levers import ACT, CONSTANT, IN_FILE, Lever, settings_of
from mmplay.levels.sweep.runs import Job, Numbers, Row, row_of, smallest_without_failure, wilson
from tests.levels.proofs import DOOR, level_text

Captured = pytest.CaptureFixture[str]

SMALL = """
format = 1
kind = "scenario"
title = "A small machine"
[machine]
cpus = 1
ram = "32M"
[[task]]
name = "hog"
program = "eater"
pages = 12000
"""
NETWORK = """
[network]
frames_per_second = 2000
frames_per_flow = 1
"""


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL + NETWORK)
    return str(path)


def sweep(capsys: Captured, *args: str) -> tuple[int, str, str]:
    status = main(["sweep", *args])
    return (status, *capsys.readouterr())


# what is set


def test_settings_are_all_combinations() -> None:
    known = {"task.hog.pages": 200}
    found = settings_of(
        ["vm.min_free_kbytes=1,2", "completions=7", "task.hog.pages=-50%,[1,2]"], known.get
    )
    kinds = [(one.kind, one.key) for one in found[0]]
    keys = [(ACT, "min_free_kbytes"), (CONSTANT, "completions"), (IN_FILE, "task.hog.pages")]
    assert kinds == keys
    values = [[one.value for one in setting] for setting in found]
    assert values == [[a, "7", b] for a in "12" for b in ("100", "[1,2]")]


def test_lists_of_lists_are_values() -> None:
    rates = ["[[0, 1], [2, 0]]", "[[0,3]]"]
    found = settings_of([f"disk.rate={','.join(rates)}"], lambda _: None)
    assert [one.value for (one,) in found] == rates


def test_percentages_are_of_the_shipped_number() -> None:
    now = common.value("completions")
    ((low,), (high,)) = settings_of(["completions=-30%,+30%"], None)
    assert (int(low.value), int(high.value)) == (now * 70 // 100, now * 130 // 100)
    with common.calibrated_as({"completions": 1}):
        assert common.value("completions") == 1
    assert common.value("completions") == now


MANY = ",".join(map(str, range(300)))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "give 1 to 8"),
        (["disk"], "expected KEY=a,b,c"),
        (["disk=,"], "expected KEY=a,b,c"),
        (["disk=1", "disk=2"], "is given twice"),
        (["dsk=1"], "did you mean disk"),
        (["a.b=1"], "no name that a sweep sets"),
        (["disk=+10%"], "there is no number to take this of"),
        (["completions=many"], "expected a whole number"),
        (["disk=" + ",".join(map(str, range(1001)))], "1001 settings"),
        # So many that they would fill the memory before they could be counted.
        (
            [f"{name}={MANY}" for name in ("disk", "kill", "lock", "free")],
            "8100000000 settings",
        ),
    ],
)
def test_what_cannot_be_set_is_told(texts: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        settings_of(texts, None)


# what the runs come to


@pytest.mark.parametrize(
    ("some", "runs", "low", "high"),
    [(0, 100, 0, 37), (5, 10, 236, 764), (100, 100, 963, 1000), (1, 20, 8, 237)],
)
def test_wilsons_interval(some: int, runs: int, low: int, high: int) -> None:
    assert wilson(some, runs) == (some, runs, low, high)


def row(value: str, *failures: int) -> Row:
    setting = (Lever(ACT, "min_free_kbytes", value),)
    return row_of(setting, [Numbers(one, 0, (("DMA", one),), (), None, "") for one in failures])


def test_the_smallest_value_without_a_failure() -> None:
    rows = [row("64", 0, 1), row("16", 3, 4), row("32", 0, 0)]
    found = smallest_without_failure(rows)
    assert found is not None
    assert found == ("min_free_kbytes", rows[2], rows[1], (rows[0],))
    assert rows[1].failures == (3, 3, 4)
    assert rows[0].lowest == (("DMA", (0, 0, 1)),)
    every = smallest_without_failure(rows[:2])
    assert every is not None
    assert every.row is None
    assert smallest_without_failure([row("on", 0), row("off", 1)]) is None


# as a user calls it


def test_the_question_is_answered_the_same_on_one_core_and_two(
    small: str, capsys: Captured
) -> None:
    args = (small, "--set", "min_free_kbytes=100,200", "--seeds", "2", "--until", "1.2")
    one = sweep(capsys, *args, "--cores", "1")
    assert one == sweep(capsys, *args, "--cores", "2")
    status, out, err = one
    assert (status, err) == (0, "")
    assert "The smallest min_free_kbytes with 0 failures in 2 runs is 200." in out
    assert "The next smaller value failed: 2 of 2 runs with 100." in out
    assert "up to 65.8 % of all runs fail" in out


def test_a_stopped_sweep_has_something_of_every_setting(
    small: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until_seed_2(job: Job) -> Numbers:
        if job.seed == 2 and job.setting[0].value == "200":
            raise KeyboardInterrupt
        return Numbers(0, 0, (("DMA", 1),), (), None, "")

    monkeypatch.setattr(sweep_verb, "run_job", until_seed_2)
    args = (small, "--set", "min_free_kbytes=100,200", "--seeds", "5", "--cores", "1")
    status, out, err = sweep(capsys, *args, "--format", "csv")
    assert status == 130
    assert [row["runs"] for row in csv.DictReader(StringIO(out))] == ["2", "1"]
    assert err == "mmplay: stopped after 3 of 10 runs\n"


def test_one_run_of_each_is_no_plural(small: str, capsys: Captured) -> None:
    args = (small, "--set", "min_free_kbytes=100,200", "--seeds", "1", "--until", "1.01")
    first = sweep(capsys, *args)[1].split("\n")[0]
    assert first.endswith(
        "one run of each setting, with seed 1; failed: whether a request was refused"
    )


def test_the_documented_example_answers_the_same_from_one_run_of_each(capsys: Captured) -> None:
    """Twenty runs of each of its four settings take two minutes."""
    text = (Path(__file__).parents[2] / "docs/SWEEP.md").read_text()
    documented = text[text.index("mmplay sweep L14") :]
    assert "--set min_free_kbytes=4200,5200,10400,20800 --seeds 20" in documented
    for said in ("is 5200.", "20 of 20 runs with 4200.", "20 of 20 runs with 20800."):
        assert said in documented
    args = ("L14", "--set", "min_free_kbytes=4200,5200,20800", "--seeds", "1", "--cores", "1")
    first, *_, smallest, smaller, larger = sweep(capsys, *args)[1].splitlines()
    assert first.startswith("L14: min_free_kbytes; ")
    assert smallest == "The smallest min_free_kbytes with 0 failures in the run is 5200."
    assert re.fullmatch(
        r"The next smaller value failed: (1 failure|\d+ failures) with 4200.", smaller
    )
    assert re.fullmatch(r"Larger is not safer here: (1 failure|\d+ failures) with 20800.", larger)


def test_csv_and_json_have_the_same_rows(small: str, capsys: Captured) -> None:
    args = (small, "--set", "task.hog.pages=100,200", "--until", "1.01", "--count", "pgfault")
    out = sweep(capsys, *args, "--format", "csv", "--seeds", "2")[1]
    rows = list(csv.DictReader(StringIO(out)))
    found = json.loads(sweep(capsys, *args, "--json", "--seeds", "2")[1])
    assert found["seed_decides"]
    assert [one["set"] for one in found["settings"]] == [
        {"task.hog.pages": "100"},
        {"task.hog.pages": "200"},
    ]
    for one, other in zip(rows, found["settings"], strict=True):
        assert int(one["pgfault_most"]) == other["pgfault"]["most"] > 0
        assert int(one["failed_high_per_mille"]) == other["failed"]["high"]


def test_without_frames_no_seed_is_tried(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "still.toml"
    path.write_text(SMALL)
    out = sweep(capsys, str(path), "--set", "dirty_ratio=10,20", "--until", "1.01")[1]
    assert "no seed changes anything: one run of each setting" in out
    assert "No value changed anything" in out


def test_a_level_is_a_machine_or_played(tmp_path: Path, capsys: Captured) -> None:
    path, moves = tmp_path / "door.toml", tmp_path / "moves.toml"
    path.write_text(level_text(DOOR))
    answers = zip(("1", "2", "3"), ("yes", "no", "no"), strict=True)
    moves.write_text(
        "".join(f'[[solution]]\naction = "answer"\nvalue = "door.{n} {a}"\n' for n, a in answers)
    )
    args = (str(path), "--set", "machine.zone.DMA32.free=500,600", "--json")
    alone = json.loads(sweep(capsys, *args)[1])["settings"]
    assert [one["lowest_DMA32"]["least"] for one in alone] == [500, 600]
    played = json.loads(sweep(capsys, *args, "--actions", str(moves))[1])["settings"]
    assert [(one["won"]["some"], one["lowest_DMA32"]["least"]) for one in played] == [(1, 12)] * 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("none", "--set", "disk=1"), "a sweep takes a level, a scenario, incident or boot"),
        (("incident", "--set", "disk=1", "--seeds", "0"), "--seeds 0"),
        (("incident", "--set", "min_free_kbytes=x"), "EINVAL"),
        (("incident", "--set", "disk=1,2", "--set", "dirty_ratio=9,400"), "400 is not in 0..100"),
        (("incident", "--set", "disk=1", "--actions", "x"), "--actions is for levels"),
        (("incident", "--set", "disk=1", "--count", "nix"), "no counter of that name"),
        (("L03", "--set", "disk=1", "--until", "3"), "--until is not for levels"),
        (("slow-disk.toml", "--set", "task.hg.pages=1"), "did you mean hog"),
        (("slow-disk.toml", "--set", "machine.cpu=1"), "did you mean cpus"),
        (("slow-disk.toml", "--set", "disk=1", "--json", "--format", "csv"), "one format"),
    ],
)
def test_bad_use_is_one_line(args: tuple[str, ...], said: str, capsys: Captured) -> None:
    status, out, err = sweep(capsys, *args)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


SWEEPS = [
    line.strip().removeprefix("mmplay sweep ")
    for line in (Path(__file__).parents[2] / "docs/SCENARIOS.md").read_text().splitlines()
    if line.startswith("    mmplay sweep power-on.toml")
]


@pytest.mark.parametrize("command", SWEEPS)
def test_the_documented_ranges_of_power_on_can_be_swept(command: str, capsys: Captured) -> None:
    """To their end they take a minute of CPU each."""
    args = shlex.split(command.replace("--until 60", "--until 1.01"))
    status, out, _ = sweep(capsys, *args, "--cores", "1", "--format", "csv")
    assert status == 0
    rows = list(csv.DictReader(StringIO(out)))
    assert len(rows) >= 2
    key = args[-1].partition("=")[0]
    assert len({row[key] for row in rows}) == len(rows)
