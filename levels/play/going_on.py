"""Going on with a level that was left unfinished: its run is made again from its recording."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mmplay.engine.errors import InputError
from mmplay.levels.model import Level
from mmplay.levels.play.goals import Outcome
from mmplay.levels.play.regrade import is_level_run, play_again, result_of
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, following
from mmplay.recordings.library import played_files
from mmplay.recordings.run.store import Loaded, load_session, open_writer
from mmplay.recordings.trace.reader import TraceReader, open_trace


class _StageFile(NamedTuple):
    """The recording of one stage of a level; a level without stages is its own first."""

    path: Path
    number: int


def go_on_recorded(level: Level, path: Path | None = None) -> LevelRun | None:
    """Return the run of a level that was left unfinished, made again from its recording.

    It is the one in `path`, else the latest of this level. None if that one was finished, or
    cannot be made again from the level at hand. The run goes on in a new file, which holds all of
    the old one; the old one then goes, if whoever wrote it ended it.
    """
    stages = _stages_of(level, path)
    try:
        loaded = [_loaded(stage.path) for stage in stages]
        if not loaded or result_of(loaded[-1].session) not in ("", Outcome.PLAYING):
            return None
        run = _made_again(level, loaded)
    except (InputError, OSError):
        return None
    if run is not None:
        _write_anew(run, stages[-1].path, loaded[-1])
    return run


def _stages_of(level: Level, path: Path | None) -> list[_StageFile]:
    """Return the latest recording of a level, behind those of the stages that led to it."""
    files = played_files()
    if path is not None:
        files = files[files.index(path) :] if path in files else [path]
    found: list[_StageFile] = []
    for stage in _recorded_stages(level, files):
        if not found or stage.number == found[0].number - 1:
            found.insert(0, stage)
        if found[0].number == level.stage:
            return found
    return []


def _recorded_stages(level: Level, files: list[Path]) -> Iterator[_StageFile]:
    for path in files:
        try:
            with open_trace(path) as stream:
                header = TraceReader(stream, str(path)).header
        except (InputError, OSError):
            continue
        same = header.get("level") == level.id and header.get("level_digest") == level.content
        number = header.get("stage", level.stage)
        if same and header.get("seed") == level.start.seed and type(number) is int:
            yield _StageFile(path, number)


def _loaded(path: Path) -> Loaded:
    with open_trace(path) as stream:
        return load_session(stream, str(path))


def _made_again(level: Level, loaded: list[Loaded]) -> LevelRun | None:
    """Return the run of the last stage, played as recorded; None if it comes to another state."""
    run: LevelRun | None = begin(level)
    for one in loaded:
        if one is not loaded[0]:
            run = following(run) if run is not None else None
        if run is None or not is_level_run(one.session):
            return None
        play_again(run, one.session)
        if run.session.to_end().state.digest() != one.session.to_end().state.digest():
            return None
    return run if run is not None and run.playing else None


def _write_anew(run: LevelRun, path: Path, old: Loaded) -> None:
    session = run.session
    for mark in old.session.tape.marks:
        session.tape.add(mark)
    writer, session.tape.trouble = open_writer(session.header)
    if writer is None:
        return
    session.tape.write_to(writer)
    session.reached()
    if old.ending.closed and not session.tape.trouble:
        with suppress(OSError):
            path.unlink()
