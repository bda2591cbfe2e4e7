"""What `mmplay explain` says of kinds of logs that nobody had shown it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmplay.__main__ import main

pytestmark = pytest.mark.usefixtures("home")

Explain = Callable[..., str]

ZONE = (
    "Normal free:{free}kB min:{min}kB low:{low}kB high:{high}kB active_anon:1000kB "
    "inactive_anon:900kB active_file:80kB inactive_file:90kB unevictable:0kB isolated(anon):0kB "
    "isolated(file):0kB present:65536kB managed:60000kB mlocked:0kB dirty:0kB writeback:0kB "
    "mapped:0kB shmem:0kB slab_reclaimable:0kB slab_unreclaimable:0kB kernel_stack:0kB "
    "pagetables:0kB unstable:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB "
    "writeback_tmp:0kB pages_scanned:0 all_unreclaimable? no\n"
    "lowmem_reserve[]: 0 0\n"
)


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Explain:
    """Explain a log; return what was printed, with single blanks."""

    def run(text: str, *options: str) -> str:
        path = tmp_path / "kern.log"
        path.write_text(text)
        assert main(["explain", "--all", str(path), *options]) == 0
        return " ".join(capsys.readouterr().out.split())

    return run


# traces

HEADER = "proxy: page allocation failure: order:1, mode:0x204020\n"
CPU = "CPU: 0 PID: 66 Comm: proxy Not tainted 4.2.3 #2\n"
GUESSED = (
    " <IRQ>  [<ffffffff8155b3d8>] ? dump_stack+0x40/0x50\n"
    " [<ffffffff8115a911>] ? warn_alloc_failed+0xf1/0x150\n"
    " [<ffffffff81464c7c>] ? net_rx_action+0x15c/0x310\n"
    " [<ffffffff81075333>] ? irq_exit+0x93/0xa0\n"
)
MEMORY = (
    "active_anon:32089 inactive_anon:34044 isolated_anon:0\n active_file:7 inactive_file:9 "
    "isolated_file:0\n"
)


def test_a_trace_of_guesses_on_the_interrupt_stack_is_no_ordinary_task(explain: Explain) -> None:
    told = explain(f"{HEADER}{CPU}Call Trace:\n{GUESSED}")
    assert "in softirq, where nobody may sleep or reclaim: net_rx_action" in told
    assert "an ordinary task" not in told


def test_the_interrupt_stack_alone_shows_an_interrupt(explain: Explain) -> None:
    trace = (
        " <IRQ>\n dump_stack+0x40/0x50\n my_driver_poll+0x1/0x2 [mine]\n </IRQ>\n do_work+0x1/0x9\n"
    )
    told = explain(
        "proxy: page allocation failure: order:0, mode:0xa20(GFP_ATOMIC), nodemask=(null)\n"
        f"CPU: 0 PID: 66 Comm: proxy Not tainted 5.4.0 #2\nCall Trace:\n{trace}"
    )
    assert "the trace is of the interrupt stack (<IRQ>)" in told


def test_a_trace_of_guesses_alone_is_no_evidence(explain: Explain) -> None:
    told = explain(f"{HEADER}{CPU}Call Trace:\n [<ffffffff8155b3d8>] ? dump_stack+0x40/0x50\n")
    assert "the log has no call trace to rely on" in told
    assert "an ordinary task" not in told


@pytest.mark.parametrize(
    "trace",
    [
        " [<c0143698>] __alloc_pages+0x328/0x450\n [<c028c67f>] sock_aio_write+0xcf/0x120\n",
        "Backtrace:\n[<c0028950>] (dump_backtrace+0x0/0x110) from [<c0028ea8>] "
        "(dump_stack+0x18/0x1c)\n",
        " [mod:__alloc_pages+0x34c/0x380] __alloc_pages+0x34c/0x380\n"
        " [__do_fault+0x83/0x4c0] __do_fault+0x83/0x4c0\n",
        "Call trace:\n dump_backtrace+0x0/0x1d8\n warn_alloc+0xf4/0x148\n",
        "[<c0053230>] (unwind_backtrace+0x0/0xf0) from\n[<c0109a88>] (dump_header+0x50/0x84)\n",
        "([<00000000001b4220>] __alloc_pages+0x50/0x80)\n",
    ],
)
def test_a_trace_is_read_without_a_heading_or_a_cpu_line(explain: Explain, trace: str) -> None:
    told = explain(f"mail: page allocation failure. order:1, mode:0x20\n{trace}")
    assert "an ordinary task" in told


def test_mem_info_behind_the_end_of_the_interrupt_stack(explain: Explain) -> None:
    zone = ZONE.format(free=7888, min=5588, low=6984, high=8380)
    text = f"{HEADER}{CPU}Call Trace:\n{GUESSED} <EOI> Mem-Info:\n{MEMORY}{zone}"
    told = explain(text)
    assert "no Mem-Info of its own" not in told
    assert "#2" not in told


# kills

TASKS = "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name\n"
BIG = "[ 4580]     0  4580 37776030 32890417   64258     138        0             0 eater\n"
SHIELD = "[ 3309]     0  3309     3332      616      10       3        0         -1000 gate\n"
INVOKED = "eater invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), order=0, oom_score_adj=0\n"


CHOSEN = "Out of memory: Kill process {} (eater) score 952 or sacrifice child\n"


def test_what_the_reaper_left_was_not_taken(explain: Explain) -> None:
    told = explain(
        f"{INVOKED}{TASKS}{BIG}{CHOSEN.format(4580)}"
        "Killed process 4580 (eater) total-vm:151104120kB, anon-rss:131562528kB, file-rss:1300kB, "
        "shmem-rss:0kB\n"
        "oom_reaper: reaped process 4580 (eater), now anon-rss:131559616kB, file-rss:0kB, "
        "shmem-rss:0kB\n"
    )
    assert "left it 125.5 GiB of anonymous memory" in told
    assert "has taken its memory" not in told


def test_who_is_in_the_table_and_not_exempt_was_passed_over(explain: Explain) -> None:
    nobody = "Kernel panic - not syncing: Out of memory and no killable processes...\n"
    told = explain(f"{INVOKED}{TASKS}{BIG}{SHIELD}{nobody}")
    assert "and eater (4580) must have been killed before" in told
    assert "those that are left are exempt" in explain(f"{INVOKED}{TASKS}{SHIELD}{nobody}")


def test_a_thread_is_no_parent(explain: Explain) -> None:
    told = explain(
        f"{INVOKED}{TASKS}{BIG}{CHOSEN.format(4583)}"
        "Killed process 4580 (eater) total-vm:151104120kB, anon-rss:131562528kB, file-rss:1300kB, "
        "shmem-rss:0kB\n"
    )
    assert "eater (4583) was chosen, a thread of the process that was killed" in told
    assert "child" not in told


def test_the_reaper_names_a_victim_whose_own_lines_are_lost(explain: Explain) -> None:
    reaped = (
        "oom_reaper: reaped process 4580 (eater), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n"
    )
    assert "eater (4580) was killed" in explain(f"{INVOKED}{TASKS}{BIG}{reaped}")
    assert "who was killed is not in this log" in explain(f"{INVOKED}{TASKS}{SHIELD}{reaped}")


# gates

ASKS = (
    "proxy: page allocation failure: order:{}, mode:{}\n"
    "CPU: 0 PID: 66 Comm: proxy Not tainted {} #2\n"
)
TASK = "Call Trace:\n [<ffffffff8155b3d8>] dump_stack+0x40/0x50\n"


def refusal(order: int, mode: str, release: str, zone: str, lists: str) -> str:
    return f"{ASKS.format(order, mode, release)}{TASK}Mem-Info:\n{MEMORY}{zone}{lists}"


def test_the_halving_loop_is_told_as_it_counts(explain: Explain) -> None:
    """2910 - 127 = 2783; the lists below order 4 hold 2910."""
    zone = ZONE.format(free=11640, min=0, low=0, high=0)
    lists = (
        "Normal: 252*4kB (U) 245*8kB (U) 238*16kB (U) 152*32kB (U) 0*64kB 0*128kB 0*256kB 0*512kB "
        "0*1024kB 0*2048kB 0*4096kB = 11640kB\n"
    )
    told = explain(refusal(7, "0xd0", "3.18.30", zone, lists))
    assert "2910 - 127 = 2783 > 0, but no free list has a block to give" in told
    assert (
        "free, less the blocks below order 4 and 127 for the request itself, is -127, and more "
        "than 0 must be left: refused at o=3"
    ) in told
    assert "the gate is open" not in told


def test_a_skew_claims_no_cause(explain: Explain) -> None:
    zone = ZONE.format(free=40000, min=400, low=500, high=600)
    lists = "Normal: 9998*4kB (U) 0*8kB 1*16kB (U) = 40008kB\n"
    told = explain(refusal(0, "0xd0", "3.18.30", zone, lists))
    assert "Either as many came free in between, or what refused it is not in this report" in told
    told = explain(refusal(2, "0xd0", "3.18.30", zone, lists.replace("9998*4kB", "9*4kB")))
    assert "Either pages came free or blocks merged in between" in told


def test_rules_that_differ_by_pages_alone_agree(explain: Explain) -> None:
    """Without a release both 2^order - 1 and 2^order + 1 pages may be taken off."""
    zone = ZONE.replace(" managed:60000kB", "").replace(
        " free_pcp:0kB local_pcp:0kB free_cma:0kB", ""
    )
    text = refusal(1, "0xd0", "", zone.format(free=40000, min=400, low=500, high=600), "")
    text = text.replace("CPU: 0 PID: 66 Comm: proxy Not tainted  #2\n", "")
    told = explain(f"{text}Normal: 98*4kB 4951*8kB = 40000kB\n")
    assert "do not agree" not in told
    assert "the numbers printed with it put Normal" in told


def test_blocks_of_a_type_that_is_not_for_the_caller(explain: Explain) -> None:
    zone = ZONE.format(free=19404, min=5628, low=7624, high=9620)
    lists = "Normal: 7*4kB (H) 8*8kB (H) 1207*16kB (H) = 19404kB\n"
    told = explain(refusal(0, "0x24280ca", "4.8.0", zone, lists))
    assert "Normal has 4851 pages free, but only H blocks of order 0, which are not for it." in told
    assert "counts them as free at order 0, but takes no page out of them for it" in told
    assert "one free page in Normal in a block of a type that serves this request" in told


OLD_ZONE = (
    "Normal free:2680kB min:7192kB low:8988kB high:10788kB active_anon:1kB inactive_anon:0kB "
    "active_file:7kB inactive_file:7kB unevictable:0kB isolated(anon):0kB isolated(file):0kB "
    "present:{present}kB mlocked:0kB dirty:0kB writeback:0kB mapped:0kB shmem:0kB "
    "slab_reclaimable:0kB slab_unreclaimable:0kB kernel_stack:0kB pagetables:0kB unstable:0kB "
    "bounce:0kB writeback_tmp:0kB pages_scanned:0 all_unreclaimable? no\nlowmem_reserve[]: 0 0\n"
)
ATOMIC = (
    "proxy: page allocation failure. order:0, mode:0x4020\n"
    "Pid: 66, comm: proxy Not tainted 2.6.32-24-generic #39-Ubuntu\n"
    "Call Trace:\n [<ffffffff810fad0e>] __alloc_pages_slowpath+0x56e/0x580\nMem-Info:\n"
    "active_anon:22970 inactive_anon:6433 isolated_anon:0\n"
)
SLUB_TAIL = (
    "SLUB: Unable to allocate memory on node -1 (gfp=0x20)\n"
    "  cache: kmalloc-4096, object size: 4096, buffer size: 4096, default order: 3, min order: 0\n"
)


def test_a_setting_is_not_denied_where_managed_is_not_printed(explain: Explain) -> None:
    told = explain(ATOMIC + OLD_ZONE.format(present=5105664))
    assert "vm.min_free_kbytes at most" in told
    assert "no setting would have let it pass" not in told


def test_no_zone_is_asked_to_have_more_free_than_it_has(explain: Explain) -> None:
    assert "more free" not in explain(ATOMIC + OLD_ZONE.format(present=2688))


def test_what_a_cache_adds_to_a_mask_is_no_contradiction(explain: Explain) -> None:
    told = explain(ATOMIC + OLD_ZONE.format(present=5105664) + SLUB_TAIL)
    assert "a slab page: SLUB was asked with 0x20 (GFP_ATOMIC) and passed 0x4020 on" in told
    slab = SLUB_TAIL.replace("SLUB", "SLAB").replace(", buffer size: 4096, default", ",")
    told = explain(ATOMIC + OLD_ZONE.format(present=5105664) + slab.replace(", min order: 0", ""))
    assert "a slab page: SLAB was asked" in told


def test_zones_without_pages_are_not_tested(explain: Explain) -> None:
    none = OLD_ZONE.replace("Normal free:2680kB", "HighMem free:0kB").format(present=0)
    assert "HighMem" not in explain(ATOMIC + OLD_ZONE.format(present=5105664) + none)


# the oldest kernels

OLD_DUMP = """\
Mem-Info:
DMA per-cpu:
cpu 0 hot: high 0, batch 1 used:0
Free pages:        2800kB (0kB HighMem)
Active:94437 inactive:1800 dirty:0 writeback:0 unstable:0 free:700 slab:9847 mapped-file:91 \
mapped-anon:94000 pagetables:1200
DMA free:80kB min:88kB low:108kB high:132kB active:0kB inactive:0kB present:8204kB \
pages_scanned:0 all_unreclaimable? yes
lowmem_reserve[]: 0 490 490
Normal free:2720kB min:2788kB low:3484kB high:4180kB active:377748kB inactive:7200kB \
present:502348kB pages_scanned:5 all_unreclaimable? yes
lowmem_reserve[]: 0 0 0
DMA: 20*4kB 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 80kB
Normal: 680*4kB 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB \
= 2720kB
Swap cache: add 0, delete 0, find 0/0, race 0+0
0 pages pagetables
"""


def test_a_kill_of_a_kernel_that_names_no_bits(explain: Explain) -> None:
    """0x1201d2 holds __GFP_MOVABLE of 2.6.24, which later versions use otherwise."""
    told = explain(
        "proxy invoked oom-killer: gfp_mask=0x1201d2, order=0, oomkilladj=0\n"
        "Pid: 66, comm: proxy Not tainted 2.6.24-24-server #1\nCall Trace:\n"
        f" [<c0167a11>] __alloc_pages+0x331/0x3b0\n{OLD_DUMP}"
        "Out of memory: kill process 66 (proxy) score 42837 or a child\n"
        "Killed process 66 (proxy)\n"
    )
    assert "proxy (66) was killed; with 680 pages usable, Normal was 366 pages short" in told
    assert "0x1201d2 = GFP_HIGHUSER_MOVABLE|__GFP_COLD" in told
    assert "rules of 2.6.24" in told


def test_a_kill_of_rhel_5(explain: Explain) -> None:
    told = explain(
        "proxy invoked oom-killer: gfp_mask=0x201d2, order=0, oomkilladj=0\n\nCall Trace:\n"
        f" [<ffffffff800c8a9a>] out_of_memory+0x8e/0x2f3\n{OLD_DUMP}"
        "Out of memory: Killed process 66, UID 0, (proxy).\n",
        "--kernel",
        "2.6.18-398.el5",
    )
    assert "proxy (66) was killed" in told
    assert "GFP_HIGHUSER|__GFP_COLD" in told
    assert "Normal was 366 pages short" in told


@pytest.mark.parametrize(("stop", "layout"), [(".", "2.6"), (":", "3.")])
def test_how_a_failure_is_worded_tells_its_age(explain: Explain, stop: str, layout: str) -> None:
    told = explain(f"proxy: page allocation failure{stop} order:1, mode:0x4020\n")
    rules = told.split("(rules of ")[1]
    assert rules.startswith("2.6") == (layout == "2.6")


def test_a_kernel_older_than_all_that_were_read_gets_no_rules(explain: Explain) -> None:
    told = explain(
        "oom-killer: gfp_mask=0xd1\n"
        f"{OLD_DUMP.removeprefix('Mem-Info:')}Out of Memory: Killed process 66 (proxy).\n"
    )
    assert "proxy (66) was killed; why is not known: there are no rules for its kernel" in told
    assert "GFP_DMA" not in told


def test_zone_lines_alone_tell_the_age(explain: Explain) -> None:
    """A zone line without boost is of no kernel that prints it, even if the totals are lost."""
    zone = ZONE.format(free=4000, min=5000, low=6000, high=7000)
    told = explain(zone)
    assert "rules of 4." in told


def test_without_a_mask_nothing_is_said_of_numbers_that_moved(explain: Explain) -> None:
    told = explain(
        f"{OLD_DUMP.replace('free:2720kB', 'free:4800kB')}"
        "Out of Memory: Killed process 66 (proxy).\n"
    )
    assert "would pass by" not in told
