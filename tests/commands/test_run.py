"""`mmplay run` as a user calls it."""

from __future__ import annotations

import json

import pytest

from mmplay.__main__ import main


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(list(args))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_run_incident_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", "incident", "--json", "--until", "61.53")
    assert code == 0
    run = json.loads(out)
    assert run["schema"] == 1
    assert run["zones"]["DMA32"]["free"] == 0
    assert run["slab"]["kmalloc-64"]["objs"] == 64 * run["slab"]["kmalloc-64"]["slabs"]
    assert run["counters"]["wb_work"] > 190_000
    assert run["min_free"]["DMA"] <= 1
    assert 61_400_000 <= run["first_fail"]["time_us"] <= 61_526_000
    assert all(":" in line for line in run["calibrated"] + run["assumed"])


def test_run_writes_a_log_that_imports(
    capsys: pytest.CaptureFixture[str], tmp_path: pytest.TempPathFactory
) -> None:
    path = str(tmp_path) + "/run.log"
    assert output(capsys, "run", "incident", "--until", "61.53", "-o", path)[0] == 0
    code, out, _ = output(capsys, "import", path, "--json")
    assert code == 0
    log = json.loads(out)
    assert log["unknown"] == []
    assert log["understood"] == log["lines"] > 50
    assert output(capsys, "explain", path)[0] == 0


def test_run_boot(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", "boot", "--ram", "1G", "--kernel", "next-20160311")
    assert code == 0
    assert "DMA32" in out


@pytest.mark.parametrize(
    "args",
    [
        ("run", "nowhere"),
        ("run", "incident", "--variant", "magic"),
        ("run", "incident", "--until", "soon"),
        ("run", "incident", "--until", "1e99"),
        ("run", "incident", "--seed", "-1"),
        ("run", "incident", "--seed", "9" * 500),
        ("run", "incident", "--packets", "many"),
        ("run", "incident", "--kernel", "6.99"),
        ("run", "boot", "--ram", "1"),
        ("run", "boot", "--ram", "999999G"),
        ("run", "incident", "--until", "59.6", "-o", "/nonexistent/x.log"),
    ],
)
def test_bad_use_is_one_line(capsys: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    code, out, err = output(capsys, *args)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_run_from_a_frame_of_a_recording(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", "incident-next-20160311", "--variant", "nowait", "--json")
    assert code == 0
    run = json.loads(out)
    assert run["time_us"] > 91_000_000
    assert run["zones"]["DMA"]["min"] == 11


def test_a_frame_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = output(capsys, "run", "incident-next-20160311", "--frame", "77")
    assert code == 2
    assert "no frame 77" in err


def test_run_writes_a_recording(
    capsys: pytest.CaptureFixture[str], tmp_path: pytest.TempPathFactory
) -> None:
    path = str(tmp_path) + "/run.mmtrace"
    assert output(capsys, "run", "incident", "--until", "61.53", "-o", path)[0] == 0
    code, out, _ = output(capsys, "export", path, "--format", "dmesg")
    assert code == 0
    code, out, _ = output(capsys, "explain", path)
    assert code == 0
    assert "file_io.00" in out
