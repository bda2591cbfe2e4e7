"""A folder that Gradescope takes as an autograder: two scripts, the assignment, the wheels."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from mmplay.engine.errors import InputError

DATA = Path(__file__).parent / "data"
SCRIPTS = ("setup.sh", "run_autograder")
ASSIGNMENT = "assignment.toml"
WHEEL = ".whl"
OWNER_ONLY, RUNNABLE = 0o600, 0o755


def write_autograder(folder: Path, assignment: Path, wheels: Sequence[Path]) -> list[Path]:
    """Write the folder, which must be new or empty; return its files.

    Raises InputError for what is no wheel, and for a folder with something in it, OSError for the
    disk, which leaves nothing behind.
    """
    for wheel in wheels:
        if wheel.suffix != WHEEL or not wheel.is_file():
            raise InputError(f"{wheel}: is no wheel, a file that ends in {WHEEL}")
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError(f"{folder}: there is something in it already; name a new folder")
    try:
        return _filled(folder, assignment, wheels)
    except BaseException:
        for one in folder.iterdir():
            one.unlink()
        if new:
            folder.rmdir()
        raise


def _filled(folder: Path, assignment: Path, wheels: Sequence[Path]) -> list[Path]:
    written = [_copied(DATA / name, folder / name, RUNNABLE) for name in SCRIPTS]
    written.append(_copied(assignment, folder / ASSIGNMENT, OWNER_ONLY))
    return [*written, *(_copied(wheel, folder / wheel.name, 0o644) for wheel in wheels)]


def _copied(source: Path, target: Path, mode: int) -> Path:
    shutil.copyfile(source, target)
    target.chmod(mode)
    return target
