"""Questions whose answers are facts of the kernel, not numbers."""

from __future__ import annotations

from mmplay.engine.errors import no_such
from mmplay.engine.explain.finding import finding
from mmplay.engine.explain.words import FACTS
from mmplay.levels.truth.answer import NAME, ORDER, Other, Truth, TruthError
from mmplay.levels.truth.floors import counted
from mmplay.levels.truth.scene import Scene

SAID_BY_GROUP = {"edge": "wrong.edge"}
"""Groups whose wrong answers have a sentence of their own."""


def fact(scene: Scene, words: list[str]) -> Truth:
    """`fact GROUP.NAME`: a fact of the table, such as mark.kswapd_sleeps."""
    words, _ = counted(words, (), 1, 1)
    name = words[0]
    if name not in FACTS:
        raise TruthError(no_such("fact", name, FACTS))
    one = FACTS[name]
    group = name.partition(".")[0]
    code = SAID_BY_GROUP.get(group, "wrong.fact")
    others = [
        Other(
            other.value,
            finding(code, answer=other.value, other=_spoken(key), own=_spoken(name)),
        )
        for key, other in FACTS.items()
        if key.startswith(f"{group}.") and other.value != one.value and isinstance(other.value, str)
    ]
    kind = NAME if isinstance(one.value, str) else ORDER
    return Truth(
        *("", one.value, kind, (finding("truth.fact", why=one.why),), ""),
        f"{one.function}  {one.path}  {scene.kernel.source}",
        others=tuple(others),
    )


def _spoken(name: str) -> str:
    return name.partition(".")[2].replace("_", " ")
