"""Reads scenario files: TOML with a closed vocabulary, as levels are read, into `Scenario`s."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.rules.memory import LEAST_RAM_KB, MOST_RAM_KB
from mmplay.engine.rules.versions import Kernel, simulated_kernel
from mmplay.engine.rules.watermarks import PAGE_KB, ZONES
from mmplay.engine.sim.machine.setup import DiskKind, Flow, Workload
from mmplay.engine.sim.starts.bench import BenchZone
from mmplay.engine.sim.starts.boot import zones_at_boot
from mmplay.levels.level_text import MAX_BYTES, Place, check_format, read_text, read_toml
from mmplay.levels.load_start import (
    MAX_TASKS,
    blocks_of,
    check_parents,
    managed_zone,
    workload_at,
)
from mmplay.levels.scenario.tables import (
    BOOT,
    FORMAT,
    KIND,
    LOG,
    ROW,
    SAMPLE,
    MachineTable,
    Moment,
    NetworkTable,
    ScenarioFile,
    SizedZone,
)
from mmplay.levels.sections import typed

DATA = Path(__file__).parent / "data"
VM = "vm"
MOST_PAGES = {"DMA": 4096, "DMA32": 1 << 20}
"""Where the zones of x86_64 end: MAX_DMA_PFN and MAX_DMA32_PFN (arch/x86/include/asm/dma.h)."""

ALONE = {"sysctl", "costs", "disk", "network", "start"}
"""Keys that only a scenario has, so that one without its `kind` is told what it lacks."""

PRINTED = (LOG, SAMPLE)
"""Starts that say themselves what the zones are."""


class Scenario(NamedTuple):
    """One scenario, read and checked.

    `zones` are empty if the start says what they are.
    """

    place: Place
    table: ScenarioFile
    kernel: Kernel
    zones: tuple[BenchZone, ...]
    workloads: tuple[Workload, ...]
    flow: Flow | None

    @property
    def kind(self) -> str:
        """Where it starts from."""
        return self.table.start.kind if self.table.start is not None else BOOT

    @property
    def folder(self) -> Path:
        """Where the files that it names lie."""
        return Path(self.place.file).parent


def shipped_scenarios() -> list[Path]:
    """Return the scenarios that ship with mmplay, by name."""
    return sorted(DATA.glob("*.toml"))


def scenario_path(name: str) -> Path:
    """Return the path of a scenario: a file, else the one that ships under this name."""
    path = Path(name)
    shipped = {one.name: one for one in shipped_scenarios()}
    return path if path.exists() else shipped.get(name, path)


def is_scenario(path: Path) -> bool:
    """Tell whether a file says that it is a scenario, or has what no other file has.

    Raises LevelError for what cannot be read.
    """
    top = read_toml(read_text(path, MAX_BYTES), str(path)).table
    return bool(top.get("kind") == KIND or ("kind" not in top and top.keys() & ALONE))


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; raises LevelError with file, line and key."""
    return read_scenario(read_text(path, MAX_BYTES), str(path))


def read_scenario(
    text: str, name: str, change: Callable[[Place], None] = lambda top: None
) -> Scenario:
    """Return the scenario in a text, whose tables `change` may change; raises LevelError."""
    top = read_toml(text, name)
    change(top)
    check_format(top, FORMAT)
    _drop_vm(top)
    table = typed(top, ScenarioFile)
    kernel = _kernel(top, table.machine)
    _check_start(top, table)
    network = table.network
    return Scenario(
        place=top,
        table=table,
        kernel=kernel,
        zones=_zones(top, table),
        workloads=_workloads(top, table, kernel),
        flow=None if network is None else _flow(network),
    )


def _drop_vm(top: Place) -> None:
    """Let sysctls be named as sysctl(8) names them, too: `vm.dirty_ratio`, quoted or not."""
    table = top.table.get("sysctl")
    if not isinstance(table, dict):
        return
    inside = table.pop(VM, {})
    named = {**table, **(inside if isinstance(inside, dict) else {VM: inside})}
    top.table["sysctl"] = {key.removeprefix(f"{VM}."): value for key, value in named.items()}


def disk_at(scenario: Scenario, time_ns: int) -> DiskKind:
    """Return the disk as it is at a moment."""
    disk = scenario.table.disk
    rate = [step.pages_per_second for step in disk.rate if step.time_ns <= time_ns]
    return DiskKind(rate[-1] if rate else 0, disk.requests, disk.pages_per_request)


