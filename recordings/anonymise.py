"""Writes a recording again without names. Twice through: first the names are learnt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmplay.engine.printk.form import LineForm, forms
from mmplay.engine.printk.kinds import FIELD_KINDS
from mmplay.recordings.live.numbers import ChangedText, unpacked_text
from mmplay.recordings.log.lines import NEWLINE, LogFormatError, LogItem, LogNote, RawBlock, item_of
from mmplay.recordings.log.prefix import bare_prefix, split_prefix, stored_prefix
from mmplay.recordings.log.scan import Message
from mmplay.recordings.pseudonyms import Names, Scrubber, host_of
from mmplay.recordings.trace.format import Code, TraceError, pack_body, unknown_kind
from mmplay.recordings.trace.reader import Record, TraceReader, open_trace
from mmplay.recordings.trace.writer import TraceWriter

KINDS = ("imported", "live")
"""Recordings that come from a machine; a simulated run has no names."""

TITLE = "anonymised"

PLAIN_KINDS = tuple(
    FIELD_KINDS[name]
    for name in (
        *("symbol", "taint", "mark", "guess", "module", "cache", "counter", "limited"),
        *("release", "registers", "stack", "dots", "died", "nodes", "blocks", "what"),
    )
)
"""Kinds of text that hold the kernel's own words only; any other text may hold a name."""

KEPT_FIELDS = frozenset({"release", "function", "symbol"})
"""Free text that says which kernel it is, or where in it: it stays."""

OWN_PATHS = frozenset({"/proc/buddyinfo", "/proc/vmstat", "/proc/slabinfo", "/dev/kmsg"})
"""Paths that a capture names itself."""

_BLANK = re.compile(r"(?<=\w) (?=\w)")
"""Where a line may be broken."""

SLABINFO = "slabinfo"
_GROUP = re.compile(r"\(.*\)")
"""A slab cache of a control group is named after it: `kmalloc-64(123:a.service)`."""


class Source(NamedTuple):
    """A trace to read: its path and its header."""

    path: Path
    header: dict[str, Any]


def source_of(path: Path) -> Source:
    """Return what is to be rewritten; raises TraceError for what has no names or is no trace."""
    with open_trace(path) as stream:
        header = TraceReader(stream, str(path)).header
    kind = header.get("kind")
    if kind == "simulated":
        raise TraceError(f"{path}: is a simulated run: no name of a machine is in it")
    if kind not in KINDS:
        raise unknown_kind(str(path), kind)
    return Source(path, header)


def new_header(source: Source) -> dict[str, Any]:
    """Return the header of the new trace: the title may name a host or a path."""
    kept = {key: value for key, value in source.header.items() if key != "format"}
    return {**kept, "title": TITLE}


def rewrite(source: Source, writer: TraceWriter) -> None:
    """Write every record of the source without names; raises TraceError for a damaged one."""
    names = Names()
    for record, item in _items(source):
        del record
        _learn(names, item)
    scrubber = Scrubber(names)
    slabs = _Slabs(source.header)
    changed = _Changed(scrubber)
    for record, item in _items(source):
        if isinstance(item, Message) and item.raw is not None:
            for fields in changed.take(item):
                writer.append(Code.PRINTK, fields)
            continue
        for fields in changed.ended():
            writer.append(Code.PRINTK, fields)
        if record.code == Code.MARK:
            fields = [scrubber.text(one) if type(one) is str else one for one in record.fields]
            writer.append(Code.MARK, fields)
        elif item is None:
            writer.append_body(slabs.body(record))
        else:
            writer.append(*_rewritten(scrubber, item))
    for fields in changed.ended():
        writer.append(Code.PRINTK, fields)


_FIELD_CUT = re.compile(r"([a-z_]+)[:()0-9kKB]*[a-zA-Z>]?")


def _field_cut(lost: str) -> str:
    """Return what is left of a zone line's field; nothing if it may be any other text."""
    found = _FIELD_CUT.fullmatch(lost)
    names = forms()["zone/4.5"].names
    return lost if found is not None and any(n.startswith(found[1]) for n in names) else ""


