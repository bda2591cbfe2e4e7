"""Judges one try of a level: each recording is made again on the teacher's level.

Nothing that a recording holds is run but its acts, and no run is longer than the level allows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from mmplay.engine.errors import InputError
from mmplay.engine.sim import ENGINE
from mmplay.engine.sim.run.setup_fields import setup_fields
from mmplay.engine.sim.state.fields import pack_state
from mmplay.levels.classroom.assignment import Assigned, Assignment, pass_seed, with_seed
from mmplay.levels.classroom.deciding import Deciding, deciding_in, right_answers
from mmplay.levels.classroom.handin import Handed
from mmplay.levels.classroom.points import Part, parts_of
from mmplay.levels.classroom.tries import Claim, claim_in, stage_of
from mmplay.levels.classroom.unseen import on_another
from mmplay.levels.model import ANSWER, PLACE
from mmplay.levels.play.regrade import play_again, result_of
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, following, level_writer
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.store import KIND, load_from
from mmplay.recordings.run.tape import BY_LEVEL, TOLD, columns
from mmplay.recordings.run.verify import STOPPERS
from mmplay.recordings.trace.format import Code, NewerError, check_of, pack_body
from mmplay.recordings.trace.reader import Ending, TraceReader

MAX_ACTS = 2000
"""More acts and answers than any level takes."""


class Status(StrEnum):
    """What became of a file, or of a student's try of a level."""

    GRADED = "graded"
    NONE = "none"
    FORGED_LEVEL = "forged_level"
    FORGED_RESULT = "forged_result"
    CUT = "cut"
    DAMAGED = "damaged"
    WRONG_SEED = "wrong_seed"
    FOREIGN = "foreign"
    OTHER_ASSIGNMENT = "other_assignment"
    NEWER = "newer"
    DUPLICATE = "duplicate"
    NOT_GRADED = "not_graded"


class Deed(NamedTuple):
    """What a player did: how many turns from the start, and what; an answer is right or not."""

    turn: int
    name: str
    value: str
    right: bool


class Slip(NamedTuple):
    """A wrong answer: to which question, its code (`Truth.slip`), and the sentence about it."""

    question: str
    code: str
    text: str


class Judged(NamedTuple):
    """What a try of a level is worth, and how it was played.

    `outcome` is empty if it could not be made again; `lowest_free` is in pages, of all zones.
    `deciding` counts the recordings of the try, or of the hand-in that it came in.
    """

    level: str
    status: Status
    reason: str
    claim: Claim | None
    outcome: str
    stars: int
    acts: int
    parts: tuple[Part, ...]
    hints: int = 0
    lowest_free: int = 0
    deeds: tuple[Deed, ...] = ()
    slips: tuple[Slip, ...] = ()
    deciding: Deciding | None = None

    @property
    def score(self) -> Fraction:
        """All points."""
        return sum((part.score for part in self.parts), Fraction(0))


class _NotGradedError(Exception):
    """Why a recording is not graded."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class _Opened(NamedTuple):
    """A recording of a level: the session, how its file ended, how far it says it got.

    `reached` is (turn, digest, what was told until then), None if it does not say.
    """

    session: Session
    ending: Ending
    reached: tuple[int, bytes, bytes] | None


class Seat(NamedTuple):
    """Whose try it is: of which assignment, by whom, with which seeds."""

    assignment: str
    student: str
    practice: int
    unseen: int


def seat_of(assignment: Assignment, student: str) -> Seat:
    """Return a student's seat; raises InputError for what is no id."""
    hidden = pass_seed(assignment.secret, assignment.id, student)
    return Seat(assignment.id, student, assignment.seed_of(student), hidden)


def judged(assigned: Assigned, seat: Seat, traces: Sequence[Handed]) -> Judged:
    """Return what the recordings of one try are worth; raises nothing that they could cause."""
    claim: Claim | None = None
    try:
        opened = [_opened(one, assigned, seat) for one in traces]
        claim = claim_in(result_of(opened[-1].session))
        runs = list(_made_again(assigned, seat, opened))
    except _NotGradedError as error:
        return not_judged(assigned, error.status, error.reason)._replace(claim=claim)
    status, reason = _verdict(opened, runs, claim)
    return _worth(assigned, seat, runs)._replace(status=status, reason=reason, claim=claim)


def not_judged(assigned: Assigned, status: Status, reason: str) -> Judged:
    """Return what is said of a level in which nothing is earned, for this reason."""
    unseen = () if assigned.unseen else None
    parts = parts_of(assigned.level, assigned.weight, (), unseen, reason)
    return Judged(assigned.level.id, status, reason, None, "", 0, 0, tuple(parts))


