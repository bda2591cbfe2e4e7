"""Marks and notes of a user, kept in the recording's file.

A run that is being recorded takes them as they come. A file that was closed is written anew with
the mark in it; a shipped recording is left alone, and the user's own copy of it is marked.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mmplay.engine.errors import InputError
from mmplay.recordings.files import replacing, user_paths
from mmplay.recordings.library import DATA
from mmplay.recordings.recording import Recording
from mmplay.recordings.trace.format import Code
from mmplay.recordings.trace.reader import TraceReader, open_trace
from mmplay.recordings.trace.writer import TraceWriter

MAX_NOTE = 2000


def mark_frame(recording: Recording, index: int, name: str, note: str) -> str:
    """Mark a frame; return what to tell the user. Raises InputError or OSError."""
    if len(note) > MAX_NOTE or len(name) > MAX_NOTE:
        raise InputError(f"a note can have at most {MAX_NOTE} characters")
    if recording.keeps_marks:
        recording.add_mark(index, name, note)
        return f"marked {name}"
    if recording.path is None:
        raise InputError("this recording has no file to keep a mark in; import it with -o first")
    path = own_copy(recording.path)
    _write_mark(path, recording, index, name, note)
    recording.add_mark(index, name, note)
    where = "" if path == recording.path else f" in your copy, {path}"
    recording.path = path
    return f"marked {name}{where}"


def own_copy(path: Path) -> Path:
    """Return the path of a recording that may be written to: the user's copy of a shipped one."""
    if path.resolve().parent != DATA.resolve():
        return path
    folder = user_paths()["recordings"]
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / path.name
    if not copy.exists():
        shutil.copyfile(path, copy)
    return copy


def _write_mark(path: Path, recording: Recording, index: int, name: str, note: str) -> None:
    """Write the file anew, with the mark behind everything that it held."""
    with open_trace(path) as old, replacing(path) as new:
        reader = TraceReader(old, str(path))
        writer = TraceWriter(new, reader.header)
        for record in reader:
            writer.append_code(record.code, record.fields)
        if reader.ending is not None and reader.ending.damaged:
            raise InputError(f"{path}: damaged at byte {reader.ending.offset}; nothing was marked")
        turn, time_us = recording.first_turn + index, recording.time_us(index) or 0
        writer.append(Code.MARK, [turn, time_us, name, note])
        writer.close()
