"""What may become of a log's machine: the runs, what they come to together, and the words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.sim.check import check
from mmplay.engine.sim.run.turns import run_until
from mmplay.engine.sim.starts.common import Choice
from mmplay.engine.sim.starts.unsaid import Unsaid
from mmplay.recordings.answer import Answer
from mmplay.recordings.foreseen import Foreseen, Words, bands, foreseen, tenths
from mmplay.recordings.futures import (
    MOST_RUNS,
    STEP_NS,
    STRETCHES,
    Ahead,
    Future,
    Supposed,
    far_seeds,
    future_of,
    machine_ahead,
    open_of,
    runs_of,
    stretch_ns,
    supposed_of,
)
from mmplay.recordings.library import open_recording
from mmplay.recordings.live.capture import Capture, Plan, Roots
from mmplay.recordings.run.continuing import told_in
from mmplay.recordings.run.starts import chosen_frame, told_by
from tests.recordings import fake_proc

INCIDENT = "incident-4.5.0-rc7"
LOGS = Path("/work/shared/logs")
TENTH = 100_000_000
SECOND_NS = 10 * TENTH


def ahead(span_ns: int = TENTH, seed: int = 1) -> Ahead:
    told = told_by(INCIDENT, chosen_frame(INCIDENT, 0), None)
    choice = Choice(told.printed_by, seed=seed)
    return Ahead(told, choice, machine_ahead(Ahead(told, choice, 0)).state.now_ns + span_ns)


@pytest.fixture(scope="module")
def futures() -> list[Future]:
    """Every run of the incident's first frame, for a tenth of a second."""
    one = ahead()
    return [future_of(one, supposed) for supposed in runs_of(one)]


def test_one_run_as_assumed_and_one_for_each_bound() -> None:
    runs = supposed_of(open_of(ahead()))
    assert runs[0] == Supposed()
    assert Supposed("disk_rate", 0) in runs
    assert Supposed("disk_rate", 256_000) in runs
    assert Supposed("frames_per_second", 0) not in runs
    assert len(runs) == len(set(runs)) <= MOST_RUNS


def test_other_seeds_are_tried_where_frames_arrive() -> None:
    one, often = ahead(), Supposed("frames_per_second", 1_000)
    seeds = far_seeds(one, 1_000)
    assert runs_of(one) == [
        *supposed_of(open_of(one)),
        *(often._replace(seed=seed) for seed in seeds),
    ]
    busy = one._replace(choice=one.choice._replace(packets=300))
    seeds = far_seeds(busy, 300)
    assert runs_of(busy)[-2:] == [Supposed(seed=seed) for seed in seeds]
    assert "frames_per_second" not in {run.name for run in runs_of(busy)}
    assert tuple(machine_ahead(busy, run).state.rng for run in runs_of(busy)[-2:]) == seeds


