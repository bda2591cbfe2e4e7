"""Whose machine has which seed: made from a secret that the teacher alone has.

Each student plays a machine of his own, with the practice seed. The pass seed is that of another
machine, on which the teacher lets the same acts count; nobody else can compute it.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from secrets import token_hex

from mmplay.engine.errors import InputError

SECRET_BYTES = 32
SEED_BYTES = 4
ROW_DIGITS = 16

PASS = "pass"

_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}", re.ASCII)


def new_secret() -> str:
    """Return a fresh secret, in hex."""
    return token_hex(SECRET_BYTES)


def practice_seed(secret: str, assignment: str, student: str) -> int:
    """Return the seed that a student plays with."""
    return _seed(secret, assignment, student)


def pass_seed(secret: str, assignment: str, student: str) -> int:
    """Return the seed of the machine that a student never sees; it is in no file."""
    return _seed(secret, PASS, assignment, student)


def _seed(secret: str, *texts: str) -> int:
    digest = hmac.digest(secret.encode(), ":".join(texts).encode(), "sha256")
    return int.from_bytes(digest[:SEED_BYTES], "big")


def row_of(assignment: str, student: str) -> str:
    """Return the name of a student's row in the table of practice seeds."""
    return sha256(f"{assignment}:{student}".encode()).hexdigest()[:ROW_DIGITS]


def check_student(text: str) -> None:
    """Raise InputError for what is no student's id."""
    if not _STUDENT.fullmatch(text):
        problem = "no student id: write up to 64 letters, digits and . _ @ + - without blanks"
        raise InputError(f"{text[:64]!r} is {problem}")
