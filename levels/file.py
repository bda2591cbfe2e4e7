"""The shape of a level file: its tables, their keys, and the bounds of each.

msgspec converts by it. What more than one key has a say in is checked in `load`.
"""

from __future__ import annotations

from collections.abc import Iterable
from re import escape
from typing import Annotated, Any

from msgspec import Meta, Struct

from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.masks import WB_VARIANTS
from mmplay.engine.sim.metrics import OPERATORS
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.run.programs import WORKLOADS
from mmplay.engine.sim.state.buddy import MAX_ORDER
from mmplay.levels.language import END, MAX_TURNS, NOW
from mmplay.levels.model import CHOICE, NUMBER, TEXT, VERBS

MAX_NUMBER, MAX_LIST, MAX_QUESTIONS, MAX_MOVES, MAX_ACTS = 1 << 50, 120, 120, 400, 8
MAX_PAGES = 1 << 22
BENCH = "bench"
BASES = ("incident-rc7", "incident-next", "boot", BENCH)


def _up_to(most: int, least: int = 0) -> Meta:
    return Meta(ge=least, le=most)


def _word(words: Iterable[str]) -> Meta:
    """One of some words; a complaint finds them among the examples."""
    names = list(words)
    return Meta(pattern=rf"\A(?:{'|'.join(map(escape, names))})\Z", examples=names)


Needed = Annotated[str, Meta(min_length=1)]
Number = Annotated[int, _up_to(MAX_NUMBER)]
Pages = Annotated[int, _up_to(MAX_PAGES)]
Micros = Annotated[int, _up_to(1 << 40)]
Texts = Annotated[tuple[str, ...], Meta(max_length=MAX_LIST)]
Act = Annotated[str, _word((*ACTIONS, *VERBS))]


