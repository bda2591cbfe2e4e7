"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mmplay.engine.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write beside `path` and move it there when it is complete.

    A link is followed, so that what it points to is replaced. Nothing appears at `path`, and
    nothing is left beside it, if writing fails. Raises InputError for what is no regular file (a
    device or a pipe would be lost), OSError if the disk does not take it.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise InputError(f"{path}: is no regular file; name a file to write to")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
