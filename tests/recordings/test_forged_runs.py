"""Runs that somebody forged: what cannot be run, and what says another thing than it does."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from mmplay.recordings.trace.format import Code
from tests.recordings.verified import checked, played, sealed
from tests.traces import Records, put_together, taken_apart


def drop_setup(records: Records) -> None:
    del records[0]


def empty_setup(records: Records) -> None:
    records[0] = (Code.SETUP, [*records[0][1][:2], []])


def no_state(records: Records) -> None:
    records[1] = (Code.KEY, [*records[1][1][:3], b"nothing"])


def bomb(records: Records) -> None:
    records[1] = (Code.KEY, [*records[1][1][:3], zlib.compress(bytes(1 << 24))])


def far_mark(records: Records) -> None:
    records.insert(2, (Code.MARK, [1 << 47, 0, "far", ""]))


def far_act(records: Records) -> None:
    records.insert(2, (Code.ACT, [1 << 47, 0, "sysrq_m", ""]))


def refused_act(records: Records) -> None:
    records.insert(2, (Code.ACT, [*records[1][1][:2], "kill", "99999"]))


def early_act(records: Records) -> None:
    records.append((Code.ACT, [*records[1][1][:2], "sysrq_m", ""]))


def needless_undo(records: Records) -> None:
    records.insert(2, (Code.UNDO, records[1][1][:2]))


def unknown_act(records: Records) -> None:
    records.insert(2, (Code.ACT, [*records[1][1][:2], "format", "c:"]))


def log_lines(records: Records) -> None:
    records.append((Code.RAW, [1, b"no line of a run"]))


def no_end_of_time(records: Records) -> None:
    records.append((Code.REACHED, [1 << 47, 0, bytes(16)]))


@pytest.mark.parametrize(
    "forge",
    [
        *(drop_setup, empty_setup, no_state, bomb, far_mark, far_act, refused_act, early_act),
        *(needless_undo, unknown_act, log_lines, no_end_of_time),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(forge: Any) -> None:
    header, records = taken_apart(played())
    forge(records)
    verdict = checked(put_together(header, records))
    assert verdict.fault is not None
    assert "\n" not in verdict.fault.text
    assert "record at byte" in verdict.fault.text or "the run" in verdict.fault.text


def short_tail(records: Records) -> None:
    del records[next(n for n, (code, _) in enumerate(records) if code is Code.REACHED) :]


def late_act(records: Records) -> None:
    turn, time_us, _ = records[-1][1]
    records.append((Code.ACT, [turn, time_us, "sysrq_m", ""]))


@pytest.mark.parametrize("forge", [short_tail, late_act])
def test_a_closed_run_ends_where_it_says_it_got_to(forge: Any) -> None:
    header, records = taken_apart(played())
    records = [one for one in records if one[0] is not Code.MARK]
    forge(records)
    whole = checked(put_together(header, records))
    assert whole.fault is not None


def test_a_mark_may_come_after_the_end() -> None:
    header, records = taken_apart(played())
    turn, time_us, _ = records[-1][1]
    records.append((Code.MARK, [turn, time_us, "later", ""]))
    assert checked(put_together(header, records)).good


FORGED = [
    ({"variant": "none"}, "the header says variant none, the run has atomic"),
    ({"kernel": "next-20160311"}, "the header says kernel next-20160311, the run has 4.5-rc7"),
    ({"start": "boot", "ram_kb": 1 << 20}, "the header says start boot, the run has another"),
    ({"seed": 7}, "the header says start incident, the run has another first state"),
    ({"stars": 3}, "the header says 'stars', a field that no run has"),
]


@pytest.mark.parametrize(("change", "text"), FORGED)
def test_a_header_that_says_another_start_is_noticed(change: dict[str, Any], text: str) -> None:
    fault = sealed(change).fault
    assert fault is not None
    assert fault.text.startswith(text)
