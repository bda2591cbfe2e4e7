"""Where a machine comes from: the mail's frame, a fresh boot, a dump of a log, a row of counters."""