def _worth(assigned: Assigned, seat: Seat, runs: list[LevelRun]) -> Judged:
    """Return what runs are worth that were made again."""
    ended = not runs[-1].playing
    other = (on_another(runs, seat.unseen) if ended else []) if assigned.unseen else None
    parts = parts_of(assigned.level, assigned.weight, runs, other)
    last, score = runs[-1], runs[-1].score()
    return Judged(
        assigned.level.id,
        Status.GRADED,
        "",
        None,
        str(last.outcome),
        score.stars,
        score.acts,
        tuple(parts),
        score.hints,
        min(map(_lowest_free, runs)),
        tuple(deed for run in runs for deed in _deeds(run)),
        tuple(slip for run in runs for slip in _slips(run)),
        deciding_in(runs),
    )


# opening


def _opened(trace: Handed, assigned: Assigned, seat: Seat) -> _Opened:
    """Return a recording that is the student's own, of this level; raises _NotGradedError."""
    reader: TraceReader | None = None
    try:
        reader = TraceReader(io.BytesIO(trace.data), trace.name)
        _check_header(reader.header, assigned, seat)
        loaded = load_from(reader, trace.name)
    except NewerError as error:
        raise _NotGradedError(Status.NEWER, str(error)) from None
    except STOPPERS as error:
        raise _unreadable(reader, _said(error, trace.name)) from None
    session, ending = loaded.session, loaded.ending
    if len(session.acts) > MAX_ACTS:
        what = f"holds {len(session.acts)} acts; no level takes more than {MAX_ACTS}"
        raise _NotGradedError(Status.FORGED_RESULT, what)
    return _Opened(session, ending, _reached(trace))


def _unreadable(reader: TraceReader | None, why: str) -> _NotGradedError:
    """Return what a recording is called that cannot be read as a run, for this reason.

    One whose records are as they were written is not damaged: it stops, or another mmplay made it.
    """
    if reader is None or (reader.ending is not None and reader.ending.damaged):
        return _NotGradedError(Status.DAMAGED, why)
    if reader.ending is not None and not reader.ending.closed:
        return _NotGradedError(Status.CUT, why)
    other = _played_with(reader.header)
    return _NotGradedError(Status.NEWER if other else Status.DAMAGED, f"{why}{other}")


def _said(error: BaseException, name: str) -> str:
    if isinstance(error, InputError):
        return str(error).removeprefix(f"{name}: ")
    return "what it holds cannot be run"


def _check_header(header: dict[str, object], assigned: Assigned, seat: Seat) -> None:
    for holds, status, reason in _doubts(header, assigned, seat):
        if holds:
            raise _NotGradedError(status, reason)


def _doubts(
    header: dict[str, object], assigned: Assigned, seat: Seat
) -> Iterator[tuple[bool, Status, str]]:
    """Yield what may be wrong with a header, whether it is, and what that is called."""
    level, engine = assigned.level, header.get("engine")
    bound, student = header.get("assignment", seat.assignment), header.get("student", seat.student)
    newer = type(engine) is int and engine > ENGINE
    yield newer, Status.NEWER, f"was played with engine {engine}, this is {ENGINE}: update mmplay"
    yield header.get("kind") != KIND, Status.FOREIGN, "is no run of a level"
    yield bound != seat.assignment, Status.OTHER_ASSIGNMENT, f"was played for {_short(bound)}"
    yield student != seat.student, Status.FOREIGN, f"was played by {_short(student)}"
    digest = header.get("level_digest")
    what = f"was played on another level that calls itself {level.id}: {_short(digest)}"
    yield digest != level.content, Status.FORGED_LEVEL, f"{what}, yours is {level.content}"
    seed = header.get("seed")
    what = f"was played with seed {_short(seed)}, not with the seed of {seat.student}"
    yield seed != seat.practice, Status.WRONG_SEED, what


def _short(value: object) -> str:
    return str(value)[:40]


def _reached(trace: Handed) -> tuple[int, bytes, bytes] | None:
    """Return what a recording says last of how far it got, and all that it was told until then."""
    told, found = b"", None
    for record in TraceReader(io.BytesIO(trace.data), trace.name):
        if record.code in TOLD:
            told = check_of(told, pack_body(record.code, record.fields))
        elif record.code == Code.REACHED:
            found = (record.fields[0], record.fields[2], told)
    return found


# making it again


