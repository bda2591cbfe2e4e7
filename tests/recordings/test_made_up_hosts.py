"""Hosts that never were, of every kernel whose rules are known: from their text to the verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmplay.__main__ import main
from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json
from mmplay.recordings.export import FORMATS
from mmplay.recordings.library import open_recording
from tests.recordings.hosts import Host, HostZone, log

RC7, NEXT = "4.5.0-rc7+", "4.5.0-rc7-next-20160311+"
KERNELS = {RC7: "4.5-rc7", NEXT: "next-20160311", "6.1.148": "6.1", "6.6.87": "6.6"} | {
    "6.12.30": "6.12"
}
ATOMIC = {RC7: 0x2080020, NEXT: 0x2080020, "6.1.148": 0xA20, "6.6.87": 0x820, "6.12.30": 0x820}
KERNEL = {RC7: 0x24000C0, NEXT: 0x24000C0} | dict.fromkeys(("6.1.148", "6.6.87", "6.12.30"), 0xCC0)
SOFTIRQ = ("__alloc_pages", "net_rx_action", "__do_softirq")
MARKS = (1300, 1625, 1950)


def zones(free: int, **more: int) -> tuple[HostZone, ...]:
    return (HostZone("DMA32", free, MARKS, (0, 0, 0, 0), **more),)


def atomic(release: str, free: int, **more: int) -> Host:
    """A GFP_ATOMIC request in softirq."""
    return Host(release, ATOMIC[release], "GFP_ATOMIC", zones(free, **more), stack=SOFTIRQ)


def sleeper(release: str, free: int, **more: int) -> Host:
    """A GFP_KERNEL request of a task."""
    return Host(release, KERNEL[release], "GFP_KERNEL", zones(free, **more), stack=("kmalloc",))


def diagnosed(path: Path, host: Host) -> dict[str, Any]:
    """Return the diagnosis of a host's only frame."""
    path.write_bytes(log(host))
    with open_recording(str(path)) as recording:
        assert len(recording) == 1
        assert b"".join(recording.text()) == path.read_bytes()
        return diagnosis_json(diagnose_frame(recording, 0))


def last_test(found: dict[str, Any]) -> dict[str, Any]:
    """Return the last watermark test in DMA32."""
    return next(zone for zone in found["asks"][-1]["zones"] if zone["zone"] == "DMA32")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "host.log"


@pytest.mark.parametrize("release", KERNELS)
def test_the_release_chooses_the_rules(release: str, path: Path) -> None:
    found = diagnosed(path, atomic(release, 10))
    assert (found["release"], found["kernel"]) == (release, KERNELS[release])
    assert found["title"] == "page allocation failure: worker, order 0"
    assert found["time_us"] == 100_000_000


ATOMIC_FLOOR = 1300 - 1300 // 2 - 650 // 4
"""What GFP_ATOMIC is refused at, in every kernel we know: half of min, less a quarter of that."""


@pytest.mark.parametrize("release", KERNELS)
@pytest.mark.parametrize("short", [0, 1, 100])
def test_an_atomic_request_is_refused_at_its_floor(release: str, short: int, path: Path) -> None:
    found = last_test(diagnosed(path, atomic(release, ATOMIC_FLOOR - short)))
    assert found["verdict"] == "refused"
    assert found["floor"]["value"] == ATOMIC_FLOOR
    assert found["short_by"] == short + 1


@pytest.mark.parametrize("release", KERNELS)
def test_a_task_that_may_sleep_stops_at_min(release: str, path: Path) -> None:
    found = last_test(diagnosed(path, sleeper(release, 1300)))
    assert (found["verdict"], found["floor"]["value"]) == ("refused", 1300)
    found = last_test(diagnosed(path, sleeper(release, 1301)))
    assert found["verdict"] == "passes"


@pytest.mark.parametrize("release", ["6.1.148", "6.6.87", "6.12.30"])
def test_the_boost_does_not_count_against_an_atomic_request(release: str, path: Path) -> None:
    found = last_test(diagnosed(path, atomic(release, ATOMIC_FLOOR + 1, boost=400)))
    assert found["verdict"] == "passes"
    found = last_test(diagnosed(path, sleeper(release, 1700, boost=400)))
    assert (found["verdict"], found["floor"]["value"]) == ("refused", 1700)


