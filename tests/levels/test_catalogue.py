"""Finding levels by id, file and pack; packs; golden digests; new levels."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmplay.engine.errors import InputError
from mmplay.levels.authoring import new_level, pack_text, packed, update_digest, with_digest
from mmplay.levels.catalogue import all_levels, find_level, is_kept, is_level_name, levels_folder
from mmplay.levels.level_list import level_lines, shipped_levels
from mmplay.levels.load import read_level
from mmplay.levels.pack import is_pack, levels_in, pack_tables
from tests.levels.proofs import DOOR, level_text

pytestmark = pytest.mark.usefixtures("home")


def course(folder: Path, *ids: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for ident in ids:
        text = level_text(DOOR).replace('"T1"', f'"{ident}"')
        (folder / f"{ident}.toml").write_text(text)
    return folder


def test_shipped_levels_by_id_in_any_case() -> None:
    assert find_level("l03").id == find_level("L03").id == "L03"
    assert is_level_name("l03")
    assert is_level_name("L99")
    assert not is_level_name("incident-next-20160311")


def test_a_typo_is_told_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean L03"):
        find_level("L003")


def test_files_and_packs_by_path(tmp_path: Path) -> None:
    folder = course(tmp_path / "c", "one", "two")
    assert find_level(str(folder / "one.toml")).id == "one"
    text, levels = packed(folder)
    assert [level.id for level in levels] == ["one", "two"]
    pack = tmp_path / "c.toml"
    pack.write_text(text)
    assert is_pack(text)
    assert not is_pack((folder / "one.toml").read_text())
    assert find_level(f"{pack}:TWO").id == "two"
    with pytest.raises(InputError, match=r"holds 2 levels; name one, such as .*c\.toml:one"):
        find_level(str(pack))
    with pytest.raises(InputError, match="no level of this pack; did you mean two"):
        find_level(f"{pack}:tow")
    with pytest.raises(InputError, match="cannot be read"):
        find_level(str(tmp_path / "none.toml"))


def test_the_users_levels_are_listed_and_kept(tmp_path: Path) -> None:
    folder = course(levels_folder(), "mine", "L03")
    (folder / "broken.toml").write_text("format = 1\n")
    (folder / "pack.toml").write_text(packed(course(tmp_path / "c", "a", "b"))[0])
    (folder / "notes.txt").write_text("no level")
    listed = all_levels()[len(shipped_levels()) :]
    by_name = {one.path.name: one for one in listed}
    assert "already" in by_name["L03.toml"].problem
    assert "lacks kernel" in by_name["broken.toml"].problem
    assert [one.level.id for one in listed if one.level] == ["mine", "a", "b"]
    assert find_level("MINE").file == str(folder / "mine.toml")
    own = {line.id: line.name for line in level_lines()[len(shipped_levels()) :]}
    assert {find_level(own[name]).id for name in ("mine", "a", "b")} == {"mine", "a", "b"}
    assert own["a"] == f"{folder / 'pack.toml'}:a"
    assert "broken" in own
    assert is_kept(find_level("mine"))
    assert is_kept(find_level("b"))
    assert is_kept(find_level(str(tmp_path / "c" / "a.toml")))  # the same, from another file
    assert not is_kept(find_level(str(folder / "L03.toml")))


def test_a_folder_without_levels(tmp_path: Path) -> None:
    assert len(all_levels()) == len(shipped_levels())
    with pytest.raises(InputError, match="there is no level here"):
        packed(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        packed(tmp_path / "none")


def test_a_broken_level_does_not_come_into_a_pack(tmp_path: Path) -> None:
    folder = course(tmp_path / "c", "one")
    (folder / "two.toml").write_text(level_text(DOOR, "colour = 1"))
    with pytest.raises(InputError, match=r"c\(two.toml\):\d+: colour"):
        packed(folder)
    (folder / "two.toml").write_text((folder / "one.toml").read_text())
    with pytest.raises(InputError, match="one is in one"):
        packed(folder)


HOSTILE = [
    ("pack = 2\n", "reads pack 1"),
    ("pack = 1\nlevel = 5\n", "write"),
    ("pack = 1\n[[level]]\nname = 'a'\n", "lacks text"),
    ("pack = 1\n[[level]]\nname = 'a'\ntext = 5\n", "must be a text"),
    ("pack = 1\n[[level]]\nname = '../../etc/passwd'\ntext = 'format = 1'\n", "lacks kernel"),
    ("pack = 1\nmore = 1\n", "no key of this table"),
    ("pack = 1\n" + "[[level]]\nname = 'a'\ntext = ''\n" * 101, "at most 100"),
]


@pytest.mark.parametrize(("text", "said"), HOSTILE)
def test_hostile_packs(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        levels_in(path)


@given(st.lists(st.tuples(st.text(), st.text(max_size=300))))
def test_whatever_is_packed_comes_out_as_it_was(texts: list[tuple[str, str]]) -> None:
    texts = [(one, two.replace("\r\n", "\n")) for one, two in texts]
    found = [one[1:] for one in pack_tables(pack_text(texts), "p")]
    assert found == [(name.replace("\r\n", "\n"), text) for name, text in texts]


def test_a_digest_is_written_and_nothing_else(tmp_path: Path) -> None:
    text = level_text(DOOR)
    once = with_digest(text, "abc", "t")
    assert read_level(once, "t").digest == "abc"
    assert once.replace('digest = "abc"\n', "") == text
    twice = with_digest(once, "def", "t")
    assert twice == once.replace("abc", "def")
    path = tmp_path / "t.toml"
    path.write_text(once)
    update_digest(path, "fff")
    assert path.read_text() == once.replace("abc", "fff")
    path.write_text("pack = 1\n")
    with pytest.raises(InputError, match="is a pack"):
        update_digest(path, "fff")


def test_a_new_level_is_one() -> None:
    assert read_level(new_level("mine", "mine.toml"), "mine.toml").id == "mine"
