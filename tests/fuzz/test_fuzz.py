"""Twelve cases of the fuzzer, the same ones every time; CI runs more of them."""

from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from tests.fuzz.consumers import CONSUMERS, Broken, check_exit, check_text
from tests.fuzz.hostile import RAW_BODIES
from tests.fuzz.mutations import WAYS, chained, closed
from tests.fuzz.seeds import FAMILIES, family
from tests.fuzz.traces import case, refused

CASES = 12
PER_TEST = 4


OTHER_RUNS = {f"incident-run-{variant}.mmtrace" for variant, _ in WB_VARIANTS[1:]}
"""Runs that differ from one that is read by the mask of a few requests."""


@pytest.mark.parametrize("first", range(0, CASES, PER_TEST))
def test_a_spoiled_file_is_read_or_refused(first: int, tmp_path: Path) -> None:
    for number in range(first, first + PER_TEST):
        one = case(1, number)
        path = tmp_path / one.name
        path.write_bytes(one.data)
        for name, consumer in CONSUMERS.items():
            assert refused(consumer, path) is None, (number, name)


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("name", CONSUMERS)
def test_what_is_not_spoiled_is_read(kind: str, name: str, tmp_path: Path) -> None:
    for file, data in family(kind).items():
        if file in OTHER_RUNS:
            continue
        path = tmp_path / file
        path.write_bytes(data)
        CONSUMERS[name](path)


@pytest.mark.parametrize("number", range(len(RAW_BODIES)))
def test_a_body_of_any_bytes(number: int, tmp_path: Path) -> None:
    path = tmp_path / "demo.mmtrace"
    path.write_bytes(closed([b"\x92\x00\x81\xa6format\x01", RAW_BODIES[number], b""]))
    for name, consumer in CONSUMERS.items():
        assert refused(consumer, path) is None, name


def test_a_case_depends_on_its_number_alone() -> None:
    assert case(5, 17) == case(5, 17)
    assert case(5, 17) != case(5, 18)
    assert {kind for kind in FAMILIES} == set(WAYS)


def test_what_is_found_is_told() -> None:
    def fails(_: Path) -> None:
        raise KeyError("x")

    def refuses(_: Path) -> None:
        raise InputError("two\nlines")

    assert "KeyError" in str(refused(fails, Path()))
    assert "not one line" in str(refused(refuses, Path()))
    for status, said in (
        (1, ""),
        (2, "no name\n"),
        (2, "mmplay: a\nmmplay: b\n"),
        (0, "Traceback"),
    ):
        with pytest.raises(Broken):
            check_exit(status, said)
    with pytest.raises(Broken):
        check_text("\x1b[31m")
    assert chained([]) == b"\xa7mmtrace"
