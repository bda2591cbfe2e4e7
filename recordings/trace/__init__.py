"""The `.mmtrace` format: checked records of msgpack, chained by digest, appended as they come."""
