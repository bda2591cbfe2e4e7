"""For those who write levels: a new file, the digest of its solution, a pack of several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from mmplay.engine.errors import InputError, printable
from mmplay.levels.key_lines import KeyLines
from mmplay.levels.level_text import MAX_BYTES, read_text
from mmplay.levels.model import Level
from mmplay.levels.pack import PACK, SUFFIX, is_pack, read_pack
from mmplay.levels.toml_text import block, quoted
from mmplay.recordings.files import replacing

_DIGEST = re.compile(r"""(\s*digest\s*=\s*)(?:"[^"]*"|'[^']*')""")
NEW_LEVEL = Path(__file__).parent / "data" / "new_level.toml"


def new_level(ident: str, file: str) -> str:
    """Return the text of a new level file."""
    text = NEW_LEVEL.read_text(encoding="utf-8")
    return Template(text).substitute(ident=ident, file=printable(file))


def update_digest(path: Path, digest: str) -> None:
    """Write a digest into a level file.

    Raises InputError for a pack, or where the line cannot be found, OSError if the disk fails.
    """
    text = read_text(path, MAX_BYTES)
    if is_pack(text):
        raise InputError(f"{path}: this is a pack; update the level files that it was made of")
    with replacing(path) as stream:
        stream.write(with_digest(text, digest, str(path)).encode())


def with_digest(text: str, digest: str, name: str) -> str:
    """Return a level's text with this digest; a new line follows `max_turns` if it had none."""
    rows = text.split("\n")
    known = KeyLines(text)
    at, after = known.of("", 0, "digest"), known.of("", 0, "max_turns")
    if _DIGEST.match(rows[at - 1]):
        rows[at - 1] = _DIGEST.sub(rf'\g<1>"{digest}"', rows[at - 1], count=1)
    elif rows[after - 1].lstrip().startswith("max_turns"):
        rows.insert(after, f'digest = "{digest}"')
    else:
        raise InputError(f'{name}: write the line digest = "{digest}" into it')
    return "\n".join(rows)


def packed(folder: Path) -> tuple[str, list[Level]]:
    """Return the pack of a folder's level files as text, and its levels.

    Raises InputError for a folder without levels, LevelError for a level that cannot be used.
    """
    try:
        paths = sorted(one for one in folder.iterdir() if one.suffix == SUFFIX)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    if not paths:
        raise InputError(f"{folder}: there is no level here; levels are files that end in {SUFFIX}")
    texts = [(path.name, read_text(path, MAX_BYTES)) for path in paths]
    text = pack_text(texts)
    return text, list(read_pack(text, str(folder)))


def pack_text(texts: Sequence[tuple[str, str]]) -> str:
    """Return a pack of named texts."""
    tables = [f"[[level]]\nname = {quoted(name)}\ntext = {block(text)}\n" for name, text in texts]
    return "\n".join([f"# Levels for mmplay.\npack = {PACK}\n", *tables])
