"""Deeds in a level: requests that come by themselves, what can be done for them, what was done.

What was done is told in the words that its player saw; the last deed can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmplay.engine.errors import InputError
from mmplay.engine.sim.log.view import FREE, blocks_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import do_action
from mmplay.levels.model import ANSWER, PLACE, SKIP, Level, Option, Question
from mmplay.levels.play.questions import HINT
from mmplay.recordings.run.replay import ANSWERED
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import BY_LEVEL, Entry

REFUSED = "request_refused"
"""The number of such requests that were refused."""

REQUEST, GIVE_BACK, END_OBJECTS, FALL_BACK = "request", "free", "kfree", "fall_back"
ABOUT = (END_OBJECTS, FALL_BACK)
"""Acts that are about objects or tasks, which must be there."""

ONLY_ACTS = "nothing happens by itself here: only your acts change something"


def orders_to_come(m: Machine) -> list[int]:
    """Return the orders of the requests that are still to come, the next one first."""
    now = m.state.now_ns
    return [_order(value) for at, name, value in m.setup.script if name == REQUEST and at > now]


def who_was_refused(m: Machine, counter: str) -> str:
    """Return which request came last by itself, to be added to why a run is lost.

    Empty if none has, or if what loses is another number than that of refused requests.
    """
    now = m.state.now_ns
    come = [_order(value) for at, name, value in m.setup.script if name == REQUEST and at <= now]
    if not come or counter != REFUSED:
        return ""
    pages = 1 << come[-1]
    total = len(come) + len(orders_to_come(m))
    what = f"{pages} pages side by side" if pages > 1 else "1 page"
    return f": program {len(come)} of {total} asked for {what}"


def _order(value: str) -> int:
    """Return the order in `MASK ORDER`."""
    last = value.split()[-1]
    return int(last) if last.isdigit() else 0


def can_be_done(m: Machine, option: Option) -> bool:
    """Tell whether an act makes sense now: what it is about must be there."""
    name, *words = option.value.split()
    if name in ABOUT:
        return _is_taken(m, name, " ".join(words))
    if name != GIVE_BACK or len(words) < 2:
        return True
    zones = [zone for zone in m.state.zones if zone.name == words[0]]
    return any(
        str(block.first) == words[1] and block.what != FREE
        for zone in zones
        for block in blocks_of(m, zone)
    )


def _is_taken(m: Machine, name: str, value: str) -> bool:
    """Tell whether the machine takes an act as it stands."""
    try:
        do_action(Machine(m.setup, m.state.copy()), name, value)
    except InputError:
        return False
    return True


LAST_TURN = "the last turn"
TIME_PASSED = "the time since your last answer"
STAYS_MISSED = "; the question stays missed and comes again in another form"

REPLIED = {ANSWER: "your answer", PLACE: "your answer", SKIP: "skipping it"}


def turn_passed(level: Level, session: Session) -> bool:
    """Tell whether time was let pass since the last deed, where the player decides when it does.

    In a level by turns that is any turn; else time after an act belongs to the act.
    """
    deed = _last_deed(session)
    if deed is None or not level.allow or session.end <= deed.turn:
        return False
    return level.by_turns or deed.fields[0] not in level.allow


def _last_deed(session: Session) -> Entry | None:
    """Return the last act but for hints, which stand beside whatever is done."""
    hint = BY_LEVEL + HINT
    return next((one for one in reversed(session.acts) if one.fields[0] != hint), None)


def take_time_back(level: Level, session: Session) -> str:
    """Take back what passed since the last deed, by turns only the last turn; say which it was.

    A tape knows acts: those from the deed on are taken back, and done again with the turns up to
    there; a hint stays given.
    """
    deed = _last_deed(session)
    assert deed is not None
    end = session.end - 1 if level.by_turns else deed.turn
    taken: list[Entry] = []
    while not (taken and taken[-1].turn <= end) and (last := session.undo()) is not None:
        taken.append(last)
    for one in reversed(taken):
        session.advance(max(0, min(one.turn, end) - session.end))
        session.act(*one.fields)
    session.advance(end - session.end)
    return LAST_TURN if level.by_turns else TIME_PASSED


def deed_in_words(level: Level, fields: Sequence[str], missed: str) -> str:
    """Return what a player did: `fields` are those of its act, `missed` is said of an answer."""
    name, value = fields
    if name in REPLIED:
        return f"{REPLIED[name]}{missed}"
    return choice_in_words(level, name, value)


def choice_in_words(level: Level, name: str, value: str) -> str:
    """Return an act as the level offers it; as it is written, where it is no choice of it."""
    said = {one.value: one.text for one in level.choices}
    act = f"{name} {value}".rstrip()
    return said.get(act, act)


def why_in_vain(level: Level, acts: Iterable[Entry]) -> str:
    """Return why what was done did not help, to be added to why a run is lost; empty if unsaid."""
    done = {" ".join(act.fields).rstrip() for act in acts}
    said = [one.text for one in level.in_vain if one.value in done]
    return f". {'. '.join(said)}" if said else ""


def as_it_was_seen(level: Level, asked: Sequence[Question], fields: Sequence[str]) -> str:
    """Return what a player did: an answer by the words of its option; `asked` has all forms."""
    name, value = fields
    if name == SKIP:
        return "you skipped the question"
    if name not in REPLIED:
        return f"you: {choice_in_words(level, name, value)}"
    ident, _, answer = value.partition(" ")
    said = {one.value: one.text for form in asked if form.id == ident for one in form.options}
    return f"{ANSWERED}{said.get(answer, answer)}"
