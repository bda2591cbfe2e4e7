"""What a run comes to, as plain numbers: the JSON of `mmplay run`, and what fidelity compares."""

from __future__ import annotations

from mmplay.engine.sim.run.machine import Machine


def summary(m: Machine) -> dict[str, object]:
    """Return time, turns, digest, zones, slabs, counters and lowest free pages."""
    state = m.state
    return {
        "time_us": state.now_ns // 1000,
        "turns": state.turn,
        "digest": state.digest(),
        "zones": {
            zone.name: {
                "free": zone.free,
                "min": zone.min,
                "low": zone.low,
                "high": zone.high,
                "reserve": list(zone.reserve),
                "inactive_file": zone.inactive_file,
                "active_anon": zone.active_anon,
                "dirty": zone.dirty,
                "writeback": zone.writeback,
                "slab_unreclaimable": zone.slab_unreclaimable,
                "pages_scanned": zone.pages_scanned,
                "all_unreclaimable": not m.reclaimable(zone),
            }
            for zone in state.zones
        },
        "slab": {
            kind.name: {
                "slabs": cache.slabs(),
                "objs": cache.objects(),
                "free": cache.free_objects(),
            }
            for kind, cache in zip(m.setup.caches, state.caches, strict=True)
        },
        "counters": state.counters.as_dict(),
        "min_free": {zone.name: zone.lowest for zone in state.zones},
        "first_fail": first_failure(m),
    }


def first_failure(m: Machine) -> dict[str, object] | None:
    """Return when wb_start_writeback was first refused and whose context it ran in."""
    state = m.state
    if not state.first_fail_ns:
        return None
    task = state.first_fail_task
    return {
        "time_us": state.first_fail_ns // 1000,
        "comm": state.tasks.names[task],
        "pid": state.tasks.pid[task],
    }
