"""The digest that binds a recording to the level that was played.

Alone in its file because nothing else may have a say in it: two mmplays must agree on it.
"""

from __future__ import annotations

import json
import tomllib
from hashlib import blake2b

DIGEST_BYTES = 16

PROVEN = frozenset({"digest", "random_wins"})
"""Top keys that `levels check --update` writes; they say nothing about the level itself."""


def digest_of_content(text: str) -> str:
    """Return the digest of a level file's content, in hex: its keys and values, without PROVEN.

    Comments, order of keys and line ends do not count. Raises ValueError for what is no TOML.
    """
    values = tomllib.loads(text.replace("\r\n", "\n"))
    played = {key: value for key, value in values.items() if key not in PROVEN}
    canonical = json.dumps(played, sort_keys=True, ensure_ascii=True, default=str)
    return blake2b(canonical.encode(), digest_size=DIGEST_BYTES).hexdigest()
