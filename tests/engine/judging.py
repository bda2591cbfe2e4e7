"""Made-up reports and dumps, and how they are judged."""

from mmplay.engine.explain.diagnose import Diagnosis, Seen, diagnose
from mmplay.engine.explain.verdict import Judgement, judge
from mmplay.engine.report import (
    MemDump,
    Report,
    ReportKind,
    Request,
    ZoneDump,
)
from mmplay.engine.rules.versions import Kernel
from mmplay.engine.stack import StackEntry
from tests.engine.test_gates import kernel

MODE = {"GFP_KERNEL": 0xCC0, "GFP_ATOMIC": 0xA20, "GFP_HIGHUSER_MOVABLE": 0x100CCA}
"""Masks of 5.1 to 6.2."""


def report(
    mask: str, order: int = 0, kind: ReportKind = ReportKind.FAILURE, **more: tuple[int, ...]
) -> Report:
    stack = (StackEntry("kmalloc", 0, 1),)
    request = Request("worker", order, MODE[mask], stack=stack, **more)  # type: ignore[arg-type]
    return Report(kind, 1, 1, 1, request=request)


def judged(one: Report, dump: MemDump | None, *gates: str) -> Judgement:
    return judge(one, [kernel(gate) for gate in gates or ("5.9",)], dump)


def diagnosed(one: Report, dump: MemDump, rules: Kernel) -> Diagnosis:
    return diagnose(one, rules, Seen(dump, own=True, distance_us=20), None)


def machine(*zones: ZoneDump) -> MemDump:
    return MemDump(1, zones=list(zones))