class _Changed:
    """Lines that a transport has changed: what each says is written anew, in the kernel's words."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._messages: list[Message] = []

    def take(self, message: Message) -> list[list[Any]]:
        """Take what a line says, or more of the same line; return the records of the one before."""
        done = self.ended() if message.raw else []
        self._messages.append(message)
        return done

    def ended(self) -> list[list[Any]]:
        """Return the records of the line that has been taken, if there is one."""
        messages, self._messages = self._messages, []
        records = [self._record(one) for one in messages]
        if not records:
            return []
        bare, pieces = messages[0]._replace(raw=None), messages[0].size
        lost = _field_cut(bare.lost)
        if len(messages) > 1 or bare.size > 1 or pieces > 1 or lost:
            texts = [
                text
                for one, fields in zip(messages, records, strict=True)
                for text in one.form.render(dict(zip(one.form.names, fields[2], strict=True)))
            ]
            line = bare_prefix(bare.prefix).text + "#012".join(texts) + (lost and f" {lost}")
            end = bare.end.decode("ascii")
            raw = f"{_broken(line, pieces, end)}{end}".encode("utf-8", "surrogateescape")
            for n, fields in enumerate(records):
                fields += [bare.end, b"" if n else raw, lost]
        elif bare.end != NEWLINE:
            records[0].append(bare.end)
        return records

    def _record(self, message: Message) -> list[Any]:
        values = [
            anonymised_value(self._scrubber, message.form, name, message.values[name])
            for name in message.form.names
        ]
        return [message.form.name, stored_prefix(bare_prefix(message.prefix)), values]


def _items(source: Source) -> Iterator[tuple[Record, LogItem | None]]:
    """Yield every record, with the item of the log if it is one; raises TraceError at damage."""
    number = 1
    with open_trace(source.path) as stream:
        reader = TraceReader(stream, str(source.path))
        try:
            for record in reader:
                item = item_of(record, number)
                yield record, item
                if item is not None and not isinstance(item, LogNote):
                    number += item.size
        except LogFormatError as error:
            raise TraceError(f"{source.path}: {error}") from None
        if reader.ending is not None and reader.ending.damaged:
            at, why = reader.ending.offset, reader.ending.why
            raise TraceError(f"{source.path}: damaged at byte {at}: {why}; nothing was written")


def _learn(names: Names, item: LogItem | None) -> None:
    if isinstance(item, Message):
        names.learn_host(host_of(item.prefix.text))
        if "comm" in item.values:
            names.learn_task(item.values["comm"])
        if "release" in item.values:
            names.releases.add(item.values["release"])
        if item.form.role == "oomkill":
            names.learn_from("", item.values["constraint"])
    elif isinstance(item, RawBlock):
        for _, data in item.lines():
            prefix, text, _ = _parts(data)
            names.learn_from(prefix, text)


def _parts(data: bytes) -> tuple[str, str, str]:
    """Return prefix, text and line end of a line."""
    whole = data.decode("utf-8", "surrogateescape")
    line = whole.rstrip("\r\n")
    prefix, text = split_prefix(line)
    return prefix.text, text, whole[len(line) :]


def _rewritten(scrubber: Scrubber, item: LogItem) -> tuple[Code, list[Any]]:
    if isinstance(item, LogNote):
        return Code.NOTE, [item.line, item.code, _operands(scrubber, item.operands)]
    if isinstance(item, RawBlock):
        text = "".join(_line(scrubber, data) for _, data in item.lines())
        return Code.RAW, [item.size, text.encode("utf-8", "surrogateescape")]
    prefix = item.prefix
    if not prefix.plain:
        prefix = prefix._replace(text=scrubber.prefix(prefix.text))
    values = [
        anonymised_value(scrubber, item.form, name, item.values[name]) for name in item.form.names
    ]
    fields: list[Any] = [item.form.name, stored_prefix(prefix), values]
    if item.end != NEWLINE:
        fields.append(item.end)
    return Code.PRINTK, fields


def _broken(line: str, pieces: int, end: str) -> str:
    """Return a line broken at blanks into so many pieces, as it came; never in its prefix."""
    blanks = [found.start() for found in _BLANK.finditer(line)]
    step = max(1, len(blanks) // pieces)
    for at in blanks[::-1][: (pieces - 1) * step : step]:
        line = f"{line[:at]}{end}{line[at + 1 :]}"
    return line


def _operands(scrubber: Scrubber, operands: dict[str, Any]) -> dict[str, Any]:
    return {
        key: scrubber.text(value) if type(value) is str and value not in OWN_PATHS else value
        for key, value in operands.items()
    }


def _line(scrubber: Scrubber, data: bytes) -> str:
    prefix, text, end = _parts(data)
    return scrubber.line(prefix, text) + end


def anonymised_value(scrubber: Scrubber, form: LineForm, name: str, value: Any) -> Any:
    """Return one value: a task's name, or a text without names; numbers and symbols stay."""
    if name == "comm":
        bare = value.strip()
        return value.replace(bare, scrubber.pseudonyms.task(bare)) if bare else value
    if name == "cpuset" and not value.startswith("/"):
        return scrubber.pseudonyms.group(value)
    if name == "cache":
        return _GROUP.sub("(group)", value)
    if name == "hardware":
        return scrubber.pseudonyms.hardware(value)
    kind = kind_of(form, name)
    if kind == FIELD_KINDS["pairs"]:
        return [[scrubber.text(label), *rest] for label, *rest in value]
    if type(value) is not str or name in KEPT_FIELDS or kind in PLAIN_KINDS:
        return value
    before = literal_before(form, name)
    text = scrubber.text(before + value)
    return text[len(before) :] if text.startswith(before) else scrubber.text(value)


def kind_of(form: LineForm, name: str) -> object:
    """Return the kind of a form's field."""
    return next(
        kind
        for part in form.parts
        for own, kind in zip(part.names, part.kinds, strict=True)
        if own == name
    )


def literal_before(form: LineForm, name: str) -> str:
    """Return what a form prints before a field: it tells what the field is."""
    return next(part.literals[part.names.index(name)] for part in form.parts if name in part.names)


class _Slabs:
    """Leaves out slabinfo where it names control groups: `kmalloc-64(123:a.service)`."""

    def __init__(self, header: dict[str, Any]) -> None:
        files = header.get("files")
        self._at = files.index(SLABINFO) if isinstance(files, list) and SLABINFO in files else -1
        self._left_out = False

    def body(self, record: Record) -> bytes:
        """Return a sample's record as it is written."""
        fields = list(record.fields)
        place = self._at + 1
        if self._at >= 0 and record.code in (Code.SAMPLE_KEY, Code.SAMPLE) and place < len(fields):
            if type(fields[place]) is bytes:
                try:
                    text = unpacked_text(fields[place])
                except ChangedText:
                    text = b"("
                self._left_out = b"(" in text
            if self._left_out:
                fields[place] = None
        return pack_body(record.code, fields)
