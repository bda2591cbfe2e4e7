"""The machine: zones, reclaim, writeback, SLUB, network, OOM killer, one kernel decision at a time.

One owner (`machine.Machine`) mutates one `State` of plain ints and lists; everybody else sees
frames. Between turns the state is data: it can be copied, packed and forked at any moment.
"""

ENGINE = 1
"""Number of the rules: the same setup, seed and actions give the same run under the same number."""
