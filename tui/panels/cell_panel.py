"""The panel that all views share: rows of cells, a cursor that stops at numbers, scrolling."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from mmplay.engine.errors import printable
from mmplay.engine.frame import Ask
from mmplay.tui.cells import Cell, Row, plain
from mmplay.tui.panels.drawn import DrawnRows, Veil, marked


class CellPanel(Widget, can_focus=True):
    """Draws rows with `render_line`; keys and mouse move the cursor over cells that can be asked.

    Rows are set with `show`; the cursor keeps its question across frames where it still exists.
    """

    BINDINGS = [
        Binding("up,k", "move(-1, 0)", show=False),
        Binding("down,j", "move(1, 0)", show=False),
        Binding("left,h", "move(0, -1)", show=False),
        Binding("right,l", "move(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("g,home", "edge(-1)", show=False),
        Binding("G,end", "edge(1)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Chosen(Message):
        """The cursor came to a number (or to none)."""

        def __init__(self, panel: CellPanel, ask: Ask | None) -> None:
            super().__init__()
            self.panel, self.ask = panel, ask

    class Resized(Message):
        """The panel has another size: what is in it was made for the old one."""

    class Opened(Message):
        """Enter on a number."""

        def __init__(self, panel: CellPanel, ask: Ask) -> None:
            super().__init__()
            self.panel, self.ask = panel, ask

    class Entered(Message):
        """Enter where there is nothing to open."""

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id)
        self.panel_title = title
        self._entitled = self._subtitle = ""
        self._entitle(title)
        self.rows: list[Row] = []
        self.top = 0
        self.cursor: tuple[int, int] | None = None
        self._made_for, self._note = 0, ""
        self.stale = False
        self._drawn = DrawnRows(self)

    # rows

    def retitle(self, title: str) -> None:
        """Give the panel another title."""
        self.panel_title = title = printable(title)
        self._entitle(f"> {title}" if self.has_focus else title)

    def _entitle(self, title: str) -> None:
        """Set the border's title; Textual would draw the whole panel even for the same one."""
        if title != self._entitled:
            self._entitled = title
            self.border_title = title

    def veil(self, veil: Veil) -> None:
        """Draw every text through a veil: it takes away what may not be read now."""
        if self._drawn.veiled_by(veil):
            self.refresh()

    def note(self, text: str) -> None:
        """Say something at the panel's lower edge."""
        self._note = text
        self._tell_more()

    def show(self, rows: list[Row], *, from_top: bool = False) -> None:
        """Draw these rows; keep the cursor on the same question if it is still there.

        With `from_top` the first row is in sight, wherever the cursor is.
        """
        asked, before = self.ask, self._in_sight()
        self.rows, self.stale = rows, False
        self._made_for = self.size.width
        places = self._places()
        same = [place for place in places if asked is not None and self._ask_at(place) == asked]
        self.cursor = same[0] if same else self._first_of(places)
        self.top = max(0, min(self.top, len(rows) - self.size.height))
        if from_top:
            self.top = 0
        elif self.has_focus:
            self._follow()
        self._tell_more()
        self._redraw(before)

    def _first_of(self, places: list[tuple[int, int]]) -> tuple[int, int] | None:
        """Return where the cursor stands as long as nobody has moved it."""
        return places[0] if places else None

    def _in_sight(self) -> list[tuple[Row | None, int]]:
        """Return what is drawn: of each line its row, and which of its cells is reversed."""
        shown = range(self.top, self.top + self.size.height)
        return [(self.row_at(n), self._reversed_in(n)) for n in shown]

    def _redraw(self, before: list[tuple[Row | None, int]]) -> None:
        """Draw the lines that are no longer what they were."""
        after = self._in_sight()
        if len(before) != len(after):
            self.refresh()
            return
        pairs = enumerate(zip(before, after, strict=True))
        lines = [Region(0, y, self.size.width, 1) for y, (old, new) in pairs if old != new]
        if lines:
            self.refresh(*lines)

    def _reversed_in(self, n: int) -> int:
        """Return which cell of row `n` the cursor is on, -1 if none."""
        here = self.cursor is not None and self.has_focus and self.cursor[0] == n
        return self.cursor[1] if here and self.cursor is not None else -1

    @property
    def ask(self) -> Ask | None:
        """The question under the cursor."""
        return self._ask_at(self.cursor) if self.cursor else None

    @property
    def value(self) -> str:
        """The text under the cursor."""
        return self._cell(self.cursor).text.strip() if self.cursor else ""

    def _cell(self, place: tuple[int, int]) -> Cell:
        return self.rows[place[0]][place[1]]

    def _ask_at(self, place: tuple[int, int]) -> Ask | None:
        row, column = place
        if row < len(self.rows) and column < len(self.rows[row]):
            return self.rows[row][column].ask
        return None

    def _places(self) -> list[tuple[int, int]]:
        return [
            (n, m)
            for n, cells in enumerate(self.rows)
            for m, cell in enumerate(cells)
            if cell.ask is not None
        ]

    def scroll_to_text(self, text: str) -> None:
        """Bring the first row that holds a text to the top, as far as there are rows below.

        The cursor goes along: the panel may yet get a size or the focus, which bring it into sight.
        """
        first = next((n for n, cells in enumerate(self.rows) if text in plain(cells)), None)
        if first is not None:
            self.top = max(0, min(first, len(self.rows) - self.size.height))
            below = (place for place in self._places() if place[0] >= first)
            self.cursor = next(below, self.cursor)
            self._tell_more()
            self.refresh()

    def scroll_above(self) -> None:
        """Bring the row above the cursor to the top: the heading of what is chosen."""
        if self.cursor is not None:
            self._scroll_by(self.cursor[0] - 1 - self.top)

    # cursor

    def action_move(self, down: int, across: int) -> None:
        """Move the cursor by a number, or scroll where there is none in that direction."""
        target = self._beside(across) if across else self._beyond(down)
        if target is None:
            self._scroll_by(down)
        else:
            self._place(target)

    def choose(self, ask: Ask) -> bool:
        """Put the cursor on the first cell with this question; tell whether there is one."""
        place = self._place_of(ask)
        if place is not None:
            self._place(place)
        return place is not None

    def begin_at(self, ask: Ask, below: int) -> None:
        """Put the cursor on this question, if it is there, without anybody being told.

        So many rows below it come into sight, too.
        """
        before = self._in_sight()
        self.cursor = self._place_of(ask) or self.cursor
        self._follow(below)
        self._tell_more()
        self._redraw(before)

    def begin_with_label(self) -> None:
        """Let the uppermost row begin with a label: no part is left there without its name."""
        if self.cursor is None:
            return
        before, below = self._in_sight(), range(self.top, self.cursor[0] + 1)
        self.top = next((n for n in below if self._begins_with_label(n)), self.top)
        self._tell_more()
        self._redraw(before)

    def _begins_with_label(self, n: int) -> bool:
        return bool(self.rows[n]) and self.rows[n][0].role == "label"

    def _place_of(self, ask: Ask) -> tuple[int, int] | None:
        return next((place for place in self._places() if self._ask_at(place) == ask), None)

    def _beside(self, across: int) -> tuple[int, int] | None:
        places = self._places()
        if self.cursor not in places:
            return places[0] if places else None
        n = places.index(self.cursor) + across
        return places[n] if 0 <= n < len(places) else None

    def _beyond(self, down: int) -> tuple[int, int] | None:
        """Return the nearest number in the next row that has one, if that row is near."""
        places = self._places()
        if self.cursor is None:
            return places[0] if places else None
        here, column = self.cursor[0], self._start(self.cursor)
        rows = sorted({n for n, _ in places if (n - here) * down > 0}, key=lambda n: abs(n - here))
        if not rows or abs(rows[0] - here) > max(1, self.size.height):
            return None
        same_row = [place for place in places if place[0] == rows[0]]
        return min(same_row, key=lambda place: abs(self._start(place) - column))

    def _start(self, place: tuple[int, int]) -> int:
        row, index = place
        return sum(cell_len(cell.text) for cell in self.rows[row][:index])

    def _place(self, place: tuple[int, int]) -> None:
        before = self._in_sight()
        self.cursor = place
        self._follow()
        self._tell_more()
        self._redraw(before)
        self.post_message(self.Chosen(self, self.ask))

    def _follow(self, below: int = 0) -> None:
        """Bring the cursor into sight, unless the rows are still those of another width."""
        height = max(1, self.size.height - below) if self.size.height else 0
        if self.cursor is None or height == 0 or self._made_for != self.size.width:
            return
        if self.cursor[0] < self.top:
            self.top = self.cursor[0]
        elif self.cursor[0] >= self.top + height:
            self.top = self.cursor[0] - height + 1

    def _scroll_by(self, lines: int) -> None:
        last = max(0, len(self.rows) - self.size.height)
        self.top = max(0, min(last, self.top + lines))
        self._tell_more()
        self.refresh()

    def action_page(self, direction: int) -> None:
        """Scroll a page and take the cursor along."""
        self._scroll_by(direction * max(1, self.size.height - 1))
        visible = [p for p in self._places() if self.top <= p[0] < self.top + self.size.height]
        if visible:
            self._place(visible[0] if direction < 0 else visible[-1])

    def action_edge(self, direction: int) -> None:
        """Go to the first or last row."""
        self._scroll_by(direction * len(self.rows))
        places = self._places()
        if places:
            self._place(places[0] if direction < 0 else places[-1])

    def action_open(self) -> None:
        """Open what is under the cursor; where nothing is, say so."""
        ask = self.ask
        self.post_message(self.Entered() if ask is None else self.Opened(self, ask))

    def on_focus(self) -> None:
        """Tell which number is chosen now, and bring it into sight."""
        self._follow()
        self._tell_more()
        self._entitle(f"> {self.panel_title}")
        self.post_message(self.Chosen(self, self.ask))

    def on_blur(self) -> None:
        """Take the focus mark off the title."""
        self._entitle(self.panel_title)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the number that was clicked; open it at the second click."""
        place = self._at(event.x, event.y)
        if place is None:
            return
        if place == self.cursor and event.chain > 1:
            self.action_open()
        else:
            self._place(place)

    def _at(self, x: int, y: int) -> tuple[int, int] | None:
        offset = self.content_region.offset - self.region.offset
        column, n = x - offset.x, y - offset.y + self.top
        if not 0 <= n < len(self.rows):
            return None
        end = 0
        for m, cell in enumerate(self.rows[n]):
            end += cell_len(cell.text)
            if column < end:
                return (n, m) if cell.ask is not None else None
        return None

    def on_mouse_scroll_down(self) -> None:
        """Scroll."""
        self._scroll_by(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll."""
        self._scroll_by(-3)

    def on_resize(self) -> None:
        """Keep the cursor in sight, and tell who fills the panel."""
        if self.has_focus:
            self._follow()
        self._tell_more()
        self.post_message(self.Resized())

    def on_show(self) -> None:
        """Let it be filled, if that was left out while nobody saw it."""
        if self.stale:
            self.post_message(self.Resized())

    def _tell_more(self) -> None:
        height, count = self.size.height, len(self.rows)
        hidden = height and count > height
        where = f"{self.top + 1}-{min(count, self.top + height)}/{count}" if hidden else ""
        self._set_subtitle("  ".join(text for text in (self._note, where) if text))

    def _set_subtitle(self, text: str) -> None:
        """Set what stands at the lower edge, if it is something else."""
        if text != self._subtitle:
            self._subtitle = text
            self.border_subtitle = text

    # drawing

    def notify_style_update(self) -> None:
        """Forget the styles of the old theme."""
        super().notify_style_update()
        self._drawn.forget()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        n = y + self.top
        cells = self.row_at(n)
        if cells is None:
            return Strip.blank(self.size.width, self._drawn.style(""))
        strip = self._drawn.strip(n, cells, self._reversed_in(n), self.size.width)
        return self._selected(strip, n)

    def row_at(self, n: int) -> Row | None:
        """Return row `n`, or None below the last."""
        return self.rows[n] if 0 <= n < len(self.rows) else None

    def _selected(self, strip: Strip, row: int) -> Strip:
        selection = self.text_selection
        span = selection.get_span(row) if selection is not None else None
        if span is None:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        return marked(strip, span, style)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text."""
        return selection.extract("\n".join(plain(cells) for cells in self.rows)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the new selection."""
        self.refresh()