@pytest.mark.parametrize("release", ["6.1.148", "6.6.87"])
def test_highatomic_pages_are_hidden_from_who_may_sleep(release: str, path: Path) -> None:
    found = last_test(diagnosed(path, sleeper(release, 1301, highatomic=200)))
    assert (found["verdict"], found["free"]) == ("refused", 1101)
    found = last_test(diagnosed(path, atomic(release, 600, highatomic=200)))
    assert (found["verdict"], found["free"]) == ("passes", 600)


def test_4_5_lets_a_dying_task_below_every_floor(path: Path) -> None:
    """PF_MEMALLOC is read off the call trace: reclaim stands on it."""
    stack = ("__alloc_pages_nodemask", "try_to_free_pages", "kmalloc")
    host = Host(RC7, KERNEL[RC7], "GFP_KERNEL", zones(1), stack=stack)
    found = diagnosed(path, host)
    assert found["asks"][-1]["caller"] == "NO_WATERMARKS"
    assert last_test(found)["floor"]["value"] == 0


@pytest.mark.parametrize("release", KERNELS)
def test_a_lower_zone_adds_what_it_sets_aside(release: str, path: Path) -> None:
    low = HostZone("DMA", 1737, (11, 13, 16), (0, 1732, 1732, 1732), managed=3976)
    host = Host(release, ATOMIC[release], "GFP_ATOMIC", (low, *zones(ATOMIC_FLOOR)), stack=SOFTIRQ)
    found = diagnosed(path, host)
    dma = next(zone for zone in found["asks"][-1]["zones"] if zone["zone"] == "DMA")
    assert (dma["verdict"], dma["floor"]["value"]) == ("refused", 11 - 5 - 1 + 1732)
    assert found["would_pass"]


@pytest.mark.parametrize("order", [1, 3, 9])
def test_a_block_is_missing_although_pages_are_free(order: int, path: Path) -> None:
    """511 single pages: enough of them for the watermark of nobody who asks for a block."""
    host = sleeper(RC7, 2000)._replace(order=order)
    found = last_test(diagnosed(path, host))
    assert found["free"] == 2000 - (1 << order) + 1
    assert found["verdict"] == ("passes" if order <= 9 and found["free"] > 1300 else "refused")


def test_a_release_without_rules_gives_no_verdict(path: Path) -> None:
    host = Host("2.4.37", 0xA20, "GFP_ATOMIC", zones(10), stack=SOFTIRQ)
    found = diagnosed(path, host)
    assert found["kernel"] is None
    assert found["asks"] == []
    assert found["no_verdict"]["text"]


@pytest.mark.parametrize("release", KERNELS)
def test_a_request_without_a_trace_is_judged_by_its_mask(release: str, path: Path) -> None:
    found = diagnosed(path, atomic(release, 10)._replace(stack=()))
    assert last_test(found)["verdict"] == "refused"
    assert found["assumed"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(KERNELS)),
    st.integers(0, 4000),
    st.integers(4, 3000),
    st.integers(0, 2000),
)
def test_the_verdict_is_the_comparison(
    path: Path, release: str, free: int, least: int, reserve: int
) -> None:
    """Whatever stands in the dump: free against min plus the reserve, and by how much."""
    zone = HostZone("DMA32", free, (least, least + least // 4, least * 2), (0, *(reserve,) * 3))
    host = Host(release, KERNEL[release], "GFP_KERNEL", (zone,), stack=("kmalloc",))
    found = last_test(diagnosed(path, host))
    assert found["floor"]["value"] == least + reserve
    assert found["verdict"] == ("passes" if free > least + reserve else "refused")
    if found["verdict"] == "refused":
        assert found["short_by"] == least + reserve - free + 1


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(KERNELS)), st.integers(0, ATOMIC_FLOOR))
def test_the_advice_is_enough(path: Path, release: str, free: int) -> None:
    """So many pages more, and the request passes; one less, and it does not."""
    found = diagnosed(path, atomic(release, free))
    more = next(one["pages"] for one in found["would_pass"] if one["code"] == "pass.pages")
    assert last_test(diagnosed(path, atomic(release, free + more)))["verdict"] == "passes"
    assert last_test(diagnosed(path, atomic(release, free + more - 1)))["verdict"] == "refused"


