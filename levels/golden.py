"""Writes the golden digest of a level's solution into its file; nothing else of it changes."""

from __future__ import annotations

import re
from pathlib import Path

from mmplay.engine.errors import InputError
from mmplay.levels.lines import Lines
from mmplay.levels.pack import is_pack
from mmplay.levels.reading import MAX_BYTES, read_text
from mmplay.recordings.files import replacing

_DIGEST = re.compile(r"""(\s*digest\s*=\s*)(?:"[^"]*"|'[^']*')""")


def update_digest(path: Path, digest: str) -> None:
    """Write a digest into a level file.

    Raises InputError for a pack, or where the line cannot be found, OSError if the disk fails.
    """
    text = read_text(path, MAX_BYTES)
    if is_pack(text):
        raise InputError(f"{path}: is a pack; update the levels that it was made of")
    with replacing(path) as stream:
        stream.write(with_digest(text, digest, str(path)).encode())


def with_digest(text: str, digest: str, name: str) -> str:
    """Return a level's text with this digest; a new line follows `max_turns` if it had none."""
    rows = text.split("\n")
    known = Lines(text)
    at, after = known.of("", 0, "digest"), known.of("", 0, "max_turns")
    if _DIGEST.match(rows[at - 1]):
        rows[at - 1] = _DIGEST.sub(rf'\g<1>"{digest}"', rows[at - 1], count=1)
    elif rows[after - 1].lstrip().startswith("max_turns"):
        rows.insert(after, f'digest = "{digest}"')
    else:
        raise InputError(f'{name}: write the line digest = "{digest}" into it')
    return "\n".join(rows)
