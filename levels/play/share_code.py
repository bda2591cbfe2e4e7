"""A run of a level as a short text that can be sent, checked and played again: a share code.

`MM1.` and then, in base64 for URLs: a check of four bytes, and packed lines. The first line names
level, its content, engine and seed; then for each stage a line with its last turn and the digest of
its last state, and a line for each act: turns since the one before, name, value. What became of a
code that was checked is told in words and as data.
"""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from mmplay.engine.errors import InputError, how_many
from mmplay.engine.sim import ENGINE
from mmplay.levels.catalogue import level_of_id
from mmplay.levels.model import Level
from mmplay.levels.play.goals import Score
from mmplay.levels.play.regrade import Done, do_again, is_redone
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import begin, following
from mmplay.recordings.files import TRACE
from mmplay.recordings.run.session import Session

PREFIX, ANY_PREFIX = "MM1.", re.compile(r"MM(\d{1,4})\.", re.ASCII)
MOST_CHARACTERS, MOST_TEXT, MOST_DONE, MOST_STAGES = 8192, 1 << 16, 2000, 16
CHECK_BYTES, CONTENT_DIGITS, STATE_DIGITS = 4, 16, 8

WORDS = (
    b"\n0 @hint \n0 @missed \n0 skip \n0 place \n0 min_free_kbytes \n0 wb_mask nowait\n0 disk "
    b"\n0 request \n0 wait \n0 answer after.1 no\n0 answer door.1 yes\n0 answer "
)
"""What acts are often made of, the most frequent last: packing refers to it."""

_HEAD = re.compile(
    rf"([A-Za-z][A-Za-z0-9_-]{{0,31}}) ([0-9a-f]{{{CONTENT_DIGITS}}}) (\d{{1,6}}) (\d{{1,19}})",
    re.ASCII,
)
_STAGE = re.compile(rf"=(\d{{1,15}}) ([0-9a-f]{{{STATE_DIGITS}}})", re.ASCII)
_DONE = re.compile(r"(\d{1,15}) (@?[a-z_]{1,40}) ?(.{0,400})", re.ASCII)


class SharedStage(NamedTuple):
    """One stage: its last turn, the digits of its last state's digest, and what was done."""

    end: int
    state: str
    done: tuple[Done, ...]


class Shared(NamedTuple):
    """What a code says: a level by id and content, the engine, the seed, and its stages."""

    level: str
    content: str
    engine: int
    seed: int
    stages: tuple[SharedStage, ...]


def looks_like_code(text: str) -> bool:
    """Tell whether a text begins as a share code does, and is no name of a recording."""
    return ANY_PREFIX.match(text) is not None and not text.endswith(TRACE)


def code_of(sessions: Sequence[Session]) -> str:
    """Return the code of a run from the sessions of its stages, in order.

    Raises InputError for what is no run of a level, and for one that is too long for a code.
    """
    header = sessions[0].header
    level, content, seed = (header.get(name) for name in ("level", "level_digest", "seed"))
    first = f"{level} {str(content)[:CONTENT_DIGITS]} {ENGINE} {seed}"
    text = "\n".join([first, *(line for one in sessions for line in _lines(one))])
    code = _encoded(text)
    if len(code) > MOST_CHARACTERS or read_code(code).level != level:
        raise InputError(f"{header.get('title')}: too much was done in it for a share code")
    return code


def code_of_run(run: LevelRun) -> str:
    """Return the code of a run that was played, all stages of it; raises InputError."""
    return code_of([stage.session for stage in run.all_stages()])


def _lines(session: Session) -> Iterator[str]:
    state = session.to_end().state.digest()[:STATE_DIGITS]
    yield f"={session.end - session.first} {state}"
    before = session.first
    for act in session.acts:
        name, value = act.fields
        if is_redone(name):
            yield f"{act.turn - before} {name} {value}".rstrip()
            before = act.turn


def _encoded(text: str) -> str:
    packer = zlib.compressobj(9, wbits=-15, zdict=WORDS)
    packed = packer.compress(text.encode()) + packer.flush()
    return PREFIX + urlsafe_b64encode(_check(packed) + packed).decode().rstrip("=")


def _check(packed: bytes) -> bytes:
    return blake2b(packed, digest_size=CHECK_BYTES).digest()


# reading


def read_code(code: str) -> Shared:
    """Return what a code says; raises InputError, whatever is in it, and needs little memory."""
    code = "".join(code[: 2 * MOST_CHARACTERS].split())
    prefix = ANY_PREFIX.match(code)
    if prefix is None:
        raise InputError(f"{code[:20]!r} is no share code: one begins with {PREFIX}")
    if prefix[0] != PREFIX:
        raise _bad(code, "was made by a newer mmplay; install it to read this")
    if len(code) > MOST_CHARACTERS:
        raise _bad(code, f"is longer than {MOST_CHARACTERS} characters: no code is")
    lines = _unpacked(code).split("\n")
    head = _HEAD.fullmatch(lines[0])
    if head is None:
        raise _bad(code, "names no level")
    if len(lines) > MOST_DONE:
        raise _bad(code, f"holds more than {MOST_DONE} acts")
    stages = tuple(_stages(code, lines[1:]))
    return Shared(head[1], head[2], int(head[3]), int(head[4]), stages)


