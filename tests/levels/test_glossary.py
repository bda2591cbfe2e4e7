"""The glossary: nothing is missing, nothing leads nowhere, every term fits the smallest screen."""

from __future__ import annotations

from typing import Any

import pytest

from mmplay.engine.explain.ask import ANSWERERS
from mmplay.engine.explain.words import MEANING, WORDS
from mmplay.engine.frame import Ask
from mmplay.engine.rules.alloc_flags import FLAG_RULES_4_5
from mmplay.engine.rules.floors import CLASSES_4_5
from mmplay.engine.rules.gfp import GFP_LAYOUTS
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.state.state import COUNTERS
from mmplay.levels.glossary import (
    GlossaryEntry,
    GlossaryError,
    entry_for,
    entry_from,
    entry_named,
    entry_of_word,
    gfp_values,
    glossary,
    glossary_rows,
    search,
)
from mmplay.levels.truth.compute import RULES
from mmplay.tui.cells import plain
from mmplay.tui.views.glossary import term_rows

SMALLEST = (51, 20)
"""Columns and rows of the text on a screen of 80x24."""

WITHOUT_ENTRY = {
    "file_pages_added": "no rule counts it yet, so that it is always 0",
}
"""Counters that are left out, and why."""

ENTRIES = list(glossary().values())


def test_there_are_enough_terms_and_each_says_something() -> None:
    assert len(ENTRIES) >= 120
    for one in ENTRIES:
        assert one.title
        assert one.text.endswith((".", "?")), one.id
        assert one.related, one.id
        assert one.levels or one.source, one.id
        assert len(one.text) > 12, one.id


def test_a_term_fits_the_smallest_screen() -> None:
    width, height = SMALLEST
    for one in ENTRIES:
        rows = term_rows(one, width)
        assert len(rows) <= height, one.id
        assert max(len(plain(cells)) for cells in rows) <= width, one.id
        links = [cell.ask for cells in rows for cell in cells if cell.ask is not None]
        assert [ask.names[0] for ask in links] == list(one.related), one.id


def test_no_two_terms_say_the_same() -> None:
    assert len({one.text for one in ENTRIES}) == len(ENTRIES)
    assert len({one.id.casefold() for one in ENTRIES}) == len(ENTRIES)


def test_every_term_can_be_reached_from_another() -> None:
    linked = {name for one in ENTRIES for name in one.related}
    assert {one.id for one in ENTRIES} == linked


def test_every_key_of_the_table_of_words_has_one_term() -> None:
    for key in WORDS:
        assert sum(key in one.words for one in ENTRIES) == 1, key
        assert entry_of_word(key) is not None, key


@pytest.mark.parametrize("name", COUNTERS)
def test_every_counter_has_one_term(name: str) -> None:
    if name in WITHOUT_ENTRY:
        assert not any(name in one.counters for one in ENTRIES)
        return
    found = entry_named(name)
    assert name in found.counters
    assert name in MEANING or name in found.text or found.id == name or _is_its_title(name, found)


def _is_its_title(name: str, found: GlossaryEntry) -> bool:
    """Tell whether a term's text speaks of a counter by its family: `pgscan` of pgscan_direct."""
    return name.rpartition("_")[0] in found.text


def test_every_action_has_a_term() -> None:
    for name in ACTIONS:
        assert entry_named(name), name


def test_zones_classes_flags_and_rules_have_terms() -> None:
    for name in ZONES:
        assert entry_named(name).id == name
    for caller in CLASSES_4_5:
        assert caller.name in entry_named(caller.name).names
        assert entry_named(f"class {caller.name}") is entry_named(caller.name)
    for rule in FLAG_RULES_4_5:
        assert entry_of_word(rule.name)
    for layout in GFP_LAYOUTS.values():
        for name in (*layout.bits, *layout.composites):
            assert entry_named(name).id == name


def test_values_of_flags_are_those_of_the_layouts() -> None:
    assert gfp_values("GFP_ATOMIC") == (
        "0x20 in 2.6.18 to 4.3",
        "0x2080020 in 4.4 to 4.9",
        "0x1080020 in 4.10 to 4.17",
        "0x480020 in 4.18 to 5.0",
        "0xa20 in 5.1 to 6.2",
        "0x820 in 6.3 and later",
    )
    assert gfp_values("__GFP_HIGH") == ("0x20 in 2.6.18 and later",)
    assert gfp_values("__GFP_NOACCOUNT") == ("0x100000 in 4.1 to 4.4",)


def test_a_value_that_came_back_is_named_twice() -> None:
    assert gfp_values("GFP_HIGHUSER_MOVABLE")[-3:] == (
        "0x100cca in 5.1 to 5.13",
        "0x1100cca in 5.14 to 5.17",
        "0x100cca in 5.18 and later",
    )


def test_formulas_are_the_rules_own() -> None:
    assert glossary()["low"].formulas == (
        "4.5-rc7: min + min/4",
        "next-20160311, 6.1, 6.6, 6.12: min + gap",
    )
    assert glossary()["min"].formulas == ("(pages_min * managed)/lowmem_pages",)
    assert glossary()["totalreserve"].formulas == ("min(managed, largest lowmem_reserve + high)",)
    shown = {line for one in ENTRIES for line in one.formulas}
    assert len(shown) >= 20
    assert "score" in RULES


