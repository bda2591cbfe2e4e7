"""Reads level files: TOML with a closed vocabulary, into `Level`s. Nothing in it is run as code."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISREG
from typing import Any

from mmplay.engine.errors import no_such
from mmplay.engine.kernel.versions import KERNELS, Kernel, kernel_named
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.watch import OPERATORS
from mmplay.levels.language import (
    AFTER,
    END,
    MAX_TURNS,
    NOW,
    START,
    TURN,
    check_act,
    check_counter,
    check_moment,
    check_truth,
    check_when,
)
from mmplay.levels.lines import Lines, excess
from mmplay.levels.listing import shipped_levels
from mmplay.levels.load_start import load_start
from mmplay.levels.model import (
    ALL_ACTS,
    ANSWER,
    CHOICE,
    NUMBER,
    PLACE,
    SKIP,
    TEXT,
    VERBS,
    Event,
    Goal,
    Hint,
    Level,
    Move,
    Option,
    Question,
    Real,
)
from mmplay.levels.sections import MAX_NUMBER, MAX_TEXT, LevelError, Place, Section

FORMAT = 1
MAX_BYTES = 1 << 16
MAX_QUESTIONS, MAX_MOVES, MAX_ACTS = 120, 400, 8

ACTS = (*ACTIONS, *VERBS)

__all__ = ["check_moves", "load_level", "read_level", "read_moves", "shipped_levels"]

BETWEEN = " | "
"""What stands between two words of a line; a bar without blanks joins flags of one mask."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_SLOT = re.compile(r"\{([0-9])\}", re.ASCII)
_WHERE = re.compile(r" \(at line (\d+), column \d+\)$")


def load_level(path: Path) -> Level:
    """Read a level file; raises LevelError with file, line and key."""
    return read_level(read_text(path, MAX_BYTES), str(path))


