"""Reads level files: TOML with a closed vocabulary, into `Level`s. Nothing in it is run as code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmplay.engine.errors import no_such
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.levels.file import (
    ActsTable,
    ActTable,
    EventTable,
    GoalTable,
    HintTable,
    MovesFile,
    MoveTable,
    SharedTable,
    TitledAct,
)
from mmplay.levels.language import END, TURN, check_counter, check_truth
from mmplay.levels.load_questions import ident_of, load_questions, moment_of, option_of
from mmplay.levels.load_start import load_start
from mmplay.levels.model import (
    ALL_ACTS,
    ANSWER,
    PLACE,
    SKIP,
    VERBS,
    Event,
    Goal,
    Hint,
    Level,
    Move,
    Option,
    Real,
)
from mmplay.levels.sections import typed
from mmplay.levels.source import (
    MAX_BYTES,
    LevelError,
    Place,
    digest_of_content,
    flow_texts,
    read_text,
    read_toml,
)

FORMAT = 1
RAW = ("log",)
"""Keys whose texts stand as they are written."""


def load_level(path: Path) -> Level:
    """Read a level file; raises LevelError with file, line and key."""
    return read_level(read_text(path, MAX_BYTES), str(path))


def read_level(text: str, name: str) -> Level:
    """Return the level in a text; raises LevelError."""
    top = read_toml(text, name)
    flow_texts(top, RAW)
    version = top.table.get("format")
    if isinstance(version, int) and version != FORMAT:
        raise top.error("format", f"this mmplay reads format {FORMAT}")
    own = SharedTable.__struct_fields__
    acts = _acts(top, {key: value for key, value in top.table.items() if key not in own})
    shared = typed(top, SharedTable, {key: top.table[key] for key in own if key in top.table})
    texts = {**_texts(top, shared), "content": digest_of_content(text)}
    levels = [_act_level(place, table, texts) for place, table in acts]
    if not levels:
        raise top.error("act", "a level of acts needs an [[act]]")
    later = tuple(one._replace(act=n) for n, one in enumerate(levels[1:], 2))
    level = levels[0]._replace(acts=later)
    _check_whole(level, top)
    return level


def _acts(top: Place, of: dict[str, Any]) -> list[tuple[Place, ActTable]]:
    """Return place and table of every act; a level without an [[act]] is one itself."""
    own = SharedTable.__struct_fields__
    if "act" not in of:
        return [(top, typed(top, ActTable, of, own))]
    tables = typed(top, ActsTable, of, own).act
    return [(top.at("act", number), one) for number, one in enumerate(tables)]


def _texts(top: Place, shared: SharedTable) -> dict[str, Any]:
    """Return what all acts of a level have in common."""
    hints = enumerate(shared.hint)
    real = shared.real
    return {
        "id": ident_of(top, shared.id),
        "title": shared.title,
        "world": shared.world,
        "file": top.file,
        "learn": shared.learn,
        "story": shared.story,
        "against": shared.against,
        "recreates": shared.recreates,
        "task": shared.task,
        "real": Real(real.function, real.path, real.text, real.leaves_out, real.log),
        "shuffle": shared.shuffle,
        "hints": tuple(_hint(top.at("hint", number), one) for number, one in hints),
        "solution": _moves(top, "solution", shared.solution),
        "losing": _moves(top, "losing", shared.losing),
        "terms": shared.terms,
        "digest": shared.digest,
        "random_wins": shared.random_wins,
    }


def _act_level(place: Place, table: ActTable, texts: dict[str, Any]) -> Level:
    """Return one act, or the only one: what is played, on which machine."""
    kernel = kernel_named(table.kernel)
    return Level(
        **texts,
        kernel=kernel,
        start=load_start(place.at("machine"), kernel),
        max_turns=table.max_turns,
        stride=table.stride,
        end=moment_of(place, "end", table.end),
        right=-1 if table.right is None else table.right,
        allow=table.allow,
        limits=tuple(_limit(place, one) for one in table.limits),
        events=tuple(_event(place.at("event", n), one) for n, one in enumerate(table.event)),
        choices=tuple(_choice(place, one, table.allow) for one in table.choices),
        wins=tuple(_goal(place.at("win", n), one) for n, one in enumerate(table.win)),
        loses=tuple(_goal(place.at("lose", n), one) for n, one in enumerate(table.lose)),
        questions=load_questions(place, table.ask),
        act_title=table.title if isinstance(table, TitledAct) else "",
    )


def _check_whole(level: Level, top: Place) -> None:
    """Check what more than one key has a say in."""
    acts = (level, *level.acts)
    for one in acts:
        if one.needed > len(one.questions):
            problem = f"{one.needed} of {len(one.questions)} questions cannot be right"
            raise top.error("right", problem)
        if not one.wins and not one.questions:
            raise top.error("", "a level needs a [[win]] or an [[ask]]")
    ids = [question.id for one in acts for question in one.questions]
    twice = next((ident for ident in ids if ids.count(ident) > 1), None)
    if twice is not None:
        raise top.error("", f"two acts ask a question {twice!r}")
    for one in acts:
        if one.start.variant_from and one.start.variant_from not in ids:
            problem = no_such("question", one.start.variant_from, ids)
            raise top.error("", f"variant_from: {problem}")
    check_moves(level, (*level.solution, *level.losing), level.file)


def check_moves(level: Level, moves: Iterable[Move], name: str) -> None:
    """Complain about moves of a file that no player of the level could make; raises LevelError."""
    acts = (level, *level.acts)
    ids = [question.id for one in acts for question in one.questions]
    for move in moves:
        if move.action in (ANSWER, PLACE, SKIP):
            ident = move.value.partition(" ")[0]
            if ident not in ids:
                problem = no_such("question", ident, ids)
                raise LevelError(f"{name}:{move.line}: value: {problem}")
        elif move.action not in (*(name for one in acts for name in one.allow), *VERBS):
            problem = f"{move.action} is not in `allow`: the player could not do it"
            raise LevelError(f"{name}:{move.line}: action: {problem}")


def _limit(top: Place, text: str) -> tuple[str, int]:
    """Return how often something may be done: `NAME COUNT`."""
    name, _, count = text.partition(" ")
    if name not in (*ACTIONS, ALL_ACTS):
        raise top.error("limits", no_such("action", name, (ALL_ACTS, *sorted(ACTIONS))))
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        raise top.error("limits", f"{text[:40]!r}: write 'NAME COUNT', as '{ALL_ACTS} 2'")
    return name, int(count)


def _choice(top: Place, text: str, allow: tuple[str, ...]) -> Option:
    """Return an act to choose: `ACTION VALUE | what is shown`."""
    option = option_of(top, "choices", text)
    name = option.value.partition(" ")[0]
    if name not in ACTIONS:
        raise top.error("choices", no_such("action", name, sorted(ACTIONS)))
    if name not in allow:
        raise top.error("choices", f"{name} is not in `allow`: the player could not do it")
    return option


def _event(place: Place, table: EventTable) -> Event:
    return Event(table.at_us, table.action, table.value, place.line())


def _goal(place: Place, table: GoalTable) -> Goal:
    counter = place.checked("counter", table.counter, check_counter)
    return Goal(counter, table.op, table.value, table.text, table.at == END, place.line())


def _hint(place: Place, table: HintTable) -> Hint:
    if bool(table.text) == bool(table.rule):
        raise place.error("", "a hint has either a text or a rule")
    if table.rule:
        place.checked("rule", table.rule, check_truth)
    return Hint(table.text, table.rule, place.line())


def _moves(top: Place, key: str, tables: tuple[MoveTable, ...]) -> tuple[Move, ...]:
    """Return the moves of an array of tables; `values` are several moves of one action."""
    found = enumerate(tables)
    return tuple(move for n, table in found for move in _some_moves(top.at(key, n), table))


def _some_moves(place: Place, table: MoveTable) -> list[Move]:
    at = moment_of(place, "at", table.at)
    if not at and table.turn is not None:
        at = f"{TURN}{table.turn}"
    if table.values and (table.key or table.value):
        raise place.error("values", "stands in the place of key and value")
    texts = [" ".join(one.split()) for one in table.values]
    texts = texts or [f"{table.key} {table.value}".strip()]
    return [Move(table.action, text, at, place.line()) for text in texts]


def read_moves(text: str, name: str) -> tuple[Move, ...]:
    """Return the moves of a file of actions: [[solution]] tables alone, or a whole level.

    Raises LevelError.
    """
    top = read_toml(text, name)
    flow_texts(top, RAW)
    moves = {key: value for key, value in top.table.items() if key == "solution"}
    alone = top.table if "format" not in top.table else moves
    return _moves(top, "solution", typed(top, MovesFile, alone).solution)
