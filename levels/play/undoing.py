"""Taking back what was done last in a level, one deed at a time, and saying what it was."""

from __future__ import annotations

from collections.abc import Sequence

from mmplay.levels.model import ANSWER, PLACE, SKIP, Level, Question
from mmplay.recordings.run.session import Session

LAST_TURN = "the last turn"
STAYS_MISSED = "; it stays missed"

REPLIED = {ANSWER: "your answer to", PLACE: "your answer to", SKIP: "skipping"}


def turn_passed(level: Level, session: Session) -> bool:
    """Tell whether a turn was let pass since the last deed, in a level by turns."""
    acts = session.acts
    return level.by_turns and bool(acts) and session.end > acts[-1].turn


def take_turn_back(session: Session) -> None:
    """Take back the last turn of a run in which something was done before it.

    A tape knows acts: the last one is taken back, and done again with the turns up to here.
    """
    end, last = session.end - 1, session.undo()
    if last is not None:
        session.act(*last.fields)
        session.advance(end - session.end)


def deed_in_words(
    level: Level, questions: Sequence[Question], fields: Sequence[str], missed: str
) -> str:
    """Return what a player did: `fields` are those of its act, `missed` is said of an answer."""
    name, value = fields
    if name in REPLIED:
        number = [one.id for one in questions].index(value.partition(" ")[0]) + 1
        return f"{REPLIED[name]} question {number}{missed}"
    said = {one.value: one.text for one in level.choices}
    return said.get(f"{name} {value}", f"{name} {value}")
