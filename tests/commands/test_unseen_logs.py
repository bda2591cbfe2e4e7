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
    assert "an ordinary task: neither interrupt nor reclaim is on its stack" in told


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
