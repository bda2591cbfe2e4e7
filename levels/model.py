"""A level as data: the tables of its file, their keys, and the bounds of each. None of it is code.

msgspec converts by it. What more than one key has a say in is checked in `load`.
"""

from __future__ import annotations

from collections.abc import Iterable
from re import escape
from typing import Annotated, Any, NamedTuple, Self

from msgspec import Meta, Struct, field, structs

from mmplay.engine.rules.kernel import SIMULATED, Kernel
from mmplay.engine.rules.versions import kernel_named
from mmplay.engine.rules.watermarks import ZONES
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.metrics import OPERATORS
from mmplay.engine.sim.run.actions import ACTIONS
from mmplay.engine.sim.starts.bench import Bench
from mmplay.levels.language import END, MAX_TURNS, NOW, START
from mmplay.levels.level_text import LINE, SLOT

CHOICE, NUMBER, TEXT = "choice", "number", "text"
"""How a question is answered: one of its options, a number, or words (flags, names in order)."""

ANSWER, PLACE, SKIP, WAIT, MARK = "answer", "place", "skip", "wait", "mark"
VERBS = (ANSWER, MARK, PLACE, SKIP, WAIT)
"""What a player may do besides the engine's actions."""

UNCOUNTED = (WAIT, MARK, ANSWER, PLACE, SKIP)
REPLIES, ALL_ACTS = (ANSWER, PLACE, SKIP), "acts"
BETWEEN = " | "
"""What stands between two words of a line; a bar without blanks joins flags of one mask."""

MAX_NUMBER, MAX_LIST, MAX_QUESTIONS, MAX_MOVES, MAX_OPTION = 1 << 50, 120, 120, 400, 120


def up_to(most: int, least: int = 0) -> Meta:
    """Return the bounds of a whole number."""
    return Meta(ge=least, le=most)


def listed(most: int) -> Meta:
    """Return the bound of a list."""
    return Meta(max_length=most)


def one_of(words: Iterable[str]) -> Meta:
    """Allow some words only; a complaint finds them among the examples."""
    names = list(words)
    return Meta(pattern=rf"\A(?:{'|'.join(map(escape, names))})\Z", examples=names)


Needed = Annotated[str, Meta(min_length=1)]
Number = Annotated[int, up_to(MAX_NUMBER)]
Texts = Annotated[tuple[str, ...], listed(MAX_LIST)]
Deed = Annotated[str, one_of((*ACTIONS, *VERBS))]


class FileTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file; its keys are the fields, or what they are renamed to."""

    def _replace(self, **changes: Any) -> Self:
        """Return the table with other values, as a NamedTuple does."""
        return structs.replace(self, **changes)


class Option(str):
    """One choice, `VALUE | what is shown`: the answer as the rule gives it, and how it is shown."""

    __slots__ = ()

    @classmethod
    def of(cls, text: object) -> Self:
        """Return the option that stands in a file; raises ValueError."""
        if not isinstance(text, str):
            raise ValueError("write texts: 'VALUE | what is shown'")
        if not cls(text).value or len(text) > MAX_OPTION:
            raise ValueError("write 'VALUE | what is shown', or VALUE alone")
        return cls(text)

    @property
    def value(self) -> str:
        """The answer, or the act."""
        return self.partition(BETWEEN)[0].strip()

    @property
    def text(self) -> str:
        """What is shown."""
        value, bar, shown = self.partition(BETWEEN)
        return (shown if bar else value).strip()


Options = Annotated[tuple[Option, ...], listed(MAX_LIST)]


def name_and_value(text: str) -> tuple[str, str]:
    """Return the two parts of an act or a limit in words."""
    name, _, value = text.strip().partition(" ")
    return name, value.strip()


PICTURES = ("tank", "ladder", "blocks", "bits", "stack", "loop", "history")
TANK, LADDER, BLOCKS, BITS, STACK, LOOP, HISTORY = PICTURES
"""Kinds of picture; what each draws stands in docs/LEVELS.md."""

DEFAULT_ZONE, DIRTY = ZONES[1], "dirty"

PictureKind = Annotated[str, one_of(PICTURES)]
OF = ("", *(f" {one}" for one in (*ZONES, DIRTY)))
OwnPicture = Annotated[str, one_of(f"{kind}{of}" for kind in PICTURES for of in OF)]


class Picture(FileTable, frozen=True, kw_only=True):
    """[picture]: what is drawn of the machine: a kind, the zone, who comes, the edges of a loop.

    `callers` are names under which a caller comes to the zone. An edge is `MOMENT | words`: it is
    lit when its moment has come, `after QUESTION` or a condition, and broken `until CONDITION`.
    """

    kind: PictureKind
    zone: Annotated[str, one_of(ZONES)] = DEFAULT_ZONE
    callers: Texts = ()
    edges: Options = ()


class Form(FileTable, frozen=True, kw_only=True):
    """[[ask.form]]: another form of a question; what it does not say is the question's own."""

    text: str | None = None
    truth: str | None = None
    when: str | None = None
    options: Options | None = None
    unit: str | None = None
    before: Texts | None = None
    after: Texts | None = None
    suppose: Texts | None = None
    why: str | None = None
    rule: str | None = None
    caller: str | None = None
    hides: Texts | None = None
    hints: Texts | None = None

    def said(self) -> dict[str, Any]:
        """Return what it says; options make it a choice."""
        said = {key: value for key, value in structs.asdict(self).items() if value is not None}
        kind = CHOICE if self.options else NUMBER
        return said if self.options is None else {"kind": kind, **said}


