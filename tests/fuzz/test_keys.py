"""A hundred and fifty bursts of keys; `python -m tests.fuzz.keys` plays more."""

from tests.fuzz.keys import play


def test_bursts_of_keys_lose_nothing() -> None:
    play(150, seed=1)
