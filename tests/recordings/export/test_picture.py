"""The picture: well-formed, described in words, complete, and its parts keep apart."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mmplay.recordings.chart.story import stories_of
from mmplay.recordings.export.svg import apart, round_step
from mmplay.recordings.log.observed import ObservedTimeline
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text
from tests.recordings.export.exported import (
    HOSTILE,
    export,
    hostile_log,
    logged,
    same_as_golden,
    short_run,
)

SVG = "{http://www.w3.org/2000/svg}"


def drawn(data: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(data)


def texts(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def of_class(root: ElementTree.Element, tag: str, name: str) -> list[ElementTree.Element]:
    return [one for one in root.iter(f"{SVG}{tag}") if name in one.get("class", "").split()]


def test_the_log_s_picture(rc7: ObservedTimeline) -> None:
    assert same_as_golden(f"{INCIDENT_RC7}.svg", export(rc7, "svg"))


def test_a_run_s_picture_is_complete() -> None:
    root = drawn(export(short_run(), "svg"))
    words = texts(root)
    (story,) = stories_of(short_run())
    for line in (line for zone in story.zones for line in zone.ordered()):
        assert line.label in words
        assert str(line.pages) in words
    assert "seconds since boot" in words
    assert "DMA32, free pages" in words
    assert "DMA, the floors magnified" in words
    assert "OOM kill: file_io.00 (4450)" in words
    assert of_class(root, "path", "free")
    on_the_way = [
        line
        for zone in story.zones
        for line in zone.ordered()
        if line.met is not None and line.met.since_us is not None
    ]
    assert len(of_class(root, "circle", "met")) == len(on_the_way) > 0


def test_the_picture_can_be_read_aloud(incident: ObservedTimeline) -> None:
    root = drawn(export(incident, "svg"))
    assert root.get("role") == "img"
    named = str(root.get("aria-labelledby")).split()
    spoken = {one.get("id"): one.text or "" for one in root if one.get("id")}
    assert set(named) == set(spoken)
    assert "free goes from" in spoken["mm-desc"]
    assert "HIGH 650" in spoken["mm-desc"]


def test_nothing_is_drawn_outside() -> None:
    root = drawn(export(short_run(), "svg"))
    _, _, width, height = (int(part) for part in str(root.get("viewBox")).split())
    for one in root.iter():
        for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            assert 0 <= int(one.get(name, 0)) <= most


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    with hostile_log(tmp_path) as log:
        data = export(log, "svg")
    assert b"<b>" not in data
    assert any(HOSTILE in text for text in texts(drawn(data)))


def test_control_characters_cannot_break_it(tmp_path: Path) -> None:
    text = incident_text(INCIDENT_RC7).replace(b"kthreadd: page", b"a\x1b[31m\x07b\xff: page")
    with logged(tmp_path, text) as log:
        root = drawn(export(log, "svg"))
    assert any("\\x1b[31m" in text for text in texts(root))


def test_many_events_are_counted_not_crowded(tmp_path: Path) -> None:
    line = b"[   %d.000000] a: page allocation failure: order:0, mode:0x20\n"
    text = incident_text(INCIDENT_NEXT) + b"".join(line % n for n in range(91, 191))
    with logged(tmp_path, text) as log:
        root = drawn(export(log, "svg"))
    assert "and 78 more events" in texts(root)
    assert len(of_class(root, "text", "number")) == 48


def test_free_far_above_the_floors_runs_along_the_top(tmp_path: Path) -> None:
    text = incident_text(INCIDENT_NEXT).replace(b"DMA32 free:2516kB", b"DMA32 free:1200000kB")
    with logged(tmp_path, text) as log:
        words = texts(drawn(export(log, "svg")))
    assert any("up to 300000, off this scale" in text for text in words)


def test_dumps_that_stand_close_become_a_line(tmp_path: Path) -> None:
    once = incident_text(INCIDENT_NEXT)
    text = b"".join(
        once.replace(b"[   89.", b"[  %d." % second)
        .replace(b"[   90.", b"[  %d." % (second + 1))
        .replace(b"DMA32 free:2516kB", b"DMA32 free:%dkB" % (2516 + 4 * second))
        for second in range(100, 300, 2)
    )
    with logged(tmp_path, text) as log:
        (story,) = stories_of(log)
        root = drawn(export(log, "svg"))
    dma32 = next(zone for zone in story.zones if zone.name == "DMA32")
    assert [level.last for level in dma32.levels] == [629 + n for n in range(100, 300, 2)]
    assert not of_class(root, "circle", "dump")
    assert not of_class(root, "path", "guess")


def test_one_moment_is_a_picture_too(linux_next: ObservedTimeline) -> None:
    assert drawn(export(linux_next, "svg")).tag == f"{SVG}svg"


@given(st.integers(1, 10**12), st.integers(1, 12))
def test_steps_are_round_and_few(span: int, most: int) -> None:
    step = round_step(span, most)
    assert span // step <= most
    assert str(step).rstrip("0") in ("1", "2", "5")
    smaller = step * 2 // 5 if str(step)[0] == "5" else step // 2
    assert step == 1 or span > most * smaller


@given(st.lists(st.integers(0, 500), max_size=20), st.integers(1, 20))
def test_labels_keep_apart(wanted: list[int], distance: int) -> None:
    wanted.sort()
    low, high = 0, 500
    placed = apart(wanted, distance, low, high)
    assert len(placed) == len(wanted)
    assert all(b - a >= distance for a, b in pairwise(placed))
    assert all(place <= high for place in placed)
    if len(wanted) * distance <= high - low:
        assert all(place >= low for place in placed)
    if all(b - a >= distance for a, b in pairwise(wanted)):
        assert placed == wanted
