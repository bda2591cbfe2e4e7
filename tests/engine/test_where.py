"""Where the memory was: every table adds up to what the kernel managed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.explain.finding import sentence, size
from mmplay.engine.explain.where import (
    UNACCOUNTED,
    Swap,
    managed_pages,
    memory_findings,
    memory_table,
)
from mmplay.engine.report import MemDump, Report, ReportKind, ZoneDump

TOTALS = ("active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable", "shmem")
OTHERS = ("slab_reclaimable", "slab_unreclaimable", "pagetables", "free", "free_pcp", "bounce")
PAGES = st.integers(0, 1 << 40)


def report(dump: MemDump) -> Report:
    return Report(ReportKind.OOM_KILL, 0, 1, 1, memory=dump)


def dump(**numbers: Any) -> MemDump:
    totals = {"active_anon": 100, "shmem": 30, "free": 50, "slab_unreclaimable": 20}
    tail = {"ram_pages": 1100, "reserved_pages": 100}
    return MemDump(0, totals=totals | numbers.pop("totals", {}), tail=tail, **numbers)


@given(st.fixed_dictionaries({name: PAGES for name in TOTALS + OTHERS}), PAGES, PAGES)
def test_rows_add_up_whatever_the_counters(totals: dict[str, int], ram: int, less: int) -> None:
    tail = {"ram_pages": ram, "reserved_pages": less}
    table = memory_table(report(MemDump(0, totals=totals, tail=tail)))
    assert table is not None
    assert sum(row.pages for row in table.rows) == table.managed
    assert table.rows[-1].name == UNACCOUNTED


def test_shmem_is_no_anonymous_memory() -> None:
    table = memory_table(report(dump()))
    assert table is not None
    assert (table.pages("anon"), table.pages("shmem"), table.managed) == (70, 30, 1000)


def test_locked_shmem_stands_on_the_unevictable_list() -> None:
    table = memory_table(report(dump(totals={"shmem": 130, "unevictable": 40})))
    assert table is not None
    assert [table.pages(name) for name in ("anon", "shmem", "unevictable")] == [0, 130, 10]


def test_kernel_stacks_are_counted_by_zone_or_node() -> None:
    zone = ZoneDump(0, "Normal", kb={"kernel_stack": 40, "free": 200})
    table = memory_table(report(dump(zones=[zone])))
    assert table is not None
    assert table.pages("kernel stacks") == 10
    newer = memory_table(report(dump(nodes={0: {"kernel_stack": 48}})))
    assert newer is not None
    assert newer.pages("kernel stacks") == 12


def test_huge_pages_are_counted_by_their_size() -> None:
    huge = [{"node": 0, "total": 2, "free": 1, "surplus": 0, "size": 2048}]
    table = memory_table(report(dump(hugepages=huge)))
    assert table is not None
    assert table.pages("hugetlb") == 1024


def test_owners_are_told_by_node_where_each_node_is_known() -> None:
    nodes = {n: {"active_anon": kb, "shmem": 60} for n, kb in ((0, 300), (1, 100))}
    table = memory_table(report(dump(nodes=nodes)))
    assert table is not None
    anon = [(row.node, row.pages) for row in table.rows if row.name == "anon"]
    assert anon == [(0, 60), (1, 10)]
    assert [row.node for row in table.rows if row.name == "slab"] == [None]
    assert sum(row.pages for row in table.rows) == 1000


def test_swap() -> None:
    one = dump()
    one.tail |= {"swap_total_kb": 4096, "swap_free_kb": 1024, "swapcache_pages": 3}
    table = memory_table(report(one))
    assert table is not None
    assert table.swap == Swap(4096, 1024)
    assert "swap: 1.0 MiB free of 4.0 MiB" in map(sentence, memory_findings(report(one)))


def test_what_nobody_counts_is_told_if_it_is_much() -> None:
    codes = [one.code for one in memory_findings(report(dump()))]
    assert "memory.unaccounted" in codes
    full = dump(totals={"active_anon": 930, "free": 40})
    assert "memory.unaccounted" not in [one.code for one in memory_findings(report(full))]


def test_zones_that_are_too_few_for_the_totals_make_no_table() -> None:
    zone = ZoneDump(0, "DMA32", kb={"managed": 400, "free": 200})
    few = MemDump(0, totals={"active_anon": 1000, "free": 50}, zones=[zone])
    assert memory_table(report(few)) is None


def test_zones_with_all_free_pages_are_more_than_what_a_wrong_line_says() -> None:
    one = dump(zones=[ZoneDump(0, "DMA32", kb={"free": 200, "managed": 4000})])
    one.tail |= {"ram_pages": 20_000, "reserved_pages": 0}
    assert managed_pages(one) == 1000
    one.totals["free"] = 15_000
    assert managed_pages(one) == 20_000


def test_zones_that_have_all_ram_are_believed_before_what_the_last_of_them_reserves() -> None:
    kb = {"free": 200, "present": 44_000, "managed": 40_000}
    one = dump(zones=[ZoneDump(0, name, kb=kb) for name in ("DMA32", "Normal")])
    one.tail |= {"ram_pages": 22_000, "reserved_pages": 1_000}
    assert managed_pages(one) == 20_000


def test_without_numbers_there_is_no_table() -> None:
    assert memory_table(report(MemDump(0))) is None
    assert memory_table(Report(ReportKind.FAILURE, 0, 1, 1)) is None
    assert memory_findings(Report(ReportKind.FAILURE, 0, 1, 1)) == []


@pytest.mark.parametrize(
    ("kb", "text"),
    [
        (0, "0 kB"),
        (1023, "1023 kB"),
        (1024, "1.0 MiB"),
        (22020096, "21.0 GiB"),
        (1 << 40, "1024.0 TiB"),
        (-2048, "-2.0 MiB"),
    ],
)
def test_sizes_are_read_by_people(kb: int, text: str) -> None:
    assert size(kb) == text


def test_rows_that_are_more_than_all_memory_are_told() -> None:
    """1200 + 20 + 50 pages of 1000: 270 too many."""
    told = memory_findings(report(dump(totals={"active_anon": 1200})))
    over = next(one for one in told if one.code == "memory.overcounted")
    assert sentence(over).startswith("the rows are 1.1 MiB more than was managed")
    assert not any(one.code == "memory.overcounted" for one in memory_findings(report(dump())))
