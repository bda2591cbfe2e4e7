"""The rules that answers go by: their words and their sources.

Most stand in the table of words; those that only questions need in data/rules.toml.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mmplay.engine.explain.words import WORDS
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.tables import Table, folded
from mmplay.levels.truth.subject import Subject
from mmplay.levels.truth.truths import Truth


class Said(NamedTuple):
    """A rule in words, and where it stands: function and file, or a key of the table of words.

    A rule `of_bits` is read off the GFP bits, which are known of more kernels than the rules.
    """

    text: str
    where: str
    of_bits: bool


def _said(row: dict[str, Any]) -> Said:
    text = folded(row["text"]) if "text" in row else WORDS[row["words"]].text
    return Said(text, row["where"], row.get("of_bits", False))


ASKED: Table[Said] = Table(_said, "mmplay.levels.truth", "rules")


def source(kernel: Kernel, name: str) -> str:
    """Return where the rule of a table key stands: function, file, what was read."""
    words = WORDS[name]
    return f"{words.function}  {words.path}  {kernel.source}"


def by_rule(found: Truth, subject: Subject, key: str) -> Truth:
    """Return an answer with the words and the source of its rule, here or in the table of words.

    Raises TruthError if the kernel's rules are not known and this one is none of bits.
    """
    if key not in ASKED:
        return found._replace(rule=WORDS[key].text, source=source(subject.kernel, key))
    text, where, of_bits = ASKED[key]
    if where in WORDS:
        return found._replace(rule=text, source=source(subject.kernel, where))
    return found._replace(
        rule=text, source=f"{where}  {subject.layout.name if of_bits else subject.kernel.source}"
    )
