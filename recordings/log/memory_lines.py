"""The lines of a Mem-Info dump."""

from __future__ import annotations

from collections.abc import Callable

from mmplay.engine.printk.form import Values
from mmplay.engine.report import FreeBlocks, MemDump, Report, ReportKind, ZoneDump
from mmplay.recordings.log.builder import MOST_ROWS, OpenReport, ReportBuilder
from mmplay.recordings.log.scan import Message

NO_VALUES = frozenset({"node", "zone", "pairs", "more", "all_unreclaimable"})
"""Fields of a line that are not numbers of their own."""


def meminfo(builder: ReportBuilder, message: Message) -> None:
    """`Mem-Info:` opens the dump of the current report, or a report of its own."""
    opened = builder.current(message)
    if opened is None or opened.report.memory is not None or opened.report.kill is not None:
        opened = builder.begin(message, ReportKind.DUMP)
    opened.traced = False
    opened.report.memory = MemDump(message.prefix.time_us)
    builder.claim(opened, message)


def _dump(
    builder: ReportBuilder, message: Message, again: Callable[[MemDump], bool]
) -> tuple[OpenReport, MemDump]:
    """Return the dump a line belongs to; a new one if `again` says it has that line."""
    opened = builder.current(message)
    if opened is None or not _takes(opened.report, again):
        opened = builder.begin(message, ReportKind.DUMP)
    dump = opened.report.memory
    if dump is None:
        dump = opened.report.memory = MemDump(message.prefix.time_us)
    builder.claim(opened, message)
    return opened, dump


def _takes(report: Report, again: Callable[[MemDump], bool]) -> bool:
    """Tell whether a line is of this report's dump, or begins one that has lost its `Mem-Info:`."""
    if report.memory is not None:
        return not again(report.memory)
    return report.request is not None and report.kill is None and report.kind in WITH_DUMP


WITH_DUMP = frozenset((ReportKind.FAILURE, ReportKind.OOM_KILL, ReportKind.STALL))
"""Reports in which the kernel prints its memory."""


def _zone_of(
    builder: ReportBuilder, message: Message, has: Callable[[MemDump, int, str], bool]
) -> tuple[OpenReport, MemDump, ZoneDump]:
    """Return the dump and the zone a line belongs to; a new dump if it `has` the zone's line."""
    node, name = message.values.get("node", 0), message.values["zone"]
    opened, dump = _dump(builder, message, lambda dump: has(dump, node, name))
    zone = dump.zone(name, node)
    if zone is None:
        zone = ZoneDump(node, name)
        dump.zones.append(zone)
    return opened, dump, zone


def inside(builder: ReportBuilder, message: Message) -> None:
    """Lines of a dump that carry nothing that is used: per-CPU lists, profiled allocations."""
    opened = builder.current(message)
    if opened is not None and opened.report.memory is not None:
        builder.claim(opened, message)


_BINARY = {"B": -1, "KiB": 0, "MiB": 1, "GiB": 2, "TiB": 3, "PiB": 4, "EiB": 5}


def allocation(builder: ReportBuilder, message: Message) -> None:
    """One line of the largest allocations (6.10 and later, CONFIG_MEM_ALLOC_PROFILING)."""
    opened = builder.current(message)
    dump = opened.report.memory if opened is not None else None
    if opened is None or dump is None or len(dump.sites) >= MOST_ROWS:
        return
    values = message.values
    place = values["place"].partition(" ")[0]
    dump.sites.append((f"{values['symbol']} ({place})", _kb_of(values["bytes"])))
    builder.claim(opened, message)


def _kb_of(size: int | str) -> int:
    """Return kB of a number of bytes, or of a size such as `1.50 GiB`."""
    if isinstance(size, int):
        return size // 1024
    number, unit = size.split()
    whole, _, part = number.partition(".")
    hundredths = int(whole) * 100 + int(part.ljust(2, "0")[:2] or 0)
    rank = _BINARY[unit]
    return hundredths // 102400 if rank < 0 else hundredths * 1024**rank // 100


def totals(builder: ReportBuilder, message: Message) -> None:
    """Totals in pages, as one block or as single lines."""
    values = _numbers(message.values)
    _, dump = _dump(builder, message, lambda dump: bool(values.keys() & dump.totals.keys()))
    dump.totals.update(values)


def zone(builder: ReportBuilder, message: Message) -> None:
    """One zone's line."""
    values = message.values
    opened, _, zone = _zone_of(builder, message, _has_line)
    zone.time_us = message.prefix.time_us
    zone.kb = _numbers(values)
    zone.all_unreclaimable = values.get("all_unreclaimable")
    zone.cut = message.lost
    opened.zone = zone


def node(builder: ReportBuilder, message: Message) -> None:
    """One node's line (4.8 and later)."""
    node = message.values["node"]
    _, dump = _dump(builder, message, lambda dump: node in dump.nodes)
    dump.nodes[node] = _numbers(message.values)


def reserve(builder: ReportBuilder, message: Message) -> None:
    """`lowmem_reserve[]:` of the zone printed before it."""
    opened = builder.current(message)
    if opened is None or opened.zone is None:
        return
    opened.zone.reserve = tuple(message.values["reserve"])
    builder.claim(opened, message)


def blocks(builder: ReportBuilder, message: Message) -> None:
    """The free lists of one zone."""
    values = message.values
    _, dump, zone = _zone_of(builder, message, _has_blocks)
    zone.blocks = tuple(
        FreeBlocks(order, count, size_kb, letters)
        for order, (count, size_kb, letters) in enumerate(values["blocks"])
    )
    zone.blocks_total_kb = values["total"]
    for one in dump.zones:
        one.page_kb = max(1, zone.blocks[0].size_kb)


def hugepages(builder: ReportBuilder, message: Message) -> None:
    """One line per node and huge page size."""
    values = message.values
    _, dump = _dump(
        builder,
        message,
        lambda dump: len(dump.hugepages) >= MOST_ROWS or values in dump.hugepages,
    )
    dump.hugepages.append(dict(message.values))


def tail(builder: ReportBuilder, message: Message) -> None:
    """The closing lines: page cache, swap, RAM."""
    values = message.values
    _, dump = _dump(builder, message, lambda dump: bool(values.keys() & dump.tail.keys()))
    dump.tail.update(values)


def _numbers(values: Values) -> dict[str, int]:
    """Return the numeric fields of a line, those of its key:value pairs included."""
    numbers = {name: value for name, value in values.items() if name not in NO_VALUES}
    for name, value, _ in (*values.get("pairs", ()), *values.get("more", ())):
        # `isolated(anon)` is the field isolated_anon.
        numbers[name.replace("(", "_").rstrip(")")] = value
    return numbers


def _has_line(dump: MemDump, node: int, name: str) -> bool:
    """Tell whether this line must be of another dump."""
    zone = dump.zone(name, node)
    return bool(zone.kb) if zone is not None else len(dump.zones) >= MOST_ROWS


def _has_blocks(dump: MemDump, node: int, name: str) -> bool:
    """Tell whether these free lists must be of another dump."""
    zone = dump.zone(name, node)
    return zone.blocks is not None if zone is not None else len(dump.zones) >= MOST_ROWS
