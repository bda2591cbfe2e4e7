"""From the messages of a log to its reports: a failure, an OOM kill or a bare dump each.

Lines are told apart by printk's caller id where the log has one; otherwise a report takes the
lines that follow it until the next one begins.
"""
