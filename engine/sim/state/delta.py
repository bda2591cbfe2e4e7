"""What changed between two moments of a machine, as short lists of ints, and how to apply it.

A part that changed is written as a splice or, if it kept its length and little of it changed, as
single places. The events are sorted by age, so that those that are gone and those that are new
are few numbers. Applying `difference(old, new)` to `old` gives `new` exactly.
"""

from __future__ import annotations

from mmplay.engine.sim.state.parts import HEAP_COLUMNS, PackError

SPARSE, SPLICE, EVENTS = range(3)
DENSE = 4
"""A list of which more than one in so many places changed is written as a splice."""

Change = list[int]
"""[number of the part, kind, ...]."""

EVENT_WIDTH = len(HEAP_COLUMNS)


def difference(old: list[list[int]], new: list[list[int]]) -> list[Change]:
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


def _change(number: int, old: list[int], new: list[int]) -> Change:
    if len(old) == len(new):
        places = [n for n, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        if len(places) * DENSE <= len(new) or len(new) < DENSE:
            return [number, SPARSE, *_steps(places), *(new[n] - old[n] for n in places)]
    first = _common(old, new)
    least = min(len(old), len(new)) - first
    last = 0
    while last < least and old[-1 - last] == new[-1 - last]:
        last += 1
    return [number, SPLICE, first, last, *new[first : len(new) - last]]


def _common(old: list[int], new: list[int]) -> int:
    """Return how many numbers both begin with; whole stretches are compared at once."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _steps(places: list[int]) -> list[int]:
    """Return rising numbers as distances: small numbers pack into one byte."""
    return [b - a for a, b in zip([0, *places], places, strict=False)]


def _events(number: int, old: list[list[int]], new: list[list[int]]) -> Change:
    """Events are known by their sequence: which are gone, and the columns of those that came."""
    there = set(new[1])
    gone = [n for n, sequence in enumerate(old[1]) if sequence not in there]
    kept = len(old[1]) - len(gone)
    change = [number, EVENTS, len(gone), *_steps(gone)]
    for column in new:
        change += _steps(column[kept:])
    return change


def apply(parts: list[list[int]], changes: list[Change]) -> None:
    """Change the parts in place; lists that change are replaced, never changed themselves.

    Raises PackError for changes that do not fit.
    """
    try:
        for number, kind, *rest in changes:
            if not 0 <= number < len(parts):
                raise PackError("a change names no part")
            _KINDS[kind](parts, number, rest)
    except (IndexError, ValueError, TypeError):
        raise PackError("a change does not fit the state before it") from None


def _apply_sparse(parts: list[list[int]], number: int, rest: list[int]) -> None:
    values = parts[number][:]
    half, odd = divmod(len(rest), 2)
    place = 0
    for step, more in zip(rest[:half], rest[half:], strict=True):
        place += step
        if odd or not 0 <= place < len(values):
            raise PackError("a change names no place")
        values[place] += more
    parts[number] = values


def _apply_splice(parts: list[list[int]], number: int, rest: list[int]) -> None:
    old = parts[number]
    first, last, *middle = rest
    if first < 0 or last < 0 or first + last > len(old):
        raise PackError("a splice is longer than what it changes")
    parts[number] = old[:first] + middle + old[len(old) - last :]


def _apply_events(parts: list[list[int]], number: int, rest: list[int]) -> None:
    count = rest[0]
    if not 0 <= count < len(rest) or number + EVENT_WIDTH != len(parts):
        raise PackError("events are missing")
    gone = set(_sums(rest[1 : 1 + count]))
    fresh = rest[1 + count :]
    size, odd = divmod(len(fresh), EVENT_WIDTH)
    if odd:
        raise PackError("an event is cut")
    for n in range(EVENT_WIDTH):
        old = parts[number + n]
        kept = [value for place, value in enumerate(old) if place not in gone]
        parts[number + n] = kept + _sums(fresh[n * size : (n + 1) * size])


def _sums(steps: list[int]) -> list[int]:
    total, values = 0, []
    for step in steps:
        total += step
        values.append(total)
    return values


_KINDS = (_apply_sparse, _apply_splice, _apply_events)
