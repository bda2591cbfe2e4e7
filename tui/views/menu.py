"""The menu's rows: levels by world with their stars, recordings, what was played; previews."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmplay.engine.errors import how_many, shortened
from mmplay.engine.frame import Ask
from mmplay.levels.level_list import LevelLine, world_title
from mmplay.recordings.library import Shipped
from mmplay.tui.cells import Cell, Row, fit, row, time_text, wrap
from mmplay.tui.glyphs import BOXES, Glyphs

if TYPE_CHECKING:
    from mmplay.engine.frame import Timeline
    from mmplay.levels.model import Level, Question
    from mmplay.levels.tries import Try
    from mmplay.recordings.library import Played

STARS = 3
ABOUT: dict[str, str] = {
    "incident-4.5.0-rc7": "Unpatched 4.5.0-rc7: the OOM kill at 59.56, and two seconds later no "
    "page is left. Who was refused first, and why?",
    "incident-next-20160311": "With the first patch: swapper/2 is refused one page, with 629 free. "
    "The flag that was lost on the way would have let it pass.",
    "incident-run-atomic": "The same burst, simulated from its first frame: GFP_ATOMIC works fill "
    "kmalloc-64 until no zone has a page. Step through it, or fork it.",
    "incident-run-nomemalloc": "The burst with __GFP_NOMEMALLOC: DMA keeps its pages, yet the "
    "network is refused. Who took what DMA32 had above its floor?",
    "incident-run-nowait": "The burst with GFP_NOWAIT: the works stop at min, the network is never "
    "refused. Compare it with incident-run-atomic.",
    "incident-run-none": "The burst without works that need memory: the flusher is only woken. "
    "What is left of the incident?",
}
"""What the shipped recordings are about."""

FILM_TITLE = "A Linux machine runs out of memory"

MAX_FRAMES = 40
"""Frames that a preview lists; a run has too many."""


def stars_text(stars: int | None, glyphs: Glyphs) -> str:
    """Return earned stars and missing ones, or `-` for a level that was not won yet."""
    return "  -" if stars is None else glyphs.star * stars + glyphs.no_star * (STARS - stars)


def world_row(world: int, levels: Sequence[LevelLine], best: dict[str, int], width: int) -> Row:
    """Return the heading of a world: its title, and how many of its stars were earned."""
    mine = [line.id for line in levels if line.world == world]
    earned, most = sum(best.get(one, 0) for one in mine), STARS * len(mine)
    tail = f"{earned} of {most}"
    return row(Cell(fit(world_title(world), width - len(tail)), "dim"), Cell(tail, "dim"))


READING, ASKING, ACTING, WATCHING = 150, 25, 90, 100
"""Words read in a minute; seconds for an answer, for an act to be found, and for a run's time.

