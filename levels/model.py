"""A level as data: what stands in its file, checked and typed. None of it is code."""

from __future__ import annotations

from typing import NamedTuple

from mmplay.engine.rules.versions import Kernel
from mmplay.engine.sim.machine.setup import Workload
from mmplay.engine.sim.starts.bench import Bench

CHOICE, NUMBER, TEXT = "choice", "number", "text"
"""How a question is answered: one of its options, a number, or words (flags, names in order)."""

ANSWER, PLACE, SKIP, WAIT, MARK = "answer", "place", "skip", "wait", "mark"
VERBS = (ANSWER, MARK, PLACE, SKIP, WAIT)
"""What a player may do besides the engine's actions."""

UNCOUNTED = (WAIT, MARK)
ALL_ACTS = "acts"


class Start(NamedTuple):
    """Where the level's machine comes from: a named base, or a bench.

    `variant`, `packets`, `seed` go to the start; `practice_seed` is another one, for practising.
    `workloads` come to what a named base has; `variant_from` is the question of an earlier act
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


class Option(NamedTuple):
    """One choice: the answer as the rule gives it, and how it is shown."""

    value: str
    text: str


class Question(NamedTuple):
    """Something the player must answer, a prediction or a placing.

    `at` is when it is asked: `start`, `turn N`, `end`, `after ID` or a condition. `truth` is a
    question of `levels.truth`, asked of the machine `when`: `now`, `end`, `+N turns` or a
    condition, in the engine's own continuation. Before and after it the level may act by itself;
    what the question supposes is done in that continuation alone.
    `group` is the id of the [[ask]] that it came from, `line` where that stands.
    """

    id: str
    text: str
    truth: str
    kind: str = NUMBER
    at: str = "start"
    when: str = "now"
    options: tuple[Option, ...] = ()
    unit: str = ""
    tolerance: int = 0
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    suppose: tuple[tuple[str, str], ...] = ()
    why: str = ""
    group: str = ""
    line: int = 0


class Event(NamedTuple):
    """What happens by itself so many microseconds after the start: an action of the engine.

    `line` is where it stands in the file.
    """

    at_us: int
    action: str
    value: str
    line: int = 0


class Goal(NamedTuple):
    """A number and its bound; `text` says it in words, `at_end` that only the end counts."""

    counter: str
    op: str
    value: int
    text: str
    at_end: bool = False
    line: int = 0


class Hint(NamedTuple):
    """A hint: in the level's own words, or the rule behind a question, which the engine words."""

    text: str = ""
    rule: str = ""
    line: int = 0


class Move(NamedTuple):
    """One act of a solution, at a turn, at a condition, or as soon as it can be done."""

    action: str
    value: str
    at: str = ""
    line: int = 0

    @property
    def counts(self) -> bool:
        """Tell whether it counts as an act: looking around does not."""
        return self.action not in UNCOUNTED


class Real(NamedTuple):
    """Now the real kernel: function and file, what the model leaves out, a log line of the kind."""

    function: str
    path: str
    text: str
    leaves_out: str
    log: str = ""


class Level(NamedTuple):
    """One level. `right` is how many questions must be right (-1: all); `end` when the run ends.

    A level of several acts is its first act, and `acts` are those after it: each is a level of its
    own, with a machine and a clock of its own, and all have the texts, hints and moves of the file.
    `max_turns` bounds the run; `stride` is how many turns one key press makes. `limits` say how
    often an action may be done, all of them together under ALL_ACTS. `content` is the digest of
    the file's content (`levels.source`), `digest` that of what its solution comes to.
    """

    id: str
    title: str
    world: int
    file: str
    kernel: Kernel
    start: Start
    learn: str
    story: str
    against: str
    recreates: str
    task: str
    max_turns: int
    real: Real
    stride: int = 1
    end: str = ""
    right: int = -1
    shuffle: bool = False
    allow: tuple[str, ...] = ()
    limits: tuple[tuple[str, int], ...] = ()
    events: tuple[Event, ...] = ()
    choices: tuple[Option, ...] = ()
    wins: tuple[Goal, ...] = ()
    loses: tuple[Goal, ...] = ()
    questions: tuple[Question, ...] = ()
    hints: tuple[Hint, ...] = ()
    solution: tuple[Move, ...] = ()
    losing: tuple[Move, ...] = ()
    terms: tuple[str, ...] = ()
    digest: str = ""
    random_wins: str = ""
    content: str = ""
    act: int = 1
    act_title: str = ""
    acts: tuple[Level, ...] = ()

    @property
    def par(self) -> int:
        """The length of the shipped solution, in acts."""
        return sum(move.counts for move in self.solution)

    @property
    def needed(self) -> int:
        """How many questions must be answered right."""
        return len(self.questions) if self.right < 0 else self.right
