"""Every kind of picture by its name: how its still is read, drawn and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mmplay.levels.play.questions import taught_by
from mmplay.tui.cells import Row
from mmplay.tui.glyphs import ASCII, Glyphs
from mmplay.tui.views.pictures.bits import bits_rows, bits_words
from mmplay.tui.views.pictures.blocks import blocks_rows, blocks_still, blocks_words
from mmplay.tui.views.pictures.canvas import STEPS, Picture
from mmplay.tui.views.pictures.ladder import ladder_rows, ladder_words
from mmplay.tui.views.pictures.loop import loop_rows, loop_words
from mmplay.tui.views.pictures.readings import (
    bits_still,
    kind_of,
    ladder_of,
    loop_of,
    rooms_of,
    slabs_still,
    stack_still,
    tank_of,
)
from mmplay.tui.views.pictures.rooms import rooms_rows, rooms_words
from mmplay.tui.views.pictures.sight import Sight, sight_of
from mmplay.tui.views.pictures.slabs import slabs_rows, slabs_words
from mmplay.tui.views.pictures.stack import stack_rows, stack_words
from mmplay.tui.views.pictures.tank import tank_rows, tank_words
from mmplay.tui.views.task import caches_of

if TYPE_CHECKING:
    from mmplay.levels.play.game import LevelGame


class Kind(NamedTuple):
    """A kind of picture.

    `read` makes the still of a sight; `rows` draws it at a width and a height with glyphs, on its
    way from a past still at a step; `words` says it in one or two sentences.
    """

    read: Callable[[Sight], Any]
    rows: Picture[Any]
    words: Callable[[Any], str]


KINDS: dict[str, Kind] = {
    "tank": Kind(tank_of, tank_rows, tank_words),
    "ladder": Kind(ladder_of, ladder_rows, ladder_words),
    "blocks": Kind(blocks_still, blocks_rows, blocks_words),
    "bits": Kind(bits_still, bits_rows, bits_words),
    "stack": Kind(stack_still, stack_rows, stack_words),
    "rooms": Kind(rooms_of, rooms_rows, rooms_words),
    "slabs": Kind(slabs_still, slabs_rows, slabs_words),
    "loop": Kind(loop_of, loop_rows, loop_words),
}


class Still(NamedTuple):
    """What a picture shows at a moment, whatever its kind."""

    kind: str
    facts: Any

    @classmethod
    def of(cls, sight: Sight) -> Still | None:
        """Return the still of a sight's own picture; None if its level has none."""
        picture = sight.showing.picture
        if picture is None:
            return None
        kind = kind_of(sight, picture.kind)
        return cls(kind, KINDS[kind].read(sight)) if kind in KINDS else None

    @property
    def title(self) -> str:
        """What stands over the picture."""
        named = (str(getattr(self.facts, one, "")) for one in NAMED_BY)
        return next(filter(None, named), "") or TITLES[self.kind]

    def rows(
        self, width: int, height: int, glyphs: Glyphs, past: Still | None, step: int
    ) -> list[Row]:
        """Draw the still; a still of another kind is no past."""
        before = past.facts if past is not None and past.kind == self.kind else None
        return KINDS[self.kind].rows(self.facts, width, height, glyphs, before, step)

    def moves_from(self, past: Still | None) -> bool:
        """Tell whether there is a way from a past still to this one."""
        return past is not None and past.kind == self.kind and past.facts != self.facts

    def words(self) -> str:
        """Say what the picture shows."""
        return KINDS[self.kind].words(self.facts)


def said_of(game: LevelGame) -> str:
    """Say what the picture of a level shows now; empty if it has none.

    A number that answers the open question is left out.
    """
    machine, showing = game.shown, game.showing
    cache = next(iter(caches_of(game.level_run.level, machine)), "")
    sight = sight_of(machine, ASCII, showing)._replace(question=game.question, cache=cache)
    sight = sight._replace(taught=taught_by(game.level_run.level))
    still = Still.of(sight)
    return "" if still is None else showing.veiled(still.words())


NAMED_BY = ("title", "zone", "cache")
TITLES = {
    "bits": "the mask",
    "stack": "the call chain",
    "loop": "the loop",
    "rooms": "the zones",
    "slabs": "the slabs",
}

__all__ = ["KINDS", "STEPS", "Kind", "Still"]
