"""What the player has won here, and apart from it what a file claims: the best of each level.

`progress.jsonl` in the state folder: a first line that says what it is, then
`{"level": "L03", "stars": 3, "acts": 17, "won": "2026-03-13T09:26:00+00:00"}`; a win that another
file claims and that nobody saw has `"claimed": true` and earns no stars. It is replaced
whole, under a lock, and read again before: a crash or a second mmplay loses nothing. A file with
lines that cannot be read is kept aside before it is replaced.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from time import sleep
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mmplay.engine.errors import InputError, how_many
from mmplay.recordings.files import replacing, take_lock, user_paths

if TYPE_CHECKING:
    from mmplay.levels.play.goals import Score

HEADER: dict[str, object] = {"schema": 1, "what": "mmplay progress"}
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
    """Best wins by level id: what was won here, and what is only claimed and better than that.

    `notice` says what is wrong with the file, empty if nothing is.
    """

    levels: dict[str, Best]
    notice: str = ""
    claimed: Mapping[str, Best] = MappingProxyType({})

    @property
    def stars(self) -> int:
        """All stars together; claims earn none."""
        return sum(best.stars for best in self.levels.values())

    @property
    def all(self) -> dict[str, Best]:
        """The best of each level, won or claimed."""
        return merged(self.levels, self.claimed)


class KeptWin(NamedTuple):
    """A line of the file."""

    level: str
    best: Best
    claimed: bool


def progress_path() -> Path:
    """Return where progress is kept; the file need not exist."""
    return user_paths()["state"] / "progress.jsonl"


def load(path: Path | None = None) -> Progress:
    """Return the progress in a file, the user's own if none is named; none is no progress."""
    path = path or progress_path()
    try:
        # A pipe would hold us up for ever.
        if not S_ISREG(path.stat().st_mode):
            return Progress({}, f"{path}: is no regular file; move it away to keep your stars")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Progress({})
    except OSError as error:
        return Progress({}, f"{path}: cannot be read: {error.strerror}")
    return _read(data, path)


def _read(data: bytes, path: Path) -> Progress:
    rows: list[KeptWin] = []
    damaged = 1 if len(data) > MAX_BYTES else 0
    for line in filter(None, data[:MAX_BYTES].split(b"\n")):
        try:
            rows += _rows(json.loads(line))
        except (ValueError, RecursionError):
            damaged += 1
    won = _best_of(row for row in rows if not row.claimed)
    claimed = better_claims(won, _best_of(row for row in rows if row.claimed))
    if not damaged:
        return Progress(won, "", claimed)
    unread = f"{path}: cannot be read: {how_many(damaged, 'lines')}; the others count"
    return Progress(won, unread, claimed)


def _best_of(rows: Iterable[KeptWin]) -> dict[str, Best]:
    found: dict[str, Best] = {}
    for row in rows:
        found = merged(found, {row.level: row.best})
    return found


def better_claims(won: Mapping[str, Best], claimed: Mapping[str, Best]) -> dict[str, Best]:
    """Return the claims that are better than what was won here."""
    return {
        level: best for level, best in claimed.items() if level not in won or best.beats(won[level])
    }


def _rows(values: object) -> list[KeptWin]:
    """Return what a line holds, nothing for the header; raises ValueError for a damaged one."""
    if values == HEADER:
        return []
    if not isinstance(values, dict):
        raise ValueError("is no object")
    level, stars, acts = values.get("level"), values.get("stars"), values.get("acts")
    won, claimed = values.get("won"), values.get("claimed", False)
    if not isinstance(level, str) or not _LEVEL.fullmatch(level):
        raise ValueError("names no level")
    if type(stars) is not int or type(acts) is not int or type(claimed) is not bool:
        raise ValueError("has no stars or acts")
    if not (isinstance(won, str) and 1 <= stars <= 3 and 0 <= acts <= MAX_ACTS and _is_time(won)):
        raise ValueError("is no win")
    return [KeptWin(level, Best(stars, acts, won), claimed)]


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


def progress_text(levels: Mapping[str, Best], claimed: Mapping[str, Best] | None = None) -> bytes:
    """Return the lines of a file of progress."""
    rows: list[dict[str, object]] = [HEADER]
    rows += [{"level": level, **best._asdict()} for level, best in sorted(levels.items())]
    rows += [
        {"level": level, **best._asdict(), "claimed": True}
        for level, best in sorted((claimed or {}).items())
    ]
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


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
    return _keep(Progress(dict(levels)))


def claim(levels: Mapping[str, Best]) -> str:
    """Keep what a file claims, apart from what was won here; return what there is to say."""
    return _keep(Progress({}, "", dict(levels)))


def _keep(new: Progress) -> str:
    path = progress_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            return _merge_into(path, new)
    except OSError as error:
        return f"{path}: progress cannot be kept: {error.strerror or error}"
    except InputError as error:
        return str(error)


def _merge_into(path: Path, new: Progress) -> str:
    known = load(path)
    notice = ""
    if known.notice:
        aside = _aside(path)
        shutil.copyfile(path, aside)
        notice = f"{known.notice}; the file as it was is kept as {aside}"
    won = merged(known.levels, new.levels)
    claimed = better_claims(won, merged(known.claimed, new.claimed))
    if (won, claimed) != (known.levels, known.claimed) or notice:
        write(Progress(won, "", claimed), path)
    return notice


def write(progress: Progress, path: Path) -> None:
    """Write progress to a file, whole or not at all; raises OSError, InputError."""
    with replacing(path) as stream:
        stream.write(progress_text(progress.levels, progress.claimed))


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
            if take_lock(lock):
                break
            sleep(LOCK_PAUSE_S)
        yield
