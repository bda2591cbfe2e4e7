"""Questions about blocks and slabs: buddies, splits, merges, objects."""

from __future__ import annotations

from mmplay.engine.errors import no_such
from mmplay.engine.explain.finding import Finding, finding, said
from mmplay.engine.rules.memory import buddy_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.engine.sim.run.actions import do_action
from mmplay.engine.sim.starts.common import CACHES
from mmplay.engine.sim.state.buddy import LETTERS, MAX_ORDER, MOVABLE, PCP_TYPES
from mmplay.engine.sim.state.slab_cache import PAGE_SIZE, SlabOrder, min_partial, slab_order
from mmplay.engine.sim.state.state import BLOCK_NUMBERS
from mmplay.engine.sim.state.zone import Zone
from mmplay.engine.terms import given, rule
from mmplay.levels.truth.subject import Subject, number_in, order_of
from mmplay.levels.truth.truths import Other, Truth, TruthError, opposite, slip, told

ORDINARY = tuple(range(PCP_TYPES))
KMALLOC = "kmalloc-"
MASK_OF_TYPE = {
    "U": "GFP_KERNEL",
    "M": "GFP_HIGHUSER_MOVABLE",
    "E": "GFP_KERNEL|__GFP_RECLAIMABLE",
}
"""Who asks for blocks of a type."""

FEW_CPUS, MANY_CPUS = 1, 8192


def buddy(subject: Subject, words: list[str]) -> Truth:
    """`buddy BLOCK ORDER`: the first page of the only block that this one merges with."""
    block, order = number_in(words[0], "BLOCK"), order_of(words[1])
    if block < 0 or block % (1 << order):
        raise TruthError(
            f"no block of order {order} starts at {block}: it must divide by 2^{order}"
        )
    term = rule("buddy", buddy_of(given("block", block), order))
    size = 1 << order
    others = [
        slip(at, "wrong.uphill", first=min(at, block), pair=2 * size)
        for at in (block + size, block - size)
        if at >= 0
    ]
    zones = subject.state.state.zones if subject.state is not None else ()
    end = max((zone.managed for zone in zones), default=block + (1 << MAX_ORDER))
    orders = [one for one in range(MAX_ORDER) if not block % (1 << one)]
    elsewhere = [(buddy_of(block, one), one) for one in orders]
    others += [slip(at, "wrong.order", other=one) for at, one in elsewhere if at < end]
    first, second = sorted((block, term.value))
    why = finding(
        "truth.buddy", result=term, order=order, first=first, second=second, pair=2 * size
    )
    return told(term, why, others)


def split_block(subject: Subject, words: list[str]) -> Truth:
    """`split_block ZONE ORDER [U|M|E]`: the block that a request takes, whole or split."""
    zone, order = subject.zone(words[0]), order_of(words[1])
    kind = _kind(words[2]) if len(words) > 2 else MOVABLE
    page = zone.buddy.copy().take(order, kind)
    if page < 0:
        raise TruthError(f"{zone.name} has no free block for order {order}")
    larger = zone.buddy.where[page] % MAX_ORDER
    code = "truth.split_halved" if larger > order else "truth.split"
    why = finding(code, larger=larger, block=page)
    others = [_not_taken(head, one, larger) for head, one in _heads(zone) if head != page]
    others += [slip(page + (1 << one), "wrong.upper_half") for one in range(order, larger)]
    return told(page, why, others)


def _heads(zone: Zone) -> list[tuple[int, int]]:
    """Return the first block of each free list that has one, and its order."""
    lists = zone.buddy.lists
    return [(blocks[-1], at % MAX_ORDER) for at, blocks in enumerate(lists) if blocks]


def free_block(subject: Subject, words: list[str]) -> Truth:
    """`free_block ZONE ORDER`: the first page of the only free block of this order."""
    zone, order = subject.zone(words[0]), order_of(words[1])
    blocks = {page: at % MAX_ORDER for page, at in zone.buddy.where.items()}
    found = [page for page, one in blocks.items() if one == order]
    if len(found) != 1:
        raise TruthError(f"{zone.name} has {len(found)} free blocks of order {order}, not one")
    others = [slip(page, "wrong.free_order", order=one) for page, one in _heads(zone)]
    why = finding("truth.free_block", order=order, block=found[0])
    return told(found[0], why, [one for one in others if one.value != found[0]])


