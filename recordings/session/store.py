"""Where played sessions are kept: one file each, made new, written while playing.

No file is ever opened for writing twice, so two mmplays at a time cannot harm each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from mmplay import __version__
from mmplay.engine.sim import ENGINE
from mmplay.engine.sim.run.machine import Machine
from mmplay.recordings.paths import sessions_folder
from mmplay.recordings.session.load import KIND
from mmplay.recordings.session.session import Session
from mmplay.recordings.trace.writer import TraceWriter

SUFFIX = ".mmtrace"


def session_header(title: str, **more: Any) -> dict[str, Any]:
    """Return the header of a simulated run; `more` are texts and numbers that say what it is."""
    writer = f"mmplay {__version__}"
    return {"kind": KIND, "title": title, "writer": writer, "engine": ENGINE, **more}


def begin_session(m: Machine, header: dict[str, Any], folder: Path | None = None) -> Session:
    """Begin a session that is written while it is played.

    If the disk does not take a new file the session runs all the same; `tape.trouble` says why.
    """
    writer, trouble = open_writer(header, folder)
    session = Session(m, header, writer)
    session.tape.trouble = session.tape.trouble or trouble
    return session


def fork_session(
    session: Session, turn: int, header: dict[str, Any], folder: Path | None = None
) -> Session:
    """Fork a session into a new one with a file of its own."""
    writer, trouble = open_writer(header, folder)
    fork = session.fork(turn, header, writer)
    fork.tape.trouble = fork.tape.trouble or trouble
    return fork


def open_writer(
    header: dict[str, Any], folder: Path | None = None
) -> tuple[TraceWriter | None, str]:
    """Return a writer on a new file, or None and why there is none."""
    try:
        stream = _new_file(folder or sessions_folder(), str(header["title"]))
        return TraceWriter(stream, header), ""
    except OSError as error:
        return None, str(error.strerror or error)


def _new_file(folder: Path, title: str) -> BinaryIO:
    folder.mkdir(parents=True, exist_ok=True)
    for path in _names(folder, title):
        try:
            return path.open("xb")
        except FileExistsError:
            continue
    raise FileExistsError(f"{folder}: no name is left")


def _names(folder: Path, title: str) -> Iterator[Path]:
    when = datetime.now().strftime("%Y%m%d-%H%M%S")
    safe = "".join(c if c.isalnum() or c in "-." else "-" for c in title)[:40]
    for n in range(1000):
        # "_" sorts behind ".": the later of two files of one second is listed as the later.
        yield folder / f"{when}-{safe}-{os.getpid()}{f'_{n:03}' if n else ''}{SUFFIX}"
