"""`mmplay floors`: nodes, ratios, boost and the default; of a log; of this machine."""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path
from typing import Any

import pytest

from mmplay.__main__ import main
from mmplay.commands.floors_seen import floors_now, print_seen, seen_json
from mmplay.engine.rules.kernel import Boot
from mmplay.engine.rules.versions import kernel_named
from mmplay.recordings.live.capture import Roots
from tests.conftest import INCIDENT_NEXT
from tests.recordings.fake_proc import Machine, write_proc

Captured = pytest.CaptureFixture[str]
TRUTH = Path(__file__).parents[3] / "shared" / "truth" / "modern"


def floors(capsys: Captured, *args: str) -> dict[str, Any]:
    status = main(["floors", *args, "--json"])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


TWO_NODES = ("--zone", "DMA32=500000", "--zone", "Normal=500000", "--zone", "1:Normal=1000000")


def test_each_node_has_its_share_and_its_own_reserve(capsys: Captured) -> None:
    found = floors(capsys, *TWO_NODES, "--kernel", "6.1", "--min-free-kbytes", "8000")
    assert [(one["node"], one["zone"], one["min"]) for one in found["zones"]] == [
        (0, "DMA32", 500),
        (0, "Normal", 500),
        (1, "Normal", 1000),
    ]
    reserves = [one["lowmem_reserve"] for one in found["zones"]]
    assert reserves == [[0, 0, 500000 // 256, 500000 // 256], [0] * 4, [0] * 4]


def test_a_ratio_of_0_keeps_nothing_from_4_17_on(capsys: Captured) -> None:
    args = ("--zone", "DMA=4000", "--zone", "Normal=100000", "--lowmem-reserve-ratio", "0 256 32")
    old = floors(capsys, *args, "--kernel", "4.16")["zones"][0]["lowmem_reserve"]
    new = floors(capsys, *args, "--kernel", "4.17")["zones"][0]["lowmem_reserve"]
    assert (old[2], new[2]) == (100000, 0)


def test_boost_lifts_every_mark_but_not_for_who_is_tested_without_it(capsys: Captured) -> None:
    args = ("--zone", "Normal=1000000", "--min-free-kbytes", "8000", "--boost", "Normal=512")
    zone = floors(capsys, *args, "--kernel", "5.15")["zones"][0]
    assert (zone["min"], zone["low"], zone["high"]) == (2512, 3512, 4512)
    by = {one["caller"]: one["floor"] for one in zone["floors"] if one["mark"] == "min"}
    assert by["plain"] == 2512
    assert by["HIGH+HARDER"] == 2000 - 1000 - 250
    zone = floors(capsys, *args, "--kernel", "5.8")["zones"][0]
    by = {one["caller"]: one["floor"] for one in zone["floors"] if one["mark"] == "min"}
    assert by["HIGH+HARDER"] == 2512 - 1256 - 314


@pytest.mark.parametrize(
    ("kernel", "thp", "kbytes"),
    [
        ("5.15", (), 67584),
        ("5.15", ("--no-thp",), 10558),
        ("4.9", (), 67584),
        ("4.5-rc7", (), 10481),
    ],
)
def test_min_free_kbytes_is_what_the_kernel_chooses(
    capsys: Captured, kernel: str, thp: tuple[str, ...], kbytes: int
) -> None:
    zones = ("--zone", "DMA=3840", "--zone", "DMA32=760000", "--zone", "Normal=978000")
    found = floors(capsys, *zones, *thp, "--kernel", kernel)
    assert found["min_free_kbytes"] == kbytes


def test_floors_of_a_log_are_those_that_it_prints(capsys: Captured) -> None:
    found = floors(capsys, INCIDENT_NEXT, "--event", "1")
    assert found["kernel"] == "next-20160311"
    zone = next(one for one in found["zones"] if one["zone"] == "DMA32")
    plain = [one["floor"] for one in zone["floors"] if one["caller"] == "plain"]
    assert zone["min"] in plain
    assert zone["low"] in plain
    assert main(["floors", INCIDENT_NEXT]) == 0
    assert "lowmem_reserve[]" in capsys.readouterr().out


def test_floors_of_this_machine_now(tmp_path: Path) -> None:
    write_proc(tmp_path, Machine())
    found = seen_json(floors_now(None, Roots(tmp_path, tmp_path / "kmsg")))
    assert found["zones"]
    assert found["from"] == "this machine"


def test_other_rules_that_may_apply_are_named(tmp_path: Path, capsys: Captured) -> None:
    write_proc(tmp_path, Machine(), "4.4.100")
    seen = floors_now(None, Roots(tmp_path, tmp_path / "kmsg"))
    assert (seen.kernel.name, seen.others) == ("4.4.155", ["4.4.60"])
    print_seen(seen)
    assert "the rules of 4.4.60 may apply as well" in capsys.readouterr().out
    chosen = floors_now(kernel_named("4.4.60"), Roots(tmp_path, tmp_path / "kmsg"))
    assert (chosen.kernel.name, chosen.others) == ("4.4.60", [])


@pytest.mark.skipif(not TRUTH.is_dir(), reason="the measured boots are not here")
@pytest.mark.parametrize("path", sorted(TRUTH.glob("*-facts-*.log.xz")), ids=lambda one: one.name)
def test_measured_machines_chose_nearly_that(path: Path) -> None:
    """Nearly: zoneinfo was read later, when more pages were managed."""
    text = lzma.decompress(path.read_bytes()).decode(errors="replace")
    said = re.search(r"sysctl vm.min_free_kbytes = (\d+)", text)
    zoneinfo = text[text.index("BEGIN /proc/zoneinfo") : text.index("END /proc/zoneinfo")]
    found = re.findall(r"Node \d+, zone +(\w+).*?managed +(\d+)", zoneinfo, re.DOTALL)
    zones = tuple((name, int(pages)) for name, pages in found if int(pages))
    boot = Boot(kernel_named("6.12" if path.name.startswith("6.12") else "6.1"), zones, 10)
    chosen = boot.without_thp() if "nothp" in path.name else boot.with_thp()
    assert said is not None
    assert int(said[1]) <= chosen <= int(said[1]) * 1.03
