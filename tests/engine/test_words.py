"""The words that lie in data: every code has its sentence, and every sentence has its use."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from mmplay.engine.errors import how_many
from mmplay.engine.explain.decisions import decision_words
from mmplay.engine.explain.finding import templates
from mmplay.engine.explain.words import CALLERS, FACTS, MEANING, WORDS
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.sim.machine.decisions import KINDS, Decision
from mmplay.engine.sim.state.state import COUNTERS

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "levels", "recordings", "tui", "mmplay/commands")

MADE = {"seen", "sign", "verdict", "gives", "again", "failed", "scanned", "reserves_note"}
"""What a sentence may name besides the fields of its decision."""


@cache
def trees() -> tuple[ast.Module, ...]:
    files = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return tuple(ast.parse(path.read_text()) for path in files)


def called(name: str) -> set[str]:
    """Return what is written as the first argument of a function's calls, anywhere."""
    return {
        str(node.args[0].value)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == name
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def written() -> re.Pattern[str]:
    """Return what a code is if a string of the product says it, whole or put together."""
    nodes = [node for tree in trees() for node in ast.walk(tree)]
    whole = {one.value for one in nodes if isinstance(one, ast.Constant)}
    texts = {re.escape(text) for text in whole if isinstance(text, str) and "." in text}
    put = {
        "".join(
            re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in one.values
        )
        for one in nodes
        if isinstance(one, ast.JoinedStr)
    }
    return re.compile("|".join(texts | {one for one in put if re.match(r"[a-z]+\\\.", one)}))


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
