"""Line descriptions: what is rendered is parsed again, and what is parsed renders the same."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmplay.engine.printk.form import LineForm, form, forms
from mmplay.engine.printk.kinds import FIELD_KINDS
from mmplay.engine.printk.reader import form_index, read_lines

U64 = st.integers(0, (1 << 64) - 1)
S63 = st.integers(-(1 << 63), (1 << 63) - 1)
WORD = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789_./:-", min_size=1, max_size=15)
ORDERS = st.lists(
    st.tuples(
        st.integers(0, 100_000),
        st.sampled_from([4 << n for n in range(11)]),
        st.sampled_from(["", "U", "UME", "UMEH", "C"]),
    ).map(list),
    min_size=1,
    max_size=13,
)
PAIRS = st.lists(
    st.tuples(
        WORD.map(lambda word: word.replace(":", "_")), U64, st.sampled_from(["", "kB", "KB", " kB"])
    ).map(list),
    max_size=30,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("u", "kb", "x", "pointer"), U64),
    "d": S63,
    "order": st.integers(-1, 63),
    **dict.fromkeys(("word", "text", "comm", "phrase", "task"), WORD),
    "reason": st.sampled_from(
        ["Out of memory", "Memory cgroup out of memory", "Out of memory (oom_kill_allocating_task)"]
    ),
    "release": st.sampled_from(["4.5.0-rc7+", "3.10.0-957.el7.x86_64", "6.12.117+deb13-amd64"]),
    "counter": st.sampled_from(["anon", "workingset_refault_file", "rss_huge", "pgmajfault"]),
    "nodes": st.sampled_from(["(null)", "0", "0-1,4"]),
    "group": WORD,
    "limited": st.sampled_from(["memory", "memory+swap", "kmem", "swap"]),
    "cache": st.sampled_from(["TCPv6", "kmalloc-cg-8k", "khugepaged_mm_slot", "page->ptl"]),
    "hex": U64,
    "pointer32": st.integers(0, (1 << 32) - 1),
    "dots": st.sampled_from([" ...", "         ... "]),
    "died": st.sampled_from(["", ", UID:0", ", UID:0 pgtables:12kB oom_score_adj:-5"]),
    "stack": st.sampled_from([" bc61be20 00000000", " ffff88003d6c3c38 0000000000000000"]),
    "registers": st.sampled_from(["RAX: 0000000000000000 RBX: 00007f88499bc0e0", "DAR: c0000000"]),
    "place": st.sampled_from(["mm/page_alloc.c:4398", "fs/ext4/inode.c:6000 (discriminator 2)"]),
    "s12": st.sampled_from(["312 MiB", "1.50 GiB", "16.0 KiB", "512 B"]),
    "zone": st.sampled_from(["DMA", "DMA32", "Normal", "Movable", "HighMem"]),
    "names": st.sampled_from(["", "GFP_KERNEL", "GFP_ATOMIC|__GFP_ZERO", "GFP_NOWAIT|0x8000000"]),
    "symbol": st.sampled_from(["new_slab", "__slab_alloc.isra.68", "do_IRQ"]),
    "taint": st.sampled_from(
        [
            "Not tainted",
            "Tainted: G        W  O   ",
            "Kdump: loaded Not tainted",
            "Tainted: P           OE  ------------  ",
        ]
    ),
    "yes": st.booleans(),
    "list": st.lists(S63, max_size=6),
    "blocks": ORDERS,
    "pairs": PAIRS,
    "mark": st.sampled_from(["", "IRQ", "EOI", "NMI"]),
    "guess": st.sampled_from(["", "?"]),
    "module": st.sampled_from(["", "nf_conntrack", "e1000"]),
    **dict.fromkeys(
        ("p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12"),
        st.integers(-9_999, 999_999_999),
    ),
    "what": st.sampled_from(["dirty", "mapped", "pagetables"]),
}


def kinds_of(one: LineForm) -> dict[str, str]:
    """Return the field kinds of a form by field name."""
    found: dict[str, str] = {}
    for part in one.template.split("{")[1:]:
        name, kind = part.split("}")[0].split(":")
        found[name] = kind
    return found


def test_every_kind_is_covered_here() -> None:
    assert set(VALUES) == set(FIELD_KINDS)


@pytest.mark.parametrize("one", list(forms().values()), ids=lambda one: one.name)
@settings(max_examples=20)
@given(data=st.data())
def test_rendered_lines_are_parsed_to_the_same_values(one: LineForm, data: st.DataObject) -> None:
    kinds = kinds_of(one)
    values = {name: data.draw(VALUES[kind], name) for name, kind in kinds.items()}
    lines = one.render(values)
    again: dict[str, Any] = {}
    for part, line in zip(one.parts, lines, strict=True):
        parsed = part.parse(line)
        assert parsed is not None
        again |= parsed
    assert one.render(again) == lines
    if not {"comm", "text", "word", "phrase", "task", "group"} & set(kinds.values()):
        assert again == values


@given(st.text(max_size=200))
def test_whatever_is_read_renders_the_same(text: str) -> None:
    for one, values in form_index().read_first(text):
        assert one.parts[0].render(values) == text


@given(st.sampled_from(list(forms().values())), st.data())
def test_a_form_is_found_for_its_own_lines(one: LineForm, data: st.DataObject) -> None:
    values = {name: data.draw(VALUES[kind]) for name, kind in kinds_of(one).items()}
    lines = one.render(values)
    read = read_lines(lines)
    assert read is not None
    found, found_values = read
    assert found.render(found_values) == lines[: len(found.parts)]


def test_names_are_unique_and_roles_shared() -> None:
    assert len(forms()) == len(list(forms().values()))
    assert {one.role for one in list(forms().values()) if one.name.startswith("zone/")} == {"zone"}


def test_a_wrong_number_is_not_accepted() -> None:
    good = "kthreadd: page allocation failure: order:0, mode:0x2200020"
    line = forms()["failure/4.5"].parts[0]
    assert line.parse(good) == {
        "comm": "kthreadd",
        "order": 0,
        "mode": 0x2200020,
    }
    for bad in (
        good.replace("order:0", "order:00"),
        good.replace("0x2200020", "0X2200020"),
        good.replace("0x2200020", "0x02200020"),
        good + " ",
        good.replace("order:0", "order:" + "9" * 21),
    ):
        assert line.parse(bad) is None


def test_a_number_beyond_64_bits_is_not_accepted() -> None:
    line = "18446744073709551616 pages RAM"
    assert read_lines([line]) is None
    assert read_lines(["18446744073709551615 pages RAM"]) is not None


def test_the_totals_block_needs_all_its_lines() -> None:
    values = {name: n for n, name in enumerate(forms()["totals/4.5"].names)}
    lines = forms()["totals/4.5"].render(values)
    assert len(lines) == 6
    read = read_lines(lines)
    assert read is not None
    assert read[0] is forms()["totals/4.5"]
    assert read[1] == values
    torn = read_lines(lines[:3])
    assert torn is not None
    assert torn[0].name == "totals.active_anon/any"


def test_a_missing_value_cannot_be_rendered() -> None:
    with pytest.raises(KeyError):
        forms()["zone/4.5"].render({"node": 0})


def test_a_template_compiles_both_ways() -> None:
    one = form("demo/1", "took {pages:u} page(s) [{zone:zone}]")
    assert one.parts[0].parse("took 12 page(s) [DMA]") == {"pages": 12, "zone": "DMA"}
    assert one.render({"pages": 12, "zone": "DMA"}) == ["took 12 page(s) [DMA]"]


@pytest.mark.parametrize("order", ["64", "4294967295", "-2", "07"])
def test_an_order_that_cannot_be_is_not_read(order: str) -> None:
    assert read_lines([f"a: page allocation failure: order:{order}, mode:0x20"]) is None
    assert read_lines(["a: page allocation failure: order:10, mode:0x20"]) is not None
