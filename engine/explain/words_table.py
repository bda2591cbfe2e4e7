"""What an entry of the table of words is, and how a block of entries is read."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """What a number means: a title, a sentence, the kernel function and its file.

    `symbol` is how a formula writes it.
    """

    symbol: str
    title: str
    text: str
    function: str
    path: str


def read_words(path: str, text: str) -> dict[str, Words]:
    """Read entries of three lines: `name = symbol`, `function: title`, and the sentence."""
    table = {}
    for entry in text.strip().split("\n\n"):
        names, titles, *sentence = entry.split("\n")
        name, symbol = names.split(" = ")
        function, title = titles.split(": ", 1)
        table[name] = Words(symbol, title, " ".join(sentence), function, path)
    return table
