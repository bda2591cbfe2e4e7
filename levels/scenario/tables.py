"""A scenario as data: the tables of its file, their keys, and the bounds of each.

A key that levels have too is theirs: it is declared in `levels.model` or `levels.load_start`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, NamedTuple, Self

from msgspec import field

from mmplay.engine.rules.memory import size_kb
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.machine.setup import LONGEST_EXTENSION, SECOND_NS, Costs
from mmplay.levels.load_start import MAX_PAGES, TaskKeys, ZoneKeys
from mmplay.levels.model import Event, FileTable, Needed, Number, Texts, listed, one_of, up_to

KIND = "scenario"
FORMAT = 1
MAX_STEPS, MAX_TABLES, MAX_SECONDS = 512, 32, 10**9
BOOT, LOG, ROW, SAMPLE = "boot", "log", "row", "sample"


class Moment(int):
    """A time on the machine's clock, in ns; a file has seconds, whole or with decimals."""

    @classmethod
    def of(cls, seconds: Any) -> Self:
        """Return the moment of a number of seconds; raises ValueError."""
        number = Decimal(seconds) if type(seconds) in (int, Decimal) else Decimal("NaN")
        if not number.is_finite() or not 0 <= number <= MAX_SECONDS:
            raise ValueError(f"must be seconds from 0 to {MAX_SECONDS}, such as 19.5")
        return cls(int(number * SECOND_NS))


class Size(int):
    """An amount of memory in kB; a file has a text such as "512M" or "2G"."""

    @classmethod
    def of(cls, text: object) -> Self:
        """Return the size that a text names; raises ValueError."""
        kb = size_kb(text) if isinstance(text, str) else None
        if kb is None:
            raise ValueError('must be a size in quotes, such as "512M" or "4G"')
        return cls(kb)


class Step(NamedTuple):
    """From a moment on the disk completes so many pages a second."""

    time_ns: int
    pages_per_second: int


class Steps(tuple[Step, ...]):
    """Rates of a disk, in order of time."""

    __slots__ = ()

    @classmethod
    def of(cls, value: object) -> Self:
        """Return the steps of [[second, pages_per_second], ...]; raises ValueError."""
        if not isinstance(value, list) or not 0 < len(value) <= MAX_STEPS:
            raise ValueError(f"write [[second, pages_per_second], ...], at most {MAX_STEPS} pairs")
        steps = cls(_step(one) for one in value)
        times = [one.time_ns for one in steps]
        if times != sorted(set(times)):
            raise ValueError("the seconds must rise from pair to pair")
        return steps


def _step(value: object) -> Step:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("write pairs: [second, pages_per_second]")
    second, rate = value
    if type(rate) is not int or not 0 <= rate <= MAX_PAGES:
        raise ValueError(f"pages_per_second must be a whole number from 0 to {MAX_PAGES}")
    return Step(Moment.of(second), rate)


class Where(str):
    """A place in a recording or a CSV: seconds, or a text such as "#3"."""

    __slots__ = ()

    @classmethod
    def of(cls, value: object) -> Self:
        """Return the place as a text; raises ValueError."""
        if isinstance(value, str) and value:
            return cls(value)
        return cls(f"{Decimal(Moment.of(value)) / SECOND_NS:f}")


class SizedZone(ZoneKeys, frozen=True, kw_only=True):
    """[[machine.zone]]: a zone, and where it is not as the rules would have it.

    `blocks` are free blocks that a row, which only counts free pages, does not tell.
    """

    blocks: Texts = ()


class MachineTable(FileTable, frozen=True, kw_only=True):
    """[machine]: the hardware, the kernel, and what it was told at boot."""

    kernel: Needed = "4.5-rc7"
    cpus: Annotated[int, up_to(64, 1)] = 4
    ram: Size = Size(0)
    crashkernel: Size = Size(0)
    log_buf_len: Size = Size(0)
    thp: bool = True
    variant: Annotated[str, one_of(name for name, _ in WB_VARIANTS)] = "atomic"
    seed: Number = 1
    zone: Annotated[tuple[SizedZone, ...], listed(4)] = ()


