"""Checks a recording of any kind; a simulated run is made again, undone acts included."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim.state.fields import PackError
from mmplay.recordings.library import trace_path
from mmplay.recordings.opening import OPENERS, open_stream
from mmplay.recordings.run.replay import BROKEN
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.starts import header_fault, header_side
from mmplay.recordings.run.store import KIND, first_machine, session_entry
from mmplay.recordings.run.tape import Entry, Tape
from mmplay.recordings.run.witness import (
    DiffersError,
    Fault,
    Placed,
    Side,
    Verdict,
    Witness,
    damage,
    fault_of,
)
from mmplay.recordings.trace.format import Code, TraceError, unknown_kind
from mmplay.recordings.trace.reader import Ending, TraceReader, open_trace

STOPPERS = (*BROKEN, PackError, InputError, OverflowError, RecursionError, MemoryError)
"""What a run may end with that started from a state which cannot be."""


class Rerun(NamedTuple):
    """How far a run was made again: records and turns that agree, the moment, the first fault."""

    records: int
    turns: int
    time_us: int | None
    fault: Fault | None


def rerun(reader: TraceReader) -> Rerun:
    """Make the run again whose header was just read, and compare."""
    records, fault = _read(reader)
    if len(records) < 2:
        return Rerun(0, 0, None, fault or damage(_end(reader), "the run's start is missing"))
    witness = Witness(records)
    again = _Again(witness, reader.header)
    earlier = again.run()
    later = fault or _end_fault(reader, records)
    return Rerun(witness.at, again.turns, again.time_us, earlier or later)


def _end_fault(reader: TraceReader, records: list[Placed]) -> Fault | None:
    """Return what is wrong with the end of a closed run: it must end where it says it got to.

    Marks may come later; they do nothing to a run.
    """
    if reader.ending is None or not reader.ending.closed:
        return None
    offset, entry = next(one for one in reversed(records) if one.entry.code is not Code.MARK)
    if entry.code is Code.REACHED:
        return None
    text = f"record at byte {offset}: a closed run ends with the digest of what it came to"
    return Fault(offset, entry.turn, entry.time_us, entry.code.name, None, None, text)


def _read(reader: TraceReader) -> tuple[list[Placed], Fault | None]:
    """Return the file's records up to the first that is damaged, and what is wrong with that."""
    records: list[Placed] = []
    for record in reader:
        try:
            entry = session_entry(record)
        except TraceError as error:
            return records, Fault(record.offset, None, None, "record", None, None, str(error))
        if entry is None:
            return records, damage(record.offset, f"{record.code} is no record of a run")
        records.append(Placed(record.offset, entry))
    ending = reader.ending
    damaged = ending is not None and ending.damaged
    return records, damage(ending.offset, ending.why) if ending and damaged else None


def _end(reader: TraceReader) -> int:
    return reader.ending.offset if reader.ending is not None else 0


