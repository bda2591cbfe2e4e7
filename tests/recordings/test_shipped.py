"""The recordings that ship: small, whole, and what the rules of today make."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.sim import ENGINE
from mmplay.recordings import making
from mmplay.recordings.library import open_recording, shipped, trace_path
from mmplay.recordings.making import VARIANTS, header_of, incident_run, make, name_of
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.starts import STARTS
from mmplay.recordings.run.timeline import SessionTimeline
from mmplay.recordings.run.verify import verify, verify_stream
from mmplay.recordings.trace.format import Code, TraceError
from mmplay.tui.views.menu import ABOUT
from tests.traces import offsets_of

AGAIN = "a rule changed: make them again with 'python -m mmplay.recordings.making'"
RUNS = [name_of(variant) for variant in VARIANTS]


def test_the_four_variants_ship_beside_the_two_logs() -> None:
    names = {one.name for one in shipped()}
    assert names >= {"incident-4.5.0-rc7", "incident-next-20160311", *RUNS}
    assert set(ABOUT) == names


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_every_shipped_recording_verifies_and_is_small(name: str) -> None:
    verdict = verify(name)
    assert verdict.good, (AGAIN, verdict.fault)
    assert verdict.closed
    size = trace_path(name).stat().st_size
    assert size < 300_000 if name in RUNS else size < 1_000_000


def test_verify_knows_the_start_of_every_shipped_run() -> None:
    assert {header_of(variant)["start"] for variant in VARIANTS} <= set(STARTS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_making_a_run_again_gives_the_same_records(variant: str) -> None:
    with open_recording(name_of(variant)) as recording:
        assert isinstance(recording, SessionTimeline)
        there, again = recording.session, incident_run(variant)
        assert recording.header["engine"] == ENGINE, AGAIN
        assert recording.header["variant"] == variant
        again.note_reached()
        assert len(there.tape.entries) == len(again.tape.entries), AGAIN
        assert there.tape.entries == again.tape.entries or _same_states(there, again), AGAIN


def _same_states(there: Session, again: Session) -> bool:
    """Another zlib packs a keyframe into other bytes: then it is what it holds that counts."""
    ours, theirs = (
        [one for one in run.tape.entries if one.code is not Code.KEY] for run in (there, again)
    )
    numbers = range(len(there.keys.turns))
    return ours == theirs and all(there.keys.decoded(n) == again.keys.decoded(n) for n in numbers)


def test_making_them_writes_whole_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(making, "UNTIL_NS", 59_570_000_000)
    make(tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(RUNS)
    assert all(verify(str(path)).good for path in tmp_path.iterdir())
    assert "bytes" in capsys.readouterr().out


SHIPPED = trace_path(RUNS[0]).read_bytes()
OFFSETS = offsets_of(SHIPPED)


@settings(max_examples=16)
@given(st.data())
def test_any_flipped_byte_of_a_shipped_run_is_noticed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SHIPPED) - 1))
    flipped = bytearray(SHIPPED)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    if at < OFFSETS[0]:
        with pytest.raises(TraceError):
            verify_stream(io.BytesIO(flipped), "flipped")
        return
    verdict = verify_stream(io.BytesIO(flipped), "flipped")
    assert verdict.fault is not None
    assert verdict.fault.offset == max(offset for offset in OFFSETS if offset <= at)
