"""verify: an untouched run comes out again; a changed byte or a changed result does not pass."""

from __future__ import annotations

import copy
import io
import zlib
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.sim.state.fields import PackError, names_of, pack_state, parts_of, shape_of
from mmplay.engine.sim.state.unpacking import first_difference, place_name, state_of, unpack_state
from mmplay.recordings.run.keyframes import Decoded, Keyframes
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import session_header
from mmplay.recordings.run.verify import verify
from mmplay.recordings.trace.format import Code, TraceError, pack_plain, unpack_plain
from mmplay.recordings.trace.reader import TraceReader
from mmplay.recordings.trace.writer import TraceWriter
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7
from tests.recordings.verified import SECOND, checked, played, sealed
from tests.sessions import INCIDENT_START_NS, Recorded, session
from tests.traces import Records, offsets_of, put_together, taken_apart


def test_a_played_run_comes_out_again() -> None:
    verdict = checked(played())
    assert verdict.good, verdict.fault
    assert verdict.closed
    assert verdict.kind == "simulated"
    assert verdict.turns == 2300
    codes = {code for code, _ in taken_apart(played())[1]}
    assert {Code.UNDO, Code.MARK, Code.LOG, Code.ROW, Code.EVENT, Code.REACHED} <= codes


@pytest.mark.parametrize("name", [INCIDENT_RC7, INCIDENT_NEXT])
def test_an_imported_log_is_checked_for_integrity(name: str) -> None:
    verdict = verify(name)
    assert verdict.good
    assert verdict.kind == "imported"
    assert verdict.turns == 0


@settings(max_examples=40)
@given(st.data())
def test_any_changed_byte_is_noticed_with_the_offset_of_its_record(data: st.DataObject) -> None:
    whole = bytearray(played())
    offsets = offsets_of(bytes(whole))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    if at < offsets[0]:
        with pytest.raises(TraceError, match="played"):
            checked(bytes(whole))
        return
    verdict = checked(bytes(whole))
    assert verdict.fault is not None
    assert verdict.fault.offset == max(offset for offset in offsets if offset <= at)
    assert f"byte {verdict.fault.offset}" in verdict.fault.text


def test_a_file_may_end_at_any_byte_of_a_record() -> None:
    """The second keyframe has a length of two bytes: a cut before, in and behind it is a cut."""
    whole = played()
    offset = offsets_of(whole)[1]
    for at in range(offset, offset + 20):
        reader = TraceReader(io.BytesIO(whole[:at]), "cut")
        assert len(list(reader)) == 1
        assert reader.ending is not None
        assert not reader.ending.damaged, (at - offset, reader.ending.why)


@settings(max_examples=15)
@given(st.data())
def test_a_cut_file_verifies_as_far_as_it_goes(data: st.DataObject) -> None:
    whole = played()
    offsets = offsets_of(whole)
    at = data.draw(st.integers(offsets[2], len(whole) - 1))
    verdict = checked(whole[:at])
    assert verdict.fault is None
    assert not verdict.closed
    assert not verdict.good
    assert verdict.records == sum(1 for offset in offsets[1:] if offset <= at)


# what a forger changes: one value, and all checks computed anew


def other(value: Any, draw: Any) -> Any:
    """Return another value of the same type; lists have one place changed."""
    if type(value) is bool:
        return not value
    if type(value) is int:
        return value + draw(st.sampled_from([-1, 1, 7, 1 << 20]))
    if type(value) is str:
        return value + "x"
    if type(value) is bytes:
        at = draw(st.integers(0, len(value) - 1))
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    if value is None or not value:
        return 1
    at = draw(st.integers(0, len(value) - 1))
    return [*value[:at], other(value[at], draw), *value[at + 1 :]]


PLAIN = [n for n, (code, _) in enumerate(taken_apart(played())[1]) if code is not Code.KEY]


@settings(max_examples=20)
@given(st.data())
def test_any_changed_value_is_noticed_though_the_chain_was_recomputed(data: st.DataObject) -> None:
    header, records = taken_apart(played())
    number = data.draw(st.sampled_from(PLAIN))
    code, fields = records[number]
    at = data.draw(st.integers(0, len(fields) - 1))
    changed = copy.deepcopy(fields)
    changed[at] = other(changed[at], data.draw)
    records[number] = (code, changed)
    verdict = checked(put_together(header, records))
    assert not verdict.good, (number, code, at, changed[at])


def inner_change(packed: bytes, draw: Any) -> bytes:
    """Decode a keyframe that builds on another, change a number of it, and pack it again."""
    changes, names = unpack_plain(zlib.decompress(packed))
    number = draw(st.integers(0, len(changes) - 1))
    at = draw(st.integers(2, len(changes[number]) - 1))
    changes[number][at] += draw(st.sampled_from([-1, 1, 5]))
    return zlib.compress(pack_plain([changes, names]))


def state_at(records: Records, number: int) -> Decoded | None:
    """Return the state in a keyframe, None if it is none."""
    keys, acts = Keyframes(), []
    try:
        for code, fields in records[: number + 1]:
            if code is Code.KEY:
                keys.load(fields[0], *fields[2:])
            elif code is Code.ACT:
                acts.append(fields[0])
            elif code is Code.UNDO:
                keys.drop_after(acts.pop())
        return keys.decoded(len(keys.turns) - 1)
    except PackError:
        return None


