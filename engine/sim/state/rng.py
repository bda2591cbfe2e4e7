"""The simulator's own random numbers: splitmix64, one 64-bit integer of state.

Never `random`: its generator is not promised to stay the same. Source of the algorithm: Steele,
Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
"""

from __future__ import annotations

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def advance(state: int) -> tuple[int, int]:
    """Return (next state, 64-bit random value)."""
    state = (state + GOLDEN) & MASK
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)
