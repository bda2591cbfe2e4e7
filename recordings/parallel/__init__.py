"""One piece of work on many items: on all cores, or on a cluster."""
