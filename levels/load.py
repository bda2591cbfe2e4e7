"""Reads level files: TOML with a closed vocabulary, into `Level`s. Nothing in it is run as code."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from mmplay.engine.errors import InputError
from mmplay.engine.kernel.versions import KERNELS, kernel_named
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.watch import OPERATORS
from mmplay.levels.listing import shipped_levels
from mmplay.levels.load_start import load_start
from mmplay.levels.model import (
    CHOICE,
    NUMBER,
    TEXT,
    Goal,
    Hint,
    Level,
    Move,
    Option,
    Question,
    Real,
)
from mmplay.levels.sections import LevelError, Place, Section, headers

FORMAT = 1
MAX_BYTES = 1 << 18
MAX_QUESTIONS = 120
VERBS = ("answer", "place", "skip", "wait")
"""What a player may do besides the engine's actions."""

ACTS = (*ACTIONS, *VERBS)


def load_level(path: Path) -> Level:
    """Read a level file; raises LevelError with file, line and key."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise LevelError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise LevelError(f"{path}: is larger than {MAX_BYTES} bytes: no level is")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LevelError(f"{path}: is no UTF-8 text at byte {error.start}") from None
    return read_level(text, str(path))


def read_level(text: str, name: str) -> Level:
    """Return the level in a text; raises LevelError."""
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LevelError(f"{name}: is no TOML: {error}") from None
    return _Reader(values, text, name).level()


class _Reader:
    """Reads the tables of one file."""

    def __init__(self, values: dict[str, Any], text: str, name: str) -> None:
        self._lines = tuple(text.split("\n"))
        self._headers = headers(text)
        self._name = name
        self.top = self.section(values, "", 0)

    def section(self, values: object, name: str, number: int) -> Section:
        """Return table `number` of this name."""
        lines = self._headers.get(name, [0])
        return Section(
            values, name, Place(self._name, self._lines, lines[min(number, len(lines) - 1)])
        )

    def tables(self, name: str) -> list[Section]:
        """Return all tables of an array of tables."""
        values = self.top.take(name, [])
        if not isinstance(values, list):
            raise self.top.error(name, f"write [[{name}]]")
        return [self.section(one, name, number) for number, one in enumerate(values)]

    def level(self) -> Level:
        top = self.top
        if top.number("format", required=True) != FORMAT:
            raise top.error("format", f"this mmplay reads format {FORMAT}")
        kernel = kernel_named(top.one_of("kernel", KERNELS, required=True))
        start = load_start(self.section(top.take("machine", required=True), "machine", 0), self)
        questions = [one for table in self.tables("ask") for one in _questions(table)]
        if len(questions) > MAX_QUESTIONS:
            raise top.error("", f"asks more than {MAX_QUESTIONS} questions")
        level = Level(
            id=top.text("id", required=True),
            title=top.text("title", required=True),
            world=top.number("world", least=0, most=99),
            file=self._name,
            kernel=kernel,
            start=start,
            learn=top.text("learn", required=True),
            story=top.text("story", required=True),
            against=top.text("against"),
            recreates=top.text("recreates"),
            task=top.text("task", required=True),
            max_turns=top.number("max_turns", most=1 << 20, required=True),
            real=_real(self.section(top.take("real", required=True), "real", 0)),
            stride=top.number("stride", default=1, least=1, most=100_000),
            end=top.text("end"),
            right=top.number("right", default=-1, least=-1, most=MAX_QUESTIONS),
            shuffle=top.flag("shuffle"),
            allow=top.texts("allow", (*ACTS, "undo")),
            choices=tuple(_option(top, "choices", one) for one in top.texts("choices")),
            wins=tuple(_goal(table) for table in self.tables("win")),
            loses=tuple(_goal(table) for table in self.tables("lose")),
            questions=tuple(questions),
            hints=tuple(_hint(table) for table in self.tables("hint")),
            solution=tuple(_move(table) for table in self.tables("solution")),
            losing=tuple(_move(table) for table in self.tables("losing")),
            terms=top.texts("terms"),
            digest=top.text("digest"),
            random_wins=top.text("random_wins"),
        )
        top.done()
        _check_ids(level, top)
        return level


def _check_ids(level: Level, top: Section) -> None:
    ids = [one.id for one in level.questions]
    for one in ids:
        if ids.count(one) > 1:
            raise top.error("", f"two questions have the id {one!r}")
    if level.needed > len(ids):
        raise top.error("right", f"{level.needed} of {len(ids)} questions cannot be right")
    if not level.wins and not ids:
        raise top.error("", "a level needs a [[win]] or an [[ask]]")


def _option(section: Section, key: str, text: str) -> Option:
    value, bar, shown = text.partition("|")
    if not value.strip() or len(text) > 120:
        raise section.error(key, "write 'VALUE | what is shown', or VALUE alone")
    return Option(value.strip(), shown.strip() if bar else value.strip())


def _questions(section: Section) -> list[Question]:
    """Return the question of a table, once for each line of `each`: {0}, {1} are its words."""
    options = tuple(_option(section, "options", one) for one in section.texts("options"))
    kind = section.one_of("kind", (NUMBER, CHOICE, TEXT), CHOICE if options else NUMBER)
    question = Question(
        id=section.text("id", required=True),
        text=section.text("text", required=True),
        truth=section.text("truth", required=True),
        kind=kind,
        at=section.text("at", "start"),
        when=section.text("when", "now"),
        options=options,
        unit=section.text("unit"),
        tolerance=section.number("tolerance"),
        before=tuple(_act(section, "before", one) for one in section.texts("before")),
        after=tuple(_act(section, "after", one) for one in section.texts("after")),
        why=section.text("why"),
    )
    if kind == CHOICE and len(options) < 2:
        raise section.error("options", "a choice needs two or more")
    each = section.texts("each")
    section.done()
    if not each:
        return [question]
    try:
        return [_filled(question, number, line) for number, line in enumerate(each, 1)]
    except (IndexError, KeyError, ValueError):
        raise section.error("each", "text or truth name a word that a line does not have") from None


def _filled(question: Question, number: int, line: str) -> Question:
    words = [word.strip() for word in line.split("|")]

    def fill(text: str) -> str:
        return text.format(*words)

    return question._replace(
        id=f"{question.id}.{number}",
        text=fill(question.text),
        truth=fill(question.truth),
        when=fill(question.when),
        why=fill(question.why),
        at=question.at if number == 1 or question.at != "start" else "start",
        before=tuple((name, fill(value)) for name, value in question.before),
        after=tuple((name, fill(value)) for name, value in question.after),
    )


def _act(section: Section, key: str, text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition(" ")
    if name not in ACTIONS:
        raise section.error(
            key, f"{name[:40]!r} is no action; there are {', '.join(sorted(ACTIONS))}"
        )
    return name, value.strip()


def _goal(section: Section) -> Goal:
    goal = Goal(
        counter=section.text("counter", required=True),
        op=section.one_of("op", OPERATORS, required=True),
        value=section.number("value", least=-(1 << 50), required=True),
        text=section.text("text", required=True),
        at_end=section.one_of("at", ("end", "now"), "now") == "end",
    )
    section.done()
    return goal


def _hint(section: Section) -> Hint:
    hint = Hint(section.text("text"), section.text("rule"))
    section.done()
    if bool(hint.text) == bool(hint.rule):
        raise section.error("", "a hint has either a text or a rule")
    return hint


def _move(section: Section) -> Move:
    action = section.one_of("action", ACTS, required=True)
    key = section.text("key")
    value = section.text("value")
    turn = section.number("turn", default=-1, least=-1)
    at = section.text("at", f"turn {turn}" if turn >= 0 else "")
    section.done()
    return Move(action, f"{key} {value}".strip(), at)


def _real(section: Section) -> Real:
    real = Real(
        function=section.text("function", required=True),
        path=section.text("path", required=True),
        text=section.text("text", required=True),
        leaves_out=section.text("leaves_out", required=True),
        log=section.raw("log"),
    )
    section.done()
    return real


__all__ = ["InputError", "LevelError", "load_level", "read_level", "shipped_levels"]
