"""Text of a log made safe to show: nothing in it is a command to a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` with a hexadecimal code for every character that cannot be shown."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
