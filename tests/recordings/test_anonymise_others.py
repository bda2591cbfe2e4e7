"""What is no imported log: live captures keep their samples, the rest is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.recordings.library import DATA, open_recording
from mmplay.recordings.live.capture import Capture, Plan, Roots
from mmplay.recordings.log.importing import trace_header
from mmplay.recordings.trace.writer import new_trace
from tests.conftest import INCIDENT_NEXT
from tests.recordings.fake_proc import Machine, write_proc
from tests.recordings.nameless import anonymised


def live_trace(folder: Path, slabs: str = "") -> Path:
    proc, path = folder / "proc", folder / "live.mmtrace"
    write_proc(proc, Machine())
    with (proc / "slabinfo").open("a") as file:
        file.write(slabs)
    capture = Capture(path, Plan(1_000_000, 3_600_000_000), Roots(proc, folder / "none"))
    capture.sample()
    (proc / "vmstat").write_text((proc / "vmstat").read_text().replace("nr_dirty 25", "nr_dirty 9"))
    capture.sample()
    capture.close()
    return path


def test_a_live_capture_keeps_its_samples(tmp_path: Path) -> None:
    path = live_trace(tmp_path)
    out = tmp_path / "out.mmtrace"
    assert main(["anonymise", str(path), "-o", str(out)]) == 0
    with open_recording(str(path)) as before, open_recording(str(out)) as after:
        assert after.name == "anonymised"
        assert [after.frame(n).shown for n in range(2)] == [before.frame(n).shown for n in range(2)]


def test_slab_caches_of_groups_are_left_out(tmp_path: Path) -> None:
    path = live_trace(tmp_path, "kmalloc-64(123:payroll.service)  1 1 64 64 1\n")
    data = anonymised(path)
    (tmp_path / "out.mmtrace").write_bytes(data)
    with open_recording(str(tmp_path / "out.mmtrace")) as timeline:
        shown = timeline.frame(1).shown
        assert shown is not None
        assert shown.dump.totals["dirty"] == 9


def test_a_simulated_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.mmtrace"
    with new_trace(path, trace_header("simulated", "incident", None)):
        pass
    assert main(["anonymise", str(path), "-o", str(tmp_path / "out.mmtrace")]) == 2
    err = capsys.readouterr().err
    assert "is a simulated run: no name of a machine is in it" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out.mmtrace").exists()


def test_a_damaged_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.mmtrace"
    data = bytearray((DATA / f"{INCIDENT_NEXT}.mmtrace").read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="damaged at byte"):
        anonymised(path)
    assert main(["anonymise", str(path), "-o", str(tmp_path / "out.mmtrace")]) == 2
    assert not (tmp_path / "out.mmtrace").exists()
