"""Play and replay the Linux page allocator's worst moments, decision by decision."""

__version__ = "0.1.0"
