"""Why a number is what it is: formulas filled in, verdicts, and the words, which lie in `data`."""

from __future__ import annotations

from pkgutil import get_data
from typing import Any


def read_data(name: str) -> dict[str, Any]:
    """Return the tables of a TOML file of words; it comes with the code, so it is there."""
    # Not at the top: `mmplay --version` and the kernel's rules need no words.
    from tomllib import loads

    data = get_data(__name__, f"data/{name}")
    assert data is not None
    return loads(data.decode())
