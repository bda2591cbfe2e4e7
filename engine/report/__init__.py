"""What a kernel report says, as numbers: memory, request, call trace, slab report, OOM kill."""
