"""Recordings: the trace format, the log importer, the exporters, and the recordings we ship."""
