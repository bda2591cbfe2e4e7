"""Where keys stand in a TOML text, and what is too much for a parser."""

from __future__ import annotations

import pytest

from mmplay.levels.level_text import MAX_LINES, KeyLines, excess, without_texts

TEXT = '''\
# [not] a = header
format = 1
story = """
[machine]
title = "in a text"
"""
"title" = 'x'
nested = [
  [1, 2],
  ["[ask]"],
]
quote = "a \\" [ask] # no comment"
[machine]   # a comment with """
base = "bench"
inline = { a = 1 }
[[machine.zone]]
name = "DMA"
[[machine.zone]]
name = "DMA32"
free = 20
[[ask]]
id = "a"
text = \'\'\'
id = "b"
[[ask]]
\'\'\'
[[ask]]
text = "c"
[ machine . deep ]
x = 1
'''


@pytest.mark.parametrize(
    ("table", "number", "key", "text"),
    [
        ("", 0, "format", "format = 1"),
        ("", 0, "story", 'story = """'),
        ("", 0, "title", "\"title\" = 'x'"),
        ("", 0, "nested", "nested = ["),
        ("", 0, "quote", 'quote = "a \\" [ask] # no comment"'),
        ("machine", 0, "", '[machine]   # a comment with """'),
        ("machine", 0, "base", 'base = "bench"'),
        ("machine.zone", 0, "name", 'name = "DMA"'),
        ("machine.zone", 1, "name", 'name = "DMA32"'),
        ("machine.zone", 1, "free", "free = 20"),
        ("machine.zone", 1, "managed", "[[machine.zone]]"),
        ("ask", 0, "id", 'id = "a"'),
        ("ask", 1, "text", 'text = "c"'),
        ("ask", 1, "id", "[[ask]]"),
        ("machine.inline", 0, "a", "inline = { a = 1 }"),
        ("machine.deep", 0, "x", "x = 1"),
    ],
)
def test_the_line_of_a_key(table: str, number: int, key: str, text: str) -> None:
    assert TEXT.split("\n")[KeyLines(TEXT).of(table, number, key) - 1] == text


def test_the_second_ask_is_not_the_one_inside_a_text() -> None:
    lines = TEXT.split("\n")
    assert KeyLines(TEXT).of("ask", 1) == max(
        n for n, line in enumerate(lines, 1) if "[[ask]]" in line
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb" + ".b" * 60 + " = 1\n", 2), ("a = 1\n\n# " + "x" * 5000, 3)],
)
def test_what_no_level_needs(text: str, line: int) -> None:
    found = excess(text)
    assert found is not None
    assert found[0] == line


def test_dots_in_texts_and_comments_are_fine() -> None:
    assert excess('a = "' + "." * 500 + '" # ' + "." * 500) is None


def test_decimals_are_no_dotted_keys() -> None:
    assert excess("rate = [" + ", ".join(f"[{n}.25, {n}]" for n in range(64)) + "]") is None
    assert excess(".".join("1" * 20) + " = 1") == (1, "more than 8 dots outside texts")
    assert excess(" . ".join(["1.1"] * 20) + " = 1") == (1, "more than 8 dots outside texts")


@pytest.mark.parametrize("text", ["\n" * (1 << 17), '"""\n' * (1 << 17), "a = 1\n" * (1 << 16)])
def test_more_lines_than_any_level_has(text: str) -> None:
    assert excess(text) == (MAX_LINES, f"the text has more than {MAX_LINES} lines")


@pytest.mark.parametrize(
    "piece", ['\\"""\n', '\\"', "''", "'''\"\"\"", '"\\\n', '"""\\', "#'", " ", '"a\\" ']
)
def test_a_character_is_looked_at_once(piece: str) -> None:
    """A regex that tries again at every character would need minutes for these."""
    for start in ("", '"""\n', "'''\n", '"', "'"):
        text = start + piece * (60_000 // len(piece))
        assert len(without_texts(text)) == 1 + text.count("\n")
