"""A user's files: where they lie, and writing one whole or not at all."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from mmplay.engine.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has no flock: files are still replaced whole
    fcntl = None  # type: ignore[assignment]

TRACE = ".mmtrace"
"""How the file of a recording ends."""


def user_paths() -> dict[str, Path]:
    """Return the folders by what they hold; they need not exist."""
    from platformdirs import PlatformDirs  # every reader of files imports this module, few ask here

    dirs = PlatformDirs("mmplay", appauthor=False)
    return {
        "config": dirs.user_config_path,
        "state": dirs.user_state_path,
        "recordings": dirs.user_data_path / "recordings",
        "levels": dirs.user_data_path / "levels",
    }


def sessions_folder() -> Path:
    """Return the folder of played sessions; it need not exist."""
    return user_paths()["state"] / "sessions"


_PART = re.compile(r"\..+\.(\d{1,9})\.mmplay\.part", re.ASCII | re.DOTALL)
_ours: set[Path] = set()
"""Parts that this process is writing."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write beside `path` and move it there when it is complete.

    A link is followed, so that what it points to is replaced. Nothing appears at `path`, and
    nothing is left beside it, if writing fails; what a killed mmplay left in the folder goes.
    Raises InputError for what is no regular file (a device or a pipe would be lost) and for a link
    that leads back to itself, OSError if the disk does not take it.
    """
    target = _target(path)
    if target.exists() and not target.is_file():
        raise InputError(f"{path}: this is not a regular file; name another file to write to")
    part = begin_part(target)
    try:
        with part.open("xb") as stream:
            take_lock(stream)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    finally:
        end_part(part)


def _target(path: Path) -> Path:
    """Return what a path leads to in the end; raises InputError if it leads nowhere."""
    try:
        os.stat(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            problem = "is a link that leads back to itself; name another file"
            raise InputError(f"{path}: {problem}") from None
    return path.resolve()


def begin_part(target: Path) -> Path:
    """Return the name that a file has beside `target` until it is whole; `end_part` gives it up.

    Parts in the same folder that belong to no living process are deleted; a process of another
    machine, which may share the folder, is known by its lock on what it writes (`take_lock`).
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.mmplay.part")
    _ours.add(part)
    for stale in _stale(target.parent):
        with suppress(OSError):
            stale.unlink()
    return part


def end_part(part: Path) -> None:
    """Delete a part, unless it was moved to its place; raises OSError."""
    _ours.discard(part)
    part.unlink(missing_ok=True)


def _stale(folder: Path) -> list[Path]:
    if os.name == "nt":
        # There is no asking whether a process lives without ending it.
        return []
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    found = ((folder / name, _PART.fullmatch(name)) for name in names)
    return [
        path
        for path, named in found
        if named and path not in _ours and not _lives(int(named[1])) and not _is_locked(path)
    ]


def _is_locked(part: Path) -> bool:
    """Tell whether somebody writes a part, or it cannot be known."""
    try:
        # Written to, as a lock on a network folder asks for; never waiting, should it be a pipe.
        with open(os.open(part, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW), "r+b") as stream:
            return not take_lock(stream)
    except OSError:
        return True


def take_lock(file: IO[Any] | int) -> bool:
    """Lock an open file until it is closed, without waiting; tell whether nobody else has.

    Where there are no locks, as on Windows, nobody has.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _lives(process: int) -> bool:
    """Tell whether a process that may be writing a part lives; of ours we know all parts."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class Done(NamedTuple):
    """How far it is: `step` says what is done, `size` is unknown (None) for a pipe.

    `told` stands in place of the megabytes and their rate, where something else is counted.
    """

    step: str
    lines: int
    bytes: int
    size: int | None
    told: str = ""


Progress = Callable[[Done], None]
"""Called now and then; may raise to cancel."""

TOLD_BYTES = 1 << 20
"""Progress is told about this often."""
