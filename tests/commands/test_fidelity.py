"""`mmplay fidelity CSV --scenario FILE.toml`, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmplay.__main__ import main

SCENARIOS = Path(__file__).parents[1] / "scenarios"
TRUTH = Path(__file__).parents[3] / "shared" / "truth" / "incident-4.5"
CSV = str(SCENARIOS / "H0.csv")
H0 = ("fidelity", CSV, "--scenario", str(SCENARIOS / "H0.toml"), "--at", "19.49")
ROW = ("quantity", "window_us", "real", "simulated", "error", "bound", "kind", "within")


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(list(args))
    said = capsys.readouterr()
    return code, said.out, said.err


def numbers(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [one for value in found.values() for one in numbers(value)]
    if isinstance(found, list):
        return [one for value in found for one in numbers(value)]
    return [found]


def test_a_row_a_quantity_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, *H0, "--until", "22.9", "--window", "20:20.5", "--json")
    found = json.loads(out)
    assert tuple(found) == (
        *("schema", "csv", "scenario", "variant", "at_us", "until_us", "rows"),
        *("rule_rows", "rule_rows_within"),
    )
    assert all(tuple(row) == ROW for row in found["rows"])
    assert not any(isinstance(one, float) for one in numbers(found))
    assert (found["variant"], found["at_us"]) == ("atomic", 19_490_179)
    rows = {row["quantity"]: row for row in found["rows"]}
    assert len(rows) == 17
    assert rows["works_per_1000_calls"]["window_us"] == [20_000_000, 20_500_000]
    assert abs(rows["works_per_1000_calls"]["simulated"] - 13_000) <= 100
    assert rows["depletion_us"]["real"] == 22_793_152
    assert rows["slabs_at_depletion"]["real"] == 3111
    assert rows["first_kill_us"]["kind"] == "rule"
    counted = [row for row in found["rows"] if row["kind"] == "rule" and row["within"] is not None]
    assert found["rule_rows"] == len(counted)
    assert code == int(any(not row["within"] for row in counted))


def test_the_same_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, *H0, "--until", "20")
    lines = out.splitlines()
    assert lines[0] == "H0: the incident on a real 4.5.0, unpatched"
    assert lines[-1].endswith("numbers that rules decide agree.") == (code == 0)
    assert any(line.split() == ["min_us", "19490179", "19490179", "+0", "input"] for line in lines)


def test_another_variant_and_more_packets(capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--variant", "nowait", "--packets", "300", "--until", "20", "--json")
    found = json.loads(output(capsys, *H0, *more)[1])
    rows = {row["quantity"]: row for row in found["rows"]}
    assert found["variant"] == "nowait"
    assert rows["works_failed"]["simulated"] > rows["works_queued"]["simulated"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("fidelity", CSV, "--at", "3"), "--at needs --scenario"),
        (("fidelity", "--scenario", "x.toml"), "name one CSV"),
        (("fidelity", CSV), "name the scenario to run beside it"),
        ((*H0, "--until", "19.5"), "no two rows between --at and --until"),
        ((*H0, "--window", "20"), "write A:B"),
        ((*H0, "--window", "3:20"), "does not lie between"),
        ((*H0, "--variant", "magic"), "variants are"),
        (("fidelity", CSV, "--scenario", "none.toml"), "none.toml: cannot be read"),
        (("fidelity", "none.csv", *H0[2:]), "none.csv: cannot be read"),
        (("fidelity", str(SCENARIOS / "C0.toml"), *H0[2:]), "lacks the column"),
    ],
)
def test_bad_use_is_one_line(
    capsys: pytest.CaptureFixture[str], args: tuple[str, ...], said: str
) -> None:
    code, out, err = output(capsys, *args)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_csv_without_a_needed_column_names_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "run.csv"
    path.write_text(Path(CSV).read_text().replace("dr_begin", "begin"))
    code, _, err = output(capsys, "fidelity", str(path), *H0[2:])
    assert code == 2
    assert err == f"mmplay: {path}: lacks the column dr_begin, which is needed\n"


@pytest.mark.skipif(not TRUTH.exists(), reason="the measured runs are not here")
def test_the_packed_csv_of_the_measured_run(capsys: pytest.CaptureFixture[str]) -> None:
    csv = str(TRUTH / "H0.csv.xz")
    code, out, _ = output(capsys, "fidelity", csv, *H0[2:], "--until", "19.8", "--json")
    assert code in (0, 1)
    assert json.loads(out)["rows"][0]["quantity"] == "works_per_1000_calls"
