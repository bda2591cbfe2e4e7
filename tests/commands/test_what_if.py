"""`mmplay what-if`: both sides of an event, as a table and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmplay.__main__ import main
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7

KBYTES = "vm.min_free_kbytes=3000"
Captured = pytest.CaptureFixture[str]


def told(capsys: Captured, *words: str) -> str:
    assert main(["what-if", *words]) == 0
    return capsys.readouterr().out


def test_both_sides_stand_side_by_side(capsys: Captured) -> None:
    lines = told(capsys, INCIDENT_NEXT, "--set", KBYTES).splitlines()
    assert lines[0].startswith("#1  ")
    assert "with vm.min_free_kbytes = 3000" in lines
    assert [line.split() for line in lines if "min low high" in line] == [
        ["min", "low", "high", "11", "14", "17", "6", "9", "12", "*"],
        ["min", "low", "high", "1300", "1743", "2186", "743", "1186", "1629", "*"],
    ]
    assert any(line.startswith("set aside") and "(15.4 MiB)" in line for line in lines)
    assert "By arithmetic alone the outcome changes: refused -> passes." in lines
    assert any("arithmetic only" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_json_has_both_sides(capsys: Captured) -> None:
    found = json.loads(told(capsys, INCIDENT_RC7, "--event", "2", "--set", KBYTES, "--json"))
    assert list(found) == ["schema", "event", "set", "zones", "set_aside_pages", "outcome"]
    assert (found["schema"], found["event"]) == (1, 2)
    assert found["set"] == {"vm.min_free_kbytes": 3000}
    numbers = ["min", "low", "high", "reserve", "floor", "verdict"]
    for zone in found["zones"]:
        assert list(zone) == ["zone", "node", "logged", "changed"]
        assert list(zone["logged"]) == list(zone["changed"]) == numbers
    assert [zone["zone"] for zone in found["zones"]] == ["DMA", "DMA32"]
    assert found["zones"][1]["logged"]["min"] == 1300
    assert list(found["set_aside_pages"]) == list(found["outcome"]) == ["logged", "changed"]


def test_settings_may_stand_first_and_together(capsys: Captured) -> None:
    words = ("--set", KBYTES, "vm.lowmem_reserve_ratio=256 256 32", INCIDENT_NEXT, "--json")
    found = json.loads(told(capsys, *words))
    assert found["set"]["vm.lowmem_reserve_ratio"] == "256 256 32"
    again = json.loads(
        told(capsys, INCIDENT_NEXT, "--json", *(f"--set={one}" for one in words[1:3]))
    )
    assert again == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((INCIDENT_NEXT, "--set", "vm.swappiness=10"), "arithmetic cannot answer it"),
        ((INCIDENT_NEXT,), "--set"),
        (("--set", KBYTES), "name a kernel log, a recording"),
        ((INCIDENT_NEXT, "--set", KBYTES, "--event", "99"), "--event 99"),
        ((INCIDENT_NEXT, "--set", KBYTES, "--event", "0"), "--event 0"),
        (("nowhere.log", "--set", KBYTES), "nowhere.log"),
    ],
)
def test_bad_use_is_one_line(words: tuple[str, ...], said: str, capsys: Captured) -> None:
    assert main(["what-if", *words]) == 2
    found = capsys.readouterr()
    assert said in found.err
    assert found.err.count("\n") == 1
    assert found.out == ""


def test_a_kill_by_a_limit_says_why_there_is_nothing_to_compare(
    tmp_path: Path, capsys: Captured
) -> None:
    log = tmp_path / "limit.log"
    log.write_text(
        "[  100.000000] worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
        "oom_score_adj=0\n"
        "[  100.000010] CPU: 0 PID: 7 Comm: worker Not tainted 5.4.0 #1\n"
        "[  100.000020] memory: usage 1024kB, limit 1024kB, failcnt 9\n"
        "[  100.000030] Memory cgroup out of memory: Killed process 7 (worker) total-vm:1kB, "
        "anon-rss:0kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:0kB oom_score_adj:0\n"
    )
    assert main(["what-if", str(log), "--event", "1", "--set", KBYTES]) == 2
    assert "the limit of a cgroup was reached" in capsys.readouterr().err
