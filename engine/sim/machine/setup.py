"""What never changes during a run: the machine, its kernel, its workloads, the costs of things.

A setup is built by a start (`engine.sim.starts`) and is not part of the state: the same setup,
seed and actions give the same run.
"""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.state.slab_cache import CacheKind

MICROSECOND_NS = 1_000
MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000
JIFFY_NS = MILLISECOND_NS
HZ = SECOND_NS // JIFFY_NS
"""HZ is 1000: assumed of the incident's logs; a measured 4.5.0 says so at boot (BogoMIPS, lpj)."""

LONGEST_EXTENSION = 96
"""Bytes of an object of kmalloc-96, the largest that a connection's extension may need."""


class Costs(NamedTuple):
    """How long things take on this machine, in ns. Calibrated: see `starts.common`.

    `time_slice` is 0 where the scheduler's rule says it (`machine.slice_ns`).
    `exit_slab_pages` is how many pages of slab objects a task gives back when it exits.
    """

    reclaim_call: int
    scanned_page: int
    page: int
    write: int
    read: int
    packet: int
    print_line: int
    oom_print_line: int
    exit_task: int
    exit_slab_pages: int
    time_slice: int


class DiskKind(NamedTuple):
    """A disk: what it writes a second, how it queues, and when it stands still.

    `requests` is nr_requests of the queue (0: no limit), each of up to `pages_per_request`;
    `stall_after` stops it after so many pages (-1 never), `start_ns` is when it begins.
    """

    pages_per_second: int
    requests: int
    pages_per_request: int
    start_ns: int = 0
    stall_after: int = -1


class Flow(NamedTuple):
    """Network load: frames a second, one in `frames_per_flow` starts a new flow, and the CPU.

    `frame_bytes` is how long each is. `extension_bytes` is what the kernel's configuration adds to
    every connection (struct nf_ct_ext), at most 96; 0 if that is nothing.
    """

    frames_per_second: int
    frames_per_flow: int
    cpu: int
    start_ns: int = 0
    frame_bytes: int = 1514
    extension_bytes: int = 64


ORDINARY_UID = 1000
"""Of a workload that does not say: an ordinary user's."""


class Workload(NamedTuple):
    """Tasks of one kind.

    `program` is a name of `run.programs`; `groups` are mms, each shared by `per_group` tasks;
    `pages` is what each task wants, -1 without end. `gap_ns` is the pause between two rounds of a
    task, `start_ns` when the first begins, `order` what an allocator asks for, `burst` how many
    pages a reader reads or a writer writes between two pauses, `per_table` how many pages a page
    table of an eater maps, `adj` their oom_score_adj; `numbered` groups have their
    number in the name. `uid` 0 has CAP_SYS_ADMIN, `nice` (-20 to 19) is its share of a
    CPU. `gfp` is the mask of an allocator or a reader,
    empty for the usual one. `parent` names the workload whose first task has forked these, empty
    for one that nobody here has.
    """

    name: str
    program: str
    groups: int
    per_group: int = 1
    pages: int = -1
    start_ns: int = 0
    gap_ns: int = 0
    adj: int = 0
    order: int = 0
    per_table: int = 512
    burst: int = 1
    uid: int = ORDINARY_UID
    nice: int = 0
    numbered: bool = False
    gfp: str = ""
    parent: str = ""


class Setup(NamedTuple):
    """One machine. `assumed` and `calibrated` say what no log told, for the run's header."""

    name: str
    kernel: Kernel
    cpus: int
    cpu_ids: int
    release: str
    version: str
    hardware: str
    costs: Costs
    disk: DiskKind
    flow: Flow | None
    caches: tuple[CacheKind, ...]
    workloads: tuple[Workload, ...]
    script: tuple[tuple[int, str, str], ...] = ()
    """(time_ns, action, value): what happens by itself."""
    assumed: tuple[str, ...] = ()
    calibrated: tuple[str, ...] = ()
