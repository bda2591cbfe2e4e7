"""The machine's kernel log: rate limits, reports in the version's exact text, call traces."""
