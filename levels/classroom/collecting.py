"""Finds hand-ins in files, folders and zip files, packed as a learning platform packs them.

Nothing is unpacked to the disk, no link is followed, and what is read of one file is bounded.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from mmplay.engine.errors import InputError, printable
from mmplay.levels.classroom.handin import MAX_HAND_BYTES, SUFFIX

ZIP = ".zip"
MAX_ITEMS, MAX_DEPTH = 20_000, 2
MAX_UNPACKED = 1 << 32
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What a zip may be packed with: others may ask for much memory."""

BAD_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError)
"""What reading a damaged zip file may raise, NotImplementedError among it."""

EMPTY = "is empty: nothing was handed in here"
JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")


class Found(NamedTuple):
    """Something in what a teacher has: a hand-in to be read, or (`problem`) why it is none.

    `label` is how it is called; `inside` are its names in the zip files from `path` inwards.
    """

    label: str
    path: Path
    inside: tuple[str, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        """The last part of its name."""
        return PurePosixPath(self.label.replace("\\", "/")).name


def found_in(paths: Sequence[Path]) -> list[Found]:
    """Return everything in files, folders and zip files, in order of their names.

    Raises InputError for a path that cannot be read at all.
    """
    found = [one for path in paths for one in _at(path, path.name, top=True)]
    if len(found) > MAX_ITEMS:
        raise InputError(f"{paths[0]}: more than {MAX_ITEMS} files; grade them in parts")
    return found


def _at(path: Path, label: str, top: bool = False) -> Iterator[Found]:
    try:
        mode = (path.stat() if top else path.lstat()).st_mode
    except OSError as error:
        if top:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from None
        yield Found(label, path, problem=f"cannot be read: {error.strerror}")
        return
    if stat.S_ISLNK(mode):
        yield Found(label, path, problem="is a link; links are not followed")
    elif stat.S_ISDIR(mode):
        yield from _in_folder(path, label)
    elif not stat.S_ISREG(mode):
        yield Found(label, path, problem="is no regular file")
    else:
        yield from _of_file(Found(label, path))


def _in_folder(path: Path, label: str) -> Iterator[Found]:
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        yield Found(label, path, problem=f"cannot be read: {error.strerror}")
        return
    names = [name for name in names if not _is_junk(name)]
    if not names:
        yield Found(label, path, problem=EMPTY)
    for name in names:
        yield from _at(path / name, f"{label}/{name}")


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name in JUNK


def _of_file(one: Found) -> Iterator[Found]:
    suffix = PurePosixPath(one.name).suffix.casefold()
    if suffix == ZIP:
        yield from _in_zip(one)
    elif suffix == SUFFIX:
        yield one
    else:
        yield one._replace(problem=f"is no hand-in, which ends in {SUFFIX}")


def _in_zip(one: Found) -> Iterator[Found]:
    if len(one.inside) >= MAX_DEPTH:
        yield one._replace(problem=f"is a zip file in {MAX_DEPTH} zip files; unpack the outer ones")
        return
    try:
        with opened(one) as stream, zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
    except InputError as error:
        yield one._replace(problem=str(error))
        return
    except BAD_ZIP as error:
        yield one._replace(problem=f"is no zip file that can be read: {error}")
        return
    inside = [info for info in infos if not info.is_dir() and not _is_junk_path(info.filename)]
    problem = _zip_problem(inside)
    if problem:
        yield one._replace(problem=problem)
        return
    for info in sorted(inside, key=lambda info: info.filename):
        label = f"{one.label}/{printable(info.filename)}"
        member = Found(label, one.path, (*one.inside, info.filename), _member_problem(info))
        yield from [member] if member.problem else _of_file(member)


def _zip_problem(inside: Sequence[zipfile.ZipInfo]) -> str:
    """Say why a whole zip file is not read, empty if it is."""
    unpacked = sum(info.file_size for info in inside)
    if not inside:
        return EMPTY
    if len(inside) > MAX_ITEMS or unpacked > MAX_UNPACKED:
        return f"holds {len(inside)} files of {unpacked >> 20} MB unpacked, which is too much"
    return ""


def _is_junk_path(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return parts[0] in JUNK or (_is_junk(parts[-1]) and parts[-1] != "..")


def _member_problem(info: zipfile.ZipInfo) -> str:
    """Say why a file in a zip file is not read, empty if it is."""
    parts = info.filename.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or re.match(r"[A-Za-z]:", info.filename):
        return "has a name that leads out of the zip file; it was not read"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link; links are not followed"
    if info.flag_bits & 1:
        return "is encrypted; it cannot be read"
    if info.compress_type not in PACKED:
        return "is packed in a way that is not read; pack it with deflate"
    if info.file_size > MAX_HAND_BYTES:
        return f"is {info.file_size >> 20} MB unpacked; a hand-in has at most {_MOST} MB"
    return ""


_MOST = MAX_HAND_BYTES >> 20


def data_of(one: Found) -> bytes:
    """Return the bytes of a file that was found; raises InputError."""
    try:
        with opened(one) as stream:
            return _bounded(stream)
    except BAD_ZIP as error:
        raise InputError(f"cannot be read: {error}") from None


def _bounded(stream: BinaryIO) -> bytes:
    data = stream.read(MAX_HAND_BYTES + 1)
    if len(data) > MAX_HAND_BYTES:
        raise InputError(f"is larger than {_MOST} MB; no hand-in is")
    return data


def opened(one: Found) -> BinaryIO:
    """Open a file that was found, in zip files in memory; raises InputError or one of BAD_ZIP."""
    stream: BinaryIO = one.path.open("rb")
    for name in one.inside:
        with stream, zipfile.ZipFile(stream) as archive, archive.open(name) as member:
            stream = io.BytesIO(_bounded(member))  # type: ignore[arg-type]
    return stream


# names

_CANVAS = re.compile(r".+?_(?:LATE_)?\d+_\d+_(.+)", re.DOTALL)
_MOODLE = re.compile(r".*_assignsubmission_file_(.+)", re.DOTALL)
_AGAIN = re.compile(r"-\d{1,3}$")


def names_of(one: Found) -> list[str]:
    """Return what a file may be named after: its name without what platforms put around it."""
    stem = PurePosixPath(one.name).stem
    found = [stem]
    for shape in (_MOODLE, _CANVAS):
        match = shape.fullmatch(stem)
        found += [match[1]] if match is not None else []
    return [*found, *(_AGAIN.sub("", name) for name in found)]
