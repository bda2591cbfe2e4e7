"""`mmplay levels`, `mmplay progress` and `mmplay run LEVEL` as a user calls them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mmplay.__main__ import main
from mmplay.commands import levels_verb
from mmplay.levels.model import Level
from mmplay.levels.progress import Best, add, progress_path
from mmplay.levels.proof import Proof
from tests.levels.proofs import DOOR, level_text

pytestmark = pytest.mark.usefixtures("home")

Run = Any
L03 = Path(__file__).parent.parent.parent / "levels" / "data" / "L03.toml"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; return status, stdout, stderr."""

    def call(*args: str) -> tuple[int, str, str]:
        status = main(list(args))
        out, err = capsys.readouterr()
        assert err.count("\n") <= 1
        return status, out, err

    return call


def test_list_shows_stars(run: Run) -> None:
    status, out, _ = run("levels", "list")
    assert status == 0
    assert "L03  ...  Three lines on the glass" in out
    add({"L03": Best(2, 20, "2026-03-13T09:00:00+00:00")})
    assert "L03  **.  Three lines on the glass" in run("levels", "list")[1]
    rows = {row["id"]: row for row in json.loads(run("levels", "list", "--json")[1])["levels"]}
    assert rows["L03"]["stars"] == 2
    assert rows["L03"]["shipped"]


def test_new_check_update_and_pack(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "course" / "mine.toml"
    path.parent.mkdir()
    assert run("levels", "new", str(path))[0] == 0
    assert run("levels", "new", str(path))[0] == 2
    status, out, _ = run("levels", "check", str(path), "--runs", "20")
    assert status == 1
    assert "BAD digest" in out
    before = path.read_text()
    assert run("levels", "check", str(path), "--update")[0] == 0
    more = [line for line in path.read_text().splitlines() if line not in before.splitlines()]
    assert len(more) == 1
    assert more[0].startswith("digest = ")
    found = json.loads(run("levels", "check", str(path), "--json", "--runs", "20")[1])
    assert found["good"]
    assert all(result["ok"] for result in found["levels"][0]["results"])
    pack = tmp_path / "course.toml"
    assert run("levels", "pack", str(path.parent), "-o", str(pack))[0] == 0
    assert run("levels", "check", str(pack), "--runs", "5")[0] == 0
    assert run("run", str(pack), "--actions", str(path))[0] == 0
    assert run("levels", "check", str(pack), "--update", "--runs", "5")[0] == 0


def test_a_stopped_check_shows_what_is_proven(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.toml").write_text(level_text(DOOR).replace("T1", f"T{name}"))

    def until_b(level: Level, runs: int) -> Proof:
        if level.id == "Tb":
            raise KeyboardInterrupt
        return Proof(level, (), "")

    monkeypatch.setattr(levels_verb, "prove", until_b)
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    status, out, err = run("levels", "check", "--cores", "1", *files)
    assert status == 130
    assert out == "Ta A test: good\n"
    assert err == "mmplay: stopped after 1 of 3 levels\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("levels", "check", "L03", "--cores", "some"), "--cores some"),
        (("levels", "check", "--cores", "1", "--scheduler", "tcp://h:1"), "here, or on a cluster"),
        (("levels",), "list|check|new|pack"),
        (("levels", "lst"), "invalid choice"),
        (("levels", "check", "L99"), "is no level"),
        (("levels", "check", "none.toml"), "cannot be read"),
        (("levels", "check", "L03", "--runs", "many"), "--runs many"),
        (("levels", "new", "mine"), "ends in .toml"),
        (("levels", "new", "5.toml"), "begins with a letter"),
        (("levels", "new", "/nonexistent/mine.toml"), "cannot be written"),
        (("levels", "pack", "/nonexistent", "-o", "x.toml"), "cannot be read"),
        (("run", "L99"), "is no level"),
        (("run", "none.toml"), "cannot be read"),
        (("run", "L03", "--seed", "-1"), "--seed -1"),
        (("run", "L03", "--actions", "none.toml"), "cannot be read"),
        (("run", "L03", "-o", "x.log"), "ends in .mmtrace"),
        (("run", "incident", "--actions", "x.toml"), "is for levels"),
        (("play", "L99"), "is no level"),
        (("speak", "L99"), "is no level"),
        (("progress", "--import", "/nonexistent"), "no such file"),
    ],
)
def test_bad_use_is_one_line(run: Run, args: tuple[str, ...], said: str) -> None:
    status, out, err = run(*args)
    assert status == 2
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_check_goes_on_after_a_file_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.toml", tmp_path / "good.toml"
    bad.write_text("format = 1\n")
    good.write_text(level_text(DOOR))
    status, out, err = run("levels", "check", str(bad), str(good), "--runs", "5")
    assert status == 2
    assert "T1 A test: false" in out
    assert "bad.toml:1:" in err