class Question(FileTable, frozen=True, kw_only=True):
    """[[ask]]: something the player must answer, asked once or for every line of `each`.

    With `pick` only so many of the lines are asked, drawn from the seed; `draw` are numbers for the
    slots of its texts, one of each list at a time. A question that was missed is asked again in
    another of its `forms`, with another line or other numbers. `hints` lead to its answer.

    `at` is when it is asked: `start`, `turn N`, `end`, `after ID` or a condition. `truth` is a
    question of `levels.truth`, asked of the machine `when`: `now`, `end`, `+N turns` or a
    condition, in the engine's own continuation. Before and after it the level may act by itself;
    what the question supposes is done in that continuation alone. Until it is answered it has a
    `picture` of its own, a `caller` that comes to the zone, and `hides` what would tell the answer.
    `line` is where it stands.
    """

    id: Needed
    text: Needed
    truth: Needed
    kind: Annotated[str, one_of((NUMBER, CHOICE, TEXT))] = ""
    at: str = START
    when: str = NOW
    options: Options = ()
    unit: str = ""
    tolerance: Number = 0
    before: Texts = ()
    after: Texts = ()
    suppose: Texts = ()
    why: str = ""
    rule: str = ""
    picture: OwnPicture = ""
    caller: str = ""
    hides: Texts = ()
    hints: Texts = ()
    each: Texts = ()
    pick: Annotated[int, up_to(MAX_LIST)] = 0
    draw: dict[str, Annotated[tuple[str | int, ...], listed(MAX_LIST)]] = field(
        default_factory=dict
    )
    forms: Annotated[tuple[Form, ...], listed(MAX_LIST)] = field(default=(), name="form")
    slot: int = field(default=0, name=SLOT)
    line: int = field(default=0, name=LINE)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of which one is drawn when it is asked; none if its own is fixed."""
        return self.each if self.pick else ()

    @property
    def ways(self) -> tuple[Question, ...]:
        """The question as each of its forms asks it: its own, then the others."""
        return tuple(self._replace(forms=(), **one.said()) for one in (Form(), *self.forms))

    @property
    def group(self) -> str:
        """The id of the [[ask]] that it came from."""
        return self.id.partition(".")[0]


class Event(FileTable, frozen=True):
    """[[event]]: what happens by itself so many microseconds after the start."""

    at_us: Number
    action: Annotated[str, one_of(ACTIONS)]
    value: str = ""


class Goal(FileTable, frozen=True):
    """[[win]] or [[lose]]: a number of the machine and its bound; `text` says it in words."""

    counter: Needed
    op: Annotated[str, one_of(OPERATORS)]
    value: Annotated[int, up_to(MAX_NUMBER, -MAX_NUMBER)]
    text: Needed
    at: Annotated[str, one_of((END, NOW))] = NOW
    line: int = field(default=0, name=LINE)

    @property
    def at_end(self) -> bool:
        """Tell whether only the end counts."""
        return self.at == END


class Hint(FileTable, frozen=True):
    """[[hint]]: in the level's own words, or the rule behind a question, which the engine words."""

    text: str = ""
    rule: str = ""
    line: int = field(default=0, name=LINE)


class Move(FileTable, frozen=True):
    """[[solution]] or [[losing]]: one act, at a moment or as soon as it can be done.

    In a file it may also have a turn, a key before its value, or (`values`) be several.
    """

    action: Deed
    value: str = ""
    at: str = ""
    line: int = field(default=0, name=LINE)
    key: str = ""
    values: Texts = ()
    turn: Annotated[int, up_to(MAX_NUMBER)] = -1

    @property
    def counts(self) -> bool:
        """Tell whether it counts as an act: answers and looking around do not."""
        return self.action not in UNCOUNTED


