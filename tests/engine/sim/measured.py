"""Rows of a real 4.5.0 machine (2 GiB, 2 CPUs) under the incident's kind of load.

Each is the first row with more than 180 runnable tasks.
"""

from __future__ import annotations

from mmplay.engine.sim.starts.counters import Measured

MARKS = ((11, 13, 16), (1299, 1623, 1948))
NAMES = (
    *("free_dma", "free_dma32", "scanned_dma", "scanned_dma32", "active_anon", "inactive_anon"),
    *("active_file", "inactive_file", "iso_file", "dirty", "writeback", "slab_unrecl"),
    *("slab_recl", "k64_slabs", "flows"),
)


def _row(*values: int) -> dict[str, int]:
    return dict(zip(NAMES, values, strict=True))


def _measured(time_ns: int, row: dict[str, int], kill_ns: int) -> Measured:
    return Measured(
        time_ns=time_ns,
        row=row,
        managed=(3977, 442607),
        marks=MARKS,
        reserve=1728,
        cpus=2,
        groups=12,
        per_group=16,
        dirty_ratio=34,
        dirty_limit=143916,
        kill_ns=kill_ns,
    )


H0 = _measured(
    19_490_179_000,
    _row(
        1739, 1219, 5396, 276149, 274085, 336, 10240, 144489, 832, 40484, 104850, 2193, 5968, 53, 20
    ),
    kill_ns=21_790_000_000,
)
H2 = _measured(
    19_512_250_000,
    _row(
        1738,
        1277,
        5440,
        273597,
        273894,
        336,
        10240,
        144097,
        1440,
        30937,
        114600,
        2177,
        5983,
        48,
        20,
    ),
    kill_ns=0,
)
