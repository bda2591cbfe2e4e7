"""The words that lie in data: every code has its sentence, and every sentence can be filled."""

from __future__ import annotations

from string import Formatter

import pytest

from mmplay.engine.explain.decisions import decision_words
from mmplay.engine.sim.machine.decisions import KINDS, Decision

MADE = {"seen", "sign", "verdict", "gives", "again", "failed", "scanned", "reserves_note"}
"""What a sentence may name besides the fields of its decision."""


def test_every_kind_of_decision_has_its_words() -> None:
    assert set(decision_words()) == set(KINDS.values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_decision_is_told_by_its_own_fields(kind: type[Decision]) -> None:
    words = decision_words()[kind]
    named = {name for _, name, _, _ in Formatter().parse(words.text) if name is not None}
    assert named <= {*kind._fields, *MADE}
    assert words.text == words.text.strip()
