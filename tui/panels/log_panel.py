"""The log pane: the lines around the frame's report, and the matches of a search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.selection import Selection

from mmplay.engine.errors import printable
from mmplay.tui.cells import Cell, Row, plain, row
from mmplay.tui.panels.cell_panel import CellPanel

if TYPE_CHECKING:
    from mmplay.engine.frame import Frame, LogLine, Timeline

SIDE_STEP = 20
"""Columns that left and right move along a long line."""

WHOLE_FROM = 100
"""From this width on a long line goes on in the next row: one of a zone takes four or five."""

GOES_ON = "    "
"""Begins a row in which the line above goes on."""


class LogPanel(CellPanel):
    """Draws only the lines in sight, whatever the length of the log."""

    class LineChosen(Message):
        """Enter on a line."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, timeline: Timeline, *, id: str) -> None:
        super().__init__("log", id=id)
        self._timeline = timeline
        self._frame: Frame | None = None
        self._needle = ""
        self.line = 1
        self._left = 0
        self._cache: dict[int, LogLine] = {}
        self._laid: tuple[object, list[tuple[int, int]]] = (None, [])

    def take(self, timeline: Timeline) -> None:
        """Show another log, or the same one that has grown."""
        self._timeline = timeline
        self._cache.clear()

    def show_frame(self, frame: Frame) -> None:
        """Go to the first line of the frame's report."""
        self._frame = frame
        self.go_to_line(frame.first_line)

    def show_matches(self, needle: str) -> None:
        """Highlight every line that contains `needle`."""
        self._needle = needle.casefold()
        self.refresh()

    def go_to_line(self, number: int) -> None:
        """Put the cursor on a line and bring it into sight."""
        self.line = max(1, min(self._timeline.line_count, number))
        if not self._first_before(self.line) <= self.top < self.line:
            self.top = self._clamped(self.line - 1)
        self._tell_more()
        self.refresh()

    def _clamped(self, top: int) -> int:
        """Return how many lines may be above: none in vain, as long as others fill the panel."""
        count = self._timeline.line_count
        if count - top >= self.size.height:
            return max(0, top)
        return max(0, min(self._first_before(count), top))

    def _first_before(self, last: int) -> int:
        """Return how many lines must at least be above so that `last` is wholly in sight."""
        above, left = last - 1, max(1, self.size.height) - self._height_of(last)
        while above > 0 and (left := left - self._height_of(above)) >= 0:
            above -= 1
        return above

    def _height_of(self, number: int) -> int:
        """Return how many rows a line takes."""
        if self.size.width < WHOLE_FROM:
            return 1
        line = self._line(number)
        return len(self._parts(line)) if line is not None else 1

    def _parts(self, line: LogLine) -> list[str]:
        text = printable(line.text.expandtabs())
        if self.size.width < WHOLE_FROM:
            return [text[self._left :]]
        # No line has more rows than the panel, however long it is.
        return folded(text[: self.size.width * max(1, self.size.height)], self.size.width - 2)

    def on_resize(self) -> None:
        """Fill a panel that has come into sight near the end of the log."""
        top = self._clamped(self.top)
        if top != self.top:
            self.top = top
            self.refresh()

    def action_move(self, down: int, across: int) -> None:
        """Move the line cursor, or look further along long lines."""
        if down:
            self._walk(down)
        else:
            self._left = max(0, self._left + across * SIDE_STEP)
            self.refresh()

    def action_page(self, direction: int) -> None:
        """Move a page."""
        self._walk(direction * max(1, self.size.height - 1))

    def action_edge(self, direction: int) -> None:
        """Go to the first or last line."""
        self._walk(direction * self._timeline.line_count)

    def _walk(self, lines: int) -> None:
        number = max(1, min(self._timeline.line_count, self.line + lines))
        self.top = min(max(self.top, self._first_before(number)), number - 1)
        self.go_to_line(number)

    def action_open(self) -> None:
        """Go to the frame that this line belongs to."""
        self.post_message(self.LineChosen(self.line))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line that was clicked; go to its frame at the second click."""
        y = event.y - (self.content_region.y - self.region.y)
        laid = self._layout()
        if 0 <= y < len(laid):
            self.go_to_line(laid[y][0])
        if event.chain > 1:
            self.action_open()

    def _scroll_by(self, lines: int) -> None:
        self._walk(lines)

    def _tell_more(self) -> None:
        count = self._timeline.line_count
        self._set_subtitle(f"line {self.line}/{count}" if count else "")

    @property
    def value(self) -> str:
        """The text of the line under the cursor."""
        line = self._line(self.line)
        return line.text if line else ""

    def _line(self, number: int) -> LogLine | None:
        if number not in self._cache:
            if len(self._cache) > 4 * max(50, self.size.height):
                self._cache.clear()
            for line in self._timeline.lines(number, max(1, self.size.height)):
                self._cache[line.number] = line
        return self._cache.get(number)

    def row_at(self, n: int) -> Row | None:
        """Return the row of one line of the log, or None below the last."""
        if n == 0 and not self._timeline.line_count:
            return row(Cell("Nothing has been printed yet.", "dim"))
        laid, y = self._layout(), n - self.top
        if not 0 <= y < len(laid):
            return None
        number, part = laid[y]
        line = self._line(number)
        return None if line is None else self._row(line, part)

    def _layout(self) -> list[tuple[int, int]]:
        """Return of each row in sight the number of its line, and which part of it."""
        count, height = self._timeline.line_count, self.size.height
        key = id(self._timeline), count, self.top, self.size
        if self._laid[0] != key:
            rows: list[tuple[int, int]] = []
            number = self.top + 1
            while len(rows) < height and number <= count:
                rows += [(number, part) for part in range(self._height_of(number))]
                number += 1
            self._laid = key, rows[:height]
        return self._laid[1]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text of the lines in sight."""
        shown = range(self.top + self.size.height)
        rows = [self.row_at(n) if n >= self.top else () for n in shown]
        return selection.extract("\n".join(plain(cells or ()) for cells in rows)), "\n"

    def _row(self, line: LogLine, part: int) -> Row:
        frame = self._frame
        inside = frame is not None and frame.first_line <= line.number <= frame.last_line
        here = line.number == self.line and part == 0
        mark = ">" if here else "|" if inside else " "
        role = "log" if inside else "dim"
        flag = " " if line.understood or part else "?"
        text = self._parts(line)[part]
        return row(Cell(f"{mark}{flag}", "mark"), *hits_in(text, self._needle, role))


def folded(text: str, width: int) -> list[str]:
    """Return a line as rows of so many columns, parted at spaces where there are any near."""
    rows = []
    while len(text) > width:
        at = text.rfind(" ", width // 2, width + 1)
        at = at if at > 0 else width
        rows.append(text[:at])
        text = GOES_ON + text[at:].removeprefix(" ")
    return [*rows, text]


def hits_in(text: str, needle: str, role: str) -> Iterator[Cell]:
    """Yield a line in cells, each place that has the needle as a hit."""
    rest = text
    while needle and (at := rest.casefold().find(needle)) >= 0 and rest[at : at + len(needle)]:
        if at:
            yield Cell(rest[:at], role)
        yield Cell(rest[at : at + len(needle)], "hit")
        rest = rest[at + len(needle) :]
    yield Cell(rest, role)
