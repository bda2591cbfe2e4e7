"""Texts of a recording as they may stand in a document: nothing in them is taken for markup."""

from __future__ import annotations

from html import escape


def clean(text: str) -> str:
    """Return a text without what cannot be shown: control characters, halves of characters."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def markup(text: str) -> str:
    """Return a text for HTML and SVG, between tags or in a quoted attribute."""
    return escape(clean(text), quote=True)


def shortened(text: str, length: int) -> str:
    """Return at most so many characters, the last an ellipsis if some were left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def moment(time_us: int | None, wall: bool = False) -> str:
    """Return a moment: seconds since boot, or the time of day (UTC) of a log with wall times."""
    if time_us is None:
        return "no time"
    seconds, micros = divmod(time_us, 1_000_000)
    if not wall:
        return f"{seconds}.{micros:06d} s"
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{second:02d}"
