"""`mmplay export` and the formats of `mmplay explain`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.tui.exporting import FORMATS
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7
from tests.recordings.export.html_rules import Page

BEGINNINGS = {
    "dmesg": b"[   59.562581] ",
    "csv": b"frame,boot,time_us,",
    "json": b'{"schema": 1, "name": "incident-4.5.0-rc7"',
    "perfetto": b'{"displayTimeUnit":"ns"',
    "svg": b"<?xml ",
    "html": b"<!DOCTYPE html>",
    "screen": b" incident-4.5.0-rc7  4.5.0-rc7+",
    "cast": b'{"version": 2, "width": 80, "height": 24, ',
}


def test_every_format_is_tested_here() -> None:
    assert set(BEGINNINGS) == set(FORMATS)


@pytest.mark.parametrize("name", BEGINNINGS)
def test_a_file_is_what_standard_output_gets(
    name: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "out"
    assert main(["export", INCIDENT_RC7, "--format", name, "-o", str(path)]) == 0
    assert main(["export", INCIDENT_RC7, "--format", name]) == 0
    out, err = capfdbinary.readouterr()
    assert out == path.read_bytes()
    assert out.startswith(BEGINNINGS[name])
    assert err == b""


def test_a_recorded_run_is_exported(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    trace = str(tmp_path / "run.mmtrace")
    act = "min_free_kbytes 8192"
    assert main(["run", "incident", "--until", "59.65", "--act", act, "-o", trace]) == 0
    capfd.readouterr()
    assert main(["export", trace, "--format", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["kind"] == "simulated"
    assert [one["name"] for one in found["acts"]] == ["min_free_kbytes"]
    assert len(found["rows"]) >= 3
    assert main(["export", trace, "--format", "html"]) == 0
    assert "you: min_free_kbytes 8192" in Page(capfd.readouterr().out).cells


def test_a_cast_of_another_size(capfd: pytest.CaptureFixture[str]) -> None:
    args = ["export", INCIDENT_NEXT, "--format", "cast", "--size", "120x40"]
    assert main(args) == 0
    header = json.loads(capfd.readouterr().out.splitlines()[0])
    assert (header["width"], header["height"]) == (120, 40)


@pytest.mark.parametrize(
    ("name", "size", "word"),
    [
        ("csv", "80x24", "for --format cast"),
        ("cast", "80", "columns x rows"),
        ("cast", "10x10", "80x23 to"),
        ("cast", "99999x24", "columns x rows"),
        ("cast", "-80x24", "columns x rows"),
        ("cast", "٨٠x٢٤", "columns x rows"),
    ],
)
def test_bad_sizes_are_one_line(
    name: str, size: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", INCIDENT_NEXT, "--format", name, f"--size={size}"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert word in err
    assert err.count("\n") == 1


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.mmtrace", tmp_path / "out.html"
    bad.write_bytes(b"mmtrace?")
    out.write_text("old")
    assert main(["export", str(bad), "--format", "html", "-o", str(out)]) == 2
    assert out.read_text() == "old"


def test_explain_as_a_page_and_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", INCIDENT_RC7, "--at", "#3", "--format", "html"]) == 0
    page = Page(capsys.readouterr().out)
    assert [level for level, _ in page.headings] == [1, 2]
    assert "61.527976 s" in page.headings[1][1]
    assert main(["explain", INCIDENT_RC7, "--at", "#3", "--format", "md"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# incident-4.5.0-rc7: why\n")
    assert "61.527976 s" in text
