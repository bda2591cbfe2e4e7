"""In which order a request's zones are tried."""

from __future__ import annotations

from mmplay.engine.explain.finding import finding
from mmplay.engine.rules.memory import highest_zone
from mmplay.engine.rules.watermarks import ZONES
from mmplay.levels.truth.answer import ORDER, Truth, TruthError
from mmplay.levels.truth.scene import Scene, zone_index

ON = "on"


def zone_order(scene: Scene, words: list[str]) -> Truth:
    """`zone_order MASK [on ZONE...]`: the zones that a request is tried in, the first one first."""
    if not words or words[1:2] not in ([], [ON]):
        raise TruthError("one mask expected, then `on` and the zones that have pages")
    mask = scene.layout.encode(words[0])
    populated = [zone_index(name) for name in words[2:]]
    populated = populated or [zone.index for zone in scene.machine.state.zones]
    highest = highest_zone(scene.layout, mask)
    zones = tuple(ZONES[index] for index in sorted(populated, reverse=True) if index <= highest)
    if not zones:
        raise TruthError("no zone with pages may serve this mask")
    why = finding("truth.zone_order", mask=mask, highest=ZONES[highest], zones=list(zones))
    return Truth(
        *("", zones, ORDER, (why,)),
        "From the highest zone that the mask allows and that has pages, downwards.",
        f"build_zonelists_node  mm/page_alloc.c  {scene.layout.name}",
    )
