"""Two recordings beside each other: as data, where they part and what they come to, and in words.

Recordings are A and B. `frame` counts a recording's frames from 0, times are its machine's own in
microseconds, numbers of memory are pages; what a side does not have is None.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from mmplay.engine.explain.finding import as_sentence, seconds
from mmplay.engine.explain.words import MEANING


class Kind(StrEnum):
    """What the first difference is."""

    ACT = "act"
    DECISION = "decision"
    ACTOR = "actor"
    END = "end"
    DUMP = "dump"


class Side(NamedTuple):
    """What one side does where the two part.

    `actor` acts in `function`; `text` is the decision, the act or the number in words, empty if
    this side has nothing there; `operands` are the decision's numbers by name.
    """

    frame: int
    turn: int | None
    time_us: int | None
    actor: str = ""
    function: str = ""
    path: str = ""
    text: str = ""
    operands: dict[str, Any] = {}  # noqa: RUF012 (never changed)


class Difference(NamedTuple):
    """A place where the two differ, seen from both sides."""

    kind: Kind
    a: Side
    b: Side


class Setting(NamedTuple):
    """Something the two machines were given differently before their first turn."""

    name: str
    a: str
    b: str


class Moment(NamedTuple):
    """A frame of a recording and its time."""

    frame: int
    time_us: int | None


class Alignment(NamedTuple):
    """How the two time axes are laid upon each other.

    `a` and `b` are the moments that count as one; the table compares `at_a` with `at_b`.
    """

    name: str
    a: Moment
    b: Moment
    at_a: Moment
    at_b: Moment


class Row(NamedTuple):
    """One number on both sides; `failure` if it counts what failed."""

    name: str
    a: int | None
    b: int | None
    failure: bool = False

    @property
    def delta(self) -> int | None:
        """Return B less A."""
        return None if self.a is None or self.b is None else self.b - self.a


class Tally(NamedTuple):
    """Failure counters by the side that failed less often: no judgement beyond that."""

    a_fewer: tuple[str, ...]
    b_fewer: tuple[str, ...]
    same: tuple[str, ...]


class Series(NamedTuple):
    """A number over time on both sides.

    Column n ends `start_us + (n + 1) * column_us` after the aligned moment and has the last value
    known there.
    """

    name: str
    start_us: int
    column_us: int
    a: tuple[int | None, ...]
    b: tuple[int | None, ...]


class Comparison(NamedTuple):
    """See the module.

    `first` is where the two part, None if nothing differs as far as both go; if that is an act,
    `then` is the first decision that comes out otherwise. `same_turns` were made before `first`.
    `firsts` are the moments of first failures, in us after the aligned moment.
    """

    a_name: str
    b_name: str
    settings: tuple[Setting, ...]
    first: Difference | None
    then: Difference | None
    same_turns: int | None
    alignment: Alignment
    rows: tuple[Row, ...]
    firsts: tuple[Row, ...]
    tally: Tally
    series: tuple[Series, ...]


ALIGNED = {"start": "their starts", "oom": "the OOM kill"}


def moment(time_us: int | None) -> str:
    """Return a moment in seconds."""
    return "a moment without time" if time_us is None else seconds(time_us)


def parting(c: Comparison) -> list[str]:
    """Return where the two part, as lines: the sentence first, then what each side does."""
    given = [f"set differently: {one.name}: A {one.a}, B {one.b}" for one in c.settings]
    if c.first is None:
        return [*given, _same(c)]
    lines = [*given, *difference_lines(c.first, "they first differ", c.same_turns)]
    if c.then is not None:
        lines += difference_lines(c.then, "they first decide differently after that", None)
    return lines


def headline(c: Comparison) -> str:
    """Return in one sentence what the two come to differently, and where and why they part."""
    if c.first is None:
        return as_sentence(_same(c))
    differs = [one for one in c.rows if one.delta]
    failed = [one for one in differs if one.failure]
    free = [one for one in differs if one.name.startswith("zones.") and one.name.endswith(".free")]
    most = max(failed or free, key=lambda one: abs(one.delta or 0), default=None)
    given = [f"{one.name} {one.a} in A and {one.b} in B" for one in c.settings]
    why = f"with {', '.join(given)} " if given else ""
    how = "" if c.first.kind is Kind.DECISION else f": {HEADS[c.first.kind]}"
    if c.first.kind is Kind.ACT:
        a, b = (_side(c.first, one).removeprefix("you: ") for one in (c.first.a, c.first.b))
        how = f", by an act: {a} in A, {b} in B"
    told = "" if most is None else f"{counted(most.name)}: {most.a} in A, {most.b} in B; "
    return as_sentence(f"{told}{why}they part at {_places(c.first)}{how}")


def counted(name: str) -> str:
    """Return what a counter counts, in words; its name where it has none."""
    if name in MEANING:
        return MEANING[name]
    zone = name.removeprefix("zones.").removesuffix(".free")
    return f"free pages of {zone}" if name == f"zones.{zone}.free" else name


def _same(c: Comparison) -> str:
    if c.same_turns is None:
        shared = any(one.delta is not None for one in c.rows)
        return "nothing differs in any memory that both show" if shared else "no number is in both"
    but = ", although they were set differently" if c.settings else ""
    return f"nothing differs: all {c.same_turns} turns decide the same{but}"


def difference_lines(one: Difference, what: str, same_turns: int | None) -> list[str]:
    """Return where it is and of which kind, then both sides, then the numbers that differ."""
    head = f"{what} at {_places(one)}"
    if same_turns is not None:
        head += f", after {same_turns} identical turns"
    lines = [f"{head}: {HEADS[one.kind]}{_where(one)}"]
    lines += [f"  A: {_side(one, one.a)}", f"  B: {_side(one, one.b)}"]
    operands = operand_text(one)
    return [*lines, f"  {operands}"] if operands else lines


HEADS = {
    Kind.ACT: "they are given different acts",
    Kind.DECISION: "a different decision",
    Kind.ACTOR: "a different actor",
    Kind.END: "one of them ends here",
    Kind.DUMP: "other numbers are printed",
}


def _places(one: Difference) -> str:
    """Return where two part: on both sides, if they are not at the same time there."""
    here = _place(one.a)
    return here if one.a.time_us == one.b.time_us else f"{here} in A, {_place(one.b)} in B"


def _place(side: Side) -> str:
    turn = f"frame {side.frame + 1}" if side.turn is None else f"turn {side.turn}"
    return f"{turn}, {moment(side.time_us)}"


def _where(one: Difference) -> str:
    """Return who decides in which function, where both sides agree on that."""
    actors = [side.actor for side in (one.a, one.b) if side.actor]
    functions = [side.function for side in (one.a, one.b) if side.function]
    words = [f" of {actors[0]}"] if one.kind is Kind.DECISION and actors else []
    if functions:
        path = one.a.path or one.b.path
        words.append(f" in {functions[0]}" + (f" ({path})" if path else ""))
    return "".join(words)


def _side(one: Difference, side: Side) -> str:
    other = one.b if side is one.a else one.a
    text = side.text or ("nothing" if one.kind is Kind.ACT else "no such decision")
    if one.kind is Kind.ACTOR:
        return side.actor
    named = bool(side.actor and side.actor != other.actor and one.kind is not Kind.ACT)
    inside = side.function if side.function != other.function and other.function else ""
    return ": ".join(part for part in (side.actor if named else "", inside, text) if part)


OPERANDS = {"ok": "passed"}
"""What an operand is called where its own name says too little."""


def operand_text(one: Difference) -> str:
    """Return the operands that two decisions of one kind have differently."""
    if one.kind is Kind.DUMP:
        return str(one.a.operands.get("note", ""))
    if one.a.function != one.b.function:
        return ""
    ours, theirs = one.a.operands, one.b.operands
    both = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    shown = [
        f"{OPERANDS.get(name, name)} {_shown(name, ours[name])} and {_shown(name, theirs[name])}"
        for name in both
    ]
    return f"operands: {', '.join(shown)}" if shown else ""


def _shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:#x}" if name == "gfp" and type(value) is int else str(value)


def table_title(c: Comparison) -> str:
    """Return which moments the table compares."""
    one = c.alignment
    kind = ALIGNED.get(one.name, one.name)
    when = f"A at {moment(one.at_a.time_us)}, B at {moment(one.at_b.time_us)}"
    return f"aligned at {kind}; {when}"


def row_text(row: Row) -> str:
    """Return a row of the table as text."""
    values = ("-" if n is None else str(n) for n in (row.a, row.b))
    delta = "-" if row.delta is None else f"{row.delta:+d}"
    return f"{row.name:<34}" + "".join(f"{text:>14}" for text in (*values, delta))


def tally_text(c: Comparison) -> str:
    """Return which side failed less often; empty if no side counts failures."""
    tally = c.tally
    parts = [
        f"{side} failed less often on {len(names)} ({', '.join(names)})"
        for side, names in (("A", tally.a_fewer), ("B", tally.b_fewer))
        if names
    ]
    if tally.same:
        parts.append(f"{len(tally.same)} failure counters are the same")
    return "; ".join(parts)
