"""`explain --rules`: whose rules are used, each with its source, and what was not read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmplay.__main__ import main

Captured = pytest.CaptureFixture[str]

LOG = """\
[    9.000000] cat: page allocation failure: order:0, mode:0x400000(GFP_NOWAIT)
[    9.000001] CPU: 0 PID: 5 Comm: cat Not tainted {release} #1
[    9.000002] Mem-Info:
"""


def rules(capsys: Captured, *args: str) -> str:
    status = main(["explain", "--rules", *args])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "host.log"


def test_each_rule_has_function_file_and_version(capsys: Captured) -> None:
    out = rules(capsys, "--kernel", "5.8.1")
    assert "GFP bits of 5.1 to 5.13" in out
    assert "mm/page_alloc.c:__zone_watermark_ok" in out
    assert "read in" in out
    assert max(map(len, out.splitlines())) <= 75


@pytest.mark.parametrize("release", ["2.6.32", "3.10.0-957.el7", "4.4.100", "6.17.0", "6.1"])
def test_every_part_of_the_rules_is_told(capsys: Captured, release: str) -> None:
    found = json.loads(rules(capsys, "--kernel", release, "--json"))["rules"][0]
    abouts = {one["about"] for one in found["rules"]}
    parts = ("gate", "masks", "slab mask", "marks", "min_free_kbytes", "lowmem_reserve")
    assert abouts >= {*parts, "OOM score", "report"}


def test_what_was_not_read_is_said(capsys: Captured) -> None:
    out = " ".join(rules(capsys, "--kernel", "4.14.50").split())
    assert "the versions before and after it" in out
    assert "or of 4.14 " in out
    assert "not read: this version lies between those that were" in out


def test_a_log_leads_to_its_rules(capsys: Captured, log: Path) -> None:
    log.write_text(LOG.format(release="4.18.0-553.8.1.el8_10.x86_64"))
    found = json.loads(rules(capsys, str(log), "--json"))["rules"]
    assert [one["kernel"] for one in found] == ["4.18.el8-348"]
    assert found[0]["release"] == "4.18.0-553.8.1.el8_10.x86_64"


def test_rules_older_than_all_that_was_read_are_none(capsys: Captured, log: Path) -> None:
    log.write_text(LOG.format(release="2.6.9-89.EL").replace("(GFP_NOWAIT)", ""))
    assert "older than all that was read" in rules(capsys, str(log))


def test_rules_are_text_or_json(capsys: Captured) -> None:
    assert main(["explain", "--rules", "--kernel", "6.6", "--format", "html"]) == 2
    assert "--rules and html" in capsys.readouterr().err
