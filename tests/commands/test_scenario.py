"""`mmplay run FILE.toml` with a scenario, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmplay.__main__ import main

H0 = str(Path(__file__).parents[1] / "scenarios" / "H0.toml")


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(list(args))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_scenario_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", H0, "--check")
    assert code == 0
    assert out.startswith(f"{H0}: is fine: H0: ")
    code, out, _ = output(capsys, "run", H0, "--check", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)


def test_a_scenario_runs_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", H0, "--until", "19.9", "--json")
    assert code == 0
    run = json.loads(out)
    assert run["variant"] == "atomic"
    assert run["counters"]["reclaim_calls"] > 200
    assert "reclaim_call_ns 140000: as the scenario gives it" in run["calibrated"]


def test_the_variant_may_be_another_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", H0, "--variant", "none", "--until", "19.6", "--json")
    assert code == 0
    assert json.loads(out)["counters"]["wb_work"] == 0


def test_a_scenario_is_recorded_and_made_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = str(tmp_path / "h0.mmtrace")
    assert output(capsys, "run", H0, "--until", "19.6", "-o", path)[0] == 0
    assert output(capsys, "verify", path)[0] == 0
    code, out, _ = output(capsys, "info", path, "--json")
    assert code == 0
    assert json.loads(out)["title"].startswith("H0: the incident")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "scenario"\n', "", "x.toml:1: the file lacks kind"),
        ("cpus = 2", "cpus = [2", ": cpus: is no TOML: a bracket is not closed"),
        ("cpus = 2", "cpus = 2\ncpus = 3", ": cpus: is no TOML: it stands there twice"),
    ],
)
def test_a_slip_is_told_by_a_check_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, old: str, new: str, said: str
) -> None:
    text, path = Path(H0).read_text(encoding="utf-8"), tmp_path / "x.toml"
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    code, _, err = output(capsys, "run", str(path), "--check")
    assert code == 2
    assert said in err


def test_who_takes_a_scenario_for_a_level_is_told_what_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = output(capsys, "play", H0)
    assert (code, err) == (2, f"mmplay: {H0}: is a scenario: 'mmplay run {H0}' runs it\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((H0, "--at", "3"), "--at is not for scenarios"),
        ((H0, "--actions", "x.toml"), "--actions is not for scenarios"),
        ((H0, "--variant", "magic"), "--variant magic: variants are"),
        ((H0, "--kernel", "6.12"), "kernel 6.12 cannot be simulated"),
        (("incident", "--check"), "--check is for scenarios"),
        (("L01", "--check"), "--check is for scenarios"),
    ],
)
def test_bad_use_is_one_line(
    capsys: pytest.CaptureFixture[str], args: tuple[str, ...], said: str
) -> None:
    code, out, err = output(capsys, "run", *args)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_an_event_that_is_refused_in_its_time_names_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.toml"
    head = 'format = 1\nkind = "scenario"\ntitle = "t"\n[machine]\nram = "512M"\n'
    path.write_text(f'{head}[[event]]\nat_us = 100\naction = "kill"\nvalue = "9999"\n')
    assert output(capsys, "run", str(path), "--check")[0] == 0
    code, out, err = output(capsys, "run", str(path))
    assert (code, out) == (2, "")
    assert err == f"mmplay: {path}:9: value: kill: (9999) - No such process: ESRCH\n"
