"""The kinds of actor on the heap; what each does is in `turns`."""

from __future__ import annotations

CPU, TIMER, DISK, NIC, VMSTAT, SCRIPT, WORKLOAD = range(7)
"""A CPU whose turn is over, a sleep that ends, a disk request that completes, a frame that
arrives, a CPU that folds its counters, an event of the script, a workload that begins."""
