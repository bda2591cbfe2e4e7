"""The simulator's room: the kernel's rules and the machine they run.

Pure: no clock, no disk, no dice, no floats, no import of another room.
"""