def _not_taken(head: int, order: int, taken: int) -> Other:
    """Return why the head of another list is not the block that is taken."""
    if order < taken:
        return slip(head, "wrong.too_small", order=order)
    code = "wrong.other_type" if order == taken else "wrong.smallest_first"
    return slip(head, code, order=order)


def _kind(letter: str) -> int:
    letters = LETTERS[:PCP_TYPES]
    if letter not in letters:
        raise TruthError(no_such("type of a request", letter, letters))
    return letters.index(letter)


def merged_order(subject: Subject, words: list[str]) -> Truth:
    """`merged_order ZONE BLOCK ORDER`: the order that a block has after it was freed."""
    zone, block, order = subject.zone(words[0]), number_in(words[1], "BLOCK"), order_of(words[2])
    if not 0 <= block < zone.managed or block % (1 << order):
        raise TruthError(f"{zone.name} has no block of order {order} at {block}")
    if block in zone.buddy.where:
        raise TruthError(f"the block at {block} is free already")
    value = zone.buddy.copy().give(block, order, zone.buddy.type_of(block))
    others = [_not_merged(zone, one, value) for one in range(order, MAX_ORDER) if one != value]
    return told(value, _merged(zone, block, order, value), others)


def _not_merged(zone: Zone, order: int, value: int) -> Other:
    """Return why a freed block does not come to an order, but to `value`."""
    if order < value:
        return slip(order, "wrong.merge_more")
    size = 1 << order
    if size > zone.managed:
        return slip(order, "wrong.merge_zone", size=size, zone=zone.name, pages=zone.managed)
    return slip(order, "wrong.merge")


def _merged(zone: Zone, block: int, order: int, value: int) -> Finding:
    """Return with whom a block merges, where that ends, and why."""
    if value == MAX_ORDER - 1:
        return finding("truth.merged_whole", order=value)
    stop = buddy_of(block & -(1 << value), value)
    whole = stop < zone.managed
    code = ("smaller" if stop in zone.buddy.where else "used") if whole else "outside"
    why = said(f"buddy.{code}")
    if value == order:
        return finding("truth.not_merged", buddy=stop, order=order, why=why)
    merged = [str(buddy_of(block & -(1 << one), one)) for one in range(order, value)]
    code = "truth.merged" if len(merged) == 1 else "truth.merged_often"
    return finding(code, merged=merged, order=value, stop=stop, why=why)


def take_block(m: Machine, words: list[str]) -> None:
    """Take the block that `split_block` asks about."""
    _, order, kind = [*words, "M"][:3]
    do_action(m, "request", f"{MASK_OF_TYPE[kind]} {order_of(order)}")


def give_block(m: Machine, words: list[str]) -> None:
    """Give back the block that `merged_order` asks about."""
    zone, number, order = words[0], number_in(words[1], "BLOCK"), order_of(words[2])
    place = [one.name for one in m.state.zones].index(zone)
    held = zip(m.state.blocks[::BLOCK_NUMBERS], m.state.blocks[1::BLOCK_NUMBERS], strict=True)
    if (place, number) in held:
        do_action(m, "free", f"{zone} {number}")
    else:  # pages of nobody's, as they are set aside for good
        do_action(m, "set_free", f"{zone} {m.state.zones[place].free + (1 << order)}")


def fits(subject: Subject, words: list[str]) -> Truth:
    """`fits ZONE ORDER`: whether the free lists have a block for a request of any type."""
    zone, order = subject.zone(words[0]), order_of(words[1])
    has = zone.buddy.has_block(order, ORDINARY)
    larger = next((n for n in range(order, MAX_ORDER) if zone.buddy.count(n)), order)
    code = "truth.fits" if has else "truth.fits_not"
    why = finding(code, zone=zone.name, order=order, larger=larger)
    need = (
        f"no free block of order {order} or more"
        if has
        else f"{1 << order} free pages in one piece"
    )
    return told(has, why, [opposite(has, need)])