Fitted to a student's first tries of L01 to L07, which took 7 to 12 minutes.
"""

ONE = re.compile(r"\b1 (star|act)s\b")
"""One of what a recording notes in the plural."""

ACTS_FOUND = 4
"""Acts beyond so many repeat what was found before."""


def minutes_of(level: Level) -> int:
    """Return about how many minutes a first try takes."""
    stages = (level, *level.stages)
    asked = [question for one in stages for question in one.questions]
    words = len(level.story.split()) + sum(map(_words_in, asked))
    seconds = words * 60 // READING + len(asked) * ASKING
    seconds += min(level.par, ACTS_FOUND) * ACTING + bool(level.end) * WATCHING
    return max(2, -(-seconds // 60))


def _words_in(question: Question) -> int:
    """Return about how many words a question has, with one of its lines and its options."""
    line = " ".join(question.each[:1]).split()
    return (
        len(question.text.split()) + len(line) + sum(len(one.split()) for one in question.options)
    )


def menu_rows(
    levels: Sequence[LevelLine],
    best: dict[str, int],
    recordings: Sequence[Shipped],
    sessions: Sequence[tuple[str, str]],
    width: int,
    glyphs: Glyphs = BOXES,
) -> list[Row]:
    """Return the list; `best` are stars by level, `sessions` title and end, newest first."""
    rows: list[Row] = []
    world = None
    for line in levels:
        if line.world != world:
            world = line.world
            rows.append(world_row(world, levels, best, width))
        rows.append(_level_row(line, best.get(line.id), width, glyphs))
    rows.append(_heading("Recordings", width))
    for n, one in enumerate(recordings):
        rows.append(row("  ", Cell(_cut(one.name, width - 2), "label", Ask("open", (n,)))))
    rows.append(row("  ", Cell("import a kernel log ...", "link", Ask("import"))))
    if sessions:
        rows.append(_heading("Played", width))
    for n, (title, ended) in enumerate(sessions):
        room = max(8, width - 3 - len(ended))
        name = Cell(_cut(title, room), "label", Ask("played", (n,)))
        rows.append(row("  ", name, Cell(f" {ended}", "dim")))
    return rows


def _cut(text: str, width: int) -> str:
    """Return `text` in exactly `width` columns; what was left out of it has three dots."""
    return fit(shortened(text, width), width)


def _heading(text: str, width: int) -> Row:
    return row(Cell(fit(text, width), "dim"))


def _level_row(line: LevelLine, stars: int | None, width: int, glyphs: Glyphs) -> Row:
    room = max(8, width - 2 - len(line.id) - 1 - STARS - 1)
    name = f"{line.id} {_cut(line.title, room)}"
    role = "dim" if stars is None else "fine"
    return row(
        "  ",
        Cell(name, "label", Ask("level", (line.name,))),
        Cell(f" {stars_text(stars, glyphs)}", role),
    )


def level_preview(
    level: Level,
    stars: int | None,
    size: tuple[int, int],
    glyphs: Glyphs,
    tries: Sequence[Try] = (),
) -> list[Row]:
    """Return what a level is about, how long it takes, and how it went.

    `size` is the width and the height to fill: its story stands there, too, if all of it fits.
    """
    width, height = size
    title = [row(Cell(line, "label")) for line in wrap(f"{level.id} {level.title}", width)]
    rest = _facts_of(level, stars, width, glyphs, tries)
    story: list[Row] = []
    for text in level.story.split("\n\n"):
        story += [row(""), *(row(Cell(line)) for line in wrap(" ".join(text.split()), width))]
    fits = len(title) + len(story) + 1 + len(rest) <= height
    return [*title, *((*story, row("")) if fits else ()), *rest]


def _facts_of(
    level: Level, stars: int | None, width: int, glyphs: Glyphs, tries: Sequence[Try]
) -> list[Row]:
    rows = [row(Cell(line)) for line in wrap(level.learn, width)]
    rows += [row(""), *(row(Cell(line)) for line in wrap(level.task, width)), row("")]
    earned = "not won yet" if stars is None else f"won {stars_text(stars, glyphs)}"
    rows.append(row(Cell(earned, "dim" if stars is None else "here")))
    acts = f"   par {how_many(level.par, 'acts')}" if level.par else ""
    rows.append(row(Cell(f"about {minutes_of(level)} minutes{acts}", "dim")))
    if tries:
        won = [one.seconds for one in tries if one.stars]
        said = how_many(len(tries), "tries")
        said += f", the fastest won in {min(won) // 60}:{min(won) % 60:02d}" if won else ""
        rows.append(row(Cell(said, "dim")))
    rows.append(row(Cell(f"kernel {level.kernel.name}", "dim")))
    if level.recreates:
        rows += [row(""), *(row(Cell(line, "dim")) for line in wrap(level.recreates, width))]
    return rows


def recording_preview(timeline: Timeline, about: str, width: int) -> list[Row]:
    """Return what a recording holds."""
    rows = [row(Cell(line)) for line in wrap(about, width)] + [row("")]
    for boot in timeline.boots:
        rows.append(row(Cell(boot.release or "release unknown", "label")))
        events = [n for n in timeline.event_frames if boot.first_frame <= n <= boot.last_frame]
        for index in events[:MAX_FRAMES]:
            when = time_text(timeline.time_us(index), boot.wall)
            rows.append(row(Cell(f"{when:>12}  ", "dim"), Cell(timeline.frame(index).title)))
    rows.append(row(""))
    lines, frames = how_many(timeline.line_count, "lines"), how_many(len(timeline), "frames")
    rows.append(row(Cell(f"{lines}, {frames}", "dim")))
    return rows


def played_preview(one: Played, width: int) -> list[Row]:
    """Return what a played session was."""
    when = time_text(one.time_us, wall=False)
    facts = [
        ("kernel", one.kernel or "see the recording"),
        ("length", f"{how_many(one.turns, 'turns')}, to {when} s"),
        ("result", ONE.sub(r"1 \1", one.result) or "no result: a run without a goal"),
        ("file", str(one.path)),
    ]
    rows = [row(Cell(line, "label")) for line in wrap(one.title, width)]
    for label, text in facts:
        lines = wrap(text, max(10, width - 8))
        rows.append(row(Cell(f"{label:<8}", "dim"), Cell(lines[0])))
        rows += [row("        ", Cell(line)) for line in lines[1:]]
    if not one.whole:
        rows.append(row(Cell("The file was cut short; it opens up to there.", "dim")))
    return rows


def import_help(width: int) -> list[Row]:
    """Return what can be imported."""
    text = (
        "Any kernel log works: dmesg, journalctl -k, a serial console, also as xz or gz. "
        "Nothing of it leaves this machine."
    )
    return [row(Cell(line)) for line in wrap(text, max(20, width))]


def problem(text: str, width: int) -> list[Row]:
    """Return why something cannot be shown."""
    return [row(Cell(line, "refused")) for line in wrap(text, width)]
