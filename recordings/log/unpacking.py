"""Takes a log out of what it is packed in: xz, gzip, bzip2, zstd, a tar of logs, UTF-16.

Layer by layer, by the first bytes of each; memory stays bounded whatever an archive claims, and one
that unpacks to far more than a log can is refused. UTF-16 is what Windows writes of a text that is
piped into a file: it is read as UTF-8, and given back as it came.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from mmplay.engine.errors import InputError

MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
ENCODINGS = tuple(MARKS.values())
ODD = b"\xff"
"""Stands in UTF-8, which never has it, before a last byte that is half a character."""

_LOOKED_AT = 64


def encoding_of(head: bytes) -> str | None:
    """Return the UTF-16 that a log begins in: by its mark, or by zeros in every other place."""
    if head[:2] in MARKS:
        return MARKS[head[:2]]
    start = head[:_LOOKED_AT]
    if len(start) < _LOOKED_AT:
        return None
    for first, encoding in enumerate(reversed(ENCODINGS)):
        zeros, others = start[first::2], start[1 - first :: 2]
        if zeros.count(0) >= len(zeros) - 2 and others.count(0) == 0:
            return encoding
    return None


class Decoder:
    """UTF-16 into UTF-8, piece by piece; whatever the bytes are, `encoded` gives them back."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")

    def decode(self, data: bytes) -> bytes:
        """Return the next piece."""
        return self._decoder.decode(data).encode("utf-8", "surrogatepass")

    def ended(self) -> bytes:
        """Return what is left: half of a pair of surrogates, half a character."""
        left = self._decoder.getstate()[0]
        self._decoder.reset()
        whole, odd = left[: len(left) & ~1], left[len(left) & ~1 :]
        text = self._decoder.decode(whole, final=True)
        return text.encode("utf-8", "surrogatepass") + (ODD + odd if odd else b"")


def encoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield UTF-8 in the UTF-16 that it was decoded from."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
    for piece in pieces:
        text, _, odd = piece.partition(ODD)
        try:
            yield decoder.decode(text).encode(encoding, "surrogatepass")
        except UnicodeDecodeError:
            # A line that was cut because it was too long may end within a character.
            decoder.reset()
            yield text.decode("utf-8", "replace").encode(encoding, "surrogatepass")
        yield odd


MOST_LAYERS = 4
"""A gzipped member of a tar that is packed itself has four."""

HEAD_BYTES = 512
"""What must be seen of a stream to know what it is: the header of a tar."""

MOST_RATIO = 1000
MOST_UNPACKED = 1 << 30
"""More bytes than this, and more than MOST_RATIO for each packed one, are no log."""

MEMORY_BYTES = 1 << 27
"""What a decompressor may take for its window; `xz -9` needs half of it."""


class Unreadable(InputError):
    """Something packed that cannot be unpacked; the message says why, without the file's name."""


class Reads(Protocol):
    """What a layer is made of: bytes in order, none at the end."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes."""
        ...


class _Begun:
    """A stream whose first bytes have been looked at; counts what was taken."""

    def __init__(self, head: bytes, rest: Reads) -> None:
        self._head = head
        self._rest = rest
        self.taken = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes."""
        if self._head:
            size = len(self._head) if size < 0 else size
            data, self._head = self._head[:size], self._head[size:]
        else:
            data = self._rest.read(size)
        self.taken += len(data)
        return data


class Unpacked(NamedTuple):
    """The bytes of a log, in UTF-8 if it was in the UTF-16 that is named."""

    stream: Reads
    encoding: str | None


def unpacked(raw: Reads) -> Unpacked:
    """Return the log itself. Reading it raises Unreadable, or one of `unpacking_errors`."""
    head, packed = _looked_at(raw)
    stream = packed
    for _ in range(MOST_LAYERS):
        layer = _layer_of(head)
        if layer is None:
            break
        head, stream = _looked_at(layer(stream))
    whole = stream if stream is packed else _Bounded(stream, packed)
    encoding = encoding_of(head)
    return Unpacked(whole if encoding is None else _Joined(_decoded(whole, encoding)), encoding)


def _decoded(stream: Reads, encoding: str) -> Iterator[bytes]:
    decoder = Decoder(encoding)
    while data := stream.read(_STEP):
        yield decoder.decode(data)
    yield decoder.ended()


def _looked_at(stream: Reads) -> tuple[bytes, _Begun]:
    """Return the first bytes of a stream, and all of it."""
    head = _exactly(stream, HEAD_BYTES)
    return head, _Begun(head, stream)


class _Bounded:
    """Refuses what unpacks to far more than it is made of."""

    def __init__(self, stream: Reads, packed: _Begun) -> None:
        self._stream = stream
        self._packed = packed
        self._given = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes; raises Unreadable beyond what a log can unpack to."""
        data = self._stream.read(size)
        self._given += len(data)
        if self._given > MOST_UNPACKED and self._given > MOST_RATIO * self._packed.taken:
            raise Unreadable(
                f"unpacks to more than {MOST_RATIO} times its size: unpack it yourself, and pipe "
                "the log"
            )
        return data


Layer = Callable[[Reads], Reads]


