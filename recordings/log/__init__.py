"""Kernel logs: however one was captured, to a trace, and from the trace to lines and reports.

Nothing of a log is dropped. Lines are told apart by printk's caller id where the log has one;
otherwise a report takes the lines that follow it until the next one begins.
"""