@settings(max_examples=12)
@given(st.data())
def test_a_changed_number_of_a_later_keyframe_is_named(data: st.DataObject) -> None:
    header, records = taken_apart(played())
    later = [n for n, (code, fields) in enumerate(records) if code is Code.KEY and fields[2] >= 0]
    number = data.draw(st.sampled_from(later))
    before = state_at(records, number)
    turn, time_us, base, packed = records[number][1]
    records[number] = (Code.KEY, [turn, time_us, base, inner_change(packed, data.draw)])
    verdict = checked(put_together(header, records))
    if state_at(records, number) == before:
        # A stretch of equal numbers can be named in two ways.
        assert verdict.good
        return
    assert verdict.fault is not None
    assert verdict.fault.turn == turn
    assert verdict.fault.offset == offsets_of(put_together(header, records))[number]


@settings(max_examples=12)
@given(st.data())
def test_a_changed_number_of_the_first_state_is_noticed(data: st.DataObject) -> None:
    header, records = taken_apart(played())
    turn, time_us, base, packed = records[1][1]
    state = unpack_state(zlib.decompress(packed))
    parts = parts_of(state)
    filled = [n for n, part in enumerate(parts) if part]
    number = data.draw(st.sampled_from(filled))
    part = parts[number][:]
    part[data.draw(st.integers(0, len(part) - 1))] += data.draw(st.sampled_from([-1, 1, 3]))
    parts[number] = part
    try:
        packed = zlib.compress(pack_state(state_of(shape_of(state), parts, names_of(state))))
    except (ValueError, OverflowError):
        return
    records[1] = (Code.KEY, [turn, time_us, base, packed])
    verdict = checked(put_together(header, records))
    assert not verdict.good, place_name(shape_of(state), names_of(state), number, 0)


def test_other_bytes_of_the_same_state_are_no_difference() -> None:
    header, records = taken_apart(played())
    for number, (code, fields) in enumerate(records):
        if code is Code.KEY:
            again = zlib.compress(zlib.decompress(fields[3]), 1)
            assert again != fields[3]
            records[number] = (code, [*fields[:3], again])
    assert checked(put_together(header, records)).good


@pytest.mark.parametrize("code", [Code.KEY, Code.ROW, Code.LOG, Code.EVENT])
def test_a_result_that_was_left_out_is_noticed(code: Code) -> None:
    header, records = taken_apart(played())
    places = [n for n, (one, _) in enumerate(records) if one is code]
    del records[places[-1]]
    assert not checked(put_together(header, records)).good


def test_results_of_undone_turns_are_checked_too() -> None:
    header, records = taken_apart(played())
    undone = next(n for n, (code, _) in enumerate(records) if code is Code.UNDO)
    row = max(n for n in range(undone) if records[n][0] is Code.ROW)
    fields = records[row][1]
    records[row] = (Code.ROW, [*fields[:2], fields[2] + 1, *fields[3:]])
    verdict = checked(put_together(header, records))
    assert verdict.fault is not None
    assert verdict.fault.name == "zones.DMA.free"
    assert verdict.fault.turn == fields[0]
    assert verdict.fault.file == verdict.fault.run + 1  # type: ignore[operator]


def changed_fault(code: Code, change: Any) -> str:
    """Return what verify says of the last record of a code, changed."""
    header, records = taken_apart(played())
    number = max(n for n, (one, _) in enumerate(records) if one is code)
    fields = copy.deepcopy(records[number][1])
    change(fields)
    records[number] = (code, fields)
    verdict = checked(put_together(header, records))
    assert verdict.fault is not None
    return verdict.fault.text


def test_the_fault_is_named_in_a_sentence() -> None:
    def free(fields: list[Any]) -> None:
        fields[3] = zlib.compress(pack_plain([[], []]))

    assert changed_fault(Code.KEY, free).startswith("turn 1920: now_ns: the file has ")

    def line(fields: list[Any]) -> None:
        fields[2][0][1] += 1

    text = changed_fault(Code.LOG, line)
    assert "line of the log: the file has [   59." in text

    def event(fields: list[Any]) -> None:
        fields[2] = "nf_drop"

    assert "EVENT: the file has nf_drop, the run oom_kill" in changed_fault(Code.EVENT, event)

    def digest(fields: list[Any]) -> None:
        fields[2] = bytes(16)

    text = changed_fault(Code.REACHED, digest)
    assert text == "turn 2300: REACHED: the run comes to another state than the file says"


def test_format_1_still_verifies() -> None:
    assert sealed({"format": 1, "kernel": "4.5-rc7", "seed": 1}).good


def test_a_run_without_any_turn_verifies() -> None:
    recorded = Recorded()
    verdict = checked(recorded.data())
    assert verdict.good
    assert verdict.turns == 0


def test_a_fork_verifies_and_so_does_what_was_done_at_the_fork() -> None:
    parent = session(INCIDENT_START_NS + SECOND // 10)
    parent.act("sysrq_f", "")
    at = parent.end
    parent.advance(turns=100)
    stream = io.BytesIO()
    header = session_header("fork")
    fork = parent.fork(at, header, TraceWriter(stream, header))
    fork.advance(turns=1000)
    fork.reached()
    assert fork.tape.writer is not None
    TraceWriter.close(cast(TraceWriter, fork.tape.writer))
    verdict = checked(stream.getvalue())
    assert verdict.good, verdict.fault
    assert verdict.turns == at + 1000
    events = [entry for entry in fork.tape.entries if entry.code is Code.EVENT]
    assert events[0].fields == ["oom_kill"]


def test_places_have_names() -> None:
    run: Session = session(INCIDENT_START_NS)
    state = run.live.state
    shape, names = shape_of(state), names_of(state)
    parts = parts_of(state)
    every = [
        place_name(shape, names, number, at)
        for number, part in enumerate(parts)
        for at in range(len(part))
    ]
    assert "zone DMA32 free" in every
    assert "task kswapd0 credit_ns" in every
    assert "rng" in every
    assert first_difference(shape, names, parts, parts) is None
