"""What stands before a line's text: times, callers, levels."""

import pytest

from mmplay.recordings.log.observed import ObservedTimeline
from mmplay.recordings.log.prefix import NO_PREFIX, split_prefix, stamp
from tests.recordings.imported_logs import imported

DATED_US = 1_578_182_401_000_000
"""5 January 2020, 00:00:01."""


PREFIXES = (
    # prefix, time in us, wall clock, caller
    ("[   59.562581] ", 59_562_581, False, ""),
    ("[15180285.537297] ", 15_180_285_537_297, False, ""),
    ("[59.562581] ", 59_562_581, False, ""),
    ("[ 3239.898444][    C1] ", 3_239_898_444, False, "C1"),
    ("[12075.178094][ T5555] ", 12_075_178_094, False, "T5555"),
    ("<4>[ 1771.370367] ", 1_771_370_367, False, ""),
    ("Jun 20 12:47:02 host kernel: [15180285.537297] ", 15_180_285_537_297, False, ""),
    ("[21161.093428] kernel: ", 21_161_093_428, False, ""),
    ("[21161.093428] myhost kernel: ", 21_161_093_428, False, ""),
    ("Jan  5 00:00:01 kernel: ", 345_601_000_000, True, ""),
    ("2020-01-05T00:00:01.5+08:00 host kernel: ", DATED_US + 500_000, True, ""),
    ("[Sun Jan  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[So Jan 05 00:00:01 2020] ", DATED_US, True, ""),
    ("[日  1月  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[dim. janv.  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[вс янв  5 00:00:01 2020] ", DATED_US, True, ""),
    ("[?? ???  5 00:00:01 2020] ", None, True, ""),
    ("Sun 2020-01-05 00:00:01 UTC host kernel: ", DATED_US, True, ""),
    ("2020-01-05T00:00:01,000000+00:00 ", DATED_US, True, ""),
    ("1578182401.000000 host kernel: ", DATED_US, True, ""),
    ("Jan  5 00:00:01.250000 host kernel: ", 345_601_250_000, True, ""),
    ("Jan  5 00:00:01  kernel: ", 345_601_000_000, True, ""),
    ("Jan  5 00:00:01 host ", 345_601_000_000, True, ""),
    ("[Jan05 00:00] ", 345_600_000_000, True, ""),
    ("[Jan 5 00:00] ", 345_600_000_000, True, ""),
    ("[  +0.000123] ", None, False, ""),
    ("<4>1 2020-01-05T00:00:01Z host kernel - - - ", DATED_US, True, ""),
    ('<4>1 2020-01-05T00:00:01Z host kernel - - [meta sequenceId="7"] ', DATED_US, True, ""),
    ("10.5.0.2: kern: warning: [2020-01-05T00:00:01.0000001Z]: ", DATED_US, True, ""),
    ("4,4711200,2816544225424,-;", 2_816_544_225_424, False, ""),
    ("6,12,59562581,-,caller=T1;", 59_562_581, False, ""),
    ("kern  :warn  : [   59.562581] ", 59_562_581, False, ""),
    ("[   59.562581] [   59.562581] ", 59_562_581, False, ""),
    ("[    1.000000 <    0.000012>] ", 1_000_000, False, ""),
    (
        "Jan  5 00:00:01 host kernel: Jan  5 00:00:01 host kernel: [   59.562581] ",
        59_562_581,
        False,
        "",
    ),
    ("2020-01-05T00:00:01.127Z In(05) vcpu-5 - Guest: <6>[   59.562581] ", 59_562_581, False, ""),
    ("** 1402 printk messages dropped ** [   59.562581] ", 59_562_581, False, ""),
    ("some console 7| [   59.562581] ", 59_562_581, False, ""),
    ("  12: [   59.562581] ", 59_562_581, False, ""),
    ("  - [   59.562581] ", 59_562_581, False, ""),
    ("| > [   59.562581] ", 59_562_581, False, ""),
    ("[code][   59.562581] ", 59_562_581, False, ""),
    ("[pod/node-agent-x7/agent] [   59.562581] ", 59_562_581, False, ""),
    ("01-05 00:00:01.250     0     0 W         : ", 345_601_250_000, True, ""),
    ("[   59.562581] [01-05 00:00:01.250] ", 59_562_581, False, ""),
    ("<7>[   59.562581]  [5:   kworker/5:1H:  324] ", 59_562_581, False, ""),
    ("[   59.562581]I[0:      swapper/0:    0] ", 59_562_581, False, ""),
    ("<4>[   59.562581]  [1:      swapper/1:    0] [c1] ", 59_562_581, False, ""),
    ("   59.562581] ", 59_562_581, False, ""),
    ("[2-59.5625] ", 59_562_500, False, ""),
    ("<4>[   59.562581] c0 ", 59_562_581, False, ""),
    ("> Jan  5 00:00:01 www kernel: ", 345_601_000_000, True, ""),
    ("> [   59.562581] ", 59_562_581, False, ""),
    ("      [27742.909073] ", 27_742_909_073, False, ""),
    ("kernel: ", None, True, ""),
    ("> ", None, False, ""),
)


@pytest.mark.parametrize(("prefix", "time_us", "wall", "caller"), PREFIXES)
def test_prefixes(prefix: str, time_us: int | None, wall: bool, caller: str) -> None:
    found, rest = split_prefix(f"{prefix}Mem-Info:")
    assert (found.text, found.time_us, found.wall, found.caller) == (prefix, time_us, wall, caller)
    assert rest == "Mem-Info:"
    assert found.plain == (found.time_us is not None and prefix == stamp(found.time_us))


def test_no_prefix() -> None:
    assert split_prefix("Mem-Info:") == (NO_PREFIX, "Mem-Info:")


@pytest.mark.parametrize("prefix", [prefix for prefix, *_ in PREFIXES])
def test_a_log_with_any_prefix_is_understood(prefix: str, linux_next: ObservedTimeline) -> None:
    body = [line.text.split("] ", 1)[1] for line in linux_next.lines(1, 100)]
    text = "".join(f"{prefix}{line}\n" for line in body).encode()
    timeline = imported(text)
    assert timeline.understood == timeline.line_count == 78
    assert b"".join(timeline.text()) == text
    assert [str(timeline.frame(n).report.kind) for n in range(len(timeline))] == ["failure"] * 2  # type: ignore[union-attr]
