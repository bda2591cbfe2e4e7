"""Progress: the best of each level, whole after crashes, never lost, two writers at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmplay.levels.play.goals import Score
from mmplay.levels.progress import (
    Best,
    add,
    best,
    load,
    merged,
    progress_path,
    progress_text,
    record,
)

WON = "2026-03-13T09:00:00+00:00"
LATER = "2026-03-14T09:00:00+00:00"


pytestmark = pytest.mark.usefixtures("home")


def score(stars: int, acts: int) -> Score:
    return Score(stars > 0, stars, acts, 10, 0, 0, 0)


def test_the_best_run_is_kept() -> None:
    assert load().levels == {}
    assert best("L03") is None
    for stars, acts in ((1, 20), (3, 10), (2, 9), (0, 1)):
        assert record("L03", score(stars, acts)) == ""
    found = best("L03")
    assert found is not None
    assert (found.stars, found.acts) == (3, 10)
    assert load().stars == 3
    rows = progress_path().read_text().splitlines()
    assert len(rows) == 2
    assert json.loads(rows[1])["level"] == "L03"


def test_a_lost_run_leaves_no_file() -> None:
    record("L03", score(0, 4))
    assert not progress_path().exists()


def test_better_is_more_stars_then_fewer_acts_then_earlier() -> None:
    wins = [Best(3, 9, WON), Best(3, 9, LATER), Best(3, 10, WON), Best(2, 1, WON)]
    for place, one in enumerate(wins):
        for other in wins[place + 1 :]:
            assert one.beats(other)
            assert not other.beats(one)
            assert (
                merged({"L": one}, {"L": other}) == merged({"L": other}, {"L": one}) == {"L": one}
            )


DAMAGE = [
    b"\x00\xff",
    b"[" * 5000,
    b'{"level": "L05"}',
    b'{"level": "../x", "stars": 3, "acts": 1, "won": "2026-03-13T09:00:00+00:00"}',
    b'{"level": "L05", "stars": 4, "acts": 1, "won": "2026-03-13T09:00:00+00:00"}',
    b'{"level": "L05", "stars": true, "acts": 1, "won": "2026-03-13T09:00:00+00:00"}',
    b'{"level": "L05", "stars": 3, "acts": -1, "won": "2026-03-13T09:00:00+00:00"}',
    b'{"level": "L05", "stars": 3, "acts": 1, "won": "yesterday"}',
    b'{"level": "L05", "stars": 3, "acts": 1, "won": "2026-03-13"}',
    b"5",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_line_is_kept_aside_and_the_others_count(damage: bytes) -> None:
    path = progress_path()
    path.parent.mkdir(parents=True)
    before = (
        progress_text({"L03": Best(3, 9, WON)})
        + damage
        + b"\n"
        + progress_text({"L04": Best(1, 5, WON)})
    )
    path.write_bytes(before)
    progress = load()
    assert sorted(progress.levels) == ["L03", "L04"]
    assert "cannot be read: 1 line;" in progress.notice
    assert path.read_bytes() == before
    said = record("L06", score(2, 2))
    assert "is kept as" in said
    (aside,) = path.parent.glob("progress-damaged-*.jsonl")
    assert str(aside) in said
    assert aside.read_bytes() == before
    assert sorted(load().levels) == ["L03", "L04", "L06"]
    assert load().notice == ""


def test_an_enormous_file_is_kept_aside() -> None:
    path = progress_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(progress_text({"L03": Best(3, 9, WON)}) + b"x" * (1 << 21))
    assert "cannot be read" in load().notice
    assert "is kept as" in add({"L04": Best(1, 5, WON)})
    assert sorted(load().levels) == ["L03", "L04"]


def test_a_disk_that_takes_nothing_is_told_and_nothing_is_lost(home: Path) -> None:
    record("L03", score(3, 9))
    (home / "file").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(home / "file"))
        assert "progress cannot be kept" in record("L04", score(3, 9))
        assert load().levels == {}
    assert list(load().levels) == ["L03"]


WRITER = """
import sys
from mmplay.levels.progress import Best, add
for n in range(25):
    assert add({f"W{sys.argv[1]}-{n}": Best(1, n, "2026-03-13T09:00:00+00:00")}) == ""
"""


def test_several_writers_at_a_time_lose_nothing() -> None:
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(n)]) for n in range(3)]
    assert [one.wait() for one in running] == [0, 0, 0]
    assert len(load().levels) == 75
    assert not [p for p in progress_path().parent.iterdir() if p.name.endswith(".part")]
