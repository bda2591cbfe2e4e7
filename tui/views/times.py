"""Times and spans in words."""

from __future__ import annotations


def span_text(span_us: int) -> str:
    """Return a span of time in the unit that suits it: 26 us, 1.706 ms, 1.966 s."""
    if span_us < 1_000:
        return f"{span_us} us"
    if span_us < 1_000_000:
        return f"{span_us // 1_000}.{span_us % 1_000:03d} ms"
    return f"{span_us // 1_000_000}.{span_us % 1_000_000 // 1_000:03d} s"


def time_text(time_us: int | None, wall: bool) -> str:
    """Return a moment as the log prints it: seconds since boot, or the clock."""
    if time_us is None:
        return "no time"
    seconds, micros = divmod(time_us, 1_000_000)
    if not wall:
        return f"{seconds}.{micros:06d}"
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours % 24:02d}:{minute:02d}:{second:02d}"