# Through the command line


@pytest.mark.parametrize("release", KERNELS)
def test_explain_says_it_in_words(
    release: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(log(atomic(release, ATOMIC_FLOOR - 3)))
    assert main(["explain", str(path)]) == 0
    out = capsys.readouterr().out
    assert f"rules of {KERNELS[release]}" in out
    words = " ".join(out.split())
    assert words.startswith("#1 100.000000 s worker (")
    assert "was refused a page (order 0, GFP_ATOMIC): with " in words
    assert " usable, DMA32 was 4 pages short. at min " in words
    assert f"= {ATOMIC_FLOOR}: refused, 4 pages short" in words, words
    assert "4 pages more free in DMA32" in words


def test_another_kernel_can_be_chosen(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(log(Host("2.4.37", 0xA20, "GFP_ATOMIC", zones(10), stack=SOFTIRQ)))
    assert main(["explain", "--kernel", "6.1", "--json", str(path)]) == 0
    frame = json.loads(capsys.readouterr().out)["frames"][0]
    assert (frame["release"], frame["kernel"]) == ("2.4.37", "6.1")
    assert last_test(frame)["floor"]["value"] == ATOMIC_FLOOR


@pytest.mark.parametrize("release", KERNELS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_exporter_takes_every_host(release: str, name: str, path: Path) -> None:
    path.write_bytes(log(atomic(release, 42, managed=50_000)))
    with open_recording(str(path)) as recording:
        data = b"".join(FORMATS[name].load()(recording))
    assert data
    if name == "dmesg":
        assert data == path.read_bytes()
    if name == "csv":
        head, row = (line.split(",") for line in data.decode().splitlines()[:2])
        cells = dict(zip(head, row, strict=True))
        free = next(value for key, value in cells.items() if "DMA32" in key and "free" in key)
        assert free == "42"


def test_two_hosts_in_one_file_are_two_boots(path: Path) -> None:
    first, second = atomic(RC7, 10), atomic("6.12.30", 20)
    path.write_bytes(log(first, start_us=500_000_000) + log(second))
    with open_recording(str(path)) as recording:
        kernels = [boot.kernel.name for boot in recording.boots if boot.kernel]
        assert kernels == ["4.5-rc7", "6.12"]
        assert [recording.frame(index).boot for index in range(len(recording))] == [0, 1]
        assert [recording.frame(index).before for index in range(2)] == [None, None]


def test_a_second_failure_shows_what_changed(path: Path) -> None:
    one = atomic(NEXT, 480)
    path.write_bytes(log(one) + log(one._replace(zones=zones(300)), start_us=101_000_000))
    with open_recording(str(path)) as recording:
        assert len(recording) == 2
        before = recording.frame(1).before
        assert before is not None
        assert before.totals["free"] == 480
        trend = diagnosis_json(diagnose_frame(recording, 1))["trend"]
    assert trend


@pytest.mark.parametrize("kept", range(1, 19))
def test_a_log_that_was_cut_off_is_told_as_far_as_it_goes(kept: int, path: Path) -> None:
    """Whatever line is the last: nothing that was not printed is made up."""
    lines = log(atomic("6.12.30", 30)).splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:kept]))
    with open_recording(str(path)) as recording:
        assert len(recording) == 1
        found = diagnosis_json(diagnose_frame(recording, 0))
        shown = recording.frame(0).shown
    zone_line = next(number for number, line in enumerate(lines) if b"DMA32 free" in line)
    if kept <= zone_line:
        assert found["asks"] == [] or last_or_none(found) is None
    else:
        assert shown is not None
        assert shown.dump.zones[0].pages("free") == 30


def last_or_none(found: dict[str, Any]) -> int | None:
    zones_tested = found["asks"][-1]["zones"]
    return zones_tested[0]["free"] if zones_tested else None
