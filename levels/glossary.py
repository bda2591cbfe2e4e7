"""The glossary: every term that a level or an explanation names, cross-linked and searchable.

The entries stand in data/glossary.toml. What another table says already is not said again: a
field's words come from the table of words, a flag's values from the layouts, a formula from the
rule itself.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.explain.words import MEANING, WORDS
from mmplay.engine.frame import Ask
from mmplay.engine.rules.gfp_layouts import GFP_LAYOUTS
from mmplay.engine.sim.state.state import COUNTERS
from mmplay.levels.truth.compute import RULES, formulas_of

DATA = Path(__file__).parent / "data" / "glossary.toml"
FORMAT = 1
READ_VERSION = "4.5"
LEVELS = tuple(f"L{number:02}" for number in range(1, 21))

TEXTS = ("id", "title", "text", "formula", "rule", "gfp", "source", "version", "since", "until")
LISTS = ("words", "counters", "levels", "related", "aliases")


class GlossaryError(InputError):
    """A glossary that cannot be read, or a term that it does not have."""


class Entry(NamedTuple):
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


Raw = dict[str, object]


def read_glossary(text: str, where: str) -> dict[str, Entry]:
    """Return the entries of a glossary file by id; raises GlossaryError naming entry and key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GlossaryError(f"{where}: {error}") from None
    tables = raw.get("entry")
    ok = isinstance(tables, list) and all(isinstance(one, dict) for one in tables)
    if raw.get("format") != FORMAT or set(raw) != {"format", "entry"} or not ok:
        raise GlossaryError(f"{where}: expected format = {FORMAT} and [[entry]] tables")
    entries: dict[str, Entry] = {}
    for one in tables or ():
        entry = _entry(one, where)
        if entry.id in entries:
            raise GlossaryError(f"{where}: {entry.id} stands there twice")
        entries[entry.id] = entry
    _check_links(entries, where)
    return entries


def _entry(raw: Raw, where: str) -> Entry:
    place = f"{where}: entry {raw.get('id', '?')}"
    for key, value in raw.items():
        if key not in (*TEXTS, *LISTS):
            raise GlossaryError(f"{place}: {no_such('key', key, (*TEXTS, *LISTS))}")
        fits = isinstance(value, str) if key in TEXTS else _is_texts(value)
        if not fits or not value:
            kind = "a text" if key in TEXTS else "a list of texts"
            raise GlossaryError(f"{place}: {key} must be {kind}")
    texts: dict[str, str] = {key: str(raw.get(key, "")) for key in TEXTS}
    lists: dict[str, tuple[str, ...]] = {key: _texts(raw.get(key, ())) for key in LISTS}
    if not texts["id"]:
        raise GlossaryError(f"{place}: an id is missing")
    _known(place, "counter", lists["counters"], COUNTERS)
    _known(place, "level", lists["levels"], LEVELS)
    _known(place, "key of the table of words", lists["words"], tuple(WORDS))
    _known(place, "rule", (texts["rule"],) if texts["rule"] else (), tuple(RULES))
    title, text = _title(texts, lists["words"]), _text(texts, lists["words"])
    if not title or not text:
        raise GlossaryError(f"{place}: title and text are missing, and no words give them")
    return Entry(
        texts["id"],
        title,
        text,
        gfp_values(place, texts["gfp"]) if texts["gfp"] else (),
        _formulas(texts),
        _kernels(texts),
        _source(texts, lists["words"]),
        lists["levels"],
        lists["related"],
        lists["aliases"],
        lists["words"],
        lists["counters"],
    )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _known(place: str, what: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise GlossaryError(f"{place}: {no_such(what, name, known)}")


def _title(texts: dict[str, str], words: tuple[str, ...]) -> str:
    return texts["title"] or (WORDS[words[0]].title if words else "")


def _text(texts: dict[str, str], words: tuple[str, ...]) -> str:
    """Return the paragraph: what the table of words says of the first key, and the entry's own.

    With a title of its own an entry is about more than that key, and its own text comes first.
    """
    known, own = WORDS[words[0]].text if words else "", texts["text"]
    parts = (own, known) if texts["title"] else (known, own)
    return " ".join(part for part in parts if part)


def _source(texts: dict[str, str], words: tuple[str, ...]) -> str:
    """Return function, file and version; empty where there is no one function."""
    version = texts["version"] or READ_VERSION
    if texts["source"]:
        return f"{texts['source']} ({version})"
    if texts["gfp"]:
        return "include/linux/gfp.h of each kernel"
    return f"{WORDS[words[0]].function} {WORDS[words[0]].path} ({version})" if words else ""


def _formulas(texts: dict[str, str]) -> tuple[str, ...]:
    own = (texts["formula"],) if texts["formula"] else ()
    return (*own, *formulas_of(texts["rule"])) if texts["rule"] else own


def gfp_values(place: str, flag: str) -> tuple[str, ...]:
    """Return the values of a flag, each with the layouts that have it so; raises GlossaryError."""
    by_value: dict[int, list[str]] = {}
    for layout in GFP_LAYOUTS.values():
        value = {**layout.bits, **layout.composites}.get(flag)
        if value is not None:
            by_value.setdefault(value, []).append(layout.covers)
    if not by_value:
        raise GlossaryError(f"{place}: no kernel has the flag {flag}")
    return tuple(f"{value:#x} in {_span(covers)}" for value, covers in by_value.items())


def _span(covers: list[str]) -> str:
    """Return the kernels from the first range to the last, which lie side by side."""
    first, last = covers[0], covers[-1]
    if len(covers) == 1:
        return first
    end = last.removesuffix(" and later").split(" to ")[-1].split(" and ")[-1]
    later = " and later" if last.endswith("and later") else ""
    begin = first.split(" to ")[0].split(" and ")[0]
    return f"{begin} and later" if later else f"{begin} to {end}"


def _kernels(texts: dict[str, str]) -> str:
    since, until = texts["since"], texts["until"]
    if since and until:
        return f"{since} to {until}"
    return f"{since} and later" if since else f"up to {until}" if until else ""


def _check_links(entries: dict[str, Entry], where: str) -> None:
    """Raise GlossaryError for a link that leads nowhere and for a name that two entries claim."""
    owners: dict[str, str] = {}
    for entry in entries.values():
        for name in entry.related:
            if name not in entries:
                raise GlossaryError(f"{where}: entry {entry.id}: {no_such('term', name, entries)}")
            if name == entry.id:
                raise GlossaryError(f"{where}: entry {entry.id} is related to itself")
        for name in entry.names:
            if name in owners:
                raise GlossaryError(f"{where}: {name} leads to {owners[name]} and to {entry.id}")
            owners[name] = entry.id


@cache
def glossary() -> dict[str, Entry]:
    """Return the shipped glossary by id, in the order of the file."""
    return read_glossary(DATA.read_text(encoding="utf-8"), DATA.name)


# finding


def entry_named(name: str) -> Entry:
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


def search(text: str) -> list[Entry]:
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


def _rank(entry: Entry, wanted: str) -> int:
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


def entry_of_word(key: str) -> Entry | None:
    """Return the entry that a key of the table of words leads to."""
    return next((entry for entry in glossary().values() if key in entry.words), None)


def entry_for(ask: Ask) -> Entry | None:
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
    "entry": "page allocation failure",
    "decision": "slow path",
}
"""Kinds of questions that one term answers, whichever number it is; of others the last name is
the field."""
