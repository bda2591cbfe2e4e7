"""What a teacher downloads: folders, zip files, links, path tricks, bombs."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from mmplay.engine.errors import InputError
from mmplay.levels.classroom.collecting import Found, data_of, found_in, names_of
from mmplay.levels.classroom.handin import MAX_HAND_BYTES


def problems(*paths: Path) -> dict[str, str]:
    return {one.label: one.problem for one in found_in(paths)}


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], packed: int = 8) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packed) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_download_as_it_comes(tmp_path: Path) -> None:
    folder = tmp_path / "week3"
    one = folder / "Ann Doe_123_assignsubmission_file_"
    one.mkdir(parents=True)
    (one / "st01.mmhand").write_bytes(b"1")
    (one / "notes.pdf").write_bytes(b"2")
    (folder / ".DS_Store").write_bytes(b"3")
    inner = zipped(("st03.mmhand", b"3"))
    (folder / "all.zip").write_bytes(
        zipped(("x/st02.MMHAND", b"2"), ("inner.zip", inner), ("__MACOSX/x", b""))
    )
    found = found_in([folder])
    labels = {found.label.removeprefix("week3/"): found for found in found}
    assert {*labels} == {
        f"{one.name}/st01.mmhand",
        f"{one.name}/notes.pdf",
        "all.zip/x/st02.MMHAND",
        "all.zip/inner.zip/st03.mmhand",
    }
    assert data_of(labels["all.zip/inner.zip/st03.mmhand"]) == b"3"
    assert data_of(labels["all.zip/x/st02.MMHAND"]) == b"2"
    assert "is no hand-in" in labels[f"{one.name}/notes.pdf"].problem


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.mmhand").write_bytes(b"x")
    (folder / "a.mmhand").symlink_to(tmp_path / "secret.mmhand")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.mmhand")
    link = zipfile.ZipInfo("b.mmhand")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (folder / "z.zip").write_bytes(zipped((link, b"/etc/passwd")))
    found = problems(folder)
    assert found["in/a.mmhand"] == found["in/round"] == "is a link; links are not followed"
    assert found["in/z.zip/b.mmhand"] == "is a link; links are not followed"
    assert found["in/pipe.mmhand"] == "is no regular file"


@pytest.mark.parametrize(
    "name", ["../../x.mmhand", "/etc/x.mmhand", "a\\..\\x.mmhand", "C:\\x.mmhand"]
)
def test_path_tricks_are_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(zipped((name, b"x"), ("st01.mmhand", b"1")))
    found = problems(tmp_path / "z.zip")
    (trick,) = [problem for label, problem in found.items() if problem]
    assert "leads out of the zip file" in trick
    assert found["z.zip/st01.mmhand"] == ""


def test_a_bomb_is_a_line_and_the_rest_is_read(tmp_path: Path) -> None:
    bomb = zipped(("bomb.mmhand", b"\0" * (MAX_HAND_BYTES + 1)), ("st01.mmhand", b"1"))
    assert len(bomb) < 100_000
    (tmp_path / "z.zip").write_bytes(bomb)
    found = problems(tmp_path / "z.zip")
    assert "33 MB unpacked" in found["z.zip/bomb.mmhand"] or "32 MB" in found["z.zip/bomb.mmhand"]
    assert found["z.zip/st01.mmhand"] == ""


def test_a_zip_file_that_lies_about_its_size_is_bounded(tmp_path: Path) -> None:
    honest = zipped(("bomb.mmhand", b"\0" * (MAX_HAND_BYTES + 1)))
    size = (MAX_HAND_BYTES + 1).to_bytes(4, "little")
    (tmp_path / "z.zip").write_bytes(honest.replace(size, (9).to_bytes(4, "little")))
    (one,) = found_in([tmp_path / "z.zip"])
    with pytest.raises(InputError):
        data_of(one)


def test_zips_in_zips_end(tmp_path: Path) -> None:
    data = zipped(("st01.mmhand", b"1"))
    for _ in range(4):
        data = zipped(("deeper.zip", data))
    (tmp_path / "z.zip").write_bytes(data)
    ((label, problem),) = problems(tmp_path / "z.zip").items()
    assert "unpack the outer ones" in problem
    assert label.count("deeper.zip") == 2


def test_what_is_empty_or_damaged_is_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.zip").write_bytes(b"PK\x03\x04 no zip")
    (folder / "b.zip").write_bytes(zipped())
    (folder / "c.zip").write_bytes(zipped(("x.mmhand", b"x" * 50), packed=zipfile.ZIP_LZMA))
    found = problems(folder)
    assert "is no zip file that can be read" in found["in/a.zip"]
    assert "is empty" in found["in/b.zip"]
    assert "packed in a way that is not read" in found["in/c.zip/x.mmhand"]
    assert found["in/sub"] == "is empty: nothing was handed in here"
    with pytest.raises(InputError, match="cannot be read"):
        found_in([tmp_path / "none"])


def test_names_without_what_platforms_add() -> None:
    def names(label: str) -> list[str]:
        return names_of(Found(label, Path("x")))

    assert "st01" in names("x/st01.mmhand")
    assert "st01" in names("Doe Ann_123_assignsubmission_file_st01.mmhand")
    assert "st01" in names("doeann_123_4567_st01-1.mmhand")
    assert "st01" in names("doeann_LATE_123_4567_st01.mmhand")
    assert "st_1_2" in names("x/st_1_2.mmhand")