class _Again:
    """One run made again under the eyes of a witness."""

    def __init__(self, witness: Witness, header: dict[str, object]) -> None:
        self.witness = witness
        self.header = header
        self.session: Session | None = None
        marked = (one.entry for one in witness.records if one.entry.code is Code.MARK)
        self._stops = sorted({entry.turn for entry in marked})
        self._times: dict[int, int] = {}

    @property
    def turns(self) -> int:
        """How many turns were made."""
        return 0 if self.session is None else self.session.end - self.session.first

    @property
    def time_us(self) -> int | None:
        """The moment that was reached."""
        return None if self.session is None else self.session.live.state.now_ns // 1000

    def run(self) -> Fault | None:
        """Make the run; return the first fault."""
        try:
            session = self._begin()
            while (placed := self.witness.next) is not None:
                self._follow(session, placed)
        except DiffersError as error:
            return error.fault
        except STOPPERS as error:
            return self._broken(error)
        return None

    def _broken(self, error: BaseException) -> Fault:
        """Return the fault of a record at which the run cannot go on."""
        offset, entry = self.witness.next or self.witness.records[-1]
        why = str(error) if isinstance(error, InputError) else "the rules cannot go on from here"
        if self.session is None:
            return Fault(offset, None, None, "start", None, None, f"cannot be run: {why}")
        text = f"turn {self.session.live.state.turn}: {why} (record at byte {offset})"
        return Fault(offset, entry.turn, entry.time_us, "run", None, None, text)

    def _begin(self) -> Session:
        setup, key = self.witness.records[:2]
        machine = first_machine(setup.entry, key.entry, [setup.offset, key.offset])
        side = header_side(self.header, machine)
        if side is not None:
            raise DiffersError(header_fault(setup.offset, side))
        session = Session.__new__(Session)
        session.prepare(machine, self.header, Tape(self.witness))
        self.session = self.witness.session = session
        session.begin()
        self._note(session)
        return session

    def _note(self, session: Session) -> None:
        """Keep the moment of a turn: a mark may be set there later."""
        self._times[session.end] = session.live.state.now_ns // 1000

    def _follow(self, session: Session, placed: Placed) -> None:
        """Bring the run to the file's next record, and past it."""
        entry, before = placed.entry, self.witness.at
        self._go(session, entry.turn)
        driver = DRIVERS.get(entry.code)
        if driver is not None and self.witness.at == before:
            driver(self, session, placed)
        if self.witness.at == before:
            raise DiffersError(fault_of(placed, Side(entry.code.name, "one record", None)))

    def _go(self, session: Session, turn: int) -> None:
        """Make turns up to one, stopping wherever a mark is."""
        stops = [stop for stop in self._stops if session.end < stop < turn]
        for stop in [*stops, turn] if turn > session.end else []:
            wanted = stop - session.end
            if session.advance(turns=wanted) < wanted:
                raise InputError("the run has ended here, but the file goes on")
            self._note(session)

    def act(self, session: Session, placed: Placed) -> None:
        """Do what the file says was done."""
        if placed.entry.turn == session.end:
            session.act(*placed.entry.fields)

    def undo(self, session: Session, placed: Placed) -> None:
        """Take the last act back."""
        if placed.entry.turn == session.end:
            act = session.undo()
            if act is not None:
                self.witness.keys.drop_after(act.turn)

    def mark(self, session: Session, placed: Placed) -> None:
        """Set a mark: its words are the user's, its moment is the run's."""
        entry = placed.entry
        if entry.turn in self._times:
            session.tape.add(Entry(Code.MARK, entry.turn, self._times[entry.turn], entry.fields))

    def reached(self, session: Session, placed: Placed) -> None:
        """Note that the run got here."""
        if placed.entry.turn == session.end:
            session.note_reached()


DRIVERS = {
    Code.ACT: _Again.act,
    Code.UNDO: _Again.undo,
    Code.MARK: _Again.mark,
    Code.REACHED: _Again.reached,
}
"""Records that are not made by the rules: what the file tells the run to do."""


def verify(name: str) -> Verdict:
    """Check a trace, or a shipped recording by name; raises TraceError for what is no trace."""
    with open_trace(trace_path(name)) as stream:
        return verify_stream(stream, name)


def verify_stream(stream: BinaryIO, name: str) -> Verdict:
    """Check the trace in a stream; raises TraceError for what is no trace that can be read."""
    reader = TraceReader(stream, name)
    kind = str(reader.header.get("kind"))
    if kind not in OPENERS:
        raise unknown_kind(name, kind)
    found = rerun(reader) if kind == KIND else _intact(stream, reader, name)
    ending = reader.ending or Ending(closed=False, offset=0)
    engine = reader.header.get("engine")
    return Verdict(
        name=name,
        kind=kind,
        writer=str(reader.header.get("writer") or "unknown")[:80],
        engine=engine if type(engine) is int else None,
        records=found.records,
        turns=found.turns,
        time_us=found.time_us,
        closed=ending.closed,
        offset=ending.offset,
        fault=found.fault,
    )


def _intact(stream: BinaryIO, reader: TraceReader, name: str) -> Rerun:
    """Read every record; open the recording, so that what they hold is looked at too."""
    records = sum(1 for _ in reader)
    ending = reader.ending
    if ending is not None and ending.damaged:
        return Rerun(records, 0, None, damage(ending.offset, ending.why))
    return Rerun(records, 0, None, _opens(stream, name))


def _opens(stream: BinaryIO, name: str) -> Fault | None:
    stream.seek(0)
    try:
        open_stream(stream, name).close()
    except TraceError as error:
        return Fault(0, None, None, "record", None, None, str(error))
    return None
