"""The command line: one file a verb. This is the only place that joins all rooms."""
