"""A session read back from its trace. What it holds is checked before anything of it is run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

from mmplay.engine.sim.run.machine import Machine
from mmplay.engine.sim.sane import faults
from mmplay.engine.sim.setup_fields import SetupError, setup_of
from mmplay.engine.sim.state.packing import unpack_state
from mmplay.engine.sim.state.parts import PackError
from mmplay.recordings.session.keyframes import MAX_STATE_BYTES, NO_BASE, inflated
from mmplay.recordings.session.session import Session, known_act
from mmplay.recordings.session.tape import Entry, Tape, entry_of
from mmplay.recordings.trace.format import Code, TraceError
from mmplay.recordings.trace.reader import Ending, Record, TraceReader

KIND = "simulated"

BROKEN = (*(IndexError, KeyError, ValueError, TypeError, AttributeError), ZeroDivisionError)
"""What a rule raises that meets a state which cannot be; the state came from a file."""


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
    if entry.code is Code.MARK:
        if not all(type(text) is str for text in entry.fields):
            raise TraceError(f"record at byte {record.offset}: a mark has a name and a note")
    elif entry.code is Code.ACT:
        name, value = entry.fields
        if not known_act(name) or type(value) is not str:
            raise TraceError(f"record at byte {record.offset}: {str(name)[:40]!r} is no action")
    return entry


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
