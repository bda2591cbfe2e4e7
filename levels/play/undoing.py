"""What was done in a level, in the words that its player saw; taking the last deed back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmplay.levels.model import ANSWER, PLACE, SKIP, Level, Question
from mmplay.levels.play.questions import HINT
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.tape import BY_LEVEL, Entry

LAST_TURN = "the last turn"
TIME_PASSED = "the time since your last answer"
STAYS_MISSED = "; the question stays missed and is asked again"

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
    return f"you answered: {said.get(answer, answer)}"
