"""The verdict where a machine has several nodes, masks and cpusets."""

from mmplay.engine.explain.finding import sentence
from mmplay.engine.explain.verdict import Outcome, Status
from mmplay.engine.report import (
    MemDump,
    ReportKind,
    SlubReport,
)
from tests.engine.judging import diagnosed, judged, machine, report
from tests.engine.test_gates import kernel, zone


def two_nodes() -> MemDump:
    far = zone(free=5000)
    far.node = 1
    return machine(zone(free=390), far)


def test_a_nodemask_leaves_zones_out() -> None:
    found = judged(report("GFP_KERNEL", nodemask=(0,)), two_nodes())
    assert (found.outcome, len(found.candidates[0].zones)) == (Outcome.REFUSED, 1)
    assert judged(report("GFP_KERNEL"), two_nodes()).outcome is Outcome.SKEW


def test_a_node_that_refuses_everywhere_may_be_the_one_that_was_asked() -> None:
    words = [
        sentence(one) for one in diagnosed(report("GFP_KERNEL"), two_nodes(), kernel("5.9")).notes
    ]
    assert any("node 0 refuses in every zone" in text for text in words)
    bound = diagnosed(report("GFP_KERNEL", mems_allowed=(0, 1)), two_nodes(), kernel("5.9"))
    assert bound.judgement.outcome is Outcome.SKEW
    assert not any("refuses in every zone" in sentence(one) for one in bound.notes)


def test_nodes_that_the_dump_does_not_show_are_missed() -> None:
    found = judged(report("GFP_KERNEL", nodemask=(1,)), machine(zone(free=10)))
    assert (found.status, found.missing) == (Status.NONE, ("zone lines of node 1",))


def test_a_mask_without_a_zone_is_refused() -> None:
    one = report("GFP_KERNEL")
    assert one.request is not None
    one.request = one.request._replace(mode=0xCC1)
    assert judged(one, machine(zone(free=9000))).outcome is Outcome.REFUSED


def test_zones_that_the_mask_does_not_allow_are_named() -> None:
    one = report("GFP_KERNEL")
    assert one.request is not None
    one.request = one.request._replace(mode=0xCC4)  # GFP_KERNEL|GFP_DMA32
    result = diagnosed(one, machine(zone("DMA32", free=10), zone(free=9000)), kernel("5.9"))
    assert result.judgement.outcome is Outcome.REFUSED
    assert "the mask does not allow Normal: no page there was asked for" in [
        sentence(found) for found in result.assumed
    ]


def test_zones_of_one_name_are_told_apart() -> None:
    result = diagnosed(report("GFP_KERNEL", nodemask=(0,)), two_nodes(), kernel("5.9"))
    assert [test.name for _, tests in result.asks for test in tests] == ["Node 0 Normal"]
    assert any("the zones of node 1 were not asked" in sentence(one) for one in result.assumed)


def test_a_cpuset_binds_who_can_wait() -> None:
    bound = report("GFP_KERNEL", mems_allowed=(0,))
    assert judged(bound, two_nodes()).outcome is Outcome.REFUSED
    free = report("GFP_ATOMIC", mems_allowed=(0,))
    assert judged(free, two_nodes()).outcome is Outcome.SKEW
    # at the last look before a kill the cpuset counts for everybody
    kill = report("GFP_KERNEL", kind=ReportKind.CPUSET_OOM, mems_allowed=(0,))
    assert judged(kill, two_nodes()).outcome is Outcome.REFUSED


def test_a_request_for_one_node_is_judged_on_a_node_that_refuses() -> None:
    one = report("GFP_KERNEL")
    assert one.request is not None
    thisnode = kernel("5.9").gfp.value("__GFP_THISNODE")
    one.request = one.request._replace(mode=0xCC0 | thisnode)
    assert judged(one, two_nodes()).outcome is Outcome.REFUSED
    slub = SlubReport(0xCC0, None, 1)
    one.request = one.request._replace(slub=slub)
    assert judged(one, two_nodes()).outcome is Outcome.SKEW