def _layer_of(head: bytes) -> Layer | None:
    """Return what takes the next layer off a stream that starts so; None for a log."""
    for start, layer in LAYERS:
        if head.startswith(start):
            return layer
    if head[TAR_MAGIC_AT:].startswith(b"ustar"):
        return lambda stream: _Joined(tar_members(stream))
    return None


def _xz(stream: Reads) -> Reads:
    return _Joined(_xz_pieces(stream))


def _xz_pieces(stream: Reads) -> Iterator[bytes]:
    """Yield what one or more xz streams hold; zeros may stand between them."""
    lzma = import_module("lzma")
    data = stream.read(_STEP)
    while data:
        one = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MEMORY_BYTES)
        while not one.eof:
            yield one.decompress(data, _STEP)
            data = b"" if not one.needs_input else stream.read(_STEP)
            if not data and one.needs_input and not one.eof:
                raise EOFError("it ends in the middle")
        data = one.unused_data.lstrip(b"\0")
        while not data and (data := stream.read(_STEP)):
            data = data.lstrip(b"\0")


_STEP = 1 << 18


def _gzip(stream: Reads) -> Reads:
    return cast(Reads, import_module("gzip").GzipFile(fileobj=stream))


def _bzip2(stream: Reads) -> Reads:
    return cast(Reads, import_module("bz2").BZ2File(stream))


def _zstd(stream: Reads) -> Reads:
    """Read zstd, which Python knows only from 3.14 on."""
    try:
        zstandard: Any = import_module("zstandard")
    except ImportError:
        raise Unreadable(
            "is packed with zstd, for which the Python package zstandard is needed: "
            "install it, or unpack with 'zstd -dc' and pipe the log"
        ) from None
    decompressor = zstandard.ZstdDecompressor(max_window_size=MEMORY_BYTES)
    return cast(Reads, decompressor.stream_reader(stream, read_across_frames=True))


LAYERS: tuple[tuple[bytes, Layer], ...] = (
    (b"\xfd7zXZ\x00", _xz),
    (b"\x1f\x8b", _gzip),
    (b"BZh", _bzip2),
    (b"\x28\xb5\x2f\xfd", _zstd),
)
"""First bytes of packed streams, and what unpacks them; each loads its library when needed."""


def unpacking_errors() -> tuple[type[BaseException], ...]:
    """Return what reading what is packed may raise besides Unreadable."""
    errors: list[type[BaseException]] = [OSError, EOFError]
    for module, name in (("lzma", "LZMAError"), ("zlib", "error"), ("zstandard", "ZstdError")):
        if module in sys.modules:
            errors.append(getattr(sys.modules[module], name))
    return tuple(errors)


class _Joined:
    """Pieces of any size as one stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes of one piece; none at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        if size < 0:
            size = len(self._left)
        data, self._left = self._left[:size], self._left[size:]
        return data


# tar

TAR_BLOCK = 512
TAR_MAGIC_AT = 257
_SIZE, _SUM, _TYPE = slice(124, 136), slice(148, 156), slice(156, 157)
_FILES = (b"0", b"\0", b"7")
_NO_LOG = (b"LPKSHHRH", b"\x7fELF", b"SQLite format 3", b"\x89PNG", b"PK\x03\x04")
"""How files start that an archive of logs may have beside them."""


def tar_members(stream: Reads) -> Iterator[bytes]:
    """Yield the contents of all plain files of a tar, each ended by a line end, in pieces.

    Members that are packed are unpacked; names and links are passed over. Raises Unreadable where
    the archive is damaged.
    """
    while (header := _exactly(stream, TAR_BLOCK)).strip(b"\0"):
        size = _tar_size(header)
        body = _Part(stream, size)
        if header[_TYPE] in _FILES:
            yield from _member(body)
        body.skip()
        _exactly(stream, -size % TAR_BLOCK)


def _member(body: _Part) -> Iterator[bytes]:
    log = unpacked(body).stream
    last = b"\n"
    first = True
    while piece := log.read(_STEP):
        if first and piece.startswith(_NO_LOG):
            return
        first = False
        last = piece[-1:]
        yield piece
    if last != b"\n":
        yield b"\n"


class _Part:
    """The next so many bytes of a stream."""

    def __init__(self, stream: Reads, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes; raises EOFError where the stream ends too early."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(min(wanted, _STEP)) if wanted else b""
        if wanted and not data:
            raise EOFError("the archive ends in the middle of a file")
        self._left -= len(data)
        return data

    def skip(self) -> None:
        """Read what is left."""
        while self.read(_STEP):
            pass


def _exactly(stream: Reads, size: int) -> bytes:
    """Return so many bytes, fewer only at the end of the stream."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def _tar_size(header: bytes) -> int:
    if len(header) < TAR_BLOCK:
        raise EOFError("the archive ends in the middle")
    blank = header[: _SUM.start] + b" " * 8 + header[_SUM.stop :]
    if _octal(header[_SUM]) != sum(blank):
        raise Unreadable("is a tar archive with a damaged header")
    field = header[_SIZE]
    return int.from_bytes(field[1:], "big") if field[0] == 0x80 else _octal(field)


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    return int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else 0
