"""A long log of which only the lines around events are read says the same as all of it."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmplay.engine.printk.form import LineForm, forms
from mmplay.engine.report import ReportKind
from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json
from mmplay.recordings.library import open_events, open_recording
from mmplay.recordings.log import importing
from mmplay.recordings.log.builder import ReportBuilder
from mmplay.recordings.log.gather import feed
from mmplay.recordings.log.prefix import NO_PREFIX
from mmplay.recordings.log.scan import Lines, Message
from mmplay.recordings.log.skipping import WORDS, events_only
from mmplay.recordings.log.timeline import own_dumps
from mmplay.recordings.recording import Recording
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text
from tests.engine.test_printk import VALUES, kinds_of

BEHIND_ANOTHER = frozenset(
    {
        "killed",
        "meminfo",
        "memcgtask",
        "memcglimit",
        "memcgusage",
        "memcgstats",
        "panic",
        "exiting",
        "sharing",
        "group",
    }
)
"""Roles whose lines follow another that has a word."""

TAGGED = frozenset({"earlyoom", "earlyoomlow", "oomd", "oomdunit", "lmkd"})
"""Roles whose lines have the word before the text: it is the name of the program."""


def noise(size: int, seed: int) -> bytes:
    random = Random(seed)
    words = b"session room allocated memory of user closed kernel: kB oomph Comm 4kB".split()
    lines = []
    while size > 0:
        lines.append(
            b"May  1 10:00:00 db1 cron[7]: " + b" ".join(random.choices(words, k=9)) + b"\n"
        )
        size -= len(lines[-1])
    return b"".join(lines)


def said(recording: Recording) -> list[Any]:
    """Return what is said of each event, and where it stands."""
    found: list[Any] = [recording.line_count]
    for index in range(len(recording)):
        frame = recording.frame(index)
        found += [
            (frame.first_line, frame.last_line),
            diagnosis_json(diagnose_frame(recording, index)),
        ]
    return [*found, *own_dumps(recording)]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.sampled_from([0, 500, 70_000, 300_000]), min_size=1, max_size=4),
    seed=st.integers(0, 9),
)
def test_a_log_among_noise(sizes: list[int], seed: int, tmp_path: Path) -> None:
    pieces = [noise(300_000, seed)]
    for n, size in enumerate(sizes):
        name = (INCIDENT_RC7, INCIDENT_NEXT)[(seed + n) % 2]
        pieces += [incident_text(name), noise(size, seed + n)]
    path = tmp_path / "long.log"
    path.write_bytes(b"".join(pieces))
    with open_recording(str(path)) as whole, open_events(str(path)) as events:
        assert said(events) == said(whole)


def test_the_head_of_an_event_may_end_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = 1 << 18
    monkeypatch.setattr(importing.read_lines, "__defaults__", (block,))
    log = incident_text(INCIDENT_NEXT)
    head = len(log.split(b"\n")[0]) + 1
    for over in (0, head - 1, head + 1):
        filler = noise(block * 17 // 8, over)
        start = 2 * block - over
        cut = filler[:start].rfind(b"\n") + 1
        pad = b"x" * (start - cut - 1) + b"\n" if start > cut else b""
        path = tmp_path / "edge.log"
        path.write_bytes(filler[:cut] + pad + log + filler[cut:])
        with open_recording(str(path)) as whole, open_events(str(path)) as events:
            assert said(events) == said(whole)


def test_what_is_skipped_is_counted() -> None:
    blocks, number = [], 1
    for seed in range(4):
        data = noise(1_000_000, seed)
        blocks.append(Lines(number, data))
        number += data.count(b"\n")
    first, rest = events_only(blocks)
    assert first == blocks[0]
    assert (rest.number, rest.data, rest.number + rest.skipped) == (blocks[1].number, b"", number)


def begins_an_event(one: LineForm) -> bool:
    """Tell whether a line of this form, standing alone, is an event.

    A line from the middle of a dump begins one only where the log has lost its head.
    """
    builder = ReportBuilder()
    values = {name: sample(kind) for name, kind in kinds_of(one).items()}
    feed(builder, Message(1, one, values, NO_PREFIX, b"\n"))
    if not len(builder.index):
        return False
    return builder.index.kind(0) is not ReportKind.DUMP or one.role == "meminfo"


def sample(kind: str) -> Any:
    known: dict[str, Any] = {"names": "GFP_KERNEL", "comm": "java", "order": 0}
    return known[kind] if kind in known else VALUES[kind].example()


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_every_event_has_a_word() -> None:
    words = [word.decode() for several in WORDS.values() for word in several]
    exempt = BEHIND_ANOTHER | TAGGED
    without = {
        one.name
        for one in forms().values()
        if one.role not in exempt
        and "why" not in one.names
        and not has_word(one, words)
        and begins_an_event(one)
    }
    assert without == set()


def has_word(one: LineForm, words: list[str]) -> bool:
    fixed = " ".join(text for part in one.parts for text in part.literals)
    return any(word in fixed for word in words)


@pytest.mark.parametrize("sizes", [(40, 90), (1, 1, 1), (300,)], ids=str)
def test_small_blocks_at_the_start_lose_nothing(sizes: tuple[int, ...]) -> None:
    """What was peeked at to tell how a log is packed comes as a block of its own."""
    lines = incident_text(INCIDENT_NEXT).splitlines(keepends=True)
    blocks, number = [], 1
    for size in (*sizes, len(lines)):
        data = b"".join(lines[number - 1 : number - 1 + size])
        blocks.append(Lines(number, data))
        number += len(data.splitlines())
    read = list(events_only(blocks))
    assert b"".join(one.data for one in read) == b"".join(lines)
    assert [one.number for one in read] == [one.number for one in blocks]