def test_the_two_seeds_bring_the_fewest_and_the_most_frames() -> None:
    one = ahead(SECOND_NS // 2)
    few, many = far_seeds(one, 300)
    arrived = []
    for seed in (few, one.choice.seed, many):
        m = machine_ahead(one, Supposed("frames_per_second", 300, seed))
        run_until(m, one.until_ns)
        arrived.append(m.state.counters.rx_packets + m.state.counters.rx_missed)
    assert arrived[0] < arrived[1] < arrived[2]


def test_no_more_runs_than_there_may_be() -> None:
    many = [Unsaid("", 1, 0, 2, "", "", f"n{number}") for number in range(20)]
    assert len(supposed_of(many)) == MOST_RUNS


def test_every_number_is_within_what_is_foreseen(futures: list[Future]) -> None:
    for row in foreseen(futures):
        for one in futures:
            value = one.numbers[row.quantity]
            if value is None:
                assert row.never
                continue
            assert row.low is not None
            assert row.low <= value <= (row.high or 0)


def test_the_bands_hold_every_run_at_every_look(futures: list[Future]) -> None:
    found = bands(futures)
    assert {zone: len(band) for zone, band in found.items()} == {"DMA": 10, "DMA32": 10}
    for one in futures:
        for zone, ranges in one.free:
            pairs = zip(found[zone], ranges, strict=True)
            assert all(low <= a <= b <= high for (low, high), (a, b) in pairs)
    ends = [one.numbers["DMA32.free_at_end"] or 0 for one in futures]
    assert found["DMA32"][-1][0] <= min(ends) <= max(ends) <= found["DMA32"][-1][1]
    first = Answer(ahead(), len(futures), futures, machine_ahead(ahead())).bands()["DMA32"][0]
    assert first.until_us - first.from_us == 10_000
    assert first[2:] == found["DMA32"][0]


def test_a_band_is_that_of_the_runs_that_came_so_far() -> None:
    rows = [made(0)._replace(free=(("DMA", free),)) for free in (((5, 9), (4, 4)), ((7, 12),))]
    assert bands(rows) == {"DMA": [(5, 12), (4, 4)]}


def test_a_long_run_has_no_more_stretches_than_a_short_one() -> None:
    assert stretch_ns(SECOND_NS) == STEP_NS
    assert 3600 * SECOND_NS // stretch_ns(3600 * SECOND_NS) == STRETCHES


def test_another_seed_stays_inside_the_bounds(futures: list[Future]) -> None:
    rows = foreseen(futures)
    for supposed in (Supposed(), Supposed("frames_per_second", 1_000)):
        assert outside(rows, future_of(ahead(seed=77), supposed)) == []


def outside(rows: list[Foreseen], future: Future) -> list[str]:
    """Return the quantities of a run that its bounds do not hold."""
    return [
        row.quantity
        for row in rows
        if not (
            row.never or future.stopped_us is not None
            if (value := future.numbers[row.quantity]) is None
            else row.low is not None and row.low <= value <= (row.high or 0)
        )
    ]


def test_seeds_that_differ_widen_the_bounds() -> None:
    often = made(3_000_000, "frames_per_second")
    rows = [made(4_000_000), often, often._replace(numbers={"DMA32.falls_to_min_us": 3_200_000})]
    rows[2] = rows[2]._replace(supposed=often.supposed._replace(seed=2))
    (row,) = foreseen(rows)
    assert (row.low, row.high) == (2_600_000, 4_000_000)
    assert row.hangs_on == ("frames_per_second",)


def test_free_pages_that_frames_change_may_differ_by_a_batch() -> None:
    """Three seeds that come to the same page say little of the next."""
    name = "DMA32.free_at_end"
    often = Future(Supposed("frames_per_second", 1_000), {name: 93})
    rows = [often._replace(supposed=Supposed(), numbers={name: 200}), often]
    rows += [often._replace(supposed=often.supposed._replace(seed=seed)) for seed in (2, 3)]
    (row,) = foreseen(rows)
    assert (row.low, row.high) == (93 - 31, 200)
    untouched = [one._replace(numbers={name: 200}) for one in rows]
    assert (foreseen(untouched)[0].low, foreseen(untouched)[0].high) == (200, 200)


def test_what_hangs_on_the_disk_says_so(futures: list[Future]) -> None:
    rows = {row.quantity: row for row in foreseen(futures)}
    assert rows["pages_written"].low == 0
    assert "disk_rate" in rows["pages_written"].hangs_on
    assert rows["DMA.lowest_free"].hangs_on == ()


def test_each_bound_says_what_it_changed(futures: list[Future]) -> None:
    one = ahead()
    answer = Answer(one, len(futures), futures, machine_ahead(one))
    first, still, *_ = answer.outcomes()
    assert (first.supposed, len(first.sentences)) == ("as assumed", len(answer.sentences()))
    assert still.supposed == "the disk's rate: 0 pages/s, assumed 25600"
    assert "The disk completes nothing within 0.1 s." in still.sentences
    assert not set(first.sentences) & set(still.sentences)
    said, _, reasons = answer.line().partition(", depending on")
    assert reasons
    assert answer.short_line() == f"{said}."
    assert "one assumption at a time" in answer.remarks()[0]


def test_the_line_tells_what_happens_before_what_only_differs(futures: list[Future]) -> None:
    one = ahead()
    happens = {"DMA32.rises_above_min_us": 120_000, "kills": 0, "failures": 0}
    still = [
        run._replace(numbers={"DMA32.free_at_end": number, **happens})
        for number, run in enumerate(futures)
    ]
    answer = Answer(one, len(still), still, machine_ahead(one))
    assert answer.short_line() == answer.line()
    assert answer.line() == "DMA32: free rises above min (1300 pages) after 0.12 s in every run."


def test_the_kill_of_the_log_itself_is_told_apart(futures: list[Future]) -> None:
    one = ahead()
    report = replace(one.told.report, tasks=[{"pid": 1, "comm": "init"}])
    named = one._replace(told=one.told._replace(report=report))
    remarks = Answer(named, 1, futures[:1], machine_ahead(one)).remarks()
    assert "file_io.00 dies in every run when the log says that it was killed." in remarks[1]


def test_a_bound_that_changes_nothing_and_a_run_that_was_stopped(futures: list[Future]) -> None:
    one, base = ahead(), futures[0]
    same = base._replace(supposed=Supposed("cpus", 16), stopped_us=2_000_000)
    _, last = Answer(one, 2, [base, same], machine_ahead(one)).outcomes()
    assert last.sentences == (
        "This run took too many steps to simulate and was stopped after 2 s.",
    )
    _, last = Answer(one, 2, [base, same._replace(stopped_us=None)], machine_ahead(one)).outcomes()
    assert last.sentences == ("The same as assumed.",)


def test_an_act_at_the_start_is_done_in_every_run() -> None:
    one = ahead()._replace(acts=(("disk", "0"),))
    assert future_of(one, Supposed("disk_rate", 256_000)).numbers["pages_written"] == 0


def test_a_sample_of_a_recorded_machine_is_continued_too(tmp_path: Path) -> None:
    proc, file = tmp_path / "proc", tmp_path / "night.mmtrace"
    fake_proc.write_proc(proc, fake_proc.Machine(free=1300))
    # two of its largest blocks in DMA are in use, where its file pages are
    for name, old, new in (("zoneinfo", "3808", "1760"), ("buddyinfo", "3 \n", "1 \n")):
        (proc / name).write_text((proc / name).read_text().replace(old, new))
    capture = Capture(file, Plan(1_000_000, 3_600_000_000), Roots(proc, tmp_path / "none"))
    capture.sample()
    capture.abandon()
    with pytest.raises(InputError, match="cannot be simulated"):
        told_by(str(file), chosen_frame(str(file), 0), None)
    rc7 = KERNELS["4.5-rc7"]
    m = machine_ahead(Ahead(told_by(str(file), chosen_frame(str(file), 0), rc7), Choice(rc7), 0))
    assert (m.state.zones[1].free, m.state.zones[1].min) == (1300, 247)
    assert check(m) == []


# taken together, and in words


def made(value: int | None, name: str = "", stopped_us: int | None = None) -> Future:
    return Future(Supposed(name, 1), {"DMA32.falls_to_min_us": value}, stopped_us)


def test_what_does_not_happen_in_a_run_is_told() -> None:
    (row,) = foreseen([made(3_000_000), made(None, "disk_rate"), made(3_100_000, "cpus")])
    assert (row.value, row.low, row.high, row.never) == (3_000_000, 3_000_000, 3_100_000, True)
    assert row.hangs_on[0] == "disk_rate"


def test_a_run_that_was_stopped_says_nothing_of_what_had_not_come() -> None:
    (row,) = foreseen([made(3_000_000), made(None, "cpus", stopped_us=1)])
    assert not row.never


def test_what_hardly_matters_is_not_named() -> None:
    rows = [made(0), made(1_000_000, "disk_rate"), made(10_000, "cpus")]
    assert foreseen(rows)[0].hangs_on == ("disk_rate",)


@pytest.fixture(scope="module")
def words() -> Words:
    one = ahead()
    return Words(machine_ahead(one), open_of(one), 41_000_000, 2)


def row(quantity: str, low: int | None, high: int | None, never: bool = False) -> Foreseen:
    hangs_on = ("disk_rate",) if low != high else ()
    return Foreseen(quantity, low, low, high, never or low is None, hangs_on)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (
            row("DMA.falls_to_min_us", 3_000_000, 41_000_000),
            "DMA: free falls to min (11 pages) between 3 and 41 s, depending on the disk's rate.",
        ),
        (
            row("DMA32.rises_above_high_us", 120_000, 120_000),
            "DMA32: free rises above high (1950 pages) after 0.12 s in every run.",
        ),
        (
            row("DMA32.falls_to_min_us", 3_000_000, 9_000_000, never=True),
            "DMA32: free falls to min (1300 pages) after 3 s at the earliest, and in some runs not "
            "within 41 s, depending on the disk's rate.",
        ),
        (
            row("DMA32.falls_to_min_us", None, None),
            "DMA32: free stays above min (1300 pages) for 41 s in every run.",
        ),
        (row("first_kill_us", None, None), "The OOM killer kills nobody within 41 s in any run."),
        (row("kills", 0, 0), ""),
        (
            row("kills", 0, 3),
            "The OOM killer kills 0 to 3 tasks within 41 s, depending on the disk's rate.",
        ),
        (row("failures", 0, 0), "No page allocation is refused within 41 s in any run."),
        (row("DMA.lowest_free", 7, 7), "DMA: at its lowest, free is 7 pages."),
    ],
)
def test_sentences(words: Words, one: Foreseen, text: str) -> None:
    assert words.sentence(one) == text


