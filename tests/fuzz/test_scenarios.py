"""Spoiled scenarios and CSVs: each is run for a moment, or refused in one line."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

import pytest

from mmplay.__main__ import main
from tests.fuzz.consumers import check_exit

SCENARIOS = Path(__file__).parents[1] / "scenarios"
CASES, PER_TEST = 80, 20

VALUES = (
    *("0", "-1", "1", "2", "1000", "1_000_000_000", str(1 << 62), "9" * 400, "1.5", "-0.0", "nan"),
    *("inf", "1e99", '""', '"x"', '"512M"', "true", "[]", "[0, 0, 0]", "[[0, 1]]", "{}", '"1001"'),
)
CELLS = ("0", "-1", "1", "", "x", "1.5", "99999999", str(1 << 62), "9" * 400, "nan", '"', "442607")
VALUE = re.compile(r"(?<= = ).+")
CELL = re.compile(r"[0-9.]+")


def spoiled(random: Random, text: str, place: re.Pattern[str], words: tuple[str, ...]) -> str:
    """Put other words in some places of a text."""
    found = list(place.finditer(text))
    for one in sorted(random.sample(found, random.choice((1, 1, 2))), key=lambda one: -one.start()):
        text = text[: one.start()] + random.choice(words) + text[one.end() :]
    return text


def tried(*args: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(list(args))
    check_exit(status, err.getvalue(), (0, 1, 2))


@pytest.mark.parametrize("first", range(0, CASES, PER_TEST))
def test_a_spoiled_scenario_is_run_or_refused(first: int, tmp_path: Path) -> None:
    for number in range(first, first + PER_TEST):
        random = Random(number)
        name = random.choice(("H0", "H2", "C0"))
        for kind in ("csv", "toml"):
            (tmp_path / f"{name}.{kind}").write_text((SCENARIOS / f"{name}.{kind}").read_text())
        path = tmp_path / f"{name}.toml"
        path.write_text(spoiled(random, path.read_text(), VALUE, VALUES))
        tried("run", str(path), "--until", "21")


@pytest.mark.parametrize("first", range(0, CASES, PER_TEST))
def test_a_spoiled_csv_is_a_start_or_refused(first: int, tmp_path: Path) -> None:
    for number in range(first, first + PER_TEST):
        random = Random(number)
        rows = (SCENARIOS / "H0.csv").read_text().splitlines(keepends=True)
        at = next(n for n, row in enumerate(rows) if row.startswith("19.490179"))
        rows[at] = spoiled(random, rows[at], CELL, CELLS)
        path = tmp_path / "H0.csv"
        path.write_text("".join(rows[:1] + rows[at - 2 : at + 4]))
        scenario = str(SCENARIOS / "H0.toml")
        tried("fidelity", str(path), "--scenario", scenario, "--at", "19.49", "--until", "19.6")
