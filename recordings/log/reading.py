"""What the text of one line, or of a few that belong together, says: its form and its values.

A mailer breaks long lines at blanks. What it broke is read as one line again: the pieces that
follow have no stamp of their own and are of no form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from mmplay.engine.printk.form import LineForm, Values
from mmplay.engine.printk.kinds import FIELD_KINDS
from mmplay.engine.printk.reader import complete, form_index
from mmplay.recordings.log.prefix import Prefix

DAEMON_ROLES = frozenset({"oomd", "oomdunit", "earlyoom", "earlyoomlow", "lmkd"})
"""What programs other than the kernel say of their own: anything else they only quote."""

LONGEST_BROKEN = 12
"""Lines into which a mailer may break one: a zone line has the most."""

OPEN_ROLES = frozenset(
    {
        "zone",
        "node",
        "totals.active_anon",
        "totals.mapped",
        "blocks",
        "killed",
        "words",
        "memcgstats",
    }
)
"""Lines that can go on after any of their fields."""

CUT = frozenset({"failure/cut", "failure/cut-mode", "failure/cut-dot", "failure/bare"})
"""Lines that have lost their end, or were broken: whatever they make with the next counts."""

TEXT_ROLES = frozenset({"hardware", "cpu", "regs", "workqueue", "taints"})
"""Lines that end in words: what has no stamp, between two that have one, goes on with them."""

PATH_ROLES = frozenset({"memcgtask", "memcglimit"})
"""Lines that end in the path of a cgroup."""

LONGEST_CHANGED = 1 << 14
"""Longer lines are not looked into: a record of a journal or a container has a line or a block."""

LONGEST_FORM = 8
"""Lines that one printk may have; the totals block has the most."""


class Split(NamedTuple):
    """One line taken apart; `after` is where the next line starts."""

    prefix: Prefix
    text: str
    end: bytes
    after: int
    line: str
    """The whole line without its end."""


Read = tuple[LineForm, Values]

ROW = re.compile(r"\[ *[0-9]+\] ")
WIDEST_GAP = 15
"""Blanks that may stand between two columns of the task table."""

MOST_READINGS = 8
"""Ways in which pieces may have stood together that are kept while more pieces follow."""

UNBROKEN = "\xa0"
"""A blank at which no line is broken: what mailers make of two blanks."""

MOST_WORDS = 3
"""Lines into which the end of a line may be broken."""


def broken(
    first: Split, alone: LineForm | None, following: Iterable[Split]
) -> tuple[Read, Split] | None:
    """Read a line that a mailer has broken at blanks; None if it is whole or of no form.

    `alone` is the form of its first piece. Returned is the last piece as well.
    """
    if alone is None or alone.name in CUT:
        return _whole(first, None, following)
    if alone.role in OPEN_ROLES:
        return _whole(first, alone, following)
    if alone.role in PATH_ROLES:
        return _with_path(first, alone, following)
    return _with_words(first, alone, following) if alone.role in TEXT_ROLES else None


_MAY_BE_OPEN = re.compile(
    r"[A-Za-z_)]: ?-?[0-9]|[0-9]\*|Killed|Node|^\[ *(?:[0-9]+\] |pid )|invoked|Swap cache|vmalloc"
    r"|^(?:Stack :)? *[0-9a-f]{8}(?:[0-9a-f]{8})?(?: |$)|\) from(?: |$)"
)
"""What the first piece of a line of OPEN_ROLES, or of a row of a table, has in it."""


def _whole(
    first: Split, alone: LineForm | None, following: Iterable[Split]
) -> tuple[Read, Split] | None:
    if not _MAY_BE_OPEN.search(first.text):
        return None
    texts, found = [first.text.replace(UNBROKEN, " ")], None
    for piece in islice(following, LONGEST_BROKEN - 1):
        if not is_piece(piece):
            break
        read, texts = _joined(texts, piece.text, first.prefix)
        if read is None or (alone is not None and not _goes_on(alone, read[0])):
            continue
        found = read, piece
        if read[0].role not in OPEN_ROLES:
            break
    return found


def _with_path(
    first: Split, alone: LineForm, following: Iterable[Split]
) -> tuple[Read, Split] | None:
    """Read a line that a terminal broke in the path at its end; a path has no blanks."""
    piece = next(iter(following), None)
    if first.prefix.time_us is None or piece is None or not is_piece(piece):
        return None
    if first.text.endswith(" ") or " " in piece.text:
        return None
    read = first_read([first.text + piece.text], foreign=first.prefix.foreign, near=True)
    return (read, piece) if read is not None and read[0] is alone else None


def _with_words(
    first: Split, alone: LineForm, following: Iterable[Split]
) -> tuple[Read, Split] | None:
    """Read a line whose last words were broken off: no stamp between two lines that have one."""
    if first.prefix.time_us is None:
        return None
    text, last = first.text, first
    for piece in islice(following, MOST_WORDS + 1):
        if not is_piece(piece):
            read = first_read([text], foreign=first.prefix.foreign, near=True)
            if last is first or piece.prefix.time_us is None or read is None:
                return None
            return (read, last) if read[0] is alone else None
        text, last = f"{text.rstrip(' ')} {piece.text.strip(' ')}", piece
    return None


def is_piece(split: Split) -> bool:
    """Tell whether a line may go on with the one before: without a stamp, and of no form."""
    if split.prefix.text.strip("> |") or not split.text.strip(" "):
        return False
    if len(split.line) > LONGEST_CHANGED:
        return False
    return not _is_of_a_form(split.text)


@lru_cache(maxsize=256)
def _is_of_a_form(text: str) -> bool:
    """Tell it once of a line that several before it might go on with, or that is repeated."""
    return first_read([text], foreign=False, near=True) is not None


def _joined(texts: list[str], piece: str, prefix: Prefix) -> tuple[Read | None, list[str]]:
    """Return what a piece says together with one of these texts, and what they may be, joined.

    A mailer took one blank, or of rows more; a terminal breaks in the middle of a word.
    """
    tried: list[str] = []
    for text in texts:
        for whole in _wholes(text, piece):
            if not _is_of_a_form(whole):
                tried.append(whole)
                continue
            read = first_read([whole], foreign=prefix.foreign, near=True)
            if read is not None:
                return read, [whole]
    return None, tried[:MOST_READINGS]


def _wholes(text: str, piece: str) -> Iterator[str]:
    left, right = text.rstrip(" "), piece.strip(" ")
    for gap in range(1, WIDEST_GAP + 1) if ROW.match(text) else (1,):
        yield f"{left}{' ' * gap}{right}"
    if left == text and right[:1] == piece[:1] and not right.isdecimal():
        yield f"{left}{right}"


def _goes_on(form: LineForm, whole: LineForm) -> bool:
    """Tell whether a line can be the start of that whole; free text would take anything in."""
    last = whole.parts[-1].kinds[-1:]
    return form.role == whole.role and last != (FIELD_KINDS["text"],)


def all_reads(texts: list[str], *, foreign: bool, near: bool) -> list[Read]:
    """Return everything that these lines of one printk say.

    `foreign` if a program says it; `near` if it stands close behind a line of a report.
    """
    reads: list[Read] = []
    at = 0
    while at < len(texts):
        read = first_read(texts[at : at + LONGEST_FORM], foreign=foreign, near=near or bool(reads))
        if read is not None:
            reads.append(read)
        at += read[0].size if read is not None else 1
    return reads


def first_read(texts: list[str], *, foreign: bool, near: bool) -> Read | None:
    """Return what the first of these lines says, with those behind it that its form has."""
    for form, values in form_index().read_first(texts[0]):
        if (form.follows and not near) or (foreign and form.role not in DAEMON_ROLES):
            continue
        whole = complete(form, values, texts)
        if whole is not None:
            return form, whole
    return None
