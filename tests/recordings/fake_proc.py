"""A small made-up machine under a folder: zoneinfo, buddyinfo, vmstat, slabinfo, its release."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

RELEASE_6_12 = "6.12.30"

ZONE = """\
Node 0, zone {name:>8}
{stats}  pages free     {free}
        boost    {boost}
        min      {low_mark}
        low      {low}
        high     {high}
        promo    {promo}
        spanned  {present}
        present  {present}
        managed  {managed}
        cma      0
        protection: ({protection})
      nr_free_pages {free}
      nr_zone_inactive_anon 120
      nr_zone_active_anon 340
      nr_zone_inactive_file 560
      nr_zone_active_file 780
      nr_zone_unevictable 3
      nr_zone_write_pending {dirty}
      nr_mlock     3
      nr_bounce    0
      nr_zspages   0
      nr_free_cma  0
      numa_hit     {hits}
  pagesets
    cpu: 0
              count: {pcp}
              high:  179
              batch: 31
  vm stats threshold: 12
    cpu: 1
              count: 7
              high:  179
              batch: 31
  vm stats threshold: 12
  node_unreclaimable:  0
  start_pfn:           1
"""

EMPTY = """\
Node 0, zone {name:>8}
  pages free     0
        boost    0
        min      {low_mark}
        low      {low_mark}
        high     {low_mark}
        promo    {low_mark}
        spanned  0
        present  0
        managed  0
        cma      0
        protection: (0, 0, 0, 0, 0)
"""

STATS = """\
  per-node stats
      nr_inactive_anon 120
      nr_active_anon 340
      nr_inactive_file 560
      nr_active_file 780
      nr_isolated_anon 0
      nr_isolated_file 0
      nr_mapped    200
      nr_dirty     {dirty}
      nr_writeback 0
      nr_shmem     40
      nr_kernel_stack 1312
      nr_page_table_pages 154
"""

VMSTAT = """\
nr_free_pages {free}
nr_zone_write_pending {dirty}
nr_free_cma 0
numa_hit {hits}
nr_inactive_anon 120
nr_active_anon 340
nr_inactive_file 560
nr_active_file 780
nr_unevictable 3
nr_slab_reclaimable 210
nr_slab_unreclaimable 2524
nr_isolated_anon 0
nr_isolated_file 0
nr_mapped 200
nr_dirty {dirty}
nr_writeback 0
nr_shmem 40
nr_kernel_stack 1312
nr_page_table_pages 154
nr_sec_page_table_pages 0
pgalloc_dma32 {hits}
pgfree {hits}
pgfault {hits}
oom_kill 0
direct_map_level2_splits 9
"""

SLABINFO = """\
slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>
kmalloc-64         {objects:>6} {objects:>6}     64   64    1 : tunables    0    0    0 : slabdata
dentry               4096   4096    192   21    1 : tunables    0    0    0 : slabdata
"""


class Machine(NamedTuple):
    """What changes on the made-up machine; its DMA32 has min 247, low 361, high 475."""

    free: int = 1000
    boost: int = 0
    dirty: int = 25
    hits: int = 12926
    pcp: int = 60
    objects: int = 640


def zoneinfo(m: Machine) -> str:
    """Return /proc/zoneinfo."""
    stats = STATS.format(**m._asdict())
    dma = ZONE.format(
        **{**m._asdict(), "free": 3808, "pcp": 0},
        **{"name": "DMA", "stats": stats, "low_mark": 8 + m.boost, "low": 11 + m.boost},
        **{"high": 14 + m.boost, "promo": 17 + m.boost, "present": 3998, "managed": 3840},
        protection="0, 436, 436, 436, 436",
    )
    dma32 = ZONE.format(
        **m._asdict(),
        **{"name": "DMA32", "stats": "", "low_mark": 247 + m.boost, "low": 361 + m.boost},
        **{"high": 475 + m.boost, "promo": 589 + m.boost, "present": 126941, "managed": 114447},
        protection="0, 0, 0, 0, 0",
    )
    rest = EMPTY.format(name="Normal", low_mark=0) + EMPTY.format(name="Movable", low_mark=32)
    return dma + dma32 + rest


def write_proc(root: Path, m: Machine, release: str = RELEASE_6_12) -> None:
    """Write the machine's files under `root`."""
    (root / "sys" / "kernel").mkdir(parents=True, exist_ok=True)
    (root / "sys" / "kernel" / "osrelease").write_text(f"{release}\n")
    (root / "zoneinfo").write_text(zoneinfo(m))
    lists = [m.free % 2, m.free // 2, *[0] * 9]
    (root / "buddyinfo").write_text(
        "Node 0, zone      DMA      0      0      0      0      0      1      1      1      0 "
        "     1      3 \n"
        f"Node 0, zone    DMA32 {' '.join(f'{count:>6}' for count in lists)} \n"
    )
    (root / "vmstat").write_text(VMSTAT.format(**m._asdict()))
    (root / "slabinfo").write_text(SLABINFO.format(**m._asdict()))