def test_run_a_level_by_its_solution(run: Run) -> None:
    status, out, _ = run("run", "l03", "--actions", str(L03), "--json")
    assert status == 0
    found = json.loads(out)
    assert (found["level"], found["won"], found["stars"]) == ("L03", True, 3)
    assert found["actions"] == found["par"] == 0
    assert all(one["right"] for one in found["predictions"])
    assert found["goals"][0]["met"]
    assert f'digest = "{found["digest"]}"' in L03.read_text()


def test_run_a_level_by_nobody_is_not_won(run: Run) -> None:
    status, out, _ = run("run", "L03", "--json")
    found = json.loads(out)
    assert (status, found["won"], found["stars"]) == (0, False, 0)
    assert found["predictions"][0] == {
        "id": "try.1",
        "answer": None,
        "right": False,
        "truth": "low",
    }
    assert "8 questions are not answered" in run("run", "L03")[1]


def test_run_records_what_verifies(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.mmtrace"
    assert run("run", "L03", "--actions", str(L03), "-o", str(path))[0] == 0
    assert run("verify", str(path))[0] == 0


def test_actions_that_do_not_fit_name_file_and_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "moves.toml"
    path.write_text('\n[[solution]]\naction = "dirty_ratio"\nvalue = "5"\n')
    status, _, err = run("run", "L03", "--actions", str(path))
    assert status == 2
    assert "moves.toml:2: action: dirty_ratio is not in `allow`" in err


def test_progress_of_another_machine_is_a_claim(run: Run, home: Path) -> None:
    won = Best(2, 20, "2026-03-13T09:00:00+00:00")
    add({"L03": won, "L04": won})
    path = home / "stars.jsonl"
    assert run("progress", "--export", str(path))[0] == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(home / "other"))
        add({"L04": won._replace(stars=3)})
        status, out, _ = run("progress", "--import", str(path))
        assert status == 0
        assert "3 stars in 1 level;" in out
        assert "L03  **.  20 acts" in out.split("Claimed by a file")[1]
        found = json.loads(run("progress", "--json")[1])
        assert (found["stars"], list(found["levels"]), list(found["claimed"])) == (
            3,
            ["L04"],
            ["L03"],
        )
        assert "L03  ...  " in run("levels", "list")[1]
        assert add({"L03": won._replace(acts=1)}) == ""
        assert json.loads(run("progress", "--json")[1])["claimed"] == {}


def test_actions_that_lose_are_checked_and_false(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "moves.toml"
    path.write_text("")
    status, out, _ = run("run", "L03", "--actions", str(path), "--json")
    assert (status, json.loads(out)["won"]) == (1, False)


def test_progress_in_a_pipe_does_not_hang(run: Run) -> None:
    path = progress_path()
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert (
        run("progress")[2]
        == f"mmplay: {path}: is no regular file; move it away to keep your stars\n"
    )
    assert "cannot be kept" in add({"L03": Best(2, 20, "2026-03-13T09:00:00+00:00")})


def test_what_is_no_progress_is_not_imported(run: Run) -> None:
    status, _, err = run("progress", "--import", str(L03))
    assert status == 2
    assert "nothing was imported" in err


def test_nothing_of_a_level_file_reaches_the_terminal_raw(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "a\x1b]0;b\r.toml"
    bad.write_text(f'format = 1\ntitle = "a{chr(27)}[31m"\n')
    _, out, err = run("levels", "check", str(bad))
    _, _, also = run("levels", "new", str(bad))
    for text in (out, err, also):
        assert "\x1b" not in text
        assert "\r" not in text
    assert "\\x1b]0;b\\x0d.toml" in err


def test_a_new_level_of_any_file_name_can_be_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a\nformat = 7\x1b.toml"
    assert run("levels", "new", str(path))[0] == 0
    assert run("levels", "check", str(path), "--runs", "1")[0] == 1
