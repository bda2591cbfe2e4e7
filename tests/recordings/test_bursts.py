"""Whose dump a request may be judged by: its own, or that of the same burst and nobody else's."""

from tests.recordings.imported_logs import imported

DUMP = """\
[{time}] Mem-Info:
[{time}] Node 0 Normal free:147604kB min:147740kB low:162144kB high:176548kB managed:13769880kB
"""


def request(time: str, comm: str, pid: int = 7, mode: str = "0x20") -> str:
    return (
        f"[{time}] {comm}: page allocation failure: order:0, mode:{mode}\n"
        f"[{time}] CPU: 1 PID: {pid} Comm: {comm} Not tainted 4.5.0 #1\n"
    )


def borrowed(log: str) -> int | None:
    """Return how much later the dump was printed that the first request is judged by."""
    shown = imported(log.encode()).nearest_dump(0)
    return None if shown is None else shown.age_us


def test_a_dump_of_minutes_later_is_another_request_s() -> None:
    later = "  859.500000"
    assert (
        borrowed(request("   10.000000", "a") + request(later, "a") + DUMP.format(time=later))
        is None
    )


def test_a_dump_without_header_soon_after_stands_in() -> None:
    assert borrowed(request("   10.000000", "a") + DUMP.format(time="   21.500000")) is None
    both = request("   10.000000", "a") + "[   10.1] x\n" + request("   10.200000", "a")
    assert borrowed(both + DUMP.format(time="   10.300000")) == 300_000


def test_a_dump_of_before_is_of_the_past_unless_it_is_of_the_same_moment() -> None:
    first = request("   10.000000", "a") + DUMP.format(time="   10.000000")
    for moment, age in (("   10.500000", None), ("   10.000900", -900)):
        shown = imported((first + request(moment, "a")).encode()).nearest_dump(1)
        assert (None if shown is None else shown.age_us) == age


def test_another_task_s_dump_does_not() -> None:
    soon = "   10.200000"
    others = request("   10.000000", "a") + request(soon, "b", 8, "0x40") + DUMP.format(time=soon)
    assert borrowed(others) is None


def test_a_header_alone_takes_the_dump_of_who_asked_for_the_same() -> None:
    head = "[   10.000000] a: page allocation failure: order:0, mode:0x20\n"
    soon = "   10.200000"
    assert borrowed(head + request(soon, "b", 8) + DUMP.format(time=soon)) == 200_000
    assert borrowed(head + request(soon, "b", 8, "0x40") + DUMP.format(time=soon)) is None


def test_a_dump_without_header_before_the_request_is_of_another_one() -> None:
    """A console that begins in the middle of a report shows whose it was no more."""
    earlier = DUMP.format(time="   74.310000")
    timeline = imported((earlier + request("   74.580000", "a")).encode())
    assert timeline.nearest_dump(1) is None


def test_a_dump_from_before_a_kill_says_nothing_of_the_time_after_it() -> None:
    asks = "invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0"
    log = f"[   10.000000] a {asks}\n" + DUMP.format(time="   10.000100")
    log += "[   10.000200] Killed process 9 (b) total-vm:8kB, anon-rss:4kB, file-rss:0kB\n"
    log += f"[   11.000000] a {asks}\n"
    timeline = imported(log.encode())
    assert len(timeline) == 2
    assert timeline.nearest_dump(0) is not None
    assert timeline.nearest_dump(1) is None
