"""`export --format screen`: the play screen at one place, as plain text."""

from __future__ import annotations

import re

import pytest

from mmplay.__main__ import main

Capture = pytest.CaptureFixture[str]


def still(capsys: Capture, *args: str) -> list[str]:
    assert main(["export", *args, "--format", "screen"]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_recording_at_a_place(capsys: Capture) -> None:
    lines = still(capsys, "incident-4.5.0-rc7", "--at", "#2", "--size", "120x40")
    assert len(lines) == 40
    assert "frame 2/4" in lines[0]
    assert lines[1].startswith(" kthreadd was refused a page (order 0")


def test_a_level_at_a_question_then_answered_then_at_its_end(capsys: Capture) -> None:
    asked = "\n".join(still(capsys, "L03", "--at", "ask:again.1"))
    assert "question 2/" in asked
    assert "You said" not in asked
    assert "You said low: right" in "\n".join(still(capsys, "L03", "--at", "answered:try.1"))
    assert "won" in "\n".join(still(capsys, "L03", "--at", "end"))


def test_a_rung_that_was_answered_leaves_the_others_to_be_asked(capsys: Capture) -> None:
    first = "\n".join(still(capsys, "L07", "--at", "answered:rung.1"))
    drawn = [
        number
        for number in ("975", "650", "488")
        if f"┫  {number:>5}" in first or f"┫   {number}" in first
    ]
    assert len(drawn) == 1


@pytest.mark.parametrize(
    ("level", "place", "shows"),
    [
        ("L02", "ask:merge.1", r"in use .*\{4"),
        ("L02", "answered:merge.1", r"order [24] .*\{ *[04]-"),
        ("L02", "answered:buddy.1", r"order \d .*\{.*\}\{.*\}"),
        ("L07", "ask:empty", r"─ DMA: rungs with its lock of 1732 ─"),
        ("L07", "answered:empty", r"0 no floor|kswapd gets a page"),
        ("L01", "answered:managed.1", r"reserved .* managed "),
        ("L01", "answered:order.1", r" (first|second|third) "),
        ("L04", "answered:low", r"low \d+ *│[┈\u2504]+"),
        ("L05", "answered:last.1", r"◀ 17(38|43) free"),
        ("L07", "ask:empty", r"\d+ free ▶ ┃░+┃"),
        ("L08", "ask:objects.1", r"\?+ objects in \d+ slabs"),
        ("L09", "answered:trend.1", r"limit (14791|20871)"),
        ("L09", "answered:ten.1", r"◀ (6500|2500|3500) dirty"),
        ("L10", "answered:raise.1", r"its line \d{3,4} *│"),
        ("L11", "answered:keyed.1", r"floor 1738 .* floor 650 "),
        ("L16", "answered:limit", r"─ dirty pages ─[^◀]*◀ 60000 *│"),
        ("L18", "answered:edge.1", r"(min|HIGH)\+512 (1812|1162)|HIGH\+HARDER 488"),
        ("L18", "answered:slow", r"its line 488"),
        ("L20", "answered:lost", r"┫ {5}\?"),
    ],
)
def test_a_picture_shows_what_is_asked_and_what_came_of_it(
    capsys: Capture, level: str, place: str, shows: str
) -> None:
    assert re.search(shows, "\n".join(still(capsys, level, "--at", place)))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["L03"], "say where in the level"),
        (["L03", "--at", "#3"], "places of a level are ask:ID, answered:ID and end"),
        (["L03", "--at", "ask:nothing"], "L03 asks no nothing; its questions are"),
        (["incident-4.5.0-rc7", "--at", "#9"], "frames go from #1 to #4"),
        (["incident-4.5.0-rc7", "--size", "20x9"], "80x23 to 400x200"),
    ],
)
def test_what_is_no_place_is_told(capsys: Capture, args: list[str], said: str) -> None:
    assert main(["export", *args, "--format", "screen"]) == 2
    assert said in capsys.readouterr().err


def test_other_formats_have_no_place(capsys: Capture) -> None:
    assert main(["export", "incident-4.5.0-rc7", "--format", "csv", "--at", "#2"]) == 2
    assert "--at is for --format screen" in capsys.readouterr().err
