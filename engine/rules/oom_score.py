"""The OOM killer's points and score. Source: mm/oom_kill.c:oom_badness of 4.5.

The discount of 3 % for CAP_SYS_ADMIN is left out: no task here has it.
"""

from __future__ import annotations

from mmplay.engine.terms import N, constant, larger, rule

ADJ_SCALE = 1000
"""oom_score_adj and the score are thousandths of all memory."""


def points(pages: N, adj: N, total_pages: N) -> N:
    """Return a task's points, at least 1.

    `pages` are its resident pages, swap entries and page tables; the thousandth of `total_pages`
    is rounded down before it is multiplied.
    """
    added = total_pages // ADJ_SCALE * adj
    return rule("points", larger(pages + added, constant(pages, 1)))


def score(task_points: N, total_pages: N) -> N:
    """Return the points as the kill line prints them, in thousandths of all memory."""
    return rule("score", task_points * ADJ_SCALE // total_pages)
