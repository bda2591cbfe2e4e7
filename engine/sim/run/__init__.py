"""Running a machine: the heap of turns, CPUs and their queues, what tasks do, actions, checks."""
