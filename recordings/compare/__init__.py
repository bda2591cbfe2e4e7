"""Two recordings beside each other: where they part, and what they come to."""

from mmplay.recordings.compare.compare import compare

__all__ = ["compare"]
