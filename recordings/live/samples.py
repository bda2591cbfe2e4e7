"""Where the numbers of a text of /proc stand, and the samples inside a live trace."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, BinaryIO, NamedTuple

from mmplay.engine.report import FreeBlocks, MemDump, ZoneDump
from mmplay.recordings.live.numbers import NUMBER, ChangedText, TextDecoder
from mmplay.recordings.trace.format import MAX_BODY_BYTES, Code, TraceError
from mmplay.recordings.trace.reader import Record, record_at

_ZONE = re.compile(rb"Node (\d+), zone +([A-Za-z0-9]+)")
_FIELD = re.compile(rb" *(?:pages )?([A-Za-z_0-9]+):? +\d+$")

MARKS = ("free", "boost", "min", "low", "high", "present", "managed")
"""Fields of a zone that zoneinfo names as a report does."""

RENAMED = {
    **{
        f"nr_zone_{name}": name
        for name in ("inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable")
    },
    **{
        f"nr_{name}": name
        for name in (
            *("inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable"),
            *("isolated_anon", "isolated_file", "dirty", "writeback", "mapped", "shmem", "bounce"),
            *("slab_reclaimable", "slab_unreclaimable", "unstable", "free_cma", "writeback_temp"),
            "kernel_misc_reclaimable",
        )
    },
    "nr_writeback_temp": "writeback_tmp",
    "nr_zone_write_pending": "writepending",
    "nr_mlock": "mlocked",
    "nr_page_table_pages": "pagetables",
    "nr_sec_page_table_pages": "sec_pagetables",
    "nr_free_pages": "free",
    "scanned": "pages_scanned",
}
"""Names of /proc and what a report calls the same pages."""

TOTALS = (
    *("active_anon", "inactive_anon", "isolated_anon", "active_file", "inactive_file"),
    *("isolated_file", "unevictable", "dirty", "writeback", "unstable", "slab_reclaimable"),
    *("slab_unreclaimable", "mapped", "shmem", "pagetables", "sec_pagetables", "bounce"),
    *("kernel_misc_reclaimable", "free", "free_cma"),
)
"""The totals of a report, in its order; free_pcp is the sum over the zones."""


@dataclass(slots=True)
class ZoneLayout:
    """One zone of zoneinfo: its fields, protection and per-CPU counts by number."""

    node: int
    name: str
    fields: dict[str, int] = field(default_factory=dict)
    protection: tuple[int, ...] = ()
    pcp: list[int] = field(default_factory=list)
    stats: dict[str, int] = field(default_factory=dict)
    unreclaimable: int | None = None


class _Line(NamedTuple):
    """A line, the name it starts with, and the places of its numbers."""

    text: bytes
    name: str
    first: int
    last: int


def _lines(text: bytes) -> Iterator[_Line]:
    """Yield every line with the places of its numbers among all of the text."""
    at = 0
    for line in text.split(b"\n"):
        count = len(NUMBER.findall(line))
        found = _FIELD.match(line)
        name = found[1].decode() if found else ""
        yield _Line(line, name, at, at + count - 1)
        at += count


@lru_cache(maxsize=8)
def zone_layouts(text: bytes) -> tuple[ZoneLayout, ...]:
    """Return the zones of a zoneinfo text, in its order."""
    zones: list[ZoneLayout] = []
    in_node = False
    for line in _lines(text):
        if found := _ZONE.match(line.text):
            zones.append(ZoneLayout(int(found[1]), found[2].decode()))
            in_node = False
        elif not zones:
            continue
        elif line.text.strip() == b"per-node stats":
            in_node = True
        else:
            in_node = in_node and not line.text.startswith(b"  pages free")
            _zone_line(zones[-1], line, in_node)
    return tuple(zones)


def _zone_line(zone: ZoneLayout, line: _Line, in_node: bool) -> None:
    name = RENAMED.get(line.name, line.name)
    if in_node:
        if line.name in RENAMED:
            zone.stats[name] = line.last
    elif line.text.lstrip().startswith(b"protection:"):
        zone.protection = tuple(range(line.first, line.last + 1))
    elif name == "count":
        zone.pcp.append(line.last)
    elif name in ("node_unreclaimable", "all_unreclaimable"):
        zone.unreclaimable = line.last
    elif name in MARKS or line.name in RENAMED:
        zone.fields.setdefault(name, line.last)


@lru_cache(maxsize=8)
def total_places(text: bytes) -> dict[str, int]:
    """Return where each total of a report stands in a vmstat text."""
    found = {RENAMED.get(line.name, ""): line.last for line in _lines(text) if line.name}
    return {name: found[name] for name in TOTALS if name in found}


@lru_cache(maxsize=8)
def list_places(text: bytes) -> dict[tuple[int, str], tuple[int, int]]:
    """Return the first and last place of each zone's free lists in a buddyinfo text."""
    places = {}
    for line in _lines(text):
        if found := _ZONE.match(line.text):
            head = len(NUMBER.findall(found[0]))
            places[int(found[1]), found[2].decode()] = (line.first + head, line.last)
    return places


class Text(NamedTuple):
    """A file of /proc at one moment: a text of the same shape, and the numbers of now."""

    text: bytes
    numbers: Sequence[int]


def memory_of(files: dict[str, Text], time_us: int, page_kb: int) -> MemDump:
    """Return a sample as the dump that a report would have; what was not read is absent."""
    dump = MemDump(time_us)
    zoneinfo, vmstat = files.get("zoneinfo"), files.get("vmstat")
    if vmstat is not None:
        numbers = vmstat.numbers
        dump.totals = {name: numbers[at] for name, at in total_places(vmstat.text).items()}
    if zoneinfo is not None:
        _add_zones(dump, zoneinfo, page_kb)
    if "buddyinfo" in files:
        _add_lists(dump, files["buddyinfo"])
    return dump