def test_one_run_speaks_of_itself_alone() -> None:
    one = ahead()
    alone = Words(machine_ahead(one), open_of(one), 41_000_000, 1)
    said = alone.sentence(row("first_kill_us", None, None))
    assert said == "The OOM killer kills nobody within 41 s."


def test_seconds_to_ten_milliseconds() -> None:
    assert [tenths(n) for n in (0, 10_000, 3_000_000, 41_256_000)] == ["0", "0.01", "3", "41.26"]


# real logs


def _ahead(log: Path) -> Ahead | str:
    rc7 = KERNELS["4.5-rc7"]
    with open_recording(str(log)) as recording:
        frame = recording.frame(0)
    try:
        one = Ahead(told_in(frame, rc7), Choice(rc7), 0)
        return one._replace(until_ns=machine_ahead(one).state.now_ns + TENTH // 4)
    except InputError as error:
        return str(error)


@pytest.mark.skipif(not LOGS.is_dir(), reason="needs the logs of real machines")
def test_real_frames_are_continued_with_their_own_tasks_or_refused() -> None:
    continued = refused = 0
    for log in LOGS.glob("*.log.xz"):
        found = _ahead(log)
        if isinstance(found, str):
            refused += 1
            assert "\n" not in found
            continue
        continued += 1
        own = {str(one.get("comm"))[:15] for one in found.told.report.tasks}
        assert set(machine_ahead(found).state.tasks.names[3:]) <= own
        if own:
            continue  # a large victim ends in seconds
        rows = foreseen([future_of(found, one) for one in runs_of(found)])
        other = found._replace(choice=found.choice._replace(seed=5))
        for one in (Supposed(), Supposed("frames_per_second", 1_000)):
            assert outside(rows, future_of(other, one)) == [], log
    assert continued >= 5
    assert continued + refused >= 30