def _kernel(top: Place, machine: MachineTable) -> Kernel:
    """Return the rules of the kernel, which may be a release such as 4.5.0."""
    place, name = top.at("machine"), machine.kernel
    try:
        return simulated_kernel(name)
    except InputError as error:
        raise place.error("kernel", str(error)) from None


def _check_start(top: Place, table: ScenarioFile) -> None:
    if table.start is None:
        return
    place, start = top.at("start"), table.start
    if start.kind == BOOT and (start.file or start.at):
        raise place.error("file" if start.file else "at", "a boot starts from no file")
    if start.kind != BOOT and not start.file:
        raise place.error("", f"[start] lacks file, which a start from a {start.kind} needs")
    if start.kind == ROW and start.at:
        try:
            Moment.of(Decimal(start.at))
        except (ValueError, ArithmeticError):
            said = f"a row is found by its seconds, such as at = 19.5, not by {start.at[:40]!r}"
            raise place.error("at", said) from None


def _zones(top: Place, table: ScenarioFile) -> tuple[BenchZone, ...]:
    """Return the zones as they are given, or by rule from `ram`."""
    place, machine = top.at("machine"), table.machine
    printed = table.start is not None and table.start.kind in PRINTED
    given = tuple(_zone(place.at("zone", n), one, table) for n, one in enumerate(machine.zone))
    if printed and (machine.ram or given):
        key = "ram" if machine.ram else "zone"
        raise place.error(key, f"the {table.start.kind} says which zones there are")  # type: ignore[union-attr]
    if machine.ram and given:
        raise place.error("ram", "give either ram or [[machine.zone]] tables")
    for number, one in enumerate(given):
        _check_zone(place.at("zone", number), one)
    if given:
        _check_order(place, given)
    if printed or given:
        return given
    return _by_ram(place, machine)


def _zone(place: Place, zone: SizedZone, table: ScenarioFile) -> BenchZone:
    if zone.blocks and (table.start is None or table.start.kind == BOOT):
        raise place.error("blocks", "a boot frees all pages, in blocks as large as they come")
    return managed_zone(place, zone)._replace(blocks=blocks_of(place, zone.blocks))


def _by_ram(place: Place, machine: MachineTable) -> tuple[BenchZone, ...]:
    if not machine.ram:
        raise place.error("", "[machine] lacks ram, or [[machine.zone]] tables")
    if not LEAST_RAM_KB <= machine.ram <= MOST_RAM_KB:
        raise place.error("ram", "must be 32M to 1024G")
    for key in ("crashkernel", "log_buf_len"):
        if getattr(machine, key) > machine.ram // 4:
            raise place.error(key, "the kernel does not find so much in one piece")
    return zones_at_boot(machine.ram, machine.crashkernel, machine.log_buf_len)


def _check_zone(place: Place, zone: BenchZone) -> None:
    """Complain about a zone that no kernel would make."""
    most = MOST_PAGES.get(zone.name)
    if most is not None and zone.managed > most:
        problem = f"{zone.name} ends at {most * PAGE_KB // 1024} MB: it has {most} pages at most"
        raise place.error("managed", problem)
    if zone.present and zone.present < zone.managed:
        raise place.error("present", "a zone does not manage more pages than are present")
    minimum, low, high = zone.marks or (0, 0, 0)
    if (low or high) and not minimum <= low <= high:
        raise place.error("marks", "min, low and high rise: kswapd wakes at low, sleeps at high")
    if high > zone.managed:
        raise place.error("marks", f"are above the {zone.managed} pages of the zone: nothing runs")


def _check_order(place: Place, zones: tuple[BenchZone, ...]) -> None:
    order = [ZONES.index(one.name) for one in zones]
    if order != sorted(set(order)):
        raise place.error("zone", "name each zone once, the lowest first")


def _workloads(top: Place, table: ScenarioFile, kernel: Kernel) -> tuple[Workload, ...]:
    tasks = table.tasks
    loads = tuple(
        workload_at(top.at("task", n), one, kernel, one.start_s) for n, one in enumerate(tasks)
    )
    if sum(load.groups * load.per_group for load in loads) > MAX_TASKS:
        raise top.error("task", f"more than {MAX_TASKS} tasks")
    names = [load.name for load in loads]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise top.at("task", number).error("name", f"there is a task {name!r} already")
    check_parents(top, "task", loads)
    return loads


def _flow(network: NetworkTable) -> Flow:
    return Flow(
        frames_per_second=network.frames_per_second,
        frames_per_flow=network.frames_per_flow,
        cpu=0,
        start_ns=network.start_s,
        frame_bytes=network.frame_bytes,
        extension_bytes=network.extension_bytes if network.conntrack_extensions else 0,
    )
