"""What a log is packed in comes off, layer by layer; memory is bounded, and nothing crashes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.recordings.log import unpacking
from mmplay.recordings.log.importing import import_to_memory
from mmplay.recordings.log.unpacking import unpacked, unpacking_errors
from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text

LOG = incident_text(INCIDENT_NEXT)
TEXT = LOG.decode()


def zstd(data: bytes) -> bytes:
    zstandard = pytest.importorskip("zstandard")
    return bytes(zstandard.ZstdCompressor().compress(data))


def tar(*files: tuple[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("var/log")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


PACKED: dict[str, Callable[[], bytes]] = {
    "plain": lambda: LOG,
    "xz": lambda: lzma.compress(LOG),
    "two streams of xz": lambda: lzma.compress(LOG[:999]) + bytes(4) + lzma.compress(LOG[999:]),
    "gz": lambda: gzip.compress(LOG[:999]) + gzip.compress(LOG[999:]),
    "bz2": lambda: bz2.compress(LOG),
    "zst": lambda: zstd(LOG[:999]) + zstd(LOG[999:]),
    "tar": lambda: tar(("messages", LOG)),
    "tar.xz": lambda: lzma.compress(tar(("messages", LOG))),
    "tar of gz": lambda: tar(("empty", b""), ("messages.1.gz", gzip.compress(LOG))),
    "pax": lambda: tar(("long" * 80, LOG), form=tarfile.PAX_FORMAT),
    "long name": lambda: tar(("long" * 80, LOG)),
    "beside a journal": lambda: tar(("system.journal", b"LPKSHHRH" + bytes(900)), ("a", LOG)),
}


def written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def message_of(path: str) -> str:
    """Return why a log cannot be read; nothing if it can."""
    try:
        import_to_memory(path).close()
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_log_is_read_and_given_back(name: str, tmp_path: Path) -> None:
    with import_to_memory(written(tmp_path / "kern.log", PACKED[name]())) as timeline:
        assert b"".join(timeline.text()) == LOG
        assert len(timeline) == 2


def test_a_tar_of_logs_is_read_in_its_order(tmp_path: Path) -> None:
    cut = incident_text(INCIDENT_RC7).rstrip(b"\n")
    path = written(tmp_path / "logs.tar", tar(("b", cut), ("a", LOG)))
    with import_to_memory(path) as timeline:
        assert b"".join(timeline.text()) == cut + b"\n" + LOG
        assert len(timeline.boots) == 2


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("lost", [1, 40, 700])
def test_a_broken_archive_is_told_in_one_line(name: str, lost: int, tmp_path: Path) -> None:
    path = written(tmp_path / "kern.log", PACKED[name]()[:-lost])
    said = message_of(path)
    assert said == "" or said.startswith(path)
    assert "\n" not in said


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(PACKED)), data=st.data())
def test_no_spoiled_archive_raises_anything_else(
    name: str, data: st.DataObject, tmp_path: Path
) -> None:
    whole = bytearray(PACKED[name]())
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=3)):
        whole[at] = data.draw(st.integers(0, 255))
    assert "\n" not in message_of(written(tmp_path / "kern.log", bytes(whole)))


def test_zstd_without_its_package_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = written(tmp_path / "kern.log.zst", b"\x28\xb5\x2f\xfd" + bytes(20))
    with pytest.raises(InputError, match="zstd -dc"):
        import_to_memory(path)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 1 << 20)
    for pack in (gzip.compress, lzma.compress, bz2.compress):
        path = written(tmp_path / "kern.log", pack(bytes(32 << 20)))
        with pytest.raises(InputError, match="1000 times"):
            import_to_memory(path)


def test_a_window_of_a_gigabyte_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    path = written(tmp_path / "kern.log", lzma.compress(LOG, filters=filters))
    with pytest.raises(InputError, match=r"kern\.log: "):
        import_to_memory(path)


def test_a_long_name_takes_no_memory() -> None:
    header = bytearray(tar(("x", b""))[512:1024])
    header[156:157] = b"L"
    header[124:136] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)

    class Endless:
        """A header, then zeros without end."""

        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            if self.given > 1 << 24:
                raise EOFError("enough")
            return bytes(header) if self.given <= 512 else bytes(size)

    with pytest.raises(unpacking_errors()):
        unpacked(Endless()).stream.read(1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_utf_16_is_read_and_given_back(
    encoding: str, mark: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    text = TEXT + "[   99.000000] Järvi 𝄞 \r\n"
    data = (mark + text).encode(encoding)
    with import_to_memory(written(tmp_path / "kern.log", pack(data))) as timeline:
        assert len(timeline) == 2
        assert b"".join(timeline.text()) == data
        assert [note.code for note in timeline.notes] == ["import.encoding"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(more=st.binary(max_size=40))
def test_any_bytes_in_utf_16_come_back(more: bytes, tmp_path: Path) -> None:
    data = ("\ufeff" + TEXT).encode("utf-16-le") + more
    with import_to_memory(written(tmp_path / "kern.log", data)) as timeline:
        assert b"".join(timeline.text()) == data