class Table(Struct, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; its keys are the fields."""


class AskTable(Table):
    """[[ask]]: a question, asked once or for every line of `each`."""

    id: Needed
    text: Needed
    truth: Needed
    kind: Annotated[str, _word((NUMBER, CHOICE, TEXT))] = ""
    at: str = ""
    when: str = NOW
    options: Texts = ()
    unit: str = ""
    tolerance: Number = 0
    before: Texts = ()
    after: Texts = ()
    suppose: Texts = ()
    why: str = ""
    each: Texts = ()


class EventTable(Table):
    """[[event]]: what happens by itself."""

    at_us: Number
    action: Annotated[str, _word(ACTIONS)]
    value: str = ""


class GoalTable(Table):
    """[[win]] or [[lose]]: a number of the machine and its bound."""

    counter: Needed
    op: Annotated[str, _word(OPERATORS)]
    value: Annotated[int, _up_to(MAX_NUMBER, -MAX_NUMBER)]
    text: Needed
    at: Annotated[str, _word((END, NOW))] = NOW


class HintTable(Table):
    """[[hint]]: a text, or a question whose rule is the hint."""

    text: str = ""
    rule: str = ""


class MoveTable(Table):
    """[[solution]] or [[losing]]: one act, or (`values`) several of one kind."""

    action: Act
    key: str = ""
    value: str = ""
    values: Texts = ()
    turn: Number | None = None
    at: str = ""


Moves = Annotated[tuple[MoveTable, ...], Meta(max_length=MAX_MOVES)]


class MovesFile(Table):
    """A file of actions alone."""

    solution: Moves = ()


class RealTable(Table):
    """[real]: the real kernel's function."""

    function: Needed
    path: Needed
    text: Needed
    leaves_out: Needed
    log: str = ""


class WorkloadTable(Table):
    """[[machine.workload]]: tasks of one kind."""

    name: Needed
    program: Annotated[str, _word(WORKLOADS)]
    groups: Annotated[int, _up_to(256)] = 1
    per_group: Annotated[int, _up_to(256, 1)] = 1
    pages: Pages | None = None
    start_us: Micros = 0
    gap_us: Micros = 0
    oom_score_adj: Annotated[int, _up_to(1000, -1000)] = 0
    order: Annotated[int, _up_to(MAX_ORDER - 1)] = 0
    per_table: Annotated[int, _up_to(512, 1)] = 512
    burst: Annotated[int, _up_to(MAX_PAGES, 1)] = 1
    numbered: bool = False
    gfp: str = ""


class ZoneTable(Table):
    """[[machine.zone]]: a zone of a bench, and where its pages are."""

    name: Annotated[str, _word(ZONES)]
    managed: Annotated[int, _up_to(MAX_PAGES, 1)]
    free: Pages
    marks: Annotated[tuple[Pages, ...], Meta(max_length=4)] = ()
    reserve: Annotated[tuple[Pages, ...], Meta(max_length=4)] = ()
    present: Pages = 0
    blocks: Texts = ()
    unmovable_blocks: Pages = 0
    active_anon: Pages | None = None
    inactive_anon: Pages | None = None
    active_file: Pages | None = None
    inactive_file: Pages | None = None
    unevictable: Pages | None = None
    isolated_anon: Pages | None = None
    isolated_file: Pages | None = None
    slab_reclaimable: Pages | None = None
    slab_unreclaimable: Pages | None = None
    stack_pages: Pages | None = None
    pagetables: Pages | None = None
    dirty: Pages | None = None
    writeback: Pages | None = None
    clean: Pages | None = None
    mapped: Pages | None = None
    shmem: Pages | None = None
    pages_scanned: Pages | None = None


class BaseTable(Table):
    """[machine]: a named start."""

    base: Annotated[str, _word(BASES)]
    variant: Annotated[str, _word(name for name, _ in WB_VARIANTS)] = "atomic"
    packets: Annotated[int, _up_to(1_000_000)] | None = None
    seed: Number = 1
    practice_seed: Number = 2
    frame: Annotated[int, _up_to(1 << 16)] = 0
    ram_kb: Annotated[int, _up_to(64 << 20, 32 << 10)] = 2 << 20
    variant_from: str = ""
    workload: Annotated[tuple[WorkloadTable, ...], Meta(max_length=32)] = ()


class BenchTable(BaseTable):
    """[machine] with base "bench": zones, CPUs, network, disk and sysctls of one's own."""

    zone: Annotated[tuple[ZoneTable, ...], Meta(max_length=len(ZONES))] = ()
    min_free_kbytes: Annotated[int, _up_to(1 << 31)] = 0
    cpus: Annotated[int, _up_to(16, 1)] = 1
    caches: bool = False
    flow_packets: Annotated[int, _up_to(1_000_000)] = 0
    frames_per_flow: Annotated[int, _up_to(1 << 20, 1)] = 1
    flow_start_us: Micros = 0
    disk_pages_per_second: Annotated[int, _up_to(1 << 24)] = 0
    disk_requests: Annotated[int, _up_to(1 << 16)] = 128
    disk_pages_per_request: Annotated[int, _up_to(1024, 1)] = 64
    dirty_ratio: Annotated[int, _up_to(100)] | None = None
    dirty_background_ratio: Annotated[int, _up_to(100)] | None = None
    watermark_scale_factor: Annotated[int, _up_to(1000, 1)] | None = None
    oom_reaper: Annotated[int, _up_to(1)] | None = None


class ActTable(Table):
    """What is played: the keys of a level of one act, or of each [[act]].

    `machine` is a table of its own, BaseTable or BenchTable, as its `base` says.
    """

    kernel: Annotated[str, _word(KERNELS)]
    machine: dict[str, Any]
    max_turns: Annotated[int, _up_to(MAX_TURNS, 1)]
    stride: Annotated[int, _up_to(100_000, 1)] = 1
    end: str = ""
    right: Annotated[int, _up_to(MAX_QUESTIONS)] | None = None
    allow: Annotated[tuple[Act, ...], Meta(max_length=MAX_LIST)] = ()
    limits: Texts = ()
    choices: Texts = ()
    event: Annotated[tuple[EventTable, ...], Meta(max_length=MAX_MOVES)] = ()
    win: Annotated[tuple[GoalTable, ...], Meta(max_length=MAX_LIST)] = ()
    lose: Annotated[tuple[GoalTable, ...], Meta(max_length=MAX_LIST)] = ()
    ask: Annotated[tuple[AskTable, ...], Meta(max_length=MAX_QUESTIONS)] = ()


class TitledAct(ActTable, kw_only=True):
    """[[act]]: one of several."""

    title: Needed


class ActsTable(Table):
    """A level of several acts, without what all of them share."""

    act: Annotated[tuple[TitledAct, ...], Meta(max_length=MAX_ACTS)]


class SharedTable(Table, kw_only=True):
    """What every level says once: its texts, hints and moves."""

    format: Annotated[int, _up_to(MAX_NUMBER)]
    id: Needed
    title: Needed
    world: Annotated[int, _up_to(99)] = 0
    learn: Needed
    story: Needed
    against: str = ""
    recreates: str = ""
    task: Needed
    real: RealTable
    shuffle: bool = False
    hint: Annotated[tuple[HintTable, ...], Meta(max_length=MAX_LIST)] = ()
    solution: Moves = ()
    losing: Moves = ()
    terms: Texts = ()
    digest: str = ""
    random_wins: str = ""


class PackedTable(Table):
    """[[level]] of a pack: a name to be shown, and a whole level file."""

    name: str
    text: str


class PackFile(Table):
    """A pack."""

    pack: Number
    level: Annotated[tuple[PackedTable, ...], Meta(max_length=100)] = ()
