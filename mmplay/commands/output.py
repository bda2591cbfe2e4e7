"""How verbs print: one JSON object, or text; and where `-o` files go."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmplay.engine.errors import InputError
from mmplay.engine.kernel.versions import DEFAULT_KERNEL, KERNELS

SCHEMA = 1


def print_json(values: dict[str, object]) -> None:
    """Print one object with its schema version first."""
    json.dump({"schema": SCHEMA, **values}, sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")


def add_kernel(parser: ArgumentParser, default: str | None = DEFAULT_KERNEL) -> None:
    """Declare `--kernel`."""
    known = ", ".join(KERNELS)
    said = f"default {default}" if default else "default: what the log says"
    parser.add_argument("--kernel", metavar="K", default=default, help=f"{known} ({said})")


def add_json(parser: ArgumentParser) -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


@contextmanager
def told_of_disk(path: Path) -> Iterator[None]:
    """Turn a failed write to `path` into one line that names it."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
