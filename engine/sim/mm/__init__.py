"""Memory management by rule: gates, page allocator, reclaim, SLUB, writeback, OOM killer."""
