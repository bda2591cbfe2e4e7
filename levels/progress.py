"""What the player has won: one line a level in a readable file, the best of each.

`progress.jsonl` in the state folder: a first line that says what it is, then
`{"level": "L03", "stars": 3, "acts": 17, "won": "2026-03-13T09:26:00+00:00"}`. It is replaced
whole, under a lock, and read again before: a crash or a second mmplay loses nothing. A file with
lines that cannot be read is kept aside before it is replaced.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, NamedTuple, TextIO

from mmplay.engine.errors import InputError
from mmplay.recordings.paths import user_paths
from mmplay.recordings.replacing import replacing

try:
    import fcntl
except ImportError:  # Windows has no flock: the file is still replaced whole
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from mmplay.levels.play.goals import Score

HEADER = {"schema": 1, "what": "mmplay progress"}
MAX_BYTES = 1 << 20
MAX_ACTS = 1_000_000
LOCK_TRIES, LOCK_PAUSE_S = 50, 0.02

_LEVEL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)


class Best(NamedTuple):
    """The best win of a level: stars, acts, and when (ISO 8601, UTC)."""

    stars: int
    acts: int
    won: str

    def beats(self, other: Best) -> bool:
        """Tell whether this win is better: more stars, else fewer acts, else earlier."""
        return (-self.stars, self.acts, self.won) < (-other.stars, other.acts, other.won)


class Progress(NamedTuple):
    """All best wins by level id, and what is wrong with the file, empty if nothing is."""

    levels: dict[str, Best]
    notice: str = ""

    @property
    def stars(self) -> int:
        """All stars together."""
        return sum(best.stars for best in self.levels.values())


def progress_path() -> Path:
    """Return where progress is kept; the file need not exist."""
    return user_paths()["state"] / "progress.jsonl"


def load(path: Path | None = None) -> Progress:
    """Return the progress in a file, the user's own if none is named; none is no progress."""
    path = path or progress_path()
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Progress({})
    except OSError as error:
        return Progress({}, f"{path}: cannot be read: {error.strerror}")
    return _read(data, path)


def _read(data: bytes, path: Path) -> Progress:
    levels: dict[str, Best] = {}
    damaged = 1 if len(data) > MAX_BYTES else 0
    lines = data[:MAX_BYTES].split(b"\n")
    for line in filter(None, lines):
        found = _line(line)
        if found is None:
            damaged += 1
        elif found[0]:
            levels = merged(levels, {found[0]: found[1]})
    if not damaged:
        return Progress(levels)
    return Progress(levels, f"{path}: {damaged} lines cannot be read; the others count")


def _line(line: bytes) -> tuple[str, Best] | None:
    """Return level and win of a line, an empty level for the header, None for a damaged line."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if values == HEADER:
        return "", Best(0, 0, "")
    if not isinstance(values, dict):
        return None
    level, stars, acts = values.get("level"), values.get("stars"), values.get("acts")
    won = values.get("won")
    if not isinstance(level, str) or not _LEVEL.fullmatch(level):
        return None
    if type(stars) is not int or type(acts) is not int or not isinstance(won, str):
        return None
    fine = 1 <= stars <= 3 and 0 <= acts <= MAX_ACTS and _is_time(won)
    return (level, Best(stars, acts, won)) if fine else None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def merged(one: Mapping[str, Best], other: Mapping[str, Best]) -> dict[str, Best]:
    """Return the best of both."""
    found = dict(one)
    for level, best in other.items():
        if level not in found or best.beats(found[level]):
            found[level] = best
    return found


def text_of(levels: Mapping[str, Best]) -> bytes:
    """Return the lines of a file of progress."""
    rows = [{"level": level, **best._asdict()} for level, best in sorted(levels.items())]
    return "".join(f"{json.dumps(row)}\n" for row in (HEADER, *rows)).encode()


def best(level_id: str) -> Best | None:
    """Return the best win of a level, None if it was never won."""
    return load().levels.get(level_id)


def record(level_id: str, score: Score) -> str:
    """Keep a finished run if it is the best; return what went wrong, empty if nothing did."""
    if not score.won:
        return ""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return add({level_id: Best(score.stars, score.acts, now)})


def add(levels: Mapping[str, Best]) -> str:
    """Merge wins into the user's file; return what there is to say, empty if nothing."""
    path = progress_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            return _merge_into(path, levels)
    except OSError as error:
        return f"{path}: progress cannot be kept: {error.strerror or error}"
    except InputError as error:
        return str(error)


def _merge_into(path: Path, levels: Mapping[str, Best]) -> str:
    known = load(path)
    notice = ""
    if known.notice:
        aside = _aside(path)
        shutil.copyfile(path, aside)
        notice = f"{known.notice}; the file as it was is kept as {aside}"
    together = merged(known.levels, levels)
    if together != known.levels or notice:
        write(together, path)
    return notice


def write(levels: Mapping[str, Best], path: Path) -> None:
    """Write progress to a file, whole or not at all; raises OSError, InputError."""
    with replacing(path) as stream:
        stream.write(text_of(levels))


def _aside(path: Path) -> Path:
    """Return a name beside a file that is not taken."""
    when = datetime.now().strftime("%Y%m%d-%H%M%S")
    for number in range(1000):
        aside = path.with_name(f"{path.stem}-damaged-{when}-{number}{path.suffix}")
        if not aside.exists():
            return aside
    raise FileExistsError(f"{path}: no name is left beside it")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file while it is read and replaced; go on without if it is never free."""
    with path.with_suffix(".lock").open("a") as lock:
        for _ in range(LOCK_TRIES):
            if _taken(lock):
                break
            sleep(LOCK_PAUSE_S)
        yield


def _taken(lock: TextIO) -> bool:
    """Take the lock if it is free; tell whether there is nothing to wait for."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