Moves = Annotated[tuple[Move, ...], listed(MAX_MOVES)]


class MovesFile(FileTable, frozen=True):
    """A file of actions alone."""

    solution: Moves = ()


class Real(FileTable, frozen=True):
    """Now the real kernel: where, what the model leaves out, a log of the kind and what it says."""

    function: Needed
    path: Needed
    text: Needed
    leaves_out: Needed
    log: str = ""
    log_says: str = ""


class Start(NamedTuple):
    """Where the level's machine comes from: a named base, or a bench.

    `variant`, `packets`, `seed` go to the start; `practice_seed` is another one, for practising.
    `workloads` come to what a named base has; `variant_from` is the question of an earlier stage
    whose answer is the variant.
    """

    base: str
    bench: Bench | None = None
    variant: str = "atomic"
    packets: int = -1
    seed: int = 1
    practice_seed: int = 2
    frame: int = 0
    ram_kb: int = 0
    workloads: tuple[Workload, ...] = ()
    variant_from: str = ""


class StageKeys(FileTable, frozen=True, kw_only=True):
    """What is played: the keys of a level of one stage, or of each [[stage]].

    `limits`: how often an act may be done (ALL_ACTS: all), `in_vain`: why one does not help.
    """

    kernel_name: Annotated[str, one_of(SIMULATED)] = field(name="kernel")
    machine: dict[str, Any]
    max_turns: Annotated[int, up_to(MAX_TURNS, 1)]
    stride: Annotated[int, up_to(100_000, 1)] = 1
    end: str = ""
    allow: Annotated[tuple[Deed, ...], listed(MAX_LIST)] = ()
    limits: Texts = ()
    act_after: str = ""
    choices: Options = ()
    in_vain: Options = ()
    shows: Texts | None = None
    picture: Picture | None = None
    events: Annotated[tuple[Event, ...], listed(MAX_MOVES)] = field(default=(), name="event")
    wins: Annotated[tuple[Goal, ...], listed(MAX_LIST)] = field(default=(), name="win")
    loses: Annotated[tuple[Goal, ...], listed(MAX_LIST)] = field(default=(), name="lose")
    questions: Annotated[tuple[Question, ...], listed(MAX_QUESTIONS)] = field(
        default=(), name="ask"
    )

    @property
    def by_turns(self) -> bool:
        """Whether something comes in single turns, between which the player may act."""
        return self.stride == 1 and bool(self.events) and bool(self.allow)

    @property
    def kernel(self) -> Kernel:
        """The kernel that it is played on."""
        return kernel_named(self.kernel_name)


class LevelFile(StageKeys, frozen=True, kw_only=True):
    """A level file of one stage; `digest` is that of what its solution comes to."""

    format: Number
    id: Needed
    title: Needed
    world: Annotated[int, up_to(99)] = 0
    learn: Needed
    story: Needed
    against: str = ""
    in_fact: str = ""
    recreates: str = ""
    task: Needed
    real: Real
    shuffle: bool = False
    hints: Annotated[tuple[Hint, ...], listed(MAX_LIST)] = field(default=(), name="hint")
    solution: Moves = ()
    losing: Moves = ()
    terms: Texts = ()
    digest: str = ""
    given_par: Annotated[int, up_to(MAX_MOVES)] = field(default=0, name="par")

    @property
    def par(self) -> int:
        """The length of the solution, in acts; a handout, which has none, says it."""
        if not self.solution:
            return self.given_par
        return sum(move.counts for move in self.solution)

    @property
    def corrected(self) -> tuple[str, ...]:
        """The wrong belief that the level is against, and what is true; nothing if it has none."""
        if not self.against:
            return ()
        right = (f"In fact, {self.in_fact}",) if self.in_fact else ()
        return (f"Many believe, and it is wrong: {self.against}", *right)


class Level(LevelFile, frozen=True, kw_only=True):
    """One level, read and checked.

    A level of several stages is its first one, and `stages` are those after it: each is a level of
    its own, with a machine and a clock, and all have the texts, hints and moves of the file.
    `content` is the digest of the file's content (`levels.level_text`). What is in `bound` is
    written into the header of each recording of it; `after` is the next one of its assignment.
    """

    file: str
    content: str
    start: Start
    stage: int = 1
    stage_title: str = ""
    stages: tuple[Level, ...] = ()
    bound: tuple[tuple[str, str], ...] = ()
    after: Level | None = None


SHARED = frozenset(
    one.encode_name
    for one in structs.fields(LevelFile)
    if one.name not in StageKeys.__struct_fields__
)
"""Top keys that every level has once, however many stages it has."""
