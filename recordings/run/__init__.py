"""Simulated runs that remember: recorded as they happen, seekable, forked, verified, compared."""
