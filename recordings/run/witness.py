"""Stands where a session's file would be, and compares each record with the next of a file."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, NamedTuple

from mmplay.engine.sim.run.setup_fields import MAX_TEXT
from mmplay.engine.sim.state.fields import PackError
from mmplay.engine.sim.state.unpacking import first_difference
from mmplay.recordings.run.keyframes import Decoded, Keyframes
from mmplay.recordings.run.run_log import RunLog, text_of
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import Entry, columns
from mmplay.recordings.trace.format import Code, TraceError, pack_body


class Fault(NamedTuple):
    """The first thing that is wrong.

    `offset` is that of the record in the file; `turn` and `time_us` are None where no run was made;
    `name` is the number, column or text that differs, `file` and `run` what the two sides have.
    """

    offset: int
    turn: int | None
    time_us: int | None
    name: str
    file: object
    run: object
    text: str


class Verdict(NamedTuple):
    """What was checked, how far, and the first fault; None if there is none.

    `records` were checked; of a simulated run so many `turns` were made again, up to `time_us`.
    `closed` is False for a file whose end is missing, at byte `offset`: what is there was checked,
    but it is not all. `writer` and `engine` are as the file names them.
    """

    name: str
    kind: str
    writer: str
    engine: int | None
    records: int
    turns: int
    time_us: int | None
    closed: bool
    offset: int
    fault: Fault | None

    @property
    def good(self) -> bool:
        """Tell whether the recording is whole and nothing is wrong with it."""
        return self.closed and self.fault is None


def damage(offset: int, why: str) -> Fault:
    """Return the fault of a record that its check or its form gives away."""
    text = f"damaged: record at byte {offset}: {why}"
    return Fault(offset, None, None, "record", None, None, text)


class Placed(NamedTuple):
    """One entry of the file and the offset of its record."""

    offset: int
    entry: Entry


class DiffersError(Exception):
    """What the run makes is not what the file has."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class Side(NamedTuple):
    """What differs: its name, and what file and run have there."""

    name: str
    file: object
    run: object


class Witness:
    """See the module. `at` is the number of the file's record that comes next."""

    def __init__(self, records: list[Placed]) -> None:
        """Expect these records."""
        self.records = records
        self.at = 0
        self.session: Session | None = None
        self.keys = Keyframes()

    @property
    def next(self) -> Placed | None:
        """The file's next record, None at its end."""
        return self.records[self.at] if self.at < len(self.records) else None

    def append(self, code: Code, fields: list[Any]) -> None:
        """Compare what the run made; raises DiffersError."""
        turn, time_us, *rest = fields
        made = Entry(code, turn, time_us, rest)
        placed = self.next
        if placed is None:
            return
        if placed.entry.code is Code.KEY:
            self._load(placed)
        if pack_body(code, fields) != pack_body(placed.entry.code, placed.entry.body()):
            side = self._side(placed.entry, made)
            if side is not None:
                raise DiffersError(fault_of(placed, side))
        self.at += 1

    def flush(self) -> None:
        """Do nothing: nothing is written."""

    finish = abandon = flush

    def _load(self, placed: Placed) -> None:
        """Take the file's keyframe beside the run's."""
        try:
            self.keys.load(placed.entry.turn, *placed.entry.fields)
        except PackError as error:
            raise DiffersError(fault_of(placed, Side("keyframe", str(error), None))) from None

    def _side(self, file: Entry, run: Entry) -> Side | None:
        """Return what differs; None if two keyframes hold the same state in other bytes."""
        if (file.code, file.turn) != (run.code, run.turn):
            return Side("next record", _what(file), _what(run))
        if file.time_us != run.time_us:
            return Side("time_us", file.time_us, run.time_us)
        if file.code is Code.KEY:
            return self._key_side()
        if file.code is Code.ROW:
            return self._row_side(file, run)
        if file.code is Code.LOG:
            return _log_side(file, run)
        if file.code is Code.REACHED:
            return Side("REACHED", "a digest", None)
        return Side(file.code.name, _shown(file.fields), _shown(run.fields))

    def _key_side(self) -> Side | None:
        number = len(self.keys.turns) - 1
        try:
            file = self.keys.decoded(number)
        except PackError as error:
            return Side("keyframe", str(error), None)
        return state_side(file, self._session.keys.decoded(number))

    def _row_side(self, file: Entry, run: Entry) -> Side:
        names = columns(self._session.live)
        totals = self._session.tape.last_row(len(names))
        if len(file.fields) != len(names):
            return Side("columns of the row", len(file.fields), len(names))
        for name, there, here, total in zip(names, file.fields, run.fields, totals, strict=True):
            if type(there) is not int:
                return Side(name, repr(there)[:40], total)
            if there != here:
                return Side(name, total - here + there, total)
        return Side("row", _shown(file.fields), _shown(run.fields))

    @property
    def _session(self) -> Session:
        if self.session is None:
            raise TypeError("the witness has no session yet")
        return self.session


def state_side(file: Decoded, run: Decoded) -> Side | None:
    """Return the first number or name that two decoded states have differently."""
    if file.shape != run.shape:
        return Side("zones, CPUs and caches", tuple(file.shape), tuple(run.shape))
    if file.names != run.names:
        pairs = zip_longest(file.names, run.names)
        return Side("name of a task", *next(pair for pair in pairs if pair[0] != pair[1]))
    place = first_difference(run.shape, run.names, file.parts, run.parts)
    return None if place is None else Side(*place)


def _log_side(file: Entry, run: Entry) -> Side:
    try:
        pairs = zip_longest(_lines(file), _lines(run))
        one, other = next(pair for pair in pairs if pair[0] != pair[1])
    except (TraceError, StopIteration):
        return Side("line of the log", _shown(file.fields), _shown(run.fields))
    return Side("line of the log", one, other)


def _lines(entry: Entry) -> list[str]:
    log = RunLog()
    log.add(entry.turn, entry.fields[0])
    return [line for message in log.messages for line in text_of(message)]


def _what(entry: Entry) -> str:
    return f"{entry.code.name} of turn {entry.turn}"


def _shown(fields: list[Any]) -> object:
    """Return fields as they can be printed: short, and no bytes."""
    shown = " ".join(one.hex() if type(one) is bytes else str(one) for one in fields)
    return shown if len(shown) <= MAX_TEXT else f"{shown[:MAX_TEXT]}..."


def fault_of(placed: Placed, side: Side) -> Fault:
    """Return the fault of a record that differs from what the run made."""
    entry = placed.entry
    where = f"turn {entry.turn}: {side.name}: "
    if entry.code is Code.REACHED and side.name == "REACHED":
        # The digest that would be right is never shown: whoever wants it has to make the run.
        text = f"{where}the run comes to another state than the file says"
    elif side.run is None and side.name == "keyframe":
        text = f"{where}record at byte {placed.offset}: {side.file}"
    else:
        text = f"{where}the file has {_or_nothing(side.file)}, the run {_or_nothing(side.run)}"
    return Fault(placed.offset, entry.turn, entry.time_us, *side, text)


def _or_nothing(value: object) -> object:
    return "nothing" if value is None else value
