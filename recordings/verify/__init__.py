"""Whether a recording can be trusted: its checks, and for a simulated run what its rules make."""