class SysctlTable(FileTable, frozen=True, kw_only=True):
    """[sysctl]: values as they are written to /proc/sys/vm, in this order."""

    watermark_scale_factor: Number | None = None
    min_free_kbytes: Number | None = None
    lowmem_reserve_ratio: Annotated[tuple[Number, ...], listed(4)] | None = None
    dirty_ratio: Number | None = None
    dirty_bytes: Number | None = None
    dirty_background_ratio: Number | None = None
    dirty_background_bytes: Number | None = None
    swappiness: Number | None = None

    def written(self) -> tuple[tuple[str, str], ...]:
        """Return (name, what is written) of those that are given."""
        found = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return tuple((name, _written(value)) for name, value in found if value is not None)


def _written(value: int | tuple[int, ...]) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


class CostsTable(FileTable, frozen=True, kw_only=True, rename=lambda name: f"{name}_ns"):
    """[costs]: how long things take on this machine, in ns."""

    reclaim_call: Number | None = None
    scanned_page: Number | None = None
    page: Number | None = None
    write: Number | None = None
    read: Number | None = None
    packet: Number | None = None
    print_line: Number | None = None
    oom_print_line: Number | None = None
    exit_task: Number | None = field(default=None, name="exit_ns")
    time_slice: Annotated[int, up_to(SECOND_NS, 1)] | None = None

    def given(self) -> tuple[tuple[str, int], ...]:
        """Return (field of Costs, ns) of those that are given."""
        found = ((name, getattr(self, name)) for name in Costs._fields if hasattr(self, name))
        return tuple((name, ns) for name, ns in found if ns is not None)


class DiskTable(FileTable, frozen=True, kw_only=True):
    """[disk]: what it completes, and how it queues; `requests` 0 is a queue without a limit."""

    rate: Steps = Steps()
    requests: Annotated[int, up_to(1 << 16)] = 0
    pages_per_request: Annotated[int, up_to(1024, 1)] = 64


class NetworkTable(FileTable, frozen=True, kw_only=True):
    """[network]: frames that arrive, and what each makes the kernel allocate."""

    frames_per_second: Annotated[int, up_to(1_000_000)]
    frames_per_flow: Annotated[int, up_to(1 << 20, 1)] = 1
    frame_bytes: Annotated[int, up_to(1 << 16, 1)] = 60
    conntrack_extensions: bool = False
    extension_bytes: Annotated[int, up_to(LONGEST_EXTENSION, 1)] = 64
    port_closed: bool = False
    start_s: Moment = Moment(0)


class TaskTable(TaskKeys, frozen=True, kw_only=True):
    """[[task]]: tasks of one kind; `start_s` is on the machine's clock."""

    start_s: Moment = Moment(0)
    nice: Annotated[int, up_to(19, -20)] = 0


class StartTable(FileTable, frozen=True, kw_only=True):
    """[start]: where memory is from: a fresh boot, or a place in a file."""

    kind: Annotated[str, one_of((BOOT, LOG, ROW, SAMPLE))] = field(name="from")
    file: str = ""
    at: Where = Where("")


class ScenarioFile(FileTable, frozen=True, kw_only=True):
    """The whole file."""

    format: Annotated[int, up_to(FORMAT, FORMAT)]
    kind: Annotated[str, one_of((KIND,))]
    title: Needed
    machine: MachineTable
    sysctl: SysctlTable = SysctlTable()
    costs: CostsTable = CostsTable()
    disk: DiskTable = DiskTable()
    network: NetworkTable | None = None
    tasks: Annotated[tuple[TaskTable, ...], listed(MAX_TABLES)] = field(default=(), name="task")
    events: Annotated[tuple[Event, ...], listed(400)] = field(default=(), name="event")
    start: StartTable | None = None
