"""Numbers as they are typed on the command line, within bounds."""

from __future__ import annotations

from mmplay.engine.errors import InputError

MAX_SECONDS = 3600


def whole(text: str, option: str, limit: int) -> int:
    """Return a whole number from 0 to `limit`; raises InputError."""
    if len(text) > 20 or not (text.isascii() and text.isdigit()) or int(text) > limit:
        raise InputError(f"{option} {text[:40]}: expected a whole number from 0 to {limit}")
    return int(text)


def nanoseconds(text: str, option: str) -> int:
    """Return seconds with up to nine decimals as ns; raises InputError."""
    seconds, _, rest = text.partition(".")
    digits = seconds.isascii() and seconds.isdigit() and len(seconds) <= 4
    decimals = not rest or (rest.isascii() and rest.isdigit() and len(rest) <= 9)
    if not digits or not decimals or int(seconds) > MAX_SECONDS:
        raise InputError(f"{option} {text[:40]}: expected seconds, 0 to {MAX_SECONDS}")
    return int(seconds) * 1_000_000_000 + int((rest + "000000000")[:9])


def size_kb(text: str) -> int:
    """Return a size such as 512M or 4G in kB; raises InputError."""
    units = {"M": 1024, "G": 1024 * 1024}
    number, unit = text[:-1], text[-1:].upper()
    if unit not in units or not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise InputError(f"--ram {text[:40]}: expected a size such as 512M or 4G")
    kb = int(number) * units[unit]
    if not 32 * 1024 <= kb <= 1024 * 1024 * 1024:
        raise InputError(f"--ram {text}: expected 32M to 1024G")
    return kb
