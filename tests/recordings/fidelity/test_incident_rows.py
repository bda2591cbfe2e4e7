"""The incident beside its logs: what is counted, what is not, and what comes out."""

from __future__ import annotations

import json

import pytest

from mmplay.__main__ import main
from mmplay.recordings.fidelity.incident import compare
from mmplay.recordings.fidelity.rows import CALIBRATED, INPUT, RULE, FidelityRow, summary_of


@pytest.fixture(scope="module")
def rows() -> dict[str, FidelityRow]:
    return {row.quantity: row for row in compare()}


def in_frame(rows: dict[str, FidelityRow], frame: str) -> dict[str, FidelityRow]:
    begin = f"{frame}: "
    return {name.removeprefix(begin): row for name, row in rows.items() if name.startswith(begin)}


def test_every_number_of_every_frame(rows: dict[str, FidelityRow]) -> None:
    frames = dict.fromkeys(name.partition(": ")[0] for name in rows if ": " in name)
    assert list(frames) == [
        *("oom kill", "first refusal", "depleted", "refused again"),
        *("log 1", "log 1 again"),
    ]
    for frame in ("oom kill", "depleted", "log 1"):
        names = in_frame(rows, frame)
        assert len([name for name in names if name.startswith("totals ")]) == 19
        for zone in ("DMA", "DMA32"):
            fields = [name for name in names if name.startswith(f"{zone} ")]
            # the zone line, its verdict, the reserves, the blocks of each order, their sum
            assert len(fields) == 29 + 1 + 4 + 11 + 1
        assert "ram_pages" in names
    assert "oom kill: kill score" in rows
    assert "refused again: mode" in rows


def test_the_memory_that_the_run_began_with_is_no_agreement(rows: dict[str, FidelityRow]) -> None:
    start = in_frame(rows, "oom kill")
    assert len(start) == 136
    of_memory = [row for name, row in start.items() if not name.startswith("kill ")]
    assert len(of_memory) > 120
    assert {row.kind for row in of_memory} == {INPUT}
    assert {row.within for row in of_memory} == {None}
    counted = [row.quantity for row in start.values() if row.kind == RULE]
    assert counted == ["oom kill: kill score"]


def test_what_rules_decide_comes_out(rows: dict[str, FidelityRow]) -> None:
    assert {row.kind for row in rows.values()} == {RULE, CALIBRATED, INPUT}
    total = summary_of(rows.values())
    assert total.out == ()
    assert total.rule_rows == total.rule_rows_within > 90
    for name, row in rows.items():
        if name.endswith((" mode", " gfp")):
            assert (row.error, row.bound) == (0, 0), row


def test_moments_are_rows(rows: dict[str, FidelityRow]) -> None:
    assert rows["first_kill_us"].kind == INPUT
    drained, depleted = rows["dma32_drained_us"], rows["depletion_us"]
    assert drained.simulated is not None
    assert depleted.simulated is not None
    assert drained.simulated < depleted.simulated
    assert (depleted.real, depleted.within, depleted.kind) == (61_526_353, True, CALIBRATED)
    assert rows["slabs_at_depletion"].within
    assert rows["refusal_after_depletion_us"].within
    assert rows["first_refused_pid"].real == 2
    kthreadd = rows["kthreadd_after_first_refusal_us"]
    assert (kthreadd.kind, kthreadd.within) == (RULE, True)
    assert kthreadd.simulated is not None


def test_log_1_is_compared_with_all_reports_of_its_kind(rows: dict[str, FidelityRow]) -> None:
    log_1 = in_frame(rows, "log 1")
    for name, number in (
        ("DMA all_unreclaimable", 1),
        *(("DMA32 low", 1743), ("DMA32 high", 2186), ("DMA lowmem_reserve 1", 1732)),
        *(("slub object_size", 64), ("slub default_order", 0)),
    ):
        row = log_1[name]
        assert (row.real, row.simulated, row.kind) == (number, number, RULE)
    # the ring's own requests go one page lower
    assert log_1["DMA free"].real == 1738
    assert log_1["DMA free"].spread == (1737, 1738)
    free, verdict = log_1["DMA32 free"], log_1["DMA32 all_unreclaimable"]
    assert free.spread is not None
    assert free.simulated is not None
    assert free.spread[0] <= free.simulated < free.spread[1]
    assert verdict.spread == (1, 1)


def test_the_verb_exits_by_the_rule_rows(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    rows: dict[str, FidelityRow],
) -> None:
    found = list(rows.values())
    monkeypatch.setattr("mmplay.commands.fidelity_verb.compare", lambda: found)
    assert main(["fidelity"]) == 0
    lines = {
        line.split("  ")[0].strip(): line.split() for line in capsys.readouterr().out.split("\n")
    }
    assert lines["refused again: mode"][-2:] == ["rule:", "within"]
    assert lines["oom kill: DMA free"][-1] == INPUT
    found.append(rows["depletion_us"]._replace(kind=RULE, within=False))
    assert main(["fidelity", "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["csv"], shown["scenario"], shown["variant"]) == ("", "incident", "atomic")
    assert shown["rule_rows"] == shown["rule_rows_within"] + 1
    assert len(shown["rows"]) == len(found)
