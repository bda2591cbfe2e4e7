"""The ways in which a file is spoiled: as bytes, as a chain of records, as lines of text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import msgpack

from mmplay.recordings.log.importing import MAX_LINE_BYTES
from mmplay.recordings.trace.format import MAGIC, Code, check_of, pack_record
from tests.fuzz.hostile import RAW_BODIES, pack, value

Files = dict[str, bytes]
Way = Callable[[Random, bytes, Files], bytes]
"""A way takes the dice, one file, and all files of its kind; it returns another file."""


MANY_BYTES = 4096
"""Only a smaller record is put in many times."""

NUMBERS = (b"0", b"-1", b"64", b"4294967295", b"18446744073709551615", b"9" * 20, b"9" * 5000, b"")
DIGITS = re.compile(rb"[0-9]+")

# bytes


def flipped(random: Random, data: bytes, _: Files) -> bytes:
    """Change a few bits."""
    changed = bytearray(data)
    for _n in range(random.choice((1, 1, 3, 40))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut(random: Random, data: bytes, _: Files) -> bytes:
    """Let the file end early."""
    return data[: random.randrange(len(data))]


def holed(random: Random, data: bytes, _: Files) -> bytes:
    """Take a piece out, or fill it with zeros as a lost page would be."""
    start = random.randrange(len(data))
    end = min(len(data), start + random.choice((1, 7, 100, 4096)))
    return data[:start] + random.choice((b"", bytes(end - start))) + data[end:]


def spliced(random: Random, data: bytes, files: Files) -> bytes:
    """Begin with one file and go on with another."""
    other = files[random.choice(sorted(files))]
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def repeated(random: Random, data: bytes, _: Files) -> bytes:
    """Say a piece again."""
    start = random.randrange(len(data))
    piece = data[start : start + random.randrange(1, 2000)]
    return data[:start] + piece * random.choice((2, 5, 60)) + data[start:]


def overwritten(random: Random, data: bytes, _: Files) -> bytes:
    """Write something over a place."""
    start = random.randrange(len(data))
    noise = random.choice((random.randbytes(8), b"\xff" * 9, b"\xdd\xff\xff\xff\xff", b"\n" * 4))
    return data[:start] + noise + data[start + len(noise) :]


# records


def bodies_of(trace: bytes) -> list[bytes]:
    """Return the bodies of all records."""
    unpacker = msgpack.Unpacker(max_buffer_size=len(trace))
    unpacker.feed(trace[len(MAGIC) :])
    return [body for _, body in unpacker]


def chained(bodies: list[bytes]) -> bytes:
    """Return a recording of these bodies whose checks are all right."""
    pieces, check = [MAGIC], MAGIC
    for body in bodies:
        check = check_of(check, body)
        pieces.append(pack_record(check, body))
    return b"".join(pieces)


def closed(bodies: list[bytes]) -> bytes:
    """Return it with an END record that counts right."""
    kept = bodies[:-1]
    return chained([*kept, pack([int(Code.END), len(kept)])])


def rechained(random: Random, data: bytes, _: Files) -> bytes:
    """Drop, double or move records, and compute the checks anew."""
    bodies = bodies_of(data)
    for _n in range(random.choice((1, 5, 30))):
        at, to = random.randrange(len(bodies)), random.randrange(len(bodies))
        moved = bodies.pop(at) if random.random() < 0.6 else bodies[at]
        if random.random() < 0.7:
            bodies.insert(to, moved)
        if not bodies:
            break
    return closed(bodies) if len(bodies) > 1 else chained(bodies)


def revalued(random: Random, data: bytes, _: Files) -> bytes:
    """Put other values into fields, also deep inside, and compute the checks anew."""
    bodies = bodies_of(data)
    for _n in range(random.choice((1, 1, 4))):
        # Half of them in the record that opens a report: most of the others are call traces.
        at = random.choice((1, random.randrange(len(bodies))))
        record = msgpack.unpackb(bodies[at], unicode_errors="surrogateescape", strict_map_key=False)
        bodies[at] = pack(_changed(random, record))
    return closed(bodies)


def _changed(random: Random, node: Any) -> Any:
    if isinstance(node, list) and node and random.random() < 0.85:
        changed = list(node)
        at = random.randrange(len(changed))
        changed[at] = _changed(random, changed[at])
        return changed
    if isinstance(node, dict) and node and random.random() < 0.8:
        key = random.choice(list(node))
        return {**node, key: _changed(random, node[key])}
    return value(random)


def injected(random: Random, data: bytes, _: Files) -> bytes:
    """Put a hostile record among the others, with checks that fit."""
    bodies = bodies_of(data)
    if random.random() < 0.3:
        body = random.choice(RAW_BODIES)
    else:
        code = random.choice((*map(int, Code), 7, 99, -1, value(random)))
        body = pack([code, *(value(random) for _n in range(random.randrange(4)))])
    at = random.randrange(len(bodies))
    times = random.choice((1, 1, 3, 200)) if len(body) < MANY_BYTES else 1
    return closed([*bodies[:at], *[body] * times, *bodies[at:]])


def lengthened(random: Random, data: bytes, _: Files) -> bytes:
    """Let a record claim a length that it has not."""
    bodies = bodies_of(data)
    head = chained(bodies[: random.randrange(1, len(bodies))])
    size = random.choice((0, 1, 1 << 16, 1 << 24, (1 << 24) + 1, (1 << 32) - 1))
    width = random.choice((1, 2, 4))
    claim = bytes([{1: 0xC4, 2: 0xC5, 4: 0xC6}[width]])
    claim += (size & ((1 << 8 * width) - 1)).to_bytes(width, "big")
    return head + b"\x92\xc4\x08" + random.randbytes(8) + claim + random.randbytes(30)


def headed(random: Random, data: bytes, _: Files) -> bytes:
    """Give the recording another header."""
    header: Any = {"format": 1, "kind": "imported", "title": "demo", "kernel": None}
    for _n in range(random.choice((0, 1, 2))):
        header[random.choice((*header, "writer", "later"))] = value(random)
    if random.random() < 0.1:
        header = value(random)
    return closed([pack([0, header]), *bodies_of(data)[1:]])


# lines


def shuffled(random: Random, data: bytes, files: Files) -> bytes:
    """Mix the lines of two logs, in pieces, some of them torn."""
    other = files[random.choice(sorted(files))]
    lines = data.splitlines(keepends=True) + other.splitlines(keepends=True)
    mixed = []
    for _n in range(random.randrange(1, 60)):
        start = random.randrange(len(lines))
        mixed += lines[start : start + random.choice((1, 2, 10, 70))]
    torn = random.randrange(len(mixed))
    mixed[torn] = mixed[torn][random.randrange(len(mixed[torn])) :]
    return b"".join(mixed)


def renumbered(random: Random, data: bytes, _: Files) -> bytes:
    """Put numbers where there are others: huge, negative, none."""
    words = data.split(b" ")
    for _n in range(random.choice((1, 10, 100))):
        at = random.randrange(len(words))
        number = random.choice(NUMBERS)
        words[at] = random.choice(
            (DIGITS.sub(number, words[at]), words[at] + number, number + b"kB", b"0x" + number)
        )
    return b" ".join(words)


def restamped(random: Random, data: bytes, _: Files) -> bytes:
    """Give lines other prefixes and ends."""
    stamps = (b"[99999999.000001] ", b"[    0.000001][ T7] ", b"<4>", b"> ", b"   ", b"\x1b[31m")
    lines = data.split(b"\n")
    for _n in range(random.choice((3, 30, len(lines)))):
        at = random.randrange(len(lines))
        lines[at] = random.choice(stamps) + lines[at].split(b"] ", 1)[-1]
    return random.choice((b"\n", b"\r\n")).join(lines)


def overlong(random: Random, data: bytes, _: Files) -> bytes:
    """Let a line be as long as the limit, or longer."""
    lines = data.splitlines(keepends=True)
    at = random.randrange(len(lines))
    size = random.choice((MAX_LINE_BYTES - 1, MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 300_000))
    lines.insert(at, random.choice((b"x", b" free:1kB", b" a:1", b"\x00")) * size)
    lines[at] = random.choice((b"", lines[-1])) + lines[at][:size] + random.choice((b"\n", b""))
    return b"".join(lines)


def monotonous(random: Random, data: bytes, _: Files) -> bytes:
    """Say one line of a report thousands of times, with no time between."""
    lines = [line.split(b"] ", 1)[-1] for line in data.splitlines(keepends=True)]
    at = random.randrange(len(lines))
    return b"".join(lines[:at] + [lines[at]] * random.choice((100, 3000)) + lines[at:])


def rewrapped(random: Random, data: bytes, _: Files) -> bytes:
    """Let every line come as some tool shows it, now and then as another one does."""
    way = random.choice(TRANSPORTS)
    lines = []
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        if random.random() < 0.02:
            way = random.choice(TRANSPORTS)
        lines.append(way(line))
    return "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n"


TRANSPORTS: tuple[Callable[[str], str], ...] = (
    lambda line: json.dumps({"MESSAGE": line, "__MONOTONIC_TIMESTAMP": "9" * 15}),
    lambda line: json.dumps({"log": line + "\n", "time": "2025-05-01T10:00:00Z"})[:-1],
    lambda line: '{"MESSAGE":' * 40 + line,
    lambda line: json.dumps({"MESSAGE": list(line.encode("utf-8", "surrogateescape"))}),
    lambda line: f"4,1,99999999999999999999,-;{line}",
    lambda line: f"\x1b[32m{line[:9]}\x1b[0m{line[9:]}\x1b[0m",
    lambda line: f"{line:<300}",
    lambda line: line[:80] + "o",
    lambda line: f"**{line}** ```",
    lambda line: "> " * 50 + line,
    lambda line: "[" * 30 + line,
    lambda line: "a: b: c: d: e: " + line,
    lambda line: line.replace(" ", "#012 ", 5),
    lambda line: "&lt;4&gt;" + "&amp;" * 20 + line,
    lambda line: f"Dec 31 23:59:59 n1 kernel: {line}",
    lambda line: f"Jan  1 00:00:00 n1 kernel: {line}",
    lambda line: f"[? ? 99 99:99:99 9999] {line}",
)
"""What a tool makes of a line, or spoils in it."""


AS_BYTES: tuple[Way, ...] = (flipped, cut, holed, spliced, repeated, overwritten)

WAYS: dict[str, tuple[Way, ...]] = {
    "recordings": (*AS_BYTES, rechained, revalued, revalued, injected, lengthened, headed),
    "logs": (*AS_BYTES, shuffled, renumbered, restamped, overlong, monotonous, rewrapped),
    "packed": AS_BYTES,
}
"""The ways to spoil files of one kind (`tests.fuzz.seeds.FAMILIES`)."""
