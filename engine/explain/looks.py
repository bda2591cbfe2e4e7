"""The looks that a request takes at the zones: by whom, at which mark, at which zones.

The deciding look of a failure is the last one of the slow path, at min; that of an OOM kill is the
one that the killer takes at high, where CMA pages count for nobody. Source: mm/page_alloc.c:
__alloc_pages_slowpath, __alloc_pages_may_oom, gfp_to_alloc_flags, __cpuset_zone_allowed.
"""

from __future__ import annotations

from mmplay.engine.explain.finding import Finding, finding
from mmplay.engine.explain.gate import Caller, Verdict, ZoneTest, caller_of, test_all
from mmplay.engine.report import BY_HAND, MemDump, Report, ReportKind, Request
from mmplay.engine.rules.alloc_flags import SECOND_TRY, AllocFlag, Context
from mmplay.engine.rules.floors import NO_WATERMARKS, PLAIN
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.stack import read_context

ZONES_NOT_ASKED = frozenset(
    {ReportKind.MEMCG_OOM, ReportKind.SYSRQ, ReportKind.CMA, ReportKind.USERSPACE}
)
"""Events that no watermark decided: a cgroup's limit, a person, a range of pages, or a daemon."""

ASKED_AT_HIGH = frozenset({ReportKind.OOM_KILL, ReportKind.CPUSET_OOM})

Look = tuple[Caller, list[ZoneTest]]
"""Who looked, at which mark, and what each zone answered, in the order of the zonelist."""


def zones_asked(report: Report) -> bool:
    """Tell whether watermarks decided what a report tells.

    A vmalloc area that found no room or was too large never got as far as a page.
    """
    request = report.request
    if report.kind in ZONES_NOT_ASKED or (request is not None and request.order == BY_HAND):
        return False
    if report.kind is not ReportKind.VMALLOC:
        return True
    return report.got_bytes is not None or bool(request and request.order)


OWN_TABLES = ("page array size", "failed to map pages")
"""What a vmalloc says that found room, and then no memory for tables of its own."""


def tables_refused(report: Report) -> bool:
    """Tell whether a vmalloc lacked memory, though not for the pages that it was asked for."""
    return any(words in (report.why or "") for words in OWN_TABLES)


def caller_in(kernel: Kernel, request: Request, dump: MemDump) -> Caller | None:
    """Return who asked; None without a mask, or where no zone with pages may serve it."""
    if request.mode is None:
        return None
    context = read_context(request.stack).context
    nodes = allowed_nodes(kernel, request, context)
    caller = caller_of(kernel, request.mode, context, request.order or 0, dump, nodes)
    if caller is None or not bound_to_one(kernel, request, dump):
        return caller
    return _on_one_node(kernel, dump, caller)


def allowed_nodes(kernel: Kernel, request: Request, context: Context) -> frozenset[int] | None:
    """Return the nodes that a request may use, None for all.

    Its own nodemask binds it, or the node that SLUB asked for. The cpuset does not bind interrupts
    and those who cannot wait and may use the reserves.
    """
    if request.nodemask is not None:
        return frozenset(request.nodemask)
    named = named_node(kernel, request)
    if named is not None:
        return frozenset({named})
    if request.mems_allowed is None or _leaves_cpuset(kernel, request, context):
        return None
    return frozenset(request.mems_allowed)


def _leaves_cpuset(kernel: Kernel, request: Request, context: Context) -> bool:
    mode = request.mode or 0
    flags = kernel.alloc_flags(mode, context)
    atomic = AllocFlag.MIN_RESERVE | AllocFlag.NON_BLOCK
    by_rule = {rule.name for rule in kernel.fired(mode, context)} & {
        "alloc.no_wait",
        "alloc.atomic",
    }
    return context.in_interrupt or bool(by_rule) or flags & atomic == atomic


def named_node(kernel: Kernel, request: Request) -> int | None:
    """Return the node that SLUB asked for alone, None if it did not or the log does not say."""
    if request.slub is None or request.slub.node < 0:
        return None
    return request.slub.node if kernel.gfp.has(request.mode or 0, "__GFP_THISNODE") else None


def bound_to_one(kernel: Kernel, request: Request, dump: MemDump) -> bool:
    """Tell whether a request may use a single node of several that the log does not name."""
    several = len({zone.node for zone in dump.zones}) > 1
    thisnode = kernel.gfp.has(request.mode or 0, "__GFP_THISNODE")
    unnamed = request.nodemask is None and named_node(kernel, request) is None
    return several and thisnode and unnamed


def _on_one_node(kernel: Kernel, dump: MemDump, caller: Caller) -> Caller:
    """Bind a caller to the first node that refuses it; to none if each has something to give."""
    for node in sorted({zone.node for zone in dump.zones}):
        bound = caller._replace(nodes=frozenset({node}))
        tests = test_all(kernel, dump, bound)
        if tests and all(test.verdict in (Verdict.REFUSED, Verdict.NO_BLOCK) for test in tests):
            return bound
    return caller


def looks_of(kernel: Kernel, kind: ReportKind, caller: Caller, dump: MemDump) -> list[Look]:
    """Return every look that was taken, the deciding one last.

    The slow path looks as what the caller is; where it may also go without watermarks, or as an
    OOM victim, it first looks without that (__gfp_pfmemalloc_flags).
    """
    looks = [caller]
    if caller.alloc_flags & SECOND_TRY:
        marked = kernel.class_of(caller.alloc_flags & ~SECOND_TRY)
        looks.insert(0, caller._replace(caller=marked))
    if kind in ASKED_AT_HIGH:
        looks.append(
            caller._replace(
                caller=PLAIN, mark="high", context=Context.TASK, alloc_flags=PLAIN.flags
            )
        )
    return [(look, test_all(kernel, dump, look)) for look in looks]


def if_memalloc(kernel: Kernel, dump: MemDump, caller: Caller) -> Finding:
    """Without a call trace PF_MEMALLOC cannot be excluded: say what it would have changed."""
    for test in test_all(kernel, dump, caller._replace(caller=NO_WATERMARKS)):
        if test.verdict is Verdict.PASSES:
            return finding("assumed.if_memalloc_passes", zone=test.label)
    return finding("assumed.if_memalloc_refused")
