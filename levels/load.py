"""Reads level files: TOML with a closed vocabulary, into `Level`s. Nothing in it is run as code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import structs

from mmplay.engine.errors import no_such
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.levels.glossary import check_term
from mmplay.levels.language import (
    TURN,
    check_act,
    check_counter,
    check_moment,
    check_shown,
    check_truth,
)
from mmplay.levels.level_text import (
    MAX_BYTES,
    LevelError,
    Place,
    check_format,
    check_kind,
    digest_of_content,
    flow_texts,
    read_text,
    read_toml,
)
from mmplay.levels.load_questions import check_edges, check_id, read_questions
from mmplay.levels.load_start import load_start
from mmplay.levels.model import (
    ALL_ACTS,
    REPLIES,
    SHARED,
    VERBS,
    Hint,
    Level,
    LevelFile,
    Move,
    MovesFile,
    Option,
    name_and_value,
)
from mmplay.levels.sections import typed

FORMAT, MAX_STAGES = 1, 8
RAW = ("log",)
"""Keys whose texts stand as they are written."""


def load_level(path: Path) -> Level:
    """Read a level file; raises LevelError with file, line and key."""
    return _kept(read_text(path, MAX_BYTES), str(path))


def read_level(text: str, name: str, change: Callable[[Place], None] = lambda top: None) -> Level:
    """Return the level in a text, whose tables `change` may change; raises LevelError."""
    top = read_toml(text, name)
    check_kind(top)
    change(top)
    flow_texts(top, RAW)
    check_format(top, FORMAT)
    content = digest_of_content(text)
    levels = [_stage_level(top, *one, content) for one in _stages(top)]
    later = tuple(one._replace(stage=n) for n, one in enumerate(levels[1:], 2))
    level = levels[0]._replace(stages=later)
    _check_whole(level, top)
    for word in level.terms:
        top.checked("terms", word, check_term)
    return level


@lru_cache(64)  # menus and names look through all levels, 5 ms each
def _kept(text: str, name: str) -> Level:
    return read_level(text, name)


def _stages(top: Place) -> list[tuple[Place, dict[str, Any], str]]:
    """Return place, keys and title of every stage; a level without a [[stage]] is one itself."""
    stages = top.table.get("stage")
    if stages is None:
        return [(top, top.table, "")]
    if not isinstance(stages, list) or not all(isinstance(one, dict) for one in stages):
        raise top.error("stage", f"write [[stage]], at most {MAX_STAGES} of them")
    if not 0 < len(stages) <= MAX_STAGES:
        raise top.error("stage", f"write 1 to {MAX_STAGES} [[stage]] tables")
    of_all = {key: value for key, value in top.table.items() if key != "stage"}
    _refuse(top, of_all.keys() - SHARED, (*SHARED, "stage"))
    found = []
    for number, stage in enumerate(stages):
        place, title = top.at("stage", number), stage.get("title")
        if title is None:
            raise place.error("", "[stage] lacks title")
        if not isinstance(title, str) or not title:
            raise place.error("title", "must be a text that is not empty")
        own = {key: value for key, value in stage.items() if key != "title"}
        _refuse(place, own.keys() & SHARED, ("title", *(_PLAYED - SHARED)))
        found.append((place, {**of_all, **own}, title))
    return found


_PLAYED = {one.encode_name for one in structs.fields(LevelFile)}


def _refuse(place: Place, keys: Iterable[str], known: Iterable[str]) -> None:
    """Complain about keys that do not stand in this table."""
    for key in keys:
        raise place.error(key, no_such("key of this table", key, known))


def _stage_level(top: Place, place: Place, keys: dict[str, Any], title: str, content: str) -> Level:
    """Return one stage, or the only one, checked as far as it can be alone."""
    table = typed(place, LevelFile, keys, SHARED)
    top.checked("id", table.id, check_id)
    if table.end:
        place.checked("end", table.end, check_moment)
    _check_acts(place, table)
    for key, goals in (("win", table.wins), ("lose", table.loses)):
        for number, goal in enumerate(goals):
            place.at(key, number).checked("counter", goal.counter, check_counter)
    for word in table.shows or ():
        place.checked("shows", word, check_shown)
    for number, hint in enumerate(table.hints):
        _check_hint(top.at("hint", number), hint)
    read: dict[str, Any] = {
        "questions": read_questions(place, table.questions),
        "solution": _moves(top, "solution", table.solution),
        "losing": _moves(top, "losing", table.losing),
    }
    known = [one.id for one in read["questions"]]
    if table.act_after and table.act_after not in known:
        raise place.error("act_after", no_such("question of this level", table.act_after, known))
    if table.picture is not None:
        check_edges(place.at("picture"), table.picture, read["questions"])
    return Level(
        **{**structs.asdict(table), **read},
        start=load_start(place.at("machine"), table.kernel),
        file=top.file,
        content=content,
        stage_title=title,
    )


def _check_whole(level: Level, top: Place) -> None:
    """Check what more than one key has a say in."""
    stages = (level, *level.stages)
    for one in stages:
        if not one.wins and not one.questions:
            raise top.error("", "a level needs a [[win]] or an [[ask]]")
    ids = [question.id for one in stages for question in one.questions]
    twice = next((ident for ident in ids if ids.count(ident) > 1), None)
    if twice is not None:
        raise top.error("", f"two stages ask a question {twice!r}")
    for one in stages:
        if one.start.variant_from and one.start.variant_from not in ids:
            problem = no_such("question", one.start.variant_from, ids)
            raise top.error("", f"variant_from: {problem}")
    check_moves(level, (*level.solution, *level.losing), level.file)


def check_moves(level: Level, moves: Iterable[Move], name: str) -> None:
    """Complain about moves of a file that no player of the level could make; raises LevelError."""
    stages = (level, *level.stages)
    ids = [question.id for one in stages for question in one.questions]
    for move in moves:
        if move.action in REPLIES:
            ident = move.value.partition(" ")[0]
            if ident not in ids:
                problem = no_such("question", ident, ids)
                raise LevelError(f"{name}:{move.line}: value: {problem}")
        elif move.action not in (*(name for one in stages for name in one.allow), *VERBS):
            problem = f"{move.action} is not in `allow`: the player could not do it"
            raise LevelError(f"{name}:{move.line}: action: {problem}")


def _check_limit(top: Place, text: str) -> None:
    """Complain unless it says how often something may be done: `NAME COUNT`."""
    name, count = name_and_value(text)
    if name not in (*ACTIONS, ALL_ACTS):
        raise top.error("limits", no_such("action", name, (ALL_ACTS, *sorted(ACTIONS))))
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        raise top.error("limits", f"{text[:40]!r}: write 'NAME COUNT', as '{ALL_ACTS} 2'")


def _check_acts(place: Place, table: LevelFile) -> None:
    for text in table.limits:
        _check_limit(place, text)
    for key, some in (("choices", table.choices), ("in_vain", table.in_vain)):
        for choice in some:
            _check_choice(place, key, choice, table.allow)


def _check_choice(top: Place, key: str, choice: Option, allow: tuple[str, ...]) -> None:
    """Complain unless it is an act that the player could do: `ACTION VALUE | what is shown`."""
    name, _ = name_and_value(choice.value)
    top.checked(key, name, check_act)
    if name not in allow:
        raise top.error(key, f"{name} is not in `allow`: the player could not do it")


def _check_hint(place: Place, hint: Hint) -> None:
    if bool(hint.text) == bool(hint.rule):
        raise place.error("", "a hint has either a text or a rule")
    if hint.rule:
        place.checked("rule", hint.rule, check_truth)


def _moves(top: Place, key: str, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Return the moves of an array of tables; `values` are several moves of one action."""
    found = enumerate(moves)
    return tuple(one for n, move in found for one in _some_moves(top.at(key, n), move))


def _some_moves(place: Place, move: Move) -> list[Move]:
    if move.at:
        place.checked("at", move.at, check_moment)
    at = move.at or (f"{TURN}{move.turn}" if move.turn >= 0 else "")
    if move.values and (move.key or move.value):
        raise place.error("values", "stands in the place of key and value")
    texts = [" ".join(one.split()) for one in move.values]
    texts = texts or [f"{move.key} {move.value}".strip()]
    return [Move(move.action, text, at, move.line) for text in texts]


def read_moves(text: str, name: str) -> tuple[Move, ...]:
    """Return the moves of a file of actions: [[solution]] tables alone, or a whole level.

    Raises LevelError.
    """
    top = read_toml(text, name)
    flow_texts(top, RAW)
    moves = {key: value for key, value in top.table.items() if key == "solution"}
    alone = top.table if "format" not in top.table else moves
    return _moves(top, "solution", typed(top, MovesFile, alone).solution)
