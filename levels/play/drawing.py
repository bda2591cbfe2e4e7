"""Questions as they are asked: which line, which numbers; a missed one comes again with others.

The slots of a question are filled: {0}, {1} by the words of a line, {name} by a number drawn. What
is drawn is drawn from the run's seed and read off its machine, so it can be made again. How a miss
comes again is decided here alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice, product, zip_longest
from math import lcm
from typing import NamedTuple, TypeVar
from zlib import crc32

from mmplay.engine.errors import InputError, no_such
from mmplay.engine.rules.watermarks import MARKS
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.metrics import read
from mmplay.engine.sim.state.state import advance
from mmplay.levels.level_text import MAX_TEXT
from mmplay.levels.model import BETWEEN, DEFAULT_ZONE, Level, Option, Question
from mmplay.levels.truth import Truth, about, truth

T = TypeVar("T")

_SLOT = re.compile(r"\{([0-9]|[a-z][a-z_]{0,31})\}", re.ASCII)
_TEXTS = ("text", "truth", "when", "why", "rule", "caller", "unit")
_LISTS = ("hints", "before", "after", "suppose")


def line_words(line: str) -> dict[str, str]:
    """Return the words of a line of `each`, by their numbers."""
    return {str(number): word.strip() for number, word in enumerate(line.split(BETWEEN))}


def filled(question: Question, words: Mapping[str, str]) -> Question:
    """Return a question with these words in its slots; others stay slots. Raises InputError."""

    def fill(text: str) -> str:
        """Return one text with its slots filled; those that no word is for stay."""
        found = _SLOT.sub(lambda slot: words.get(slot[1], slot[0]), text)
        if len(found) > MAX_TEXT:
            raise InputError(f"makes a text of over {MAX_TEXT} characters")
        return found

    texts = {key: fill(getattr(question, key)) for key in _TEXTS}
    lists = {key: tuple(map(fill, getattr(question, key))) for key in _LISTS}
    options = tuple(Option.of(fill(one)) for one in question.options)
    draw = {
        name: tuple(fill(one) if isinstance(one, str) else one for one in entries)
        for name, entries in question.draw.items()
    }
    return question._replace(**texts, **lists, options=options, draw=draw)


class OpenSlot(NamedTuple):
    """A slot that nothing fills: in which key of the question, and what is wrong with it."""

    key: str
    problem: str


def open_slot(question: Question) -> OpenSlot | None:
    """Return the first slot of a question that nothing fills."""
    texts = [(key, getattr(question, key)) for key in _TEXTS]
    texts += [(key, one) for key in (*_LISTS, "options") for one in getattr(question, key)]
    found = ((key, slot) for key, text in texts for slot in _SLOT.findall(text))
    for key, slot in found:
        if slot.isdigit():
            return OpenSlot(key, f"has no word {{{slot}}}")
        return OpenSlot(key, no_such("number that is drawn", slot, question.draw))
    return None


_SUM = re.compile(r"(.+?)\s*([+-])\s*([0-9]{1,9})$", re.ASCII)


def shuffled(count: int, seed: int) -> list[int]:
    """Return the numbers from 0 to `count` - 1 in an order drawn from a seed."""
    found = list(range(count))
    for last in range(count - 1, 0, -1):
        seed, number = advance(seed)
        place = number % (last + 1)
        found[last], found[place] = found[place], found[last]
    return found


def forms_in_order(
    level: Level, question: Question, m: Machine, seed: int, anew: int = 0
) -> Iterator[Question]:
    """Yield each form of a question, the one that it begins with first; raises InputError.

    Its ways take turns. Then come other lines of the same kind, and other numbers. Where a level
    was begun `anew` it begins with others, as long as there are some.
    """
    ways = question.ways
    order = shuffled(len(ways), seed ^ crc32(f"form of {question.group}".encode()))
    turned = (ways[order[(question.slot + anew + n) % len(ways)]] for n in range(len(ways)))
    seed ^= crc32(question.group.encode())
    for forms in zip_longest(*(_of_way(level, one, m, seed, anew) for one in turned)):
        yield from (one for one in forms if one is not None)


def _of_way(
    level: Level, question: Question, m: Machine, seed: int, anew: int
) -> Iterator[Question]:
    """Yield a question with each of its lines and numbers."""
    lines = _alike(level, question, m, seed, anew) if question.lines else []
    forms = [filled(question, line_words(one)) for one in lines] or [question]
    numbers = [list(_numbers(level, one, m)) for one in forms]
    count = len(numbers[0])
    order, together = shuffled(count, seed), lcm(len(forms), count)
    for n in range(len(forms) * count):
        which = n % len(forms)
        place = order[(question.slot + anew + n + n // together) % count]
        yield filled(forms[which], numbers[which][place])


def _alike(level: Level, question: Question, m: Machine, seed: int, anew: int) -> list[str]:
    """Return the line of a question, and those with which it may come again.

    No question begins with them. Those of its kind come first; where no number is drawn, those of
    its form come next, then the others.
    """
    lines = question.lines
    order = _turned(shuffled(len(lines), seed), anew * question.pick)
    first, spare = lines[order[question.slot]], [lines[n] for n in order[question.pick :]]
    kinds = {
        one: about(filled(question, line_words(one)).truth, level.kernel, m, read)
        for one in (first, *spare)
    }
    tiers = [[one for one in spare if kinds[one] == kinds[first]]]
    if all(len(entries) < 2 for entries in question.draw.values()):
        tiers += [[one for one in spare if kinds[one][0] == kinds[first][0]], spare]
    lists = [_turned(tier, question.slot) for tier in tiers]
    return list(dict.fromkeys((first, *(line for tier in lists for line in tier))))


def _turned(lines: list[T], slot: int) -> list[T]:
    """Return lines, or their numbers, from another one on for each question of a group."""
    start = slot % len(lines) if lines else 0
    return lines[start:] + lines[:start]


def variants(level: Level, question: Question, m: Machine) -> Iterator[Question]:
    """Yield every form in which a question may be asked of this machine; raises InputError."""
    for way in question.ways:
        for line in way.lines or ("",):
            form = filled(way, line_words(line)) if line else way
            for numbers in _numbers(level, form, m):
                yield filled(form, numbers)


def _numbers(level: Level, question: Question, m: Machine) -> Iterator[dict[str, str]]:
    names = list(question.draw)
    choices = [[number_of(level, one, m) for one in question.draw[name]] for name in names]
    for chosen in product(*choices):
        yield dict(zip(names, map(str, chosen), strict=True))


def number_of(level: Level, text: str | int, m: Machine) -> int:
    """Return the number of an entry of `draw`: a number, `min`, or a truth, and one more or less.

    Marks and `free` are those of the level's picture, else of DMA32. Raises InputError.
    """
    if isinstance(text, int):
        return text
    found = _SUM.match(text)
    base, sign, step = found.groups() if found else (text, "+", "0")
    value = _base(level, base.strip(), m)
    return value + int(step) if sign == "+" else value - int(step)


def _base(level: Level, text: str, m: Machine) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    zone = level.picture.zone if level.picture is not None else DEFAULT_ZONE
    value = truth(asked(text, zone), level.kernel, m, read).value
    if type(value) is not int:
        raise InputError(f"{text[:40]!r} is no number that could be drawn")
    return value


def asked(text: str, zone: str) -> str:
    """Return the question that the name of an entry of `draw` stands for."""
    if text in MARKS:
        return f"marks {zone} {text}"
    return f"metric zones.{zone}.free" if text == "free" else text


def entry_name(text: str) -> str:
    """Return the name in an entry of `draw`, without what is added to it."""
    found = _SUM.match(text)
    return (found[1] if found else text).strip()


def in_order(level: Level, seed: int) -> tuple[Question, ...]:
    """Return the questions; the lines of one [[ask]] stay together."""
    if not level.shuffle:
        return level.questions
    groups: dict[str, list[Question]] = {}
    for one in level.questions:
        groups.setdefault(one.group, []).append(one)
    return tuple(one for group in groups.values() for one in _shuffled_group(group, seed))


def _shuffled_group(group: Sequence[Question], seed: int) -> Iterator[Question]:
    for place in shuffled(len(group), seed ^ crc32(group[0].group.encode())):
        yield group[place]


LOOKS = 8
"""So many forms are compared at most: to know what is right may take a run of the machine."""

OPPOSITES = 2
"""With so few options a right answer is either the wrong one, or stands on the same key."""

NO_FAULT = (False, False, False)


class Seen(NamedTuple):
    """What was asked in a run before: the texts, and how this question was missed there."""

    texts: Sequence[str] = ()
    miss: Miss | None = None


class Miss(NamedTuple):
    """A wrong answer, with the form in which the question was asked, and what was right."""

    form: Question
    right: Truth
    said: str


def next_form(
    forms: Iterable[Question],
    asked: Sequence[str],
    miss: Miss | None,
    right_of: Callable[[Question], Truth],
    skipped: int = 0,
) -> Question:
    """Return the form to ask, of `forms` in their order, of which there is at least one.

    It is none of the texts that were `asked`, in order, while another is left; of those left,
    one that does not make the missed answer right, then one in which it is the same slip (who took
    equal for above meets an equal one again) or which asks the reverse, and then one that does not
    repeat the right answer, on its key or as a value. `skipped` forms are left out. If all were
    asked it is the one that was asked longest ago.
    """
    passed: list[Question] = []
    most = LOOKS if miss is not None else 1
    fresh = islice(_fresh(forms, asked, passed), skipped, skipped + most)
    best, least = None, (True, True, True)
    for one in fresh:
        faults = NO_FAULT if miss is None else _faults(one, miss, right_of(one))
        if best is None or faults < least:
            best, least = one, faults
        if faults == NO_FAULT:
            break
    return best or min(passed, key=lambda one: _asked_at(asked, one.text))


def _fresh(
    forms: Iterable[Question], asked: Sequence[str], passed: list[Question]
) -> Iterator[Question]:
    for one in forms:
        passed.append(one)
        if one.text not in asked:
            yield one


def _asked_at(asked: Sequence[str], text: str) -> int:
    """Return the place where a text was asked last, -1 if nowhere."""
    return max((n for n, one in enumerate(asked) if one == text), default=-1)


def _faults(form: Question, miss: Miss, right: Truth) -> tuple[bool, bool, bool]:
    """Tell whether a form rewards the wrong answer, is of another slip, repeats the right one."""
    rewards = _accepts(right, miss.said) or _shares_a_set(form, miss, right)
    reverse = form.truth.split()[:1] != miss.form.truth.split()[:1]
    other = not reverse and _slip(right, miss.said) != _slip(miss.right, miss.said)
    if len(form.options) == OPPOSITES:
        return rewards, other, False
    place = _place(form, right)
    same_key = place >= 0 and place == _place(miss.form, miss.right)
    return rewards, other, same_key or _accepts(right, miss.right.shown())


def _slip(right: Truth, said: str) -> str:
    """Return the code of the slip that an answer is; empty if it is none."""
    with suppress(InputError):
        found = right.slip(said)
        return found.code if found is not None else ""
    return ""


def _shares_a_set(form: Question, miss: Miss, right: Truth) -> bool:
    """Tell whether the right flags and the wrong ones have a set in common that was not there."""
    names, said = (set(one.split("|")) for one in (right.shown(), miss.said))
    sets = {one for one in names & said if one.startswith("GFP_")}
    return bool(form.options) and bool(sets - set(miss.right.shown().split("|")))


def _place(form: Question, right: Truth) -> int:
    """Return the place of the right option, -1 if there is none."""
    return next((n for n, one in enumerate(form.options) if _accepts(right, one.value)), -1)


def _accepts(right: Truth, answer: str) -> bool:
    """Tell whether an answer, perhaps to another kind of question, would be right."""
    try:
        return right.accepts(answer)
    except InputError:
        return False
