"""From a kernel log, however it was captured, to a trace. Nothing of the log is dropped."""
