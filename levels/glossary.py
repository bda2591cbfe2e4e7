"""The glossary: every term that a level or an explanation names, cross-linked and searchable.

The entries stand in data/glossary.toml. What another table says already is not said again: a
field's words come from the table of words, a flag's values from the layouts, a formula from the
rule itself.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.explain.words import MEANING, WORDS, Words
from mmplay.engine.frame import Ask
from mmplay.engine.rules.gfp import GFP_LAYOUTS, span
from mmplay.engine.tables import read_data
from mmplay.levels.truth.compute import formulas_of

READ_VERSION = "4.5"


class GlossaryError(InputError):
    """A term that the glossary does not have."""


class GlossaryEntry(NamedTuple):
    """One term.

    `values` are what a flag is worth in which kernels; `formulas` are lines, each with its kernel
    where they differ; `counts` what the counters count; `words` are keys of the table of words,
    `source` function, file and version.
    """

    id: str
    title: str
    text: str
    values: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    kernels: str = ""
    source: str = ""
    levels: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[str, ...]:
        """What the counters count, for those with a meaning of their own."""
        return tuple(f"{name}: {MEANING[name]}" for name in self.counters if name in MEANING)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that leads here, the id first: aliases and counters."""
        return tuple(dict.fromkeys((self.id, *self.aliases, *self.counters)))

    def as_json(self) -> dict[str, object]:
        """Return the entry as plain data."""
        return {**self._asdict(), "counts": list(self.counts)}


Row = dict[str, Any]
"""An entry as the file has it; which keys there are is said at its head."""


def entry_from(row: Row) -> GlossaryEntry:
    """Return the entry of a row, with what other tables say of it."""
    lists = {
        key: tuple(row.get(key, ()))
        for key in ("levels", "related", "aliases", "words", "counters")
    }
    words = [WORDS[key] for key in lists["words"][:1]]
    own = [row["formula"]] if "formula" in row else []
    return GlossaryEntry(
        row["id"],
        row.get("title") or words[0].title,
        _text(row, words),
        values=gfp_values(row["gfp"]) if "gfp" in row else (),
        formulas=(*own, *(formulas_of(row["rule"]) if "rule" in row else ())),
        kernels=_kernels(row.get("since", ""), row.get("until", "")),
        source=_source(row, words),
        **lists,
    )


def _text(row: Row, words: list[Words]) -> str:
    """Return the paragraph: what the table of words says of the first key, and the entry's own.

    With a title of its own an entry is about more than that key, and its own text comes first.
    """
    parts = [*(one.text for one in words), row.get("text", "")]
    return " ".join(filter(None, parts[::-1] if "title" in row else parts))


def _source(row: Row, words: list[Words]) -> str:
    """Return function, file and version; empty where there is no one function."""
    version = row.get("version", READ_VERSION)
    if "source" in row:
        return f"{row['source']} ({version})"
    if "gfp" in row:
        return "include/linux/gfp.h of each kernel"
    return f"{words[0].function} {words[0].path} ({version})" if words else ""


def gfp_values(flag: str) -> tuple[str, ...]:
    """Return the values of a flag, each with the upstream versions that have it so."""
    runs: list[tuple[int, list[str]]] = []
    before = None
    for layout in GFP_LAYOUTS.values():
        if not layout.name[0].isdigit():
            continue
        value = {**layout.bits, **layout.composites}.get(flag)
        if value is not None and value != before:
            runs.append((value, []))
        if value is not None:
            runs[-1][1].append(layout.covers)
        before = value
    return tuple(f"{value:#x} in {span(covers)}" for value, covers in runs)


def _kernels(since: str, until: str) -> str:
    if since and until:
        return f"{since} to {until}"
    return f"{since} and later" if since else f"up to {until}" if until else ""


@cache
def glossary() -> dict[str, GlossaryEntry]:
    """Return the shipped glossary by id, in the order of the file."""
    return {row["id"]: entry_from(row) for row in glossary_rows()}


def glossary_rows() -> list[Row]:
    """Return the entries as the file has them; it comes with the code, so they are right."""
    rows: list[Row] = read_data("mmplay.levels", "glossary")["entry"]
    return rows


@cache
def term_names() -> tuple[str, ...]:
    """Return every name that leads to an entry; no entry is made."""
    names = (
        (row["id"], *row.get("aliases", ()), *row.get("counters", ())) for row in glossary_rows()
    )
    return tuple(dict.fromkeys(chain.from_iterable(names)))


def check_term(word: str) -> None:
    """Complain about a word that no entry is named by; raises GlossaryError with the nearest."""
    if word not in term_names():
        raise GlossaryError(no_such("term of the glossary", word, term_names()))


# finding


def entry_named(name: str) -> GlossaryEntry:
    """Return the entry of an id, alias or counter; raises GlossaryError.

    Upper and lower case are told apart only where both exist: `high` is a mark, `HIGH` a class.
    """
    wanted = name.strip()
    for entry in glossary().values():
        if wanted in entry.names:
            return entry
    for entry in glossary().values():
        if wanted.casefold() in (one.casefold() for one in entry.names):
            return entry
    found = search(name)
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(entry.id for entry in found[:12])
        raise GlossaryError(f"{name[:40]!r} is no term; it stands in {several}")
    names = [one for entry in glossary().values() for one in entry.names]
    raise GlossaryError(f"{no_such('term', name, names)}; 'mmplay glossary' lists all")


def search(text: str) -> list[GlossaryEntry]:
    """Return the entries that a text leads to, the best first.

    A name that is the text, then names that begin with it, names and titles that contain it, and
    last entries whose text contains it.
    """
    wanted = text.strip()
    if not wanted:
        return list(glossary().values())
    ranked = [(_rank(entry, wanted), entry) for entry in glossary().values()]
    found = [pair for pair in ranked if pair[0] < NOT_FOUND]
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


NOT_FOUND = 5


def _rank(entry: GlossaryEntry, wanted: str) -> int:
    if wanted in entry.names:
        return 0
    wanted = wanted.casefold()
    names = [name.casefold() for name in entry.names]
    bare = [name.removeprefix("__").removeprefix("gfp_") for name in names]
    if wanted in names:
        return 1
    if any(name.startswith(wanted) for name in (*names, *bare)):
        return 2
    if any(wanted in name for name in (*names, entry.title.casefold())):
        return 3
    return 4 if wanted in entry.text.casefold() else NOT_FOUND


# from a number on the screen


def entry_of_word(key: str) -> GlossaryEntry | None:
    """Return the entry that a key of the table of words leads to."""
    return next((entry for entry in glossary().values() if key in entry.words), None)


def entry_for(ask: Ask) -> GlossaryEntry | None:
    """Return the entry about the number that a question asks of; None if there is none."""
    last = str(ask.names[-1]) if ask.names else ""
    key = OF_KIND.get(ask.kind) or last
    named = (entry for entry in glossary().values() if key in entry.names)
    return entry_of_word(key) or next(named, None)


OF_KIND: dict[str, str] = {
    "reserve": "lowmem_reserve",
    "blocks": "blocks",
    "mode": "GFP mask",
    "score": "score",
    "victim": "victim",
    "entry": "page allocation failure",
    "decision": "slow path",
}
"""Kinds of questions that one term answers, whichever number it is; of others the last name is
the field."""
