"""`mmplay run LOG --frame N` as a user calls it."""

from __future__ import annotations

import json
import os
import signal
from argparse import Namespace
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.commands import run_frame
from mmplay.commands.output import tell
from mmplay.recordings.answer import Answer
from mmplay.recordings.futures import Ahead, Future, Supposed, machine_ahead, watched
from mmplay.recordings.library import open_recording
from tests.commands.test_run import output

LOG = "incident-4.5.0-rc7"
UNTIL = ("--until", "59.6", "--cores", "1")


def test_what_may_become_of_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", LOG, *UNTIL)
    assert code == 0
    assert "disk_rate 25600 pages/s, 0 to 256000 are possible" in out
    assert "14 runs of 0.04 s" in out
    assert "DMA32: free rises above min (1300 pages)" in out
    assert "which the log says was killed" in out
    assert "memeater" not in out


def test_two_cores_foresee_the_same_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        json.loads(output(capsys, "run", LOG, *UNTIL[:2], "--cores", cores, "--json")[1])["runs"]
        for cores in "12"
    ]
    assert found[0] == found[1]


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", LOG, *UNTIL, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["schema"] == 1
    assert (found["bounds"], found["runs_wanted"], found["runs_done"]) == ("one at a time", 14, 14)
    names = {one["name"] for one in found["assumptions"]}
    assert "disk_rate" in names
    assert {one["assumption"] for one in found["runs"]} - {None} <= names
    assert found["bands"]["DMA32"][0]["from_us"] == found["from_us"]
    assert found["bands"]["DMA32"][-1]["until_us"] == found["until_us"]
    row = next(one for one in found["foreseen"] if one["quantity"] == "pages_written")
    assert row["low"] <= row["value"] <= row["high"]
    assert row["sentence"].startswith("The disk completes")
    assert found["digest"]


def test_one_run_is_marked_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "run", LOG, *UNTIL, "--bounds", "no")
    assert code == 0
    assert "nothing was varied" in out
    found = json.loads(output(capsys, "run", LOG, *UNTIL, "--bounds", "no", "--json")[1])
    assert (found["bounds"], found["runs_done"]) == ("no", 1)
    assert (found["foreseen"][0]["low"], found["bands"]) == (None, {})
    assert "nothing was varied" in found["remarks"][0]


def test_ctrl_c_shows_what_is_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(ahead: Ahead, one: Supposed) -> Future:
        if one.name != "disk_rate":
            raise KeyboardInterrupt
        return watched(machine_ahead(ahead, one), one, 0, lambda _: None)

    monkeypatch.setattr(run_frame, "future_of", stopped)
    code, out, err = output(capsys, "run", LOG, *UNTIL)
    assert code == 130
    assert "stopped after 3 of 14 runs" in err
    assert "You stopped after 3 of 14 runs" in out
    assert "DMA32: free" in out


def test_a_second_ctrl_c_does_not_end_the_telling(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c(ahead: Ahead, one: Supposed) -> Future:
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError(one)

    def again(args: Namespace, answer: Answer) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        tell(*answer.remarks())

    monkeypatch.setattr(run_frame, "future_of", ctrl_c)
    monkeypatch.setattr(run_frame, "_print_text", again)
    code, out, err = output(capsys, "run", LOG, *UNTIL)
    assert (code, err) == (130, "mmplay: stopped after 1 of 14 runs\n")
    assert "You stopped after 1 of 14 runs" in out


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("--frame", "1"), "no Mem-Info of its own; the first frame that has one is 0: --frame 0"),
        (("--frame", "99"), "has no frame 99; frames count from 0, its last is 3"),
        (("--ram", "1G"), "a machine with 1048576 kB of RAM has fewer"),
        (("--ram", "64G"), "a machine with 67108864 kB of RAM has more"),
        (("--kernel", "6.1"), "kernel 6.1 cannot be simulated"),
        (("--kernel", "9.9"), "9.9 follows the rules of 6.17; kernel 6.17 cannot"),
    ],
)
def test_a_frame_that_cannot_be_continued_is_one_line(
    capsys: pytest.CaptureFixture[str], args: tuple[str, ...], reason: str
) -> None:
    code, out, err = output(capsys, "run", LOG, *args)
    assert (code, out) == (2, "")
    assert reason in err
    assert err.count("\n") == 1


def cut_log(path: Path, first: int, last: int) -> str:
    """Write some lines of the incident's log, as a log of its own."""
    with open_recording(LOG) as recording:
        lines = b"".join(recording.text()).splitlines(keepends=True)
    path.write_bytes(b"".join(lines[first - 1 : last]))
    return str(path)


def test_without_a_number_it_is_the_first_frame_that_has_a_mem_info(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = cut_log(tmp_path / "failures.log", 27, 98)
    more = ("--kernel", "4.5-rc7", "--until", "61.53", "--bounds", "no", "--json")
    code, out, _ = output(capsys, "run", log, *more)
    assert (code, json.loads(out)["frame"]) == (0, 1)


def test_a_log_without_any_mem_info_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = cut_log(tmp_path / "traces.log", 99, 140)
    code, _, err = output(capsys, "run", log)
    assert code == 2
    assert err == f"mmplay: {log}: none of its reports has a Mem-Info, which a start needs\n"


@pytest.mark.parametrize("start", ["L03", "boot", "incident"])
def test_only_a_log_has_frames(capsys: pytest.CaptureFixture[str], start: str) -> None:
    code, _, err = output(capsys, "run", start, "--frame", "1")
    assert code == 2
    assert err == f"mmplay: --frame is for logs; {start} is none, leave it out\n"


def test_the_run_can_be_kept(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    path = f"{tmp_path}/run.mmtrace"
    assert main(["run", LOG, *UNTIL, "--bounds", "no", "-o", path]) == 0
    capsys.readouterr()
    assert main(["verify", path]) == 0