def read_text(path: Path, most: int) -> str:
    """Return the text of a file of up to `most` bytes; raises LevelError."""
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            if not S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise LevelError(f"{path}: is no regular file")
            data = stream.read(most + 1)
    except OSError as error:
        raise LevelError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise LevelError(f"{path}: is larger than {most} bytes: no level is")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LevelError(f"{path}: is no UTF-8 text at byte {error.start}") from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to must not hold us up."""
    return os.open(path, flags | os.O_NONBLOCK)


def read_level(text: str, name: str) -> Level:
    """Return the level in a text; raises LevelError."""
    return _level(read_toml(text, name))


def read_toml(text: str, name: str) -> Section:
    """Return the top table of a TOML text; raises LevelError."""
    text = text.replace("\r\n", "\n")
    too_much = excess(text)
    if too_much is not None:
        raise LevelError(f"{name}:{too_much[0]}: {too_much[1]}")
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise LevelError(f"{name}: is nested too deeply for a level") from None
    except ValueError as error:
        found = _WHERE.search(str(error))
        line = f":{found[1]}" if found is not None else ""
        problem = _WHERE.sub("", str(error))
        raise LevelError(f"{name}{line}: is no TOML: {problem[:200]}") from None
    return Section(values, Place(name, Lines(text)))


def _level(top: Section) -> Level:
    if top.number("format", required=True) != FORMAT:
        raise top.error("format", f"this mmplay reads format {FORMAT}")
    tables = top.tables("act", MAX_ACTS)
    sections = tables or [top]
    kernels = [kernel_named(one.one_of("kernel", KERNELS, required=True)) for one in sections]
    texts: dict[str, Any] = {
        "id": _ident(top, "id"),
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
        end=_moment(section, "end"),
        right=section.number("right", default=-1, most=MAX_QUESTIONS),
        allow=allow,
        limits=tuple(_limit(section, one) for one in section.texts("limits")),
        events=tuple(_event(table) for table in section.tables("event", MAX_MOVES)),
        choices=tuple(_choice(section, one, allow) for one in section.texts("choices")),
        wins=tuple(_goal(table) for table in section.tables("win")),
        loses=tuple(_goal(table) for table in section.tables("lose")),
        questions=_questions(section),
        act_title=section.text("title", required=True) if in_acts else "",
    )


def _ident(section: Section, key: str) -> str:
    ident = section.text(key, required=True)
    if not _ID.fullmatch(ident):
        raise section.error(key, "write a letter and up to 31 letters, digits, - or _")
    return ident


def _moment(section: Section, key: str) -> str:
    there = section.has(key)
    text = section.text(key)
    return section.checked(key, text, check_moment) if there else text


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


def _option(section: Section, key: str, text: str) -> Option:
    value, bar, shown = text.partition(BETWEEN)
    if not value.strip() or len(text) > 120:
        raise section.error(key, "write 'VALUE | what is shown', or VALUE alone")
    return Option(value.strip(), shown.strip() if bar else value.strip())


def _choice(top: Section, text: str, allow: tuple[str, ...]) -> Option:
    """Return an act to choose: `ACTION VALUE | what is shown`."""
    option = _option(top, "choices", text)
    name = option.value.partition(" ")[0]
    if name not in ACTIONS:
        raise top.error("choices", no_such("action", name, sorted(ACTIONS)))
    if name not in allow:
        raise top.error("choices", f"{name} is not in `allow`: the player could not do it")
    return option


def _questions(top: Section) -> tuple[Question, ...]:
    """Return all questions in order; `after` may name any that stands before."""
    found: list[Question] = []
    for table in top.tables("ask", MAX_QUESTIONS):
        questions = _asked(table)
        group = questions[0].group
        if group in {one.group for one in found}:
            raise table.error("id", f"there is a question {group!r} already")
        _check_after(table, questions[0].at, found)
        found += questions
        if len(found) > MAX_QUESTIONS:
            raise table.error("", f"the level asks more than {MAX_QUESTIONS} questions")
    return tuple(found)


def _check_after(table: Section, at: str, found: list[Question]) -> None:
    if at.startswith(AFTER):
        ident = at.removeprefix(AFTER)
        known = list(dict.fromkeys(name for one in found for name in (one.group, one.id)))
        if ident not in known:
            raise table.error("at", no_such("question before this one", ident, known))


def _asked(table: Section) -> list[Question]:
    """Return the question of a table, once for each line of `each`: {0}, {1} are its words."""
    group = _ident(table, "id")
    options = tuple(_option(table, "options", one) for one in table.texts("options"))
    question = Question(
        id=group,
        text=table.text("text", required=True),
        truth=table.text("truth", required=True),
        kind=table.one_of("kind", (NUMBER, CHOICE, TEXT), CHOICE if options else NUMBER),
        at=_moment(table, "at") or START,
        when=table.text("when", NOW),
        options=options,
        unit=table.text("unit"),
        tolerance=table.number("tolerance"),
        before=tuple(_act(one) for one in table.texts("before")),
        after=tuple(_act(one) for one in table.texts("after")),
        suppose=tuple(_act(one) for one in table.texts("suppose")),
        why=table.text("why"),
        group=group,
        line=table.place.line(),
    )
    if question.kind == CHOICE and len(options) < 2:
        raise table.error("options", "a choice needs two or more")
    if question.kind == NUMBER and options:
        raise table.error("options", "a number is typed, not chosen")
    each = table.texts("each")
    table.done()
    found = [_filled(table, question, n, line) for n, line in enumerate(each, 1)] or [question]
    for one in found:
        table.checked("truth", one.truth, check_truth)
        table.checked("when", one.when, check_when)
        for key in ("before", "after", "suppose"):
            for name, _ in getattr(one, key):
                table.checked(key, name, check_act)
    return found


def _act(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition(" ")
    return name, value.strip()


def _filled(table: Section, question: Question, number: int, line: str) -> Question:
    words = [word.strip() for word in line.split(BETWEEN)]

    def word(slot: re.Match[str]) -> str:
        if int(slot[1]) >= len(words):
            raise table.error("each", f"line {number} has no word {{{slot[1]}}}")
        return words[int(slot[1])]

    def fill(text: str) -> str:
        filled = _SLOT.sub(word, text)
        if len(filled) > MAX_TEXT:
            raise table.error("each", f"line {number} makes a text of over {MAX_TEXT} characters")
        return filled

    def all_filled(acts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((fill(name), fill(value)) for name, value in acts)

    return question._replace(
        id=f"{question.id}.{number}",
        text=fill(question.text),
        truth=fill(question.truth),
        when=fill(question.when),
        why=fill(question.why),
        before=all_filled(question.before),
        after=all_filled(question.after),
        suppose=all_filled(question.suppose),
    )


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
    at = _moment(table, "at") or (f"{TURN}{turn}" if turn >= 0 else "")
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