def _unpacked(code: str) -> str:
    body = code.removeprefix(PREFIX)
    try:
        data = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        check, packed = data[:CHECK_BYTES], data[CHECK_BYTES:]
        if re.search(r"[^\w-]", body, re.ASCII) or _check(packed) != check:
            raise ValueError
    except ValueError:
        problem = "a character of it is wrong or missing; copy it again, whole"
        raise _bad(code, problem) from None
    unpacker = zlib.decompressobj(wbits=-15, zdict=WORDS)
    try:
        text = unpacker.decompress(packed, MOST_TEXT)
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError
        return text.decode("ascii")
    except (zlib.error, ValueError):
        raise _bad(code, "holds what no mmplay writes") from None


def _stages(code: str, lines: list[str]) -> Iterator[SharedStage]:
    starts = [number for number, line in enumerate(lines) if line.startswith("=")]
    if not starts or starts[0] or len(starts) > MOST_STAGES:
        raise _bad(code, "holds no stage, or too many")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        head = _STAGE.fullmatch(lines[start])
        found = [_DONE.fullmatch(line) for line in lines[start + 1 : end]]
        if head is None or None in found:
            raise _bad(code, "holds something that is not an act")
        turn, done = 0, []
        for one in found:
            assert one is not None
            turn += int(one[1])
            done.append(Done(turn, one[2], one[3]))
        yield SharedStage(int(head[1]), head[2], tuple(done))


def _bad(code: str, problem: str) -> InputError:
    return InputError(f"share code {code[:12]}...: {problem}")


# playing again


class Replayed(NamedTuple):
    """A code's run, made again: `problem` says where it is not what the code says, else empty."""

    run: LevelRun
    problem: str


def replayed(shared: Shared, level: Level) -> Replayed:
    """Play a code again on the level with its id; raises InputError where the level stops it."""
    if not level.content.startswith(shared.content):
        there = f"the level {level.id} at hand has other content ({level.content[:CONTENT_DIGITS]})"
        raise InputError(f"{there} than the one that was played ({shared.content})")
    run: LevelRun | None = begin(level, shared.seed)
    for number, stage in enumerate(shared.stages):
        run = following(run) if number and run is not None else run
        if run is None:
            raise InputError(f"{level.id}: the code goes on, but the level is over")
        first = run.session.first
        do_again(
            run, [one._replace(turn=first + one.turn) for one in stage.done], first + stage.end
        )
        here = run.session.to_end().state.digest()[:STATE_DIGITS]
        if here != stage.state:
            return Replayed(run, _other_state(shared))
    assert run is not None
    return Replayed(run, "")


def _other_state(shared: Shared) -> str:
    if shared.engine != ENGINE:
        return f"it was made with the rules of engine {shared.engine}; this is engine {ENGINE}"
    return "the run comes to another state than the code says"


class CheckedCode(NamedTuple):
    """What became of a code: its run, if the level at hand takes it, and what is wrong with it."""

    code: str
    shared: Shared
    run: LevelRun | None
    problem: str

    @property
    def good(self) -> bool:
        """Tell whether the run comes out as the code says."""
        return not self.problem

    @property
    def _score(self) -> Score | None:
        return self.run.score() if self.run is not None and self.good else None

    def lines(self) -> list[str]:
        """Return what came of it, in a line."""
        shared, score = self.shared, self._score
        if score is None or self.run is None:
            return [f"share code of {shared.level}: false: {self.problem}"]
        stars = how_many(score.stars, "stars")
        earned = f"{self.run.outcome}, {stars}, {how_many(score.acts, 'acts')}, par {score.par}"
        return [f"share code of {shared.level}: good: {earned}; seed {shared.seed}, played again"]

    def as_json(self) -> dict[str, object]:
        """Return it as plain data."""
        score = self._score
        return {
            "name": self.code,
            "kind": "code",
            "good": self.good,
            "problem": self.problem or None,
            "level": self.shared.level,
            "seed": self.shared.seed,
            "engine": self.shared.engine,
            "this_engine": ENGINE,
            "outcome": str(self.run.outcome) if score is not None and self.run else None,
            "stars": score.stars if score is not None else None,
            "acts": score.acts if score is not None else None,
        }


def check_code(code: str) -> CheckedCode:
    """Play a code again on the level at hand; raises InputError for no code, or no level."""
    shared = read_code(code)
    level = level_of_id(shared.level)
    try:
        run, problem = replayed(shared, level)
    except InputError as error:
        return CheckedCode(code, shared, None, str(error))
    return CheckedCode(code, shared, run, problem)


def run_of_code(code: str) -> LevelRun:
    """Return the run of a code; raises InputError if it does not come out as the code says."""
    checked = check_code(code)
    if checked.run is None or checked.problem:
        raise InputError(f"share code {code[:12]}...: {checked.problem}")
    return checked.run
