"""CSV and JSON: every number is the recording's own, and what is not known is empty."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.sim.metrics import read
from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.log.timeline import numbers_of
from mmplay.recordings.recording import Recording
from tests.conftest import INCIDENT_RC7
from tests.recordings.export.exported import export, hostile_log, same_as_golden, short_run


def rows_of(recording: Recording) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export(recording, "csv").decode())))


def test_a_log_has_a_row_for_every_dump(rc7: ObservedTimeline) -> None:
    assert same_as_golden(f"{INCIDENT_RC7}.csv", export(rc7, "csv"))
    rows = rows_of(rc7)
    assert [row["frame"] for row in rows] == ["1", "3"]
    assert rows[0]["zones.DMA32.free"] == "1300"
    assert rows[1]["zones.DMA.free"] == "3"
    assert rows[1]["zones.DMA.slab_unreclaimable"] == "1790"
    assert rows[0]["zones.DMA.reserve"] == "1732"
    assert rows[0]["time_us"] == "59562581"


def test_what_a_dump_does_not_say_is_empty(tmp_path: Path) -> None:
    with hostile_log(tmp_path) as log:
        rows = rows_of(log)
        assert [row["boot"] for row in rows] == ["1", "1", "2"]
        assert [row["zones.DMA32.free"] for row in rows] == ["1300", "0", ""]
        assert rows[2]["zones.DMA.free"] == "1738"
        found = json.loads(export(log, "json"))
        column = found["columns"].index("zones.DMA32.free")
        assert [row[column] for row in found["rows"]] == [1300, 0, None]


def test_a_run_has_every_row_it_kept() -> None:
    run = short_run()
    rows = rows_of(run)
    kept = list(run.session.tape.rows())
    assert len(rows) == len(kept) > 150
    assert [int(row["turn"]) for row in rows] == [entry.turn for entry, _ in kept]
    assert [int(row["time_us"]) for row in rows] == [entry.time_us for entry, _ in kept]


@given(st.integers(0, 150))
def test_a_run_s_numbers_are_the_machine_s(number: int) -> None:
    run = short_run()
    series = run.series()
    row = list(series.rows)[number]
    turn = row[0]
    assert turn is not None
    m = run.session.machine_at(turn)
    for name, value in list(zip(series.columns, row, strict=True))[series.places :]:
        assert read(m, name) == value, name


def test_csv_and_json_agree(incident: ObservedTimeline) -> None:
    found = json.loads(export(incident, "json"))
    rows = rows_of(incident)
    assert list(rows[0]) == found["columns"]
    for row, values in zip(rows, found["rows"], strict=True):
        assert list(row.values()) == ["" if value is None else str(value) for value in values]


def test_json_tells_what_happened() -> None:
    run = short_run()
    found = json.loads(export(run, "json"))
    assert (found["schema"], found["kind"], found["frames"]) == (1, "simulated", len(run))
    assert [event["frame"] - 1 for event in found["events"]] == list(run.event_frames)
    titles = [event["title"] for event in found["events"]]
    assert titles[0] == "OOM kill: file_io.00 (4450)"
    assert "you: min_free_kbytes 8192" in titles
    (act,) = found["acts"]
    assert (act["name"], act["value"]) == ("min_free_kbytes", "8192")
    (marker,) = found["markers"]
    assert (marker["name"], marker["note"]) == ("half & <half>", 'a "note"')
    assert marker["time_us"] == run.time_us(500)


def test_json_of_a_log_names_its_boots(tmp_path: Path) -> None:
    with hostile_log(tmp_path) as log:
        found = json.loads(export(log, "json"))
        assert found["kernels"] == ["4.5-rc7", "next-20160311"]
        assert [event["boot"] for event in found["events"]] == [1, 1, 1, 1, 2, 2]
        assert (found["acts"], found["markers"]) == ([], [])


def test_zones_of_several_nodes_keep_apart(rc7: ObservedTimeline) -> None:
    shown = rc7.frame(0).shown
    assert shown is not None
    shown.dump.zones[1].node = 1
    names = numbers_of(shown.dump)
    assert names["zones.0:DMA.free"] == 1742
    assert names["zones.1:DMA32.free"] == 1300


@pytest.mark.parametrize("name", ["csv", "json", "perfetto", "svg", "html"])
def test_a_log_without_reports_is_still_a_file(tmp_path: Path, name: str) -> None:
    from tests.recordings.export.exported import logged

    with logged(tmp_path, b"[    1.000000] lowmem_reserve[]: 0 1 1 1\n") as log:
        assert len(log) == 0
        data = export(log, name)
    assert data.endswith(b"\n")
    if name in ("json", "perfetto"):
        json.loads(data)
