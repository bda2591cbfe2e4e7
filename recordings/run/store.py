"""Sessions as files: begun in a file of their own, and read back once what they hold is checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mmplay import __version__
from mmplay.engine.sim import ENGINE
from mmplay.engine.sim.check import faults
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.setup_fields import SetupError, setup_of
from mmplay.engine.sim.state.fields import PackError
from mmplay.engine.sim.state.unpacking import unpack_state
from mmplay.recordings.files import TRACE, sessions_folder
from mmplay.recordings.run.keyframes import MAX_STATE_BYTES, NO_BASE, inflated
from mmplay.recordings.run.replay import BROKEN, known_act
from mmplay.recordings.run.session import FIRSTS, Session
from mmplay.recordings.run.tape import Entry, Sink, Tape, entry_of
from mmplay.recordings.trace.format import Code, TraceError
from mmplay.recordings.trace.reader import Ending, Record, TraceReader
from mmplay.recordings.trace.writer import TraceWriter

KIND = "simulated"
WRITER = f"mmplay {__version__}"
"""What made a recording, as its header says it."""

MAX_CHANGE = 1 << 62
"""No number of a row changes by more."""


class Loaded(NamedTuple):
    """A session, how its file ended, and which mmplay wrote it."""

    session: Session
    ending: Ending
    writer: str


def load_session(stream: BinaryIO, name: str) -> Loaded:
    """Read the trace of a simulated run; raises TraceError."""
    reader = TraceReader(stream, name)
    if reader.header.get("kind") != KIND:
        raise TraceError(f"{name}: is no simulated run, but {reader.header.get('kind')!r}")
    return load_from(reader, name)


def load_from(reader: TraceReader, name: str) -> Loaded:
    """Go on reading a trace whose header said that it is a simulated run; raises TraceError."""
    records = iter(reader)
    try:
        session = _begin(records, reader)
        for record in records:
            entry = session_entry(record)
            if entry is not None:
                _take(session, entry, record.offset)
    except TraceError as error:
        raise TraceError(f"{name}: {error}") from None
    if reader.ending is None:
        raise TraceError(f"{name}: ended without an ending")
    session.loaded()
    return Loaded(session, reader.ending, str(reader.header.get("writer") or "unknown"))


def session_entry(record: Record) -> Entry | None:
    """Return the entry in a record, None for a code that is none; raises TraceError."""
    entry = entry_of(record.code, record.fields, record.offset)
    if entry is None:
        return None
    holds, what = HOLDS.get(entry.code, (None, ""))
    if holds is not None and not holds(entry.fields):
        raise TraceError(f"record at byte {record.offset}: {what}")
    return entry


def _are_numbers(fields: list[Any]) -> bool:
    return all(type(n) is int and -MAX_CHANGE <= n <= MAX_CHANGE for n in fields)


def _is_act(fields: list[Any]) -> bool:
    return known_act(fields[0]) and type(fields[1]) is str


HOLDS: dict[Code, tuple[Callable[[list[Any]], bool], str]] = {
    Code.MARK: (lambda fields: all(type(one) is str for one in fields), "no name and note"),
    Code.ACT: (_is_act, "no action that there is"),
    Code.ROW: (_are_numbers, "a row holds something else than numbers"),
    Code.EVENT: (lambda fields: fields[0] in FIRSTS, "no event that there is"),
    Code.REACHED: (lambda fields: type(fields[0]) is bytes, "no digest"),
}
"""What the fields of an entry must be, and what is said if they are not."""


def _take(session: Session, entry: Entry, offset: int) -> None:
    try:
        session.take(entry)
    except (*BROKEN, PackError) as error:
        raise TraceError(f"record at byte {offset}: {error}") from None


def _begin(records: Iterator[Record], reader: TraceReader) -> Session:
    first = list(islice(records, 2))
    if len(first) < 2:
        why = reader.ending.why if reader.ending is not None else "no records"
        raise TraceError(f"the run's start is missing ({why})")
    setup_entry, key = (session_entry(one) for one in first)
    machine = first_machine(setup_entry, key, [one.offset for one in first])
    session = Session.__new__(Session)
    session.prepare(machine, reader.header, Tape())
    for entry, record in zip((setup_entry, key), first, strict=True):
        if entry is not None:
            _take(session, entry, record.offset)
    return session


def first_machine(setup_entry: Entry | None, key: Entry | None, offsets: list[int]) -> Machine:
    """Return the machine that a run starts with, once it is sure that it can be run.

    Raises TraceError, with the offset of the record that is to blame.
    """
    if setup_entry is None or key is None or (setup_entry.code, key.code) != (Code.SETUP, Code.KEY):
        why = "a simulated run begins with its setup and a whole state"
        raise TraceError(f"record at byte {offsets[0]}: {why}")
    try:
        setup = setup_of(setup_entry.fields[0])
    except SetupError as error:
        raise TraceError(f"record at byte {offsets[0]}: {error}") from None
    try:
        base, packed = key.fields
        if base != NO_BASE:
            raise TraceError(f"record at byte {offsets[1]}: a run starts from a whole state")
        state = unpack_state(inflated(packed, MAX_STATE_BYTES))
        problems = faults(setup, state)
    except (*BROKEN, PackError) as error:
        raise TraceError(f"record at byte {offsets[1]}: cannot be run: {error}") from None
    if problems or state.turn != key.turn:
        why = problems[0] if problems else "the state is of another turn"
        raise TraceError(f"record at byte {offsets[1]}: {why}")
    return Machine(setup, state)


def session_header(title: str, **more: Any) -> dict[str, Any]:
    """Return the header of a simulated run; `more` are texts and numbers that say what it is."""
    return {"kind": KIND, "title": title, "writer": WRITER, "engine": ENGINE, **more}


class NoFile:
    """Where a session is written to whose file could not be made.

    The first record says why, which stops the writing and never the run: `Tape.trouble` tells.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def append(self, code: Code, fields: list[Any], /) -> None:
        """Raise OSError."""
        raise OSError(self._why)

    def flush(self) -> None:
        """Hand nothing to the system."""

    def finish(self) -> None:
        """End nothing."""

    def abandon(self) -> None:
        """Leave nothing."""


def open_writer(header: dict[str, Any], folder: Path | None = None) -> Sink:
    """Return what writes a new file in a folder, else in that of played sessions."""
    try:
        stream = _new_file(folder or sessions_folder(), str(header["title"]))
        return TraceWriter(stream, header)
    except OSError as error:
        return NoFile(str(error.strerror or error))


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
        yield folder / f"{when}-{safe}-{os.getpid()}{f'_{n:03}' if n else ''}{TRACE}"
