"""The menu's rows: levels by world with their stars, recordings, what was played; previews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmplay.engine.frame import Ask
from mmplay.levels.level_list import LevelLine, world_title
from mmplay.recordings.library import Shipped
from mmplay.tui.cells import Cell, Row, fit, row, time_text, wrap

if TYPE_CHECKING:
    from mmplay.engine.frame import Timeline
    from mmplay.levels.model import Level
    from mmplay.recordings.library import Played

STARS = 3
MAX_FRAMES = 40
"""Frames that a preview lists; a run has too many."""


def stars_text(stars: int | None) -> str:
    """Return earned stars: `**.`, or `-` for a level that was not won yet."""
    return "  -" if stars is None else "*" * stars + "." * (STARS - stars)


def menu_rows(
    levels: Sequence[LevelLine],
    best: dict[str, int],
    recordings: Sequence[Shipped],
    sessions: Sequence[tuple[str, str]],
    width: int,
) -> list[Row]:
    """Return the list; `best` are stars by level, `sessions` title and end, newest first."""
    rows: list[Row] = []
    world = None
    for line in levels:
        if line.world != world:
            world = line.world
            rows.append(_heading(world_title(world), width))
        rows.append(_level_row(line, best.get(line.id), width))
    rows.append(_heading("Recordings", width))
    for n, one in enumerate(recordings):
        rows.append(row("  ", Cell(fit(one.name, width - 2), "label", Ask("open", (n,)))))
    rows.append(row("  ", Cell("import a kernel log ...", "link", Ask("import"))))
    if sessions:
        rows.append(_heading("Played", width))
    for n, (title, ended) in enumerate(sessions):
        room = max(8, width - 3 - len(ended))
        rows.append(
            row(
                "  ", Cell(fit(title, room), "label", Ask("played", (n,))), Cell(f" {ended}", "dim")
            )
        )
    return rows


def _heading(text: str, width: int) -> Row:
    return row(Cell(fit(text, width), "dim"))


def _level_row(line: LevelLine, stars: int | None, width: int) -> Row:
    room = max(8, width - 2 - len(line.id) - 1 - STARS - 1)
    name = f"{line.id} {fit(line.title, room)}"
    role = "dim" if stars is None else "fine"
    return row(
        "  ",
        Cell(name, "label", Ask("level", (line.name,))),
        Cell(f" {stars_text(stars)}", role),
    )


def level_preview(level: Level, stars: int | None, width: int) -> list[Row]:
    """Return what a level is about."""
    rows = [row(Cell(line, "label")) for line in wrap(f"{level.id} {level.title}", width)]
    rows += [row(Cell(line)) for line in wrap(level.learn, width)]
    rows += [row(""), *(row(Cell(line)) for line in wrap(level.task, width)), row("")]
    won = "not won yet" if stars is None else f"won [{stars_text(stars)}]"
    rows.append(row(Cell(f"{won}   par {level.par}   kernel {level.kernel.name}", "dim")))
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
    rows.append(row(Cell(f"{timeline.line_count} lines, {len(timeline)} frames", "dim")))
    return rows


def played_preview(one: Played, width: int) -> list[Row]:
    """Return what a played session was."""
    when = time_text(one.time_us, wall=False)
    facts = [
        ("kernel", one.kernel or "see the recording"),
        ("length", f"{one.turns} turns, to {when} s"),
        ("result", one.result or "no result: a run without a goal"),
        ("file", str(one.path)),
    ]
    rows = [row(Cell(line, "label")) for line in wrap(one.title, width)]
    for label, text in facts:
        lines = wrap(text, max(10, width - 8))
        rows.append(row(Cell(f"{label:<8}", "dim"), Cell(lines[0])))
        rows += [row("        ", Cell(line)) for line in lines[1:]]
    if not one.whole:
        rows.append(row(Cell("it was cut short; it opens as far as it goes", "dim")))
    return rows


def import_help(width: int) -> list[Row]:
    """Return what can be imported."""
    text = (
        "Any kernel log: dmesg, journalctl -k, a serial console, xz or gz too. "
        "Nothing of it leaves this machine."
    )
    return [row(Cell(line)) for line in wrap(text, max(20, width))]


def problem(text: str, width: int) -> list[Row]:
    """Return why something cannot be shown."""
    return [row(Cell(line, "refused")) for line in wrap(text, width)]
