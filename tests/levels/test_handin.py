"""Hand-ins: written and read back, cut, changed; which tries of a level go into one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.levels.classroom.handin import (
    MAX_TRACES,
    PIECE_BYTES,
    Handed,
    HandIn,
    handin_bytes,
    read_handin,
    write_handin,
)
from mmplay.levels.classroom.tries import Claim, Run, Try, best, claim_in, in_tries
from mmplay.recordings.trace.format import Code, TraceError
from mmplay.recordings.trace.writer import TraceWriter
from tests.levels.classes import IN_TIME, hand_in
from tests.sessions import Kept, Recorded

TRACES = [Handed("a", b"x" * (PIECE_BYTES + 1)), Handed("b", b""), Handed("c", b"yz")]


def read(data: bytes) -> HandIn:
    return read_handin(io.BytesIO(data), "st01.mmhand")


def test_what_is_handed_in_is_read_back() -> None:
    found = read(handin_bytes("week3", "st01", IN_TIME, TRACES))
    assert found.ending.closed
    assert (found.assignment, found.student, found.written) == ("week3", "st01", IN_TIME)
    assert list(found.traces) == TRACES


@pytest.mark.parametrize("part", [0.4, 0.6, 0.8])
def test_a_cut_hand_in_keeps_what_stands_before_the_cut(part: float) -> None:
    whole = [b"a" * 100, b"b" * 3 * PIECE_BYTES, b"c" * 100]
    data = hand_in("st01", *whole)
    found = read(data[: int(len(data) * part)])
    assert not found.ending.closed
    assert not found.ending.damaged
    first, second = found.traces
    assert first.data == whole[0]
    assert 0 < len(second.data) < len(whole[1])
    assert len(second.data) > len(data) * part - 2 * PIECE_BYTES


def test_a_changed_hand_in_is_damaged() -> None:
    data = bytearray(hand_in("st01", b"a" * 100, b"b" * 100))
    data[-80] ^= 1
    assert read(bytes(data)).ending.damaged
    assert read(hand_in("st01", b"a") + hand_in("st02", b"b")).ending.damaged


def test_what_is_no_hand_in_is_refused() -> None:
    for data in (b"", b"%PDF-1.4", Recorded().data()):
        with pytest.raises(TraceError, match=r"^st01.mmhand: (is|holds)"):
            read(data)


def test_pieces_that_do_not_follow_each_other_are_refused() -> None:
    for pieces in ([[1, "a", b""]], [[0, "a", b""], [2, "b", b""]], [[0, "a", "text"]], [[-1]]):
        stream = Kept()
        header = {"kind": "hand-in", "assignment": "week3", "student": "st01"}
        writer = TraceWriter(stream, header)
        for piece in pieces:
            writer.append(Code.HANDED, piece)
        writer.finish()
        with pytest.raises(TraceError, match="is no piece of a trace"):
            read(stream.kept)


def test_too_much_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.mmhand"
    many = [Handed("a", b"")] * (MAX_TRACES + 1)
    with pytest.raises(InputError, match="leave some traces out"):
        write_handin(path, "week3", "st01", IN_TIME, many)
    assert not path.exists()


def test_results_are_read_as_they_are_written() -> None:
    assert claim_in("won, 3 stars, 11 acts of par 11") == Claim("won", 3, 11)
    assert claim_in("lost, 0 stars, 2 acts of par 11") == Claim("lost", 0, 2)
    assert claim_in("playing") is None
    assert claim_in("") is None


def one_try(result: str, name: str = "a") -> Try:
    return Try("L03", (Run({"level": "L03"}, result, Path(name)),))


def test_the_best_try_has_most_stars_then_fewest_acts_else_it_is_the_latest() -> None:
    two, three = "won, 2 stars, 5 acts of par 9", "won, 3 stars, 9 acts of par 9"
    long, lost = "won, 3 stars, 10 acts of par 9", "lost, 0 stars, 1 acts of par 9"
    assert best(map(one_try, [two, long, three, lost])).said == three
    assert best([one_try(lost, "a"), one_try("", "b")]).runs[0].path.name == "b"
    assert best([one_try("", "b")]).said == "not finished"


def test_stages_make_one_try() -> None:
    rows = ["A1", "B1", "A2", "A1", "A3", "B3", "A2"]
    found = in_tries(rows, lambda one: one[0], lambda one: int(one[1]))
    assert found == [["A1", "A2", "A3"], ["B1"], ["A1", "A2"], ["B3"]]


@pytest.mark.parametrize("verb", ["verify", "info", "speak", "anonymise"])
def test_verbs_of_recordings_say_what_a_hand_in_is(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "st01.mmhand"
    path.write_bytes(hand_in("st01", b"x"))
    more = ["-o", str(tmp_path / "x.mmtrace")] if verb == "anonymise" else []
    assert main([verb, str(path), *more]) == 2
    assert "is a hand-in of recordings; mmplay grade looks into it" in capsys.readouterr().err
