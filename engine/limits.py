"""Limits that are not the whole machine's: a control group at its limit, a full CMA area."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Limited(NamedTuple):
    """One counter of a cgroup against its limit, in kB (mem_cgroup_print_oom_info)."""

    usage_kb: int
    limit_kb: int
    failcnt: int


@dataclass(slots=True)
class Cgroup:
    """The cgroup of a memcg kill. None and empty where the log does not say.

    `path` is the group whose limit was hit, `task_path` that of the victim. `parts_kb` is what its
    memory consisted of, by the names of memory.stat; `others` are the counters besides memory
    (swap, memory+swap, kmem).
    """

    path: str | None = None
    task_path: str | None = None
    usage_kb: int | None = None
    limit_kb: int | None = None
    failcnt: int | None = None
    parts_kb: dict[str, int] = field(default_factory=dict)
    others: dict[str, Limited] = field(default_factory=dict)


class CmaFailure(NamedTuple):
    """An allocation that a CMA area could not serve (cma_alloc). Sizes in pages.

    `ret` is the errno: -12 no free range, -16 pages that could not be moved away.
    """

    area: str | None
    pages: int
    ret: int
    free: int | None = None
    total: int | None = None
