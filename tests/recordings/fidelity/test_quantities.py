"""Quantities of a run, from samples that are written out here, and the rows of two runs."""

from __future__ import annotations

import pytest

from mmplay.recordings.fidelity.quantities import (
    CURVE,
    NUMBERS,
    Course,
    Frames,
    Sample,
    curve_error,
)
from mmplay.recordings.fidelity.rows import (
    CALIBRATED,
    INPUT,
    KINDS,
    LIMITS,
    RULE,
    FidelityRow,
    compared,
    summary_of,
)

SECOND = 1_000_000
#        s  dma  dma32 calls queued failed scanned failures frames kills slabs
RUN = (
    (10, 1739, 1500, 100, 40, 0, 5_000, 3, 0, 0, 50),
    (11, 1739, 1200, 110, 170, 0, 5_700, 3, 20, 0, 52),
    (12, 1733, 600, 210, 1_470, 0, 12_700, 5, 40, 1, 72),
    (13, 1000, 50, 310, 2_770, 0, 19_700, 40, 60, 1, 92),
    (14, 10, 0, 410, 3_000, 1_070, 26_700, 80, 80, 1, 96),
    (15, 0, 0, 510, 3_000, 2_370, 33_700, 120, 100, 3, 96),
)
WHOLE = (10 * SECOND, 15 * SECOND)


def course(*rows: tuple[int, ...], window: tuple[int, int] = WHOLE) -> Course:
    samples = [Sample(row[0] * SECOND, *row[1:]) for row in rows or RUN]
    return Course(samples, window, dma32_min=1299)


def changed(**values: int) -> Course:
    """Return the run with other values in its last three samples."""
    before = course()
    later = [one._replace(**values) for one in before.samples[3:]]
    return before._replace(samples=[*before.samples[:3], *later])


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("works_per_1000_calls", 13_000),
        ("scanned_per_10_calls", 700),
        ("min_us", 11 * SECOND),
        ("first_network_failure_us", 12 * SECOND),
        ("free_dma32_at_first_network_failure", 600),
        ("network_failures", 117),
        ("network_failures_per_100_frames", 117),
        ("dma32_drained_us", 13 * SECOND),
        ("depletion_us", 14 * SECOND),
        ("slabs_at_depletion", 96),
        ("first_kill_us", 12 * SECOND),
        ("kills_after", 2),
        ("dma32_median", 325),
        ("dma_median", (1733 + 1000) // 2),
        ("works_queued", 3_000),
        ("works_failed", 2_370),
    ],
)
def test_numbers_of_a_run(quantity: str, number: int) -> None:
    assert NUMBERS[quantity](course()) == number


def test_every_quantity_has_a_limit_and_a_kind() -> None:
    assert set(LIMITS) == {*NUMBERS, CURVE}
    assert {limit.kind for limit in LIMITS.values()} <= set(KINDS)


def test_a_window_cuts_ratios_and_medians() -> None:
    part = course(window=(14 * SECOND, 15 * SECOND))
    assert NUMBERS["works_per_1000_calls"](part) == 13_000
    assert NUMBERS["dma32_median"](part) == 0
    assert NUMBERS["network_failures"](part) == 117
    empty = course(window=(14 * SECOND, 14 * SECOND))
    assert NUMBERS["works_per_1000_calls"](empty) is None


def test_what_never_happens_has_no_time() -> None:
    calm = course(*[(row[0], 1739, 1500, *row[3:7], 3, row[8], 0, 50) for row in RUN])
    for quantity in ("min_us", "depletion_us", "first_kill_us", "slabs_at_depletion"):
        assert NUMBERS[quantity](calm) is None
    assert NUMBERS["kills_after"](calm) is None
    rows = by_name(compared(calm, calm, frozenset()))
    assert rows["depletion_us"].within is True
    assert rows["slabs_at_depletion"].within is None


def by_name(rows: list[FidelityRow]) -> dict[str, FidelityRow]:
    return {row.quantity: row for row in rows}


def test_a_run_agrees_with_itself_in_all_that_counts() -> None:
    rows = compared(course(), course(), frozenset())
    assert [row.quantity for row in rows] == list(LIMITS)
    assert all(row.error == 0 for row in rows)
    total = summary_of(rows)
    assert total.rule_rows == total.rule_rows_within == sum(row.kind == RULE for row in rows)
    assert "agree" in total.sentence


def test_an_input_is_never_counted() -> None:
    rows = by_name(compared(course(), course(), frozenset({"first_kill_us"})))
    row = rows["first_kill_us"]
    assert (row.kind, row.bound, row.within) == (INPUT, None, None)
    begun = course(*RUN[1:])
    assert by_name(compared(begun, begun, frozenset()))["min_us"].kind == INPUT


def test_what_is_out_is_named() -> None:
    rows = compared(course(), changed(slabs=120, free_dma=1000), frozenset())
    found = by_name(rows)
    assert found["depletion_us"].within is False
    assert found["depletion_us"].error is None
    assert found["slabs_at_depletion"].within is False
    assert found["depletion_us"].kind == CALIBRATED
    out = summary_of(rows).out
    assert "slabs_at_depletion" in out
    assert "depletion_us" not in out
    assert "slabs_at_depletion" in summary_of(rows).sentence


def test_a_number_at_an_event_may_be_off_by_a_sample() -> None:
    row = by_name(compared(course(), course(), frozenset()))["free_dma32_at_first_network_failure"]
    assert row.bound == 32 + (1200 - 600)


def test_the_curve() -> None:
    assert curve_error(course().samples, changed(free_dma=900).samples) == 900


def test_frames_begin_with_the_load() -> None:
    frames = Frames(300, 12_000_000_000)
    assert frames.until(10_000_000_000, 11_000_000_000) == 0
    assert frames.until(10_000_000_000, 14_000_000_000) == 600
    assert frames.until(13_000_000_000, 14_000_000_000) == 300
