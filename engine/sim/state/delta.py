"""What changed between two moments of a machine, as short lists of ints, and how to apply it.

A part that changed is written as single places, if it kept its length and little of it changed, or
as one stretch of the old list with new numbers before and behind it, as queues move. The events
are sorted by age, so that those that are gone and those that are new are few numbers. Applying
`difference(old, new)` to `old` gives `new` exactly.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate, chain, compress, count
from operator import ne
from typing import TypeAlias

from mmplay.engine.sim.state.fields import HEAP_COLUMNS, PackError

SPARSE, SPLICE, EVENTS = range(3)
DENSE = 4
"""A list of which more than one in so many places changed is written as a splice."""

ANCHOR = 4
"""So many numbers in a row tell where a stretch of the old list is in the new one."""

Numbers: TypeAlias = "list[int] | array[int]"
"""A part: of a running machine a list, of one that was put together an array."""

Change = list[int]
"""[number of the part, kind, ...]."""

EVENT_WIDTH = len(HEAP_COLUMNS)


def difference(old: Sequence[Numbers], new: Sequence[Numbers]) -> list[Change]:
    """Return the changes from one moment's parts to another's, of the same machine."""
    plain = len(new) - EVENT_WIDTH
    changes = [
        _change(n, before, after)
        for n, (before, after) in enumerate(zip(old[:plain], new[:plain], strict=True))
        if before != after
    ]
    if old[plain:] != new[plain:]:
        changes.append(_events(plain, old[plain:], new[plain:]))
    return changes


def _change(number: int, old: Numbers, new: Numbers) -> Change:
    if len(old) == len(new):
        places = list(compress(count(), map(ne, old, new)))
        if len(places) * DENSE <= len(new) or len(new) < DENSE:
            return [number, SPARSE, *_steps(places), *(new[n] - old[n] for n in places)]
    start, at, length = _stretch(old, new)
    return [number, SPLICE, start, length, at, *new[:at], *new[at + length :]]


def _stretch(old: Numbers, new: Numbers) -> tuple[int, int, int]:
    """Return (place in old, place in new, length) of the longest stretch that was found in both.

    What both begin with, what both end with, and what lies around the middle of the old list.
    """
    first = _common(old, new, 0, 0)
    last = _common_before(old, new, len(old), len(new))
    found = [(0, 0, first), (len(old) - last, len(new) - last, last)]
    middle = len(old) // 2
    moved = _place_of(old[middle : middle + ANCHOR], new)
    if moved >= 0:
        before = _common_before(old, new, middle, moved)
        length = before + _common(old, new, middle, moved)
        found.append((middle - before, moved - before, length))
    return max(found, key=lambda one: one[2])


TRIES = 64


def _place_of(anchor: Numbers, numbers: Numbers) -> int:
    """Return where a few numbers stand in a list, -1 if nowhere.

    The largest of them is looked for: small ones, such as counts, are everywhere.
    """
    if len(anchor) < ANCHOR:
        return -1
    largest = max(anchor)
    within = anchor.index(largest)
    place = within
    try:
        for _ in range(TRIES):
            place = numbers.index(largest, place)
            if numbers[place - within : place - within + ANCHOR] == anchor:
                return place - within
            place += 1
    except ValueError:
        pass
    return -1


def _common(old: Numbers, new: Numbers, at: int, place: int) -> int:
    """Return how many numbers are the same from these places on; stretches are compared at once."""
    done, size, most = 0, 1, min(len(old) - at, len(new) - place)
    while done < most:
        size = min(size, most - done)
        one, other = at + done, place + done
        if old[one : one + size] == new[other : other + size]:
            done += size
            size *= 2
        else:
            most = done + size - 1
            size = max(1, size // 2)
    return done


def _common_before(old: Numbers, new: Numbers, at: int, place: int) -> int:
    """Return how many numbers are the same up to these places."""
    done, size, most = 0, 1, min(at, place)
    while done < most:
        size = min(size, most - done)
        one, other = at - done, place - done
        if old[one - size : one] == new[other - size : other]:
            done += size
            size *= 2
        else:
            most = done + size - 1
            size = max(1, size // 2)
    return done


def _steps(places: Sequence[int]) -> list[int]:
    """Return rising numbers as distances: small numbers pack into one byte."""
    return [b - a for a, b in zip([0, *places], places, strict=False)]


def _events(number: int, old: Sequence[Numbers], new: Sequence[Numbers]) -> Change:
    """Events are known by their sequence: which are gone, and the columns of those that came."""
    there = set(new[1])
    gone = [n for n, sequence in enumerate(old[1]) if sequence not in there]
    kept = len(old[1]) - len(gone)
    change = [number, EVENTS, len(gone), *_steps(gone)]
    for column in new:
        change += _steps(column[kept:])
    return change


def apply(parts: list[array[int]], changes: list[Change]) -> None:
    """Change the parts in place; lists that change are replaced, never changed themselves.

    Raises PackError for changes that do not fit.
    """
    try:
        for number, kind, *rest in changes:
            if not 0 <= number < len(parts):
                raise PackError("a change names no part")
            _KINDS[kind](parts, number, rest)
    except (IndexError, ValueError, TypeError, OverflowError):
        raise PackError("a change does not fit the state before it") from None


def _apply_sparse(parts: list[array[int]], number: int, rest: list[int]) -> None:
    values = parts[number][:]
    half, odd = divmod(len(rest), 2)
    place = 0
    for step, more in zip(rest[:half], rest[half:], strict=True):
        place += step
        if odd or not 0 <= place < len(values):
            raise PackError("a change names no place")
        values[place] += more
    parts[number] = values


def _apply_splice(parts: list[array[int]], number: int, rest: list[int]) -> None:
    old = parts[number]
    start, length, at, *fresh = rest
    if min(start, length, at) < 0 or start + length > len(old) or at > len(fresh):
        raise PackError("a splice is longer than what it changes")
    kept = old[start : start + length]
    parts[number] = array("q", fresh[:at]) + kept + array("q", fresh[at:])


def _apply_events(parts: list[array[int]], number: int, rest: list[int]) -> None:
    gone = rest[0]
    if not 0 <= gone < len(rest) or number + EVENT_WIDTH != len(parts):
        raise PackError("events are missing")
    kept = bytearray(b"\1") * len(parts[number])
    for place in accumulate(rest[1 : 1 + gone]):
        kept[place] = 0
    fresh = rest[1 + gone :]
    size, odd = divmod(len(fresh), EVENT_WIDTH)
    if odd:
        raise PackError("an event is cut")
    for n in range(EVENT_WIDTH):
        old = compress(parts[number + n], kept)
        parts[number + n] = array("q", chain(old, accumulate(fresh[n * size : (n + 1) * size])))


_KINDS = (_apply_sparse, _apply_splice, _apply_events)
