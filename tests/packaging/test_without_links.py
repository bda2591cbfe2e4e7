"""A checkout without symbolic links, as git makes on Windows: it installs, and it works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.share import MADE

TOP = Path(__file__).parents[2]
ROOMS = ("engine", "levels", "recordings", "tui")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation")
EPOCH = "1600000000"

WITHOUT_FCNTL = (
    "import sys; sys.modules['fcntl'] = None; from mmplay.__main__ import main; sys.exit(main())"
)


def called(command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command away from this checkout; its output is text."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        command,
        cwd=TOP.parent,
        env=environment | env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def done(command: list[str], **env: str) -> str:
    """Run what must work."""
    result = called(command, **env)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Clones of the checkout as it is now, with links and without."""
    if shutil.which("git") is None or not (TOP / ".git").exists():
        pytest.skip("needs a git checkout")
    folder = tmp_path_factory.mktemp("clones")
    source = folder / "source"
    source.mkdir()
    names = done(["git", "-C", str(TOP), "ls-files", "-co", "--exclude-standard"]).splitlines()
    for name in names:
        if (TOP / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(TOP / name, source / name, follow_symlinks=False)
    git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    done([*git, "init", "-q"])
    done([*git, "add", "-A"])
    done([*git, "commit", "-qm", "as it is"])
    clone = ["git", "clone", "-q", str(source)]
    without = ["-c", "core.symlinks=false", "-c", "core.autocrlf=true"]
    done([*clone, str(folder / "links")])
    done([*clone, *without, str(folder / "plain")])
    return {"links": folder / "links", "plain": folder / "plain"}


@pytest.fixture(scope="module")
def wheels(clones: dict[str, Path]) -> dict[str, Path]:
    """The wheel of each clone."""
    found = {}
    for name, clone in clones.items():
        out = clone.parent / f"wheel-{name}"
        command = [*PIP, "wheel", *OFFLINE, "-w", str(out), str(clone)]
        done(command, SOURCE_DATE_EPOCH=EPOCH)
        (found[name],) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheels: dict[str, Path]) -> Path:
    """A folder into which the wheel of the clone without links was installed."""
    target = wheels["plain"].parent / "site"
    done([*PIP, "install", *OFFLINE, "--target", str(target), str(wheels["plain"])])
    return target


def test_the_clone_has_no_links(clones: dict[str, Path]) -> None:
    for room in ROOMS:
        assert (clones["links"] / "mmplay" / room).is_symlink()
        assert (clones["plain"] / "mmplay" / room).is_file()


def test_both_build_the_same_wheel(wheels: dict[str, Path]) -> None:
    assert wheels["links"].read_bytes() == wheels["plain"].read_bytes()


def test_the_wheel_holds_every_file_of_the_rooms(wheels: dict[str, Path]) -> None:
    packed = set(zipfile.ZipFile(wheels["plain"]).namelist())
    wanted = {
        f"mmplay/{path.relative_to(TOP).as_posix()}"
        for room in ROOMS
        for path in (TOP / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - packed == set()


def test_the_man_page_and_the_completions_lie_in_the_wheels_data(wheels: dict[str, Path]) -> None:
    packed = zipfile.ZipFile(wheels["plain"]).namelist()
    found = {name.partition(".data/data/share/")[2] for name in packed if ".data/" in name}
    assert found == set(MADE)


LOG = "incident-next-20160311"


@pytest.mark.parametrize(
    "words",
    [
        ("--paths",),
        ("levels", "list"),
        ("speak", "L03"),
        ("explain", LOG),
        ("verify", LOG),
        ("run", "boot", "--until", "1"),
        ("progress",),
    ],
    ids=" ".join,
)
def test_verbs_work_without_links_and_fcntl(
    installed: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done(
        [sys.executable, "-P", "-c", WITHOUT_FCNTL, *words],
        PYTHONPATH=str(installed),
        XDG_STATE_HOME=str(tmp_path / "state"),
        XDG_DATA_HOME=str(tmp_path / "data"),
    )


MENU = """
import asyncio
import mmplay
from mmplay.tui.app import MmplayApp

async def opened():
    app = MmplayApp(None, 0, ascii_only=False, level=None)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        print(type(app.screen).__name__, mmplay.__file__)

asyncio.run(opened())
"""


def test_the_menu_opens_without_links(installed: Path, tmp_path: Path) -> None:
    shown = done(
        [sys.executable, "-P", "-c", MENU],
        PYTHONPATH=str(installed),
        XDG_STATE_HOME=str(tmp_path / "state"),
        XDG_DATA_HOME=str(tmp_path / "data"),
    )
    assert shown.split() == ["MenuScreen", str(installed / "mmplay" / "__init__.py")]


def test_an_editable_install_finds_the_rooms(clones: dict[str, Path]) -> None:
    target = clones["plain"].parent / "editable"
    done([*PIP, "install", *OFFLINE, "--target", str(target), "-e", str(clones["plain"])])
    code = (
        f"import site; site.addsitedir({str(target)!r}); import mmplay.tui as t; print(t.__file__)"
    )
    assert done([sys.executable, "-S", "-P", "-c", code]).strip().startswith(str(clones["plain"]))


def test_an_unpacked_checkout_runs_where_nothing_was_installed(clones: dict[str, Path]) -> None:
    where = "import mmplay.engine.errors as one; print(one.__file__)"
    plain = clones["plain"]
    found = done([sys.executable, "-P", "-c", where], PYTHONPATH=str(plain))
    assert Path(found.strip()) == plain / "engine" / "errors.py"


def test_gradescope_grades_with_the_wheel_that_lies_beside(
    wheels: dict[str, Path], tmp_path: Path
) -> None:
    """Laid out like /autograder: nothing but that folder is named, and nothing is fetched."""
    from mmplay.levels.classroom.writing import write_autograder
    from tests.levels.classes import assignment, assignment_text, hand_in, trace

    (tmp_path / "week3.toml").write_text(assignment_text("L03"), encoding="utf-8")
    source, submission = tmp_path / "source", tmp_path / "submission"
    write_autograder(source, tmp_path / "week3.toml", [wheels["plain"]])
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done([str(source / "setup.sh")], PATH=path)
    submission.mkdir()
    data = hand_in("st02", trace(assignment("L03").played_by("st02", "L03")))
    (submission / "st02.mmhand").write_bytes(data)
    needs = os.pathsep.join(path for path in sys.path if path.endswith("-packages"))
    env = {"AUTOGRADER": str(tmp_path), "PYTHONPATH": needs, "PATH": path}
    done([str(source / "run_autograder")], **env)
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert results["score"] == 10
    assert all(test["status"] == "passed" for test in results["tests"])
    (submission / "st01.mmhand").write_bytes(hand_in("st01", b""))
    (source / "assignment.toml").unlink()
    done([str(source / "run_autograder")], **env)
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert results["score"] == 0
    assert "could not be graded" in results["output"]
