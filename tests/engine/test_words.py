"""The words that lie in data: every code has its sentence, and every sentence has its use."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import pytest

from mmplay.engine.errors import how_many
from mmplay.engine.explain.decisions import decision_words, worded
from mmplay.engine.explain.finding import templates
from mmplay.engine.explain.words import CALLERS, FACTS, MEANING, WORDS
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.decisions import KINDS, Decision, WbStartWriteback
from mmplay.engine.sim.state.state import COUNTERS
from tests.engine.sim.machines import incident

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "levels", "recordings", "tui", "mmplay/commands")

MADE = {"seen", "sign", "verdict", "gives", "again", "items", "scanned", "reserves_note"}
"""What a sentence may name besides the fields of its decision."""


class Said(NamedTuple):
    """What the product's sources write down."""

    calls: dict[str, set[str]]
    """The constants that stand first in the calls of a function, by its name."""

    texts: set[str]
    patterns: set[str]
    """What the texts that are put together look like."""


@cache
def sources() -> Said:
    said = Said(defaultdict(set), set(), set())
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                _look(node, said)
    return said


def _look(node: ast.AST, said: Said) -> None:
    match node:
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=value), *_]):
            said.calls[name].add(str(value))
        case ast.Constant(value=str(text)):
            said.texts.add(text)
        case ast.JoinedStr(values=parts):
            said.patterns.add("".join(map(_pattern, parts)))


def _pattern(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"


def called(name: str) -> set[str]:
    """Return what is written as the first argument of a function's calls, anywhere."""
    return sources().calls[name]


def written() -> re.Pattern[str]:
    """Return what a code is if a string of the product says it, whole or put together."""
    texts = {re.escape(text) for text in sources().texts if "." in text}
    put = {one for one in sources().patterns if re.match(r"[a-z]+\\\.", one)}
    return re.compile("|".join(texts | put))


def test_every_finding_has_its_sentence() -> None:
    assert called("finding") | called("said") <= set(templates())


def test_every_sentence_is_said_somewhere() -> None:
    said = written()
    assert not {code for code in templates() if not said.fullmatch(code)}


def test_every_rule_has_its_words() -> None:
    assert called("rule") | called("named") <= set(WORDS)


def test_every_class_of_callers_has_its_words() -> None:
    assert {one.name for kernel in KERNELS.values() for one in kernel.gate.classes} == set(CALLERS)


def test_only_counters_have_a_meaning() -> None:
    assert set(MEANING) <= set(COUNTERS)


def test_one_thing_is_no_plural() -> None:
    things = ("frames", "tries", "rule sets", "more events")
    assert [how_many(1, one) for one in things] == [
        "1 frame",
        "1 try",
        "1 rule set",
        "1 more event",
    ]
    assert [how_many(n, "tries") for n in (0, 2)] == ["0 tries", "2 tries"]


def test_facts_are_told_in_groups() -> None:
    assert all(len(code.split(".")) == 2 for code in FACTS)
    assert all(fact.why and fact.function and fact.path for fact in FACTS.values())


def test_a_text_is_one_line_without_loose_ends() -> None:
    for text in (*templates().values(), *(one.text for one in WORDS.values())):
        assert text
        assert text == " ".join(text.split())


def test_every_kind_of_decision_has_its_words() -> None:
    assert set(decision_words()) == set(KINDS.values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_decision_is_told_by_its_own_fields(kind: type[Decision]) -> None:
    words = decision_words()[kind]
    named = {name for _, name, _, _ in Formatter().parse(words.text) if name is not None}
    assert named <= {*kind._fields, *MADE}


def test_the_version_needs_no_words() -> None:
    code = (
        "import sys; sys.argv = ['mmplay', '--version']\n"
        "from mmplay.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('tomllib' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.stdout.split()[-1] == "False", ran.stderr


def test_who_asks_for_no_work_item_is_refused_none() -> None:
    m = incident()
    names = [name for name, _ in WB_VARIANTS]
    asked = WbStartWriteback(13, 12, 54, names.index("atomic"))
    assert worded(m, asked).text.endswith("64-byte work item (atomic); 12 queued, 1 refused")
    none = asked._replace(got=0, mask=names.index("none"))
    assert worded(m, none).text.endswith("the flusher is asked 13 times, without a work item")
