"""What a run's tape says of the level: what was asked, answered, skipped, missed and hinted.

Notes of the level itself stand on the tape as acts with BY_LEVEL before their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mmplay.levels.model import ANSWER, SKIP
from mmplay.recordings.run.session import BY_LEVEL
from mmplay.recordings.run.tape import Entry

ASK, HINT, MISSED = "ask", "hint", "missed"


class Notes:
    """See the module.

    `acts` counts the player's acts by name, answers among them.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Read the acts of a tape."""
        self.asked: set[str] = set()
        self.answers: dict[str, str] = {}
        self.skipped: set[str] = set()
        self.missed: set[str] = set()
        self.hints = 0
        self.acts: Counter[str] = Counter()
        for entry in entries:
            name, value = entry.fields
            if not name.startswith(BY_LEVEL):
                self.acts[name] += 1
            self._take(name.removeprefix(BY_LEVEL), value)

    def _take(self, name: str, value: str) -> None:
        if name == ASK:
            self.asked.add(value)
        elif name == ANSWER:
            ident, _, answer = value.partition(" ")
            self.answers[ident] = answer
        elif name == SKIP:
            self.skipped.add(value)
        elif name == MISSED:
            self.missed.add(value)
        elif name == HINT:
            self.hints += 1

    def done(self, ident: str) -> bool:
        """Tell whether a question is answered or skipped."""
        return ident in self.answers or ident in self.skipped