def _made_again(assigned: Assigned, seat: Seat, opened: list[_Opened]) -> Iterator[LevelRun]:
    """Yield the run of each stage, played as it was recorded; raises _NotGradedError."""
    level = with_seed(assigned.level, seat.practice)
    run: LevelRun | None = begin(level)
    for number, one in enumerate(opened, 1):
        if stage_of(one.session.header) != number:
            raise _NotGradedError(
                Status.CUT, f"stage {number} is missing: the others follow from it"
            )
        if run is None:
            why = f"stage {number} was played, but the one before it is not won"
            raise _NotGradedError(Status.FORGED_RESULT, why)
        _check_start(run.session, one.session)
        try:
            play_again(run, one.session)
        except STOPPERS as error:
            why = f"the level does not take it: {error}{_played_with(one.session.header)}"
            raise _NotGradedError(_blame(one), why) from None
        yield run
        run = following(run)


def _check_start(mine: Session, recorded: Session) -> None:
    """Hold the machine that a recording starts with against the level's."""
    same = setup_fields(mine.live.setup) == setup_fields(recorded.live.setup)
    starts = [one.keys.at_or_before(one.first)[1] for one in (mine, recorded)]
    if not same or pack_state(starts[0]) != pack_state(starts[1]):
        what = "begins with another machine than the level has with this seed"
        raise _NotGradedError(Status.FORGED_LEVEL, what)


def _blame(one: _Opened) -> Status:
    """Say what it is called if a recording does not come out again."""
    return Status.NEWER if _played_with(one.session.header) else Status.FORGED_RESULT


def _played_with(header: dict[str, Any]) -> str:
    """Say by which other mmplay a recording was made; empty for this one."""
    theirs, ours = [header.get("writer"), header.get("engine")], [level_writer(), ENGINE]
    if theirs == ours:
        return ""
    text = "; it was played with {}, engine {}, and this is {}, engine {}: use the same"
    return text.format(*map(_short, theirs), *ours)


def _verdict(
    opened: list[_Opened], runs: list[LevelRun], claim: Claim | None
) -> tuple[Status, str]:
    """Hold what recordings claim against what their acts come to."""
    for one, run in zip(opened, runs, strict=True):
        if not _same_end(one, run):
            what = "the same acts come to another end than the file says"
            return _blame(one), f"{what}{_played_with(one.session.header)}"
    score = runs[-1].score()
    mine = (str(runs[-1].outcome), score.stars, score.acts)
    if claim is not None and tuple(claim) != mine:
        text = "claims {} with {} stars and {} acts; its acts give {} with {} stars and {} acts"
        return _blame(
            opened[-1]
        ), f"{text.format(*claim, *mine)}{_played_with(opened[-1].session.header)}"
    ending = opened[-1].ending
    if ending.damaged:
        return (
            Status.DAMAGED,
            f"is damaged at byte {ending.offset}: {ending.why}; graded up to there",
        )
    if not ending.closed and (runs[-1].playing or not _is_told(opened[-1])):
        return Status.CUT, "was not ended: it is graded as far as it goes"
    return Status.GRADED, ""


def _same_end(one: _Opened, run: LevelRun) -> bool:
    """Tell whether a run comes to the state that its recording says it came to, where it does."""
    session = one.session
    if one.reached is None or one.reached[0] != session.end:
        return not one.ending.closed
    _, digest, told = one.reached
    return digest == session.digest(run.session.to_end(), told)


def _is_told(one: _Opened) -> bool:
    """Tell whether a recording says where its run ended, though whoever plays has not left yet."""
    return one.reached is not None and one.reached[0] == one.session.end


# how it was played


def _lowest_free(run: LevelRun) -> int:
    """Return the fewest free pages that all zones had together."""
    m = run.session.to_end()
    names = columns(m)
    places = [names.index(f"zones.{zone.name}.free") for zone in m.state.zones]
    rows = [sum(values[place] for place in places) for _, values in run.session.tape.rows()]
    start = run.session.keys.at_or_before(run.session.first)[1]
    ends = [sum(zone.free for zone in state.zones) for state in (start, m.state)]
    return min(*rows, *ends)


def _deeds(run: LevelRun) -> Iterator[Deed]:
    right = right_answers(run)
    for act in run.session.acts:
        name, value = act.fields
        if not name.startswith(BY_LEVEL):
            is_right = name in (ANSWER, PLACE) and value in right
            yield Deed(act.turn - run.session.first, name, value, is_right)


def _slips(run: LevelRun) -> Iterator[Slip]:
    for one in run.replies:
        found = one.truth.slip(one.answer) if not one.right else None
        if found is not None:
            yield Slip(one.question.id, found.code, one.wrong_because)
