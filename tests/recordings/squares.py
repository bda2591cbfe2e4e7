"""Pieces of work for tests, in a file that a new process has read at once."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from mmplay.engine.errors import InputError

WORST = 7


def square(number: int) -> int:
    return number * number


def killed_once(number: int, mark: Path) -> int:
    if number == WORST and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return square(number)


def killed(number: int) -> int:
    if number == WORST:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(number)


def refused(number: int) -> int:
    if number == WORST:
        raise InputError("seven: cannot be squared")
    return square(number)


def process(_: int) -> int:
    return os.getpid()
