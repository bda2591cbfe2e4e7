"""Live capture: samples of /proc and the kernel log of this machine, recorded and shown."""
