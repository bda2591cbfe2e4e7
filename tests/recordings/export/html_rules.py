"""The rules of HTML that our pages must keep, checked by the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "br", "hr"}
INSIDE: dict[str, set[str]] = {
    "html": {"head", "body"},
    "head": {"meta", "title", "style"},
    "body": {"main"},
    "dl": {"dt", "dd"},
    "table": {"caption", "thead", "tbody"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tr": {"th", "td"},
    "figure": {"svg", "figcaption"},
    "main": {"h1", "h2", "h3", "p", "dl", "div", "figure"},
    "div": {"table"},
}
"""What each element may hold; any element that is not named here holds text alone, or SVG."""

TEXT_ONLY = {"h1", "h2", "h3", "p", "dt", "dd", "caption", "th", "td", "figcaption", "title"}
LOADING = ("src", "href", "srcset", "poster", "data", "action", "style")
"""Attributes that fetch something, or that carry style outside the sheet."""


class Page(HTMLParser):
    """A page that was read and found to keep the rules; raises AssertionError where it does not."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.headings: list[tuple[int, str]] = []
        self.cells: list[str] = []
        self.heads: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.words = ""
        self._open: list[str] = []
        assert text.startswith("<!DOCTYPE html>\n")
        assert "\x00" not in text
        self.feed(text)
        self.close()
        assert self._open == [], f"never closed: {self._open}"
        assert len(set(self.ids)) == len(self.ids), "an id twice"
        assert set(self.labels) <= set(self.ids)
        levels = [level for level, _ in self.headings]
        assert levels[:1] == [1]
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels)), "a level skipped"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "form", "input")
        for name, value in attrs:
            assert name not in LOADING, (tag, name)
            assert not name.startswith("on"), (tag, name)
            if name == "id":
                self.ids.append(str(value))
            if name == "aria-labelledby":
                self.labels += str(value).split()
        within = "svg" in self._open
        if self._open and not within:
            outer = self._open[-1]
            assert outer not in TEXT_ONLY, f"<{tag}> in <{outer}>"
            assert tag in INSIDE.get(outer, {tag}), f"<{tag}> in <{outer}>"
        if tag == "th":
            self.heads.append((tag, dict(attrs).get("scope")))
            assert self.heads[-1][1] in ("col", "row")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))
        if tag in ("td", "th"):
            self.cells.append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self._open, f"<{tag}/> outside of svg"

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        assert "<" not in data, data[:80]
        if self._open[-1:] != ["style"]:
            self._take(data)
        else:
            assert "url(" not in data
            assert "@import" not in data

    def handle_entityref(self, name: str) -> None:
        self._take({"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name])

    def handle_charref(self, name: str) -> None:
        self._take({"x27": "'"}[name])

    def _take(self, text: str) -> None:
        self.words += text
        top = self._open[-1] if self._open else ""
        if top in ("h1", "h2", "h3"):
            level, before = self.headings[-1]
            self.headings[-1] = (level, before + text)
        if top in ("td", "th"):
            self.cells[-1] += text

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")
