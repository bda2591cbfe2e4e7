"""`mmplay glossary`: a term, a search, a list, JSON, and a name that is none."""

from __future__ import annotations

import json

import pytest

from mmplay.__main__ import main
from mmplay.levels.glossary import glossary


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    status = main(["glossary", *args])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_term(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "__GFP_ATOMIC")
    assert status == 0
    for text in (
        "cannot sleep, try harder",
        "value    0x80000 in 4.4 to 5.0",
        "see      ALLOC_HARDER",
    ):
        assert text in out
    assert max(map(len, out.splitlines())) <= 79


def test_an_alias_and_a_counter(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "conntrack")[1].startswith("nf_conn: ")
    out = run(capsys, "alloc_fail_net")[1]
    assert "alloc_fail_net: page requests of the network softirq that failed" in out
    assert run(capsys, "wmark_low")[1].startswith("low: ")


def test_several_terms_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "reserve")
    assert status == 0
    names = [line.split("  ")[0] for line in out.splitlines()]
    assert names[:2] == ["reserved", "reserves"]
    assert "lowmem_reserve" in names


def test_all_terms(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys)
    assert len(out.splitlines()) == len(glossary())
    found = json.loads(run(capsys, "--json")[1])
    assert [one["id"] for one in found["terms"]] == list(glossary())


def test_json_of_one_and_of_several(capsys: pytest.CaptureFixture[str]) -> None:
    one = json.loads(run(capsys, "low", "--json")[1])
    assert one["schema"] == 1
    assert one["term"]["formulas"] == [
        "4.5-rc7: min + min/4",
        "next-20160311, 6.1, 6.6, 6.12: min + gap",
    ]
    assert one["term"]["levels"] == ["L03", "L04", "L15"]
    assert len(json.loads(run(capsys, "reserve", "--json")[1])["terms"]) > 5


def test_no_such_term(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "watermrak")
    assert status == 2
    assert not out
    assert "did you mean watermark" in err
    assert len(err.splitlines()) == 1
