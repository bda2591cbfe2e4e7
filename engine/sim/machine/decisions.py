"""The kernel's decisions inside a turn, as the simulator makes them: one type each.

A decision is told where it is made, if anybody listens (`Machine.tell`); its words stand in
`engine.explain.decisions`. `zone` and `class_zone` are indices of ZONES, `task` and `cache` places
in the state's lists, `gfp` is a mask; `free`, `floor` and everything counted is pages unless its
name says what else. Two decisions of different types are different, whatever their numbers.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, get_args

from mmplay.engine.sim.machine.page_decisions import PageDecision


class UpWrite(NamedTuple):
    """A task gave a file's lock back."""

    task: int
    waiting: int


class WbStartWriteback(NamedTuple):
    """Reclaim asked the flusher for works; `mask` is a number of WB_VARIANTS."""

    asked: int
    got: int
    pages: int
    mask: int


class NewSlab(NamedTuple):
    """A cache took a slab; `reserves` is 1 if its page came from below every floor."""

    cache: int
    zone: int
    order: int
    objects: int
    reserves: int


class SlabRefused(NamedTuple):
    """A cache got no slab."""

    cache: int
    refused: int
    gfp: int


class Kmalloc(NamedTuple):
    """Objects were allocated by hand."""

    cache: int
    got: int
    failed: int


class Kfree(NamedTuple):
    """Objects of one slab were freed by hand."""

    cache: int
    freed: int
    left: int
    objects: int


class DiscardSlab(NamedTuple):
    """An empty slab went back, since the partial list is long enough."""

    cache: int
    zone: int
    order: int
    listed: int
    least: int


class SlabKept(NamedTuple):
    """An empty slab stayed on the partial list."""

    cache: int
    zone: int
    order: int
    listed: int
    least: int


class BalanceDirtyPages(NamedTuple):
    """A writer compared the dirty pages with their limits."""

    dirty: int
    background: int
    limit: int


class Sync(NamedTuple):
    """The sync command queued one work for all dirty pages."""

    pages: int
    got: int


class WbWriteback(NamedTuple):
    """The flusher handed pages to the disk."""

    pages: int
    left: int


class IcmpSend(NamedTuple):
    """A sender was told that nobody listens at the port of its frame."""


class BioAlloc(NamedTuple):
    """Page vectors for bios came from the slab and the mempool."""

    wanted: int
    got: int
    lent: int


class EndPageWriteback(NamedTuple):
    """The disk has written pages."""

    pages: int
    left: int


class DoExit(NamedTuple):
    """A task ended and gave its pages back."""

    task: int
    pages: int


class RequestServed(NamedTuple):
    """A request by hand was served."""

    zone: int
    page: int
    order: int
    gfp: int


class RequestRefused(NamedTuple):
    """A request by hand was refused."""

    gfp: int
    order: int


class Free(NamedTuple):
    """A block that was held was freed."""

    zone: int
    page: int
    order: int
    largest: int


class Action(NamedTuple):
    """Who plays did something."""

    name: str
    value: str


class Script(NamedTuple):
    """Something was done by itself, at a time that the start set."""

    name: str
    value: str


Decision: TypeAlias = (
    PageDecision
    | UpWrite
    | WbStartWriteback
    | NewSlab
    | SlabRefused
    | Kmalloc
    | Kfree
    | DiscardSlab
    | SlabKept
    | BalanceDirtyPages
    | Sync
    | WbWriteback
    | BioAlloc
    | IcmpSend
    | EndPageWriteback
    | DoExit
    | RequestServed
    | RequestRefused
    | Free
    | Action
    | Script
)


def code_of(kind: type[Decision]) -> str:
    """Return what a kind of decision is called in data: its name with underscores."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")


KINDS: dict[str, type[Decision]] = {code_of(kind): kind for kind in get_args(Decision)}
"""Every kind of decision by its code."""
