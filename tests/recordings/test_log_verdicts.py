"""The table of logs and verdicts, on hosts that never were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.recordings.export.blocks import markdown_page
from mmplay.recordings.fidelity.rows import RULE, row_of
from mmplay.recordings.log_verdicts import fidelity_blocks, log_rows, summary
from tests.recordings.hosts import Host, HostZone, log

RELEASE = "4.5.0-rc7+"


def host(free: int) -> Host:
    zone = HostZone("DMA32", free, (1300, 1625, 1950), (0, 0, 0, 0))
    return Host(RELEASE, 0x2080020, "GFP_ATOMIC", (zone,), stack=("__do_softirq",))


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    """Three logs: one request refused, six that pass by their numbers, and none."""
    texts = {
        "refused.log": log(host(480)),
        "skew.log": b"".join(log(host(600 + n), start_us=(100 + n) * 10**6) for n in range(6)),
        "none.log": b"nothing to see\n",
    }
    for name, data in texts.items():
        (tmp_path / name).write_bytes(data)
    return [str(tmp_path / name) for name in texts]


def test_every_event_has_its_verdict(logs: list[str]) -> None:
    rows = list(log_rows(logs))
    assert [(row.log, row.event) for row in rows] == [
        ("refused.log", 1),
        *(("skew.log", n) for n in range(1, 7)),
    ]
    assert (rows[0].status, rows[0].outcome, rows[0].skew_pages) == ("exact", "refused", None)
    assert [row.skew_pages for row in rows[1:]] == [600 + n - 488 for n in range(6)]
    assert all(row.asked and row.unknown == 0 for row in rows)


def test_it_is_added_up(logs: list[str]) -> None:
    found = summary(list(log_rows(logs)))
    assert (found.logs, found.events, found.asked, found.refused) == (2, 7, 7, 1)
    assert found.skews == tuple(range(112, 118))
    assert "Of 7 requests" in found.sentences[0]
    assert "100.0 %" in found.sentences[1]


def test_the_page_has_both_tables(logs: list[str]) -> None:
    incident = [
        row_of("depleted: DMA free", None, 100, 100, 8, RULE),
        row_of("depleted: x", None, 7, None, 8, RULE),
    ]
    page = "".join(markdown_page(fidelity_blocks(list(log_rows(logs)), incident)))
    refused = next(line for line in page.splitlines() if line.startswith("| refused.log"))
    assert "min: DMA32 480 <= 488" in refused
    skew = [line for line in page.splitlines() if line.startswith("| skew.log")]
    assert len(skew) == 1
    assert "1 and 5 more" in skew[0]
    assert "112 to 117" in skew[0]
    assert "| depleted | rule | 2 | 1 | 1 |" in page


def test_the_verb_tells_it_as_text_and_json(
    logs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fidelity", *logs]) == 0
    out = capsys.readouterr().out
    assert "refused.log #1  failure  refused  4.5-rc7" in out
    assert "skew.log #6  failure  skew by 117" in out
    assert main(["fidelity", "--json", logs[0]]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"][0]["zones"][0]["verdict"] == "refused"
    assert found["summary"]["refused"] == 1
