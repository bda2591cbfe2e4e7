"""Reads level files: TOML with a closed vocabulary, into `Level`s. Nothing in it is run as code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmplay.engine.errors import no_such
from mmplay.engine.rules.versions import KERNELS, Kernel, kernel_named
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.watch import OPERATORS
from mmplay.levels.contents import digest_of_content
from mmplay.levels.language import (
    END,
    MAX_TURNS,
    NOW,
    TURN,
    check_counter,
    check_truth,
)
from mmplay.levels.listing import shipped_levels
from mmplay.levels.load_questions import (
    MAX_QUESTIONS,
    ident_of,
    load_questions,
    moment_of,
    option_of,
)
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
from mmplay.levels.reading import MAX_BYTES, read_text, read_toml
from mmplay.levels.sections import MAX_NUMBER, LevelError, Section

FORMAT = 1
MAX_MOVES, MAX_ACTS = 400, 8

ACTS = (*ACTIONS, *VERBS)

__all__ = ["check_moves", "load_level", "read_level", "read_moves", "shipped_levels"]


def load_level(path: Path) -> Level:
    """Read a level file; raises LevelError with file, line and key."""
    return read_level(read_text(path, MAX_BYTES), str(path))


def read_level(text: str, name: str) -> Level:
    """Return the level in a text; raises LevelError."""
    return _level(read_toml(text, name), digest_of_content(text))


def _level(top: Section, content: str) -> Level:
    if top.number("format", required=True) != FORMAT:
        raise top.error("format", f"this mmplay reads format {FORMAT}")
    tables = top.tables("act", MAX_ACTS)
    sections = tables or [top]
    kernels = [kernel_named(one.one_of("kernel", KERNELS, required=True)) for one in sections]
    texts: dict[str, Any] = {
        "content": content,
        "id": ident_of(top, "id"),
        "title": top.text("title", required=True),
        "world": top.number("world", most=99),
        "file": top.place.file,
        "learn": top.text("learn", required=True),
        "story": top.text("story", required=True),
        "against": top.text("against"),
        "recreates": top.text("recreates"),
        "task": top.text("task", required=True),
        "real": _real(top.table("real")),
        "shuffle": top.flag("shuffle"),
        "hints": tuple(_hint(table) for table in top.tables("hint")),
        "solution": _moves(top, "solution"),
        "losing": _moves(top, "losing"),
        "terms": top.texts("terms"),
        "digest": top.text("digest"),
        "random_wins": top.text("random_wins"),
    }
    pairs = zip(sections, kernels, strict=True)
    first, *later = [_act_level(one, kernel, texts) for one, kernel in pairs]
    for table in tables:
        table.done()
    top.done()
    level = first._replace(acts=tuple(one._replace(act=n) for n, one in enumerate(later, 2)))
    _check_whole(level, top)
    return level


def _act_level(section: Section, kernel: Kernel, texts: dict[str, Any]) -> Level:
    """Return one act, or the only one: what is played, on which machine."""
    allow = section.texts("allow", ACTS)
    in_acts = section.place.table == "act"
    return Level(
        **texts,
        kernel=kernel,
        start=load_start(section.table("machine"), kernel),
        max_turns=section.number("max_turns", least=1, most=MAX_TURNS, required=True),
        stride=section.number("stride", default=1, least=1, most=100_000),
        end=moment_of(section, "end"),
        right=section.number("right", default=-1, most=MAX_QUESTIONS),
        allow=allow,
        limits=tuple(_limit(section, one) for one in section.texts("limits")),
        events=tuple(_event(table) for table in section.tables("event", MAX_MOVES)),
        choices=tuple(_choice(section, one, allow) for one in section.texts("choices")),
        wins=tuple(_goal(table) for table in section.tables("win")),
        loses=tuple(_goal(table) for table in section.tables("lose")),
        questions=load_questions(section),
        act_title=section.text("title", required=True) if in_acts else "",
    )


def _check_whole(level: Level, top: Section) -> None:
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


def _limit(top: Section, text: str) -> tuple[str, int]:
    """Return how often something may be done: `NAME COUNT`."""
    name, _, count = text.partition(" ")
    if name not in (*ACTIONS, ALL_ACTS):
        raise top.error("limits", no_such("action", name, (ALL_ACTS, *sorted(ACTIONS))))
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        raise top.error("limits", f"{text[:40]!r}: write 'NAME COUNT', as '{ALL_ACTS} 2'")
    return name, int(count)


def _choice(top: Section, text: str, allow: tuple[str, ...]) -> Option:
    """Return an act to choose: `ACTION VALUE | what is shown`."""
    option = option_of(top, "choices", text)
    name = option.value.partition(" ")[0]
    if name not in ACTIONS:
        raise top.error("choices", no_such("action", name, sorted(ACTIONS)))
    if name not in allow:
        raise top.error("choices", f"{name} is not in `allow`: the player could not do it")
    return option


def _event(table: Section) -> Event:
    event = Event(
        at_us=table.number("at_us", required=True),
        action=table.one_of("action", ACTIONS, required=True),
        value=table.text("value"),
        line=table.place.line(),
    )
    table.done()
    return event


def _goal(table: Section) -> Goal:
    counter = table.text("counter", required=True)
    goal = Goal(
        counter=table.checked("counter", counter, check_counter),
        op=table.one_of("op", OPERATORS, required=True),
        value=table.number("value", least=-MAX_NUMBER, required=True),
        text=table.text("text", required=True),
        at_end=table.one_of("at", (END, NOW), NOW) == END,
        line=table.place.line(),
    )
    table.done()
    return goal


def _hint(table: Section) -> Hint:
    hint = Hint(table.text("text"), table.text("rule"), table.place.line())
    table.done()
    if bool(hint.text) == bool(hint.rule):
        raise table.error("", "a hint has either a text or a rule")
    if hint.rule:
        table.checked("rule", hint.rule, check_truth)
    return hint


def _moves(top: Section, key: str) -> tuple[Move, ...]:
    """Return the moves of an array of tables; `values` are several moves of one action."""
    return tuple(move for table in top.tables(key, MAX_MOVES) for move in _some_moves(table))


def _some_moves(table: Section) -> list[Move]:
    action = table.one_of("action", ACTS, required=True)
    key, value, values = table.text("key"), table.text("value"), table.texts("values")
    turn = table.number("turn", default=-1)
    at = moment_of(table, "at") or (f"{TURN}{turn}" if turn >= 0 else "")
    table.done()
    if values and (key or value):
        raise table.error("values", "stands in the place of key and value")
    texts = [" ".join(one.split()) for one in values] or [f"{key} {value}".strip()]
    return [Move(action, text, at, table.place.line()) for text in texts]


def _real(table: Section) -> Real:
    real = Real(
        function=table.text("function", required=True),
        path=table.text("path", required=True),
        text=table.text("text", required=True),
        leaves_out=table.text("leaves_out", required=True),
        log=table.raw("log"),
    )
    table.done()
    return real


def read_moves(text: str, name: str) -> tuple[Move, ...]:
    """Return the moves of a file of actions: [[solution]] tables alone, or a whole level.

    Raises LevelError.
    """
    top = read_toml(text, name)
    moves = _moves(top, "solution")
    if top.has("format"):
        return moves
    top.done()
    return moves
