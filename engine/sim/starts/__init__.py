"""Where a machine comes from: a frame of a log, a fresh boot, a row of measured counters."""