def test_one_text_serves_the_panel_and_the_glossary() -> None:
    for name in ("dirty", "active_anon", "lowmem_reserve", "managed"):
        assert WORDS[name].text in glossary()[name].text


# searching


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("min", "min"),
        ("HIGH", "ALLOC_HIGH"),
        ("high", "high"),
        ("lowmem_res", "lowmem_reserve"),
        ("classzone", "class zone"),
        ("conntrack", "nf_conn"),
        ("nowait", "GFP_NOWAIT"),
        ("__gfp_atomic", "__GFP_ATOMIC"),
        ("alloc_fail_net", "alloc_fail"),
        ("badness", "oom_badness"),
    ],
)
def test_a_search_finds_names_beginnings_and_aliases(text: str, first: str) -> None:
    assert search(text)[0].id == first


def test_a_search_looks_into_titles_and_texts_last() -> None:
    found = [one.id for one in search("cpuset")]
    assert "__GFP_HARDWALL" in found
    assert search("no such thing anywhere") == []
    assert len(search("  ")) == len(ENTRIES)
    names = search("dirty")
    assert names[0].id == "dirty"
    assert {one.id for one in names} >= {"dirty limit", "dirty_ratio", "balance_dirty_pages"}


def test_a_name_that_is_almost_a_term() -> None:
    with pytest.raises(GlossaryError, match="did you mean watermark"):
        entry_named("watermrak")
    with pytest.raises(GlossaryError, match="it stands in"):
        entry_named("reserve")


# from a number


@pytest.mark.parametrize(
    ("ask", "term"),
    [
        (Ask("zone", (0, "DMA32", "free")), "free"),
        (Ask("zone", (0, "DMA32", "min")), "min"),
        (Ask("zone", (0, "DMA32", "pages_scanned")), "pages_scanned"),
        (Ask("reserve", (0, "DMA", 1)), "lowmem_reserve"),
        (Ask("floor", (0, "DMA32", "HIGH")), "ALLOC_HIGH"),
        (Ask("floor", (0, "DMA32", "NO_WATERMARKS")), "ALLOC_NO_WATERMARKS"),
        (Ask("blocks", (0, "DMA32", 3)), "blocks"),
        (Ask("total", ("slab_unreclaimable",)), "slab_unreclaimable"),
        (Ask("tail", ("swap_total_kb",)), "swap"),
        (Ask("mode"), "GFP mask"),
        (Ask("slub", ("slabs",)), "slab"),
        (Ask("slub", ("gfp",)), "GFP mask"),
        (Ask("score"), "score"),
        (Ask("entry", (3,)), "page allocation failure"),
    ],
)
def test_the_term_of_a_number(ask: Ask, term: str) -> None:
    found = entry_for(ask)
    assert found is not None
    assert found.id == term


def test_every_kind_of_question_leads_to_a_term() -> None:
    tried = {
        "zone",
        "reserve",
        "floor",
        "blocks",
        "total",
        "tail",
        "mode",
        "slub",
        "score",
        "entry",
        "decision",
        "victim",
        "counter",
    }
    assert set(ANSWERERS) == tried
    assert entry_for(Ask("counter", ("wb_nowork",))) is not None
    assert entry_for(Ask("decision", (0,))) is not None
    assert entry_for(Ask("victim")) == glossary()["victim"]
    assert entry_for(Ask("total", ("unheard_of",))) is None


# the file

TEXTS = {"id", "title", "text", "formula", "rule", "gfp", "source", "version", "since", "until"}
LISTS = {"words", "counters", "levels", "related", "aliases"}
LEVELS = {f"L{number:02}" for number in range(1, 21)}


def test_a_row_names_nothing_that_is_not_there() -> None:
    for row in glossary_rows():
        names_what_is_there(row)


def names_what_is_there(row: dict[str, Any]) -> None:
    assert row.keys() <= TEXTS | LISTS
    for key, value in row.items():
        assert value
        assert all(isinstance(one, str) for one in (value if key in LISTS else [value]))
        assert isinstance(value, list) is (key in LISTS)
    assert "words" in row or {"title", "text"} <= row.keys()
    for key, known in (("words", WORDS), ("counters", COUNTERS), ("related", glossary())):
        assert set(row.get(key, ())) <= set(known), key
    assert row["id"] not in row.get("related", ())
    assert row.get("rule", "min") in RULES
    assert gfp_values(row.get("gfp", "GFP_ATOMIC"))


def test_no_name_leads_to_two_terms() -> None:
    names = [name for one in ENTRIES for name in one.names]
    assert len(names) == len(set(names))
    assert len(glossary_rows()) == len(ENTRIES)


def test_a_small_row() -> None:
    row = {"id": "x", "title": "t", "text": "Text.", "until": "4.7"}
    assert entry_from(row).kernels == "up to 4.7"
    one = entry_from(row | {"since": "4.4", "source": "f a.c", "version": "4.6"})
    assert (one.kernels, one.source) == ("4.4 to 4.7", "f a.c (4.6)")


def test_levels_are_the_twenty_of_the_curriculum() -> None:
    assert {level for one in ENTRIES for level in one.levels} == LEVELS