# slabs


def _size(name: str) -> int:
    sizes = {cache: size for cache, size, _, _ in CACHES}
    number = name.removeprefix(KMALLOC)
    if name.startswith(KMALLOC) and number.isdigit() and 8 <= int(number[:6]) <= 8192:
        return int(number)
    if name not in sizes:
        raise TruthError(no_such("cache", name, sizes))
    return sizes[name]


def _orders(subject: Subject, name: str, cpus: str | None) -> SlabOrder:
    """Return the cache's slab orders; raises TruthError if the number of CPUs must be known."""
    size = _size(name)
    if cpus is not None:
        return slab_order(size, max(1, min(MANY_CPUS, number_in(cpus, "cpus"))))
    if subject.state is not None:
        return slab_order(size, subject.state.setup.cpu_ids)
    few, many = slab_order(size, FEW_CPUS), slab_order(size, MANY_CPUS)
    if few != many:
        raise TruthError(f"how large a slab of {name} is depends on the CPUs: add `cpus N`")
    return few


def objects_per_slab(subject: Subject, words: list[str]) -> Truth:
    """`objects_per_slab CACHE [cpus N]`: objects in a slab of the preferred order."""
    orders = _orders(subject, words[0], subject.chosen.get("cpus"))
    return _per_slab(subject, words[0], orders.order)


def objects_in_page(subject: Subject, words: list[str]) -> Truth:
    """`objects_per_page CACHE`: objects that one page holds."""
    return _per_slab(subject, words[0], 0)


def _per_slab(subject: Subject, name: str, order: int) -> Truth:
    size = _size(name)
    term = rule(
        "objects_per_slab", given("slab_bytes", PAGE_SIZE << order) // given("object_bytes", size)
    )
    why = finding("truth.objects", cache=name, pages=1 << order, each=term.value, result=term)
    by_word = size // 8
    others = [slip(size, "wrong.per_page", other="bytes", unit="objects")]
    if by_word != size:
        why_8 = finding("wrong.per_page", answer=by_word, other="words of 8 bytes", unit="objects")
        others.append(Other(by_word, why_8))
    return told(term, why, others)


def objects(subject: Subject, words: list[str]) -> Truth:
    """`objects CACHE SLABS [cpus N]`: the room for objects in so many slabs."""
    orders = _orders(subject, words[0], subject.chosen.get("cpus"))
    slabs = number_in(words[1], "SLABS")
    term = given("slabs", slabs) * given("objects_per_slab", orders.objects)
    size = _size(words[0])
    others = (
        slip(slabs * size, "wrong.per_page", other="bytes", unit="objects"),
        slip(slabs, "wrong.per_page", other="slabs", unit="objects"),
    )
    why = finding(
        "truth.objects", cache=words[0], pages=1 << orders.order, each=orders.objects, result=term
    )
    return told(term, why, others)


def slabs(subject: Subject, words: list[str]) -> Truth:
    """`slabs CACHE`: the slabs that the cache has on this machine."""
    m = subject.machine
    if words[0] not in m.cache_numbers:
        raise TruthError(no_such("cache of this machine", words[0], m.cache_numbers))
    number = m.cache_numbers[words[0]]
    cache, kind = m.state.caches[number], m.setup.caches[number]
    value, used, each = cache.slabs(), cache.in_use(), kind.orders.objects
    empty, least = sum(slab.free == slab.objects for slab in cache.partial), min_partial(kind.size)
    code = "truth.slabs_kept" if empty else "truth.slabs"
    full = value - empty
    why = finding(code, cache=words[0], slabs=value, empty=empty, used=used, full=full)
    packed = finding("wrong.slabs_packed", answer=-(-used // each), used=used)
    others = (
        slip(value - empty, "wrong.slabs_empty", least=least),
        slip(used // each, "wrong.slabs_full", each=each),
        Other(-(-used // each), packed),
    )
    return told(value, why, others)
