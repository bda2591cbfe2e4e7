"""One made-up host's log through every verb that takes a recording, as its owner would go."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.recordings.library import open_recording
from mmplay.recordings.position import find_break
from tests.recordings.hosts import Host, HostZone, log

pytestmark = pytest.mark.usefixtures("home")

Captured = pytest.CaptureFixture[str]
MARKS = (1300, 1625, 1950)
SECOND = 1_000_000
FREES = (2000, 1301, 480, 12)


def host(free: int, comm: str = "backup") -> Host:
    """A machine of 6.12 that runs low, and a request of softirq that fails."""
    zone = HostZone("DMA32", free, MARKS, (0, 0, 0, 0), managed=443_000)
    stack = ("__alloc_pages", "net_rx_action", "__do_softirq")
    return Host("6.12.30", 0x820, "GFP_ATOMIC", (zone,), stack=stack, comm=comm, dirty=free % 97)


def text(comm: str = "backup") -> bytes:
    """Four failures, a second apart, each with less memory than the one before."""
    return b"".join(
        log(host(free, comm), start_us=(100 + n) * SECOND) for n, free in enumerate(FREES)
    )


def told(capsys: Captured, *args: object, status: int = 0) -> tuple[str, str]:
    assert main([str(one) for one in args]) == status
    said = capsys.readouterr()
    return said.out, said.err


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "kern.log"
    path.write_bytes(text())
    return path


@pytest.fixture
def trace(source: Path, capsys: Captured) -> Path:
    path = source.with_suffix(".mmtrace")
    _, err = told(capsys, "import", source, "-o", path)
    lines = text().count(b"\n")
    assert f"{lines} lines, 0 kept as they came, 4 frames" in err
    return path


def exported(trace: Path, form: str) -> bytes:
    path = trace.with_name(f"out.{form}")
    assert main(["export", str(trace), "--format", form, "-o", str(path)]) == 0
    return path.read_bytes()


def test_the_log_comes_back_byte_for_byte(trace: Path) -> None:
    assert exported(trace, "dmesg") == text()


def test_importing_as_json_names_every_frame(source: Path, capsys: Captured) -> None:
    found = json.loads(told(capsys, "import", source, "--json")[0])
    assert found["lines"] == found["understood"] == text().count(b"\n")
    assert found["unknown"] == []
    assert [one["time_us"] for one in found["frames"]] == [
        (100 + n) * SECOND for n in range(len(FREES))
    ]


def test_verify_knows_a_whole_file_from_a_spoiled_one(trace: Path, capsys: Captured) -> None:
    out, _ = told(capsys, "verify", trace)
    assert "nothing to run again" in out
    data = bytearray(trace.read_bytes())
    for place in (len(data) // 3, len(data) // 2, len(data) - 40):
        spoiled = trace.with_name("spoiled.mmtrace")
        data[place] ^= 4
        spoiled.write_bytes(data)
        data[place] ^= 4
        out, _ = told(capsys, "verify", spoiled, status=1)
        assert "spoiled.mmtrace: " in out


def test_info_lists_frames_and_boot(trace: Path, capsys: Captured) -> None:
    out, _ = told(capsys, "info", trace)
    assert "kind      imported" in out
    assert "6.12.30 (rules of 6.12), 100.000000 s to 103.000000 s" in out
    assert "4 events:" in out
    assert out.count("page allocation failure: backup, order 0") == 4


def test_explain_at_a_place_and_of_everything(trace: Path, capsys: Captured) -> None:
    everything, _ = told(capsys, "explain", trace)
    assert [line[:2] for line in everything.splitlines() if line[:1] == "#"] == [
        f"#{n}" for n in range(1, 5)
    ]
    one, _ = told(capsys, "explain", trace, "--at", "102.5")
    assert one.startswith("#3  102.000000 s")
    assert "480 <= " in one
    assert "9 pages more free in DMA32" in " ".join(one.split())
    assert one in everything


@pytest.mark.parametrize("form", ["md", "html"])
def test_a_page_of_explanations_names_every_frame(trace: Path, form: str, capsys: Captured) -> None:
    out, _ = told(capsys, "explain", trace, "--format", form)
    assert out.count("page allocation failure: backup") >= 4
    assert out.startswith("<!" if form == "html" else "# ")


def test_a_part_is_a_recording_of_its_own(trace: Path, capsys: Captured) -> None:
    part = trace.with_name("part.mmtrace")
    _, err = told(capsys, "cut", trace, "--from", "#2", "--to", "+1s", "-o", part)
    assert "2 frames" in err
    told(capsys, "verify", part)
    with open_recording(str(part)) as recording:
        frees = [recording.frame(n).shown.dump.totals["free"] for n in range(2)]  # type: ignore[union-attr]
    assert frees == [1301, 480]


def test_a_recording_beside_itself_and_its_part(trace: Path, capsys: Captured) -> None:
    out, _ = told(capsys, "diff", trace, trace)
    assert out.splitlines()[:2] == [f"A {trace.stem}", f"B {trace.stem}"]
    assert "first " not in out
    part = trace.with_name("part.mmtrace")
    told(capsys, "cut", trace, "--from", "#3", "-o", part)
    found = json.loads(told(capsys, "diff", trace, part, "--json")[0])
    rows = {row["name"]: row for row in found["rows"]}
    assert all(row["delta"] == row["b"] - row["a"] for row in rows.values() if row["delta"])
    # Both are a second after their starts, as far as the part goes.
    assert (rows["zones.DMA32.free"]["a"], rows["zones.DMA32.free"]["b"]) == (1301, 12)


def test_without_names_the_numbers_are_the_same(tmp_path: Path, capsys: Captured) -> None:
    named, public = tmp_path / "named.log", tmp_path / "public.mmtrace"
    named.write_bytes(text("payroll-db"))
    trace = tmp_path / "named.mmtrace"
    told(capsys, "import", named, "-o", trace)
    told(capsys, "anonymise", trace, "-o", public)
    assert b"payroll" not in public.read_bytes()
    before, _ = told(capsys, "explain", trace, "--json")
    after, _ = told(capsys, "explain", public, "--json")
    assert "payroll" not in after
    for one, other in zip(json.loads(before)["frames"], json.loads(after)["frames"], strict=True):
        assert one["asks"] == other["asks"]
        assert one["would_pass"] == other["would_pass"]
        assert one["time_us"] == other["time_us"]


def test_every_row_of_the_table_is_a_dump(trace: Path) -> None:
    head, *rows = exported(trace, "csv").decode().splitlines()
    at = next(n for n, name in enumerate(head.split(",")) if "DMA32" in name and "free" in name)
    assert [int(row.split(",")[at]) for row in rows] == list(FREES)


@pytest.mark.parametrize("form", ["perfetto", "json"])
def test_what_other_programs_read_is_json_with_every_event(trace: Path, form: str) -> None:
    found = json.loads(exported(trace, form))
    assert json.dumps(found).count("page allocation failure: backup") >= len(FREES)


@pytest.mark.parametrize("form", ["svg", "html"])
def test_a_picture_and_a_page_name_the_kernel(trace: Path, form: str) -> None:
    data = exported(trace, form).decode()
    assert "6.12.30" in data
    assert "DMA32" in data
    assert data.rstrip().endswith(f"</{form}>")


# Line by line


def spoken(capsys: Captured, monkeypatch: pytest.MonkeyPatch, what: Path, *lines: str) -> list[str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{one}\n" for one in lines)))
    out, err = told(capsys, "speak", what)
    assert err == ""
    return out.splitlines()


def test_speak_goes_from_frame_to_frame(
    trace: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = spoken(capsys, monkeypatch, trace, "step", "step", "step", "step", "goto #1", "here")
    frames = [line for line in said if line.startswith("#")]
    assert [line.split(" of ")[0] for line in frames] == ["#1", "#2", "#3", "#4", "#1", "#1"]
    assert "DMA32 2000 free" in frames[0]
    assert "DMA32 1301 free (-699)" in frames[1]
    assert "DMA32 12 free (-468)" in frames[3]
    assert "this is the end" in said


def test_speak_says_who_is_refused_at_each_depth(
    trace: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = [word for n in range(1, 5) for word in (f"goto #{n}", "zones")]
    zones = [
        line for line in spoken(capsys, monkeypatch, trace, *commands) if line.startswith("DMA32: ")
    ]
    assert zones[0].endswith("refused at min: nobody")
    assert zones[1].endswith("refused at min: nobody")
    assert "plain (1300)" in zones[2]
    assert "MIN_RESERVE+NON_BLOCK (488)" in zones[2]
    assert "NO_WATERMARKS" not in zones[3]
    assert all("min 1300, low 1625, high 1950" in line for line in zones)


def test_speak_tells_why_and_shows_the_log(
    trace: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = spoken(capsys, monkeypatch, trace, "goto #3", "why", "log 2", "goto 99", "goto x")
    assert any(line.startswith("at min: DMA32 480 <= ") for line in said)
    assert any("9 pages short" in line for line in said)
    assert said[-4].endswith("Total swap = 0kB")
    assert said[-3].endswith("524158 pages RAM")
    assert said[-2].startswith("#1 of 4")
    assert said[-1].startswith("no: x: ")


# Conditions


@pytest.mark.parametrize(
    ("condition", "start", "frame"),
    [
        ("zones.DMA32.free < 1302", 0, 1),
        ("free < 488", 0, 2),
        ("zones.DMA32.free <= 12", 0, 3),
        ("failure", 1, 2),
    ],
)
def test_a_condition_stops_where_it_comes_true(
    trace: Path, condition: str, start: int, frame: int
) -> None:
    with open_recording(str(trace)) as recording:
        assert find_break(recording, condition, start, lambda: False) == frame
