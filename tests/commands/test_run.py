"""`mmplay run` and `mmplay fidelity` as a user calls them."""

from __future__ import annotations

import json

import pytest

from mmplay.__main__ import main
from mmplay.recordings.fidelity.incident import Row, compare


def output(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(list(args))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_run_incident_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", "incident", "--json", "--until", "61.5")
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
    assert output(capsys, "run", "incident", "--until", "61.5", "-o", path)[0] == 0
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


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], Row]:
    return {(row.frame, row.name): row for row in compare()}


def test_fidelity_has_every_number_of_every_frame(rows: dict[tuple[str, str], Row]) -> None:
    frames = list(dict.fromkeys(frame for frame, _ in rows))
    assert frames == [
        *("oom kill", "first refusal", "depleted", "refused again"),
        *("log 1", "log 1 again"),
    ]
    for frame in ("oom kill", "depleted", "log 1"):
        names = {name for other, name in rows if other == frame}
        assert len([name for name in names if name.startswith("totals ")]) == 19
        for zone in ("DMA", "DMA32"):
            fields = [name for name in names if name.startswith(f"{zone} ")]
            # the zone line, its verdict, the reserves, the blocks of each order, their sum
            assert len(fields) == 29 + 1 + 4 + 11 + 1
        assert "ram_pages" in names
    assert ("oom kill", "kill score") in rows
    assert ("refused again", "mode") in rows


def test_what_rules_decide_comes_out(rows: dict[tuple[str, str], Row]) -> None:
    assert {row.by for row in rows.values()} == {"rule", "calibration", "start", "not determined"}
    for row in rows.values():
        if row.by == "rule":
            assert row.simulated is not None, row
            assert abs(row.simulated - row.logged) <= max(8, row.logged * 3 // 100), row
        if "mode" in row.name or "gfp" in row.name:
            assert row.simulated == row.logged, row


def test_log_1_comes_out_to_the_page_in_dma(rows: dict[tuple[str, str], Row]) -> None:
    for name, number in (
        *(("DMA free", 1738), ("DMA all_unreclaimable", 1), ("DMA32 all_unreclaimable", 1)),
        *(("DMA32 low", 1743), ("DMA32 high", 2186), ("DMA lowmem_reserve 1", 1732)),
        *(("slub object_size", 64), ("slub nodes 0 free", 0), ("slub default_order", 0)),
    ):
        row = rows["log 1", name]
        assert (row.logged, row.simulated, row.by) == (number, number, "rule")


def test_fidelity_as_text_and_json(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    rows: dict[tuple[str, str], Row],
) -> None:
    monkeypatch.setattr("mmplay.commands.fidelity_verb.compare", lambda: list(rows.values()))
    code, out, _ = output(capsys, "fidelity")
    assert code == 0
    lines = {line.split("  ")[0].strip(): line.split() for line in out.splitlines()}
    assert lines["depleted: DMA32 pages_scanned"][-2:] == ["not", "determined"]
    assert lines["refused again: mode"][-2:] == ["same", "rule"]
    assert lines["first refusal: order"][-2:] == ["0", "rule"]
    code, out, _ = output(capsys, "fidelity", "--json")
    assert code == 0
    assert len(json.loads(out)["rows"]) == len(rows)


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
    assert output(capsys, "run", "incident", "--until", "61.5", "-o", path)[0] == 0
    code, out, _ = output(capsys, "export", path, "--format", "dmesg")
    assert code == 0
    code, out, _ = output(capsys, "explain", path)
    assert code == 0
    assert "file_io.00" in out
