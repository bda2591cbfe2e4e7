"""Hand-ins with anything in them: each is graded or called what it is, and nothing is raised."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from mmplay.levels.classroom.grading import graded_file
from mmplay.levels.classroom.judging import Status
from mmplay.recordings.trace.format import pack_body
from mmplay.recordings.trace.reader import Record
from tests.fuzz.hostile import value
from tests.levels.cheats import sealed
from tests.levels.classes import assignment, hand_in, trace

CASES = 40
LEVEL = "L03"
FIELDS = ("assignment", "student", "seed", "level", "level_digest", "stage", "variant", "engine")


@cache
def honest() -> bytes:
    return trace(assignment(LEVEL).played_by("st01", LEVEL))


def packs(fields: object) -> bool:
    """Tell whether a trace can hold it at all: what cannot be packed cannot be sent."""
    try:
        pack_body(0, [fields])
    except (ValueError, TypeError, OverflowError, UnicodeError, RecursionError):
        return False
    return True


def hostile(random: Random) -> object:
    while True:
        found = value(random)
        if packs(found):
            return found


def with_other_values(random: Random) -> bytes:
    """Put something else into some records, and seal the trace."""
    share = random.choice([0.05, 0.3])

    def edit(record: Record) -> Record | None:
        if random.random() < share and record.fields:
            place = random.randrange(len(record.fields))
            if random.random() < 0.2:
                return None
            record.fields[place] = hostile(random)
        return record

    return sealed(honest(), edit=edit)


def with_other_header(random: Random) -> bytes:
    return sealed(honest(), {name: hostile(random) for name in random.sample(FIELDS, 2)})


def with_other_bytes(random: Random) -> bytes:
    data = bytearray(honest())
    for _ in range(random.randrange(1, 6)):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data[: random.randrange(1, len(data))] if random.random() < 0.4 else data)


@pytest.mark.parametrize("first", range(0, CASES, 10))
def test_anything_is_graded_or_named(first: int) -> None:
    one = assignment(LEVEL)
    for number in range(first, first + 10):
        random = Random(f"hand-in {number}")
        ways = (with_other_values, with_other_header, with_other_bytes)
        data = random.choice(ways)(random)
        hand = hand_in("st01", data, honest() if random.random() < 0.5 else data)
        if random.random() < 0.3:
            hand = hand[: random.randrange(len(hand))]
        found = graded_file(one, "x.mmhand", hand)
        assert isinstance(found.status, Status)
        for judged in found.tries:
            assert 0 <= judged.score <= 10, number
            assert sum(part.max_score for part in judged.parts) in (0, 10)
