"""What `mmplay explain` says of logs that a mailer, a terminal or a service has changed."""

from __future__ import annotations

import pytest

from tests.commands.test_unseen_logs import (
    ATOMIC,
    CPU,
    HEADER,
    OLD_ZONE,
    ZONE,
    Explain,
    explain,
    refusal,
)

pytestmark = pytest.mark.usefixtures("home")

__all__ = ["explain"]

STAMPED = (
    "[   36.172486] [03-19 10:05:52.172] proxy: page allocation failure: order:0, "
    "mode:0xc00(GFP_NOIO), nodemask=(null),cpuset=/,mems_allowed=0\n"
    "[   36.234447] [03-19 10:05:52.234] SLUB: Unable to allocate memory on node -1, "
    "gfp=0xa20(GFP_ATOMIC)\n"
    "[   36.234455] [03-19 10:05:52.234] cache: ext4_io_end, object size: 64, buffer size: 64, "
    "default order: 0, min order: 0\n"
)


def test_a_slab_with_another_mask_did_not_ask_for_the_page(explain: Explain) -> None:
    """Behind a second stamp, and with the first blanks of the lines lost."""
    told = explain(STAMPED)
    assert "proxy was refused a page (order 0, GFP_NOIO)" in told
    assert "SLUB got no page for ext4_io_end" in told
    assert "the page allocator printed" not in told


def test_lines_whose_first_blanks_were_trimmed(explain: Explain) -> None:
    lists = "Normal: 100*4kB (U) = 400kB\n"
    zone = ZONE.format(free=400, min=4000, low=5000, high=6000)
    text = refusal(0, "0x24000c0", "4.8.0", zone, lists)
    totals = (
        "Mem-Info:\nactive_anon:250 inactive_anon:225 isolated_anon:0\n"
        " active_file:20 inactive_file:22 isolated_file:0\n"
        " unevictable:0 dirty:3 writeback:0 unstable:0\n"
        " free:100 free_pcp:0 free_cma:0\n"
    )
    whole = "".join(f"[    1.000000] {line}\n" for line in (text + totals).splitlines())
    bare = "".join(f"[    1.000000] {line.strip()}\n" for line in (text + totals).splitlines())
    assert explain(whole) == explain(bare)
    assert "of the file cache is dirty" in explain(bare)


def test_lines_that_a_terminal_broke_in_a_word(explain: Explain) -> None:
    zone = ZONE.format(free=400, min=4000, low=5000, high=6000)
    text = refusal(0, "0x24000c0", "4.8.0", zone, "Normal: 100*4kB (U) = 400kB\n")
    for at in (zone.index("inactive_anon") + 5, zone.index("managed:") + 10):
        broken = text.replace(zone, f"{zone[:at]}\n{zone[at:]}")
        assert explain(broken) == explain(text)


def test_a_header_that_was_cut_before_its_mask(explain: Explain) -> None:
    zone = ZONE.format(free=40000, min=400, low=500, high=600)
    text = refusal(3, "0x24000c0", "4.8.0", zone, "Normal: 10000*4kB (U) = 40000kB\n")
    first, rest = text.split(" mode:", 1)
    told = explain(f"{first}\n\nThis order often fails.\n\n{rest.partition(chr(10))[2]}")
    assert "was refused 8 pages (order 3)" in told
    assert "the log lacks gfp_mask" in told
    assert "no free list has a block to give" in told


def test_swap_cache_said_twice_is_one_report(explain: Explain) -> None:
    text = ATOMIC + OLD_ZONE.format(present=5105664)
    told = explain(f"{text}0 pages in swap cache\n131072 pages of RAM\n0 pages swap cached\n")
    assert "#2" not in told


CGROUP = (
    "[    1.000000] Task in /pods/a killed as a result of limit of /po{}ds/a\n"
    "[    1.000001] memory: usage 4000kB, limit 4000kB, failcnt 9\n"
    "[    1.000002] Memory cgroup stats for /pods/a: cache:12KB rss:34{}56KB swap:0KB\n"
    "[    1.000003] Memory cgroup out of memory: Kill process 66 (proxy) score 0 or sacrifice "
    "child\n"
)


def test_a_cgroup_whose_lines_a_terminal_broke(explain: Explain) -> None:
    whole = explain(CGROUP.format("", ""))
    assert explain(CGROUP.format("\n", "\n")) == whole
    assert "rss 3.4 MiB (3456 kB)" in whole


def test_a_cgroup_without_usage_still_tells_what_it_held(explain: Explain) -> None:
    told = explain(CGROUP.format("", "").replace("memory: usage", "memory: used"))
    assert "its usage and limit are not in this log" in told
    assert "its memory was rss 3.4 MiB (3456 kB), cache 12 kB" in told
    assert "not itemised" not in told


def test_a_first_line_that_lost_its_bracket(explain: Explain) -> None:
    for stamp in ("    4.795291] ", "[2-4.7952] "):
        told = explain(f"{stamp}proxy: page allocation failure: order:0, mode:0x20\n")
        assert "proxy was refused a page" in told
        assert "] proxy" not in told


def test_a_trace_that_ends_in_the_allocator_shows_only_so_much(explain: Explain) -> None:
    ends = "[<ffffffff8155b3d8>] alloc_pages_vma+0x74/0x1e0\n"
    trace = f"{HEADER}{CPU}Call Trace:\n [<ffffffff8115a911>] warn_alloc_failed+0xf1/0x150\n {ends}"
    assert "an ordinary task as far as the log shows its stack" in explain(trace)
    told = explain(f"{trace} [<ffffffff81800081>] system_call_fastpath+0x16/0x1b\n")
    assert "neither interrupt nor reclaim is on its stack" in told


def test_a_header_that_another_cpu_cut_in_two(explain: Explain) -> None:
    told = explain(
        "[    1.000000] proxy: page allocation failure: order:0\n"
        "[    1.000001] Stack : 00000000 00000000\n"
        "[    1.000002] , mode:0x1080020(GFP_ATOMIC), nodemask=\n"
    )
    assert "proxy was refused a page (order 0, GFP_ATOMIC)" in told


def test_an_arm_trace_that_was_broken_in_its_words(explain: Explain) -> None:
    told = explain(
        "> [    1.000000] proxy: page allocation failure: order:0, mode:0x20\n"
        "> [    1.000001] [<8010c174>] (show_stack) from [<80228fc8>] (warn_all\n> oc+0xcc/0x17c)\n"
        "> [    1.000002] [<80228fc8>] (warn_alloc) from [<8011b398\n"
        "> >] (net_rx_action+0xec/0x18)\n"
        "> [    1.000003] [<8011b398>] (net_rx_action) from [<8011cc94>] (do_idle+0xc8/0x408)\n"
    )
    assert "in softirq, where nobody may sleep or reclaim: net_rx_action" in told