def _add_zones(dump: MemDump, zoneinfo: Text, page_kb: int) -> None:
    """Add the populated zones: a report shows no others (show_free_areas)."""
    numbers = zoneinfo.numbers
    for layout in zone_layouts(zoneinfo.text):
        pages = {name: numbers[at] for name, at in layout.fields.items()}
        if layout.stats:
            node = {name: numbers[at] * page_kb for name, at in layout.stats.items()}
            dump.nodes.setdefault(layout.node, node)
        if not pages.get("present"):
            continue
        if layout.pcp:
            pages["free_pcp"] = sum(numbers[at] for at in layout.pcp)
            dump.totals["free_pcp"] = dump.totals.get("free_pcp", 0) + pages["free_pcp"]
        dump.zones.append(
            ZoneDump(
                layout.node,
                layout.name,
                page_kb=page_kb,
                time_us=dump.time_us,
                kb={name: count * page_kb for name, count in pages.items()},
                all_unreclaimable=_yes(numbers, layout.unreclaimable),
                reserve=tuple(numbers[at] for at in layout.protection) or None,
            )
        )


def _yes(numbers: Sequence[int], at: int | None) -> bool | None:
    return None if at is None else bool(numbers[at])


def _add_lists(dump: MemDump, buddyinfo: Text) -> None:
    places = list_places(buddyinfo.text)
    for zone in dump.zones:
        place = places.get((zone.node, zone.name))
        if place is not None:
            counts = buddyinfo.numbers[place[0] : place[1] + 1]
            zone.blocks = tuple(
                FreeBlocks(order, count, zone.page_kb << order, "")
                for order, count in enumerate(counts)
            )


MAX_FILES = 16
MAX_TIME_US = 1 << 52

SAMPLE_CODES = frozenset({Code.SAMPLE_KEY, Code.SAMPLE})


class Samples:
    """Filled while a trace is read, which checks every sample; keeps places and times only."""

    def __init__(self, stream: BinaryIO, name: str, files: Sequence[str]) -> None:
        """No samples yet; `files` are the names of what each holds."""
        self._stream = stream
        self._name = name
        self._files = tuple(files)
        self._times = array("q")
        self._offsets = array("Q")
        self._keys = array("Q")
        self._reading = self._decoders()
        self._shown = self._decoders()
        self._shown_at = -1
        # A search reads in a thread of its own: going to a sample is one step.
        self._lock = Lock()

    def _decoders(self) -> tuple[TextDecoder, ...]:
        return tuple(TextDecoder() for _ in self._files)

    def __len__(self) -> int:
        return len(self._times)

    def time_us(self, index: int) -> int:
        """Return when a sample was taken."""
        return self._times[index]

    def nearest(self, time_us: int) -> int | None:
        """Return the sample nearest to a moment, None without samples."""
        if not self._times:
            return None
        after = bisect_right(self._times, time_us)
        near = [index for index in (after - 1, after) if 0 <= index < len(self._times)]
        return min(near, key=lambda index: abs(self._times[index] - time_us))

    def take(self, record: Record) -> None:
        """Add the next sample; raises TraceError for one that cannot be."""
        try:
            time, stored = self._checked(record)
            for decoder, one in zip(self._reading, stored, strict=True):
                decoder.take(one)
        except (ChangedText, ValueError, TypeError) as error:
            raise TraceError(f"{self._name}: record at byte {record.offset}: {error}") from None
        if record.code == Code.SAMPLE_KEY:
            self._keys.append(len(self._times))
        self._times.append(time)
        self._offsets.append(record.offset)

    def _checked(self, record: Record) -> tuple[int, list[Any]]:
        time, *stored = record.fields
        if type(time) is not int or len(stored) != len(self._files):
            raise ChangedText("a sample has a time and one entry a file")
        is_key = record.code == Code.SAMPLE_KEY
        if is_key and not all(one is None or type(one) is bytes for one in stored):
            raise ChangedText("a first sample has whole texts")
        if not is_key:
            if not self._times:
                raise ChangedText("the first sample is missing")
            time += self._times[-1]
        if not (self._times[-1] if self._times else 0) <= time < MAX_TIME_US:
            raise ChangedText("the time of a sample cannot be")
        return time, stored

    def files(self, index: int) -> dict[str, Text]:
        """Return what could be read at a sample."""
        with self._lock:
            self._go_to(index)
            return {
                name: Text(decoder.text, tuple(decoder.numbers))
                for name, decoder in zip(self._files, self._shown, strict=True)
                if decoder.text is not None and decoder.numbers is not None
            }

    def _go_to(self, index: int) -> None:
        key = self._keys[bisect_right(self._keys, index) - 1]
        if not key <= self._shown_at <= index:
            self._shown = self._decoders()
            self._shown_at = key - 1
        while self._shown_at < index:
            self._shown_at += 1
            record = record_at(self._stream, self._offsets[self._shown_at], MAX_BODY_BYTES)
            for decoder, one in zip(self._shown, record.fields[1:], strict=True):
                decoder.take(one)


def file_names(header: dict[str, Any], name: str) -> list[str]:
    """Return the names of the sampled files as the header has them; raises TraceError."""
    files = header.get("files")
    good = isinstance(files, list) and 0 < len(files) <= MAX_FILES
    if not good or not all(type(one) is str for one in files or ()):
        raise TraceError(f"{name}: the header of a capture names no files")
    return list(files or ())
