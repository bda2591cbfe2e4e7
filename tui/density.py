"""How much a panel shows: calm, full or raw."""

CALM, FULL, RAW = "calm", "full", "raw"

DENSITIES = (CALM, FULL, RAW)
"""In the order that the key goes through them."""
