"""verify, diff, cut and info as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmplay.__main__ import main
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7


def output(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = main([str(one) for one in args])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def run_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A short run of the incident."""
    path = tmp_path / "run.mmtrace"
    assert output(capsys, "run", "incident", "--until", "59.65", "-o", path)[0] == 0
    return path


@pytest.fixture
def fork_file(run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The same run, told something at its turn 1500, and a little longer."""
    path = tmp_path / "fork.mmtrace"
    args = ("run", run_file, "--at", "#1501", "--act", "wb_mask nowait", "--until", "59.66")
    assert output(capsys, *args, "-o", path)[0] == 0
    return path


def test_verify(run_file: Path, fork_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = output(capsys, "verify", run_file, fork_file, INCIDENT_RC7, INCIDENT_NEXT)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 4
    assert "turns made again, all" in lines[0]
    assert "imported: nothing to run again" in lines[2]


def test_verify_a_damaged_a_cut_and_no_recording(
    run_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(run_file.read_bytes())
    cut = run_file.with_name("cut.mmtrace")
    cut.write_bytes(data[:-150])
    data[len(data) // 2] ^= 1
    damaged = run_file.with_name("damaged.mmtrace")
    damaged.write_bytes(data)
    code, out, _ = output(capsys, "verify", cut)
    assert code == 1
    assert "cut.mmtrace: unfinished: the first " in out
    assert "records fit, the end is missing" in out
    code, out, _ = output(capsys, "verify", run_file, damaged)
    assert code == 1
    assert "damaged: record at byte" in out
    assert "written by mmplay" in out
    code, out, err = output(capsys, "verify", run_file.parent, "nowhere.mmtrace", run_file)
    assert code == 2
    assert err.count("\n") == 2
    assert "good" in out


def test_verify_as_json(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "verify", run_file, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["schema"] == 1
    assert found["good"] is True
    (one,) = found["files"]
    assert one["fault"] is None
    assert one["engine"] == one["this_engine"]


def test_diff(run_file: Path, fork_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "diff", run_file, fork_file)
    assert code == 0
    assert "they first differ at turn 1500, " in out
    assert "B: you: wb_mask nowait" in out
    assert "they first decide differently after that at turn " in out
    code, out, _ = output(capsys, "diff", run_file, run_file)
    assert code == 0
    assert "decide the same" in out


def test_diff_as_json(run_file: Path, fork_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "diff", run_file, fork_file, "--align", "oom", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["first"]["kind"] == "act"
    assert found["first"]["a"]["turn"] == found["same_turns"] == 1500
    assert found["then"]["kind"] == "decision"
    assert found["then"]["a"]["operands"].keys() == found["then"]["b"]["operands"].keys()
    assert found["align"]["name"] == "oom"
    assert {row["name"] for row in found["rows"]} >= {"zones.DMA32.free", "wb_work"}
    assert all(row["delta"] == row["b"] - row["a"] for row in found["rows"])
    assert {one["name"] for one in found["series"]} == {"zones.DMA.free", "zones.DMA32.free"}


def test_diff_with_a_log(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "diff", run_file, INCIDENT_RC7)
    assert code == 0
    assert "other numbers are printed" in out


@pytest.mark.parametrize(
    "args",
    [
        ("diff", INCIDENT_RC7, "nowhere"),
        ("diff", INCIDENT_RC7, INCIDENT_NEXT, "--align", "oom"),
        ("diff", INCIDENT_RC7, INCIDENT_RC7, "--align", "marker:x"),
        ("diff", INCIDENT_RC7, INCIDENT_RC7, "--align", "soon"),
        ("cut", INCIDENT_RC7, "--from", "#3", "--to", "#2", "-o", "x.mmtrace"),
        ("cut", INCIDENT_RC7, "--from", "#9", "-o", "x.mmtrace"),
        ("cut", "nowhere", "-o", "x.mmtrace"),
        ("cut", INCIDENT_RC7, "-o", "/nonexistent/x.mmtrace"),
        ("info", "nowhere"),
        ("info", "/"),
        ("verify", "/dev/null"),
    ],
)
def test_bad_use_is_one_line(
    args: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = output(capsys, *args)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_cut(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = run_file.with_name("part.mmtrace")
    code, _, err = output(capsys, "cut", run_file, "--from", "59.63", "--to", "+10ms", "-o", part)
    assert code == 0
    assert "turns, from turn " in err
    assert output(capsys, "verify", part)[0] == 0
    code, out, _ = output(capsys, "info", part, "--json")
    assert code == 0
    info = json.loads(out)
    (boot,) = info["boots"]
    assert 59_629_000 < boot["first_us"] <= 59_630_000
    assert 59_639_000 < boot["last_us"] <= 59_640_000
    assert info["header"]["cut_from"] + info["frames"] - 1 == info["header"]["cut_to"]


def test_cut_in_place(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "cut", run_file, "--from", "50%", "-o", run_file)[0] == 0
    assert output(capsys, "verify", run_file)[0] == 0


def test_cut_of_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = tmp_path / "part.mmtrace"
    code, _, err = output(capsys, "cut", INCIDENT_RC7, "--from", "#2", "--to", "#3", "-o", part)
    assert code == 0
    assert "2 frames" in err
    code, out, _ = output(capsys, "explain", part)
    assert code == 0
    assert "kthreadd" in out


def test_info(fork_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "info", fork_file)
    assert code == 0
    assert "kind      simulated" in out
    assert "engine 1" in out
    assert "1 act:" in out
    assert "you: wb_mask nowait" in out
    assert "ending    closed" in out
    assert "calibrated " in out


def test_info_of_a_cut_file(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_file.write_bytes(run_file.read_bytes()[:-20])
    code, out, _ = output(capsys, "info", run_file)
    assert code == 0
    assert "ending    cut at byte" in out


def test_info_has_clock_times_of_a_log_that_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, trace = tmp_path / "a.log", tmp_path / "a.mmtrace"
    failure = "a: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)"
    log.write_text(f"Sep 29 08:12:34 db1 kernel: {failure}\n", encoding="utf-8")
    assert output(capsys, "import", log, "-o", trace)[0] == 0
    code, out, _ = output(capsys, "info", trace)
    assert code == 0
    assert ", Sep 29 08:12:34 to Sep 29 08:12:34\n" in out
    assert "  #1  Sep 29 08:12:34  page allocation failure: a, order 4\n" in out
    assert json.loads(output(capsys, "info", trace, "--json")[1])["boots"][0]["wall"] is True


def test_info_of_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "info", INCIDENT_NEXT, "--json")
    assert code == 0
    info = json.loads(out)
    assert info["kind"] == "imported"
    assert info["acts"] == []
    assert info["boots"][0]["kernel"] == "next-20160311"
    assert info["lines"] > 0
    assert info["records"]["printk"] > 0


def test_a_recorded_run_goes_on_as_it_began(
    fork_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = output(capsys, "run", fork_file, "--until", "59.661", "--json")
    said = json.loads(out)
    assert (code, said["variant"], said["seed"]) == (0, "nowait", None)
    for option, value in (("--variant", "none"), ("--seed", "2"), ("--kernel", "4.5-rc7")):
        code, _, err = output(capsys, "run", fork_file, option, value)
        assert (code, f"{option} is not for recorded runs" in err) == (2, True)
    assert "--keep-atomic is not" in output(capsys, "run", fork_file, "--keep-atomic")[2]
