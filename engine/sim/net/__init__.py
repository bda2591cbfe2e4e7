"""The network card, its receive ring, and what the softirq allocates for a packet."""
