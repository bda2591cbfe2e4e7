"""How verbs print: one JSON object, or text; and where `-o` files go."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import DEFAULT_KERNEL, KERNELS

SCHEMA = 1


def print_json(values: dict[str, object]) -> None:
    """Print one object with its schema version first."""
    json.dump({"schema": SCHEMA, **values}, sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")


class JsonObject:
    """One object printed field by field: a long list needs no more memory than a short one."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        out.write(f'{{\n "schema": {SCHEMA}')

    def field(self, name: str, value: object) -> None:
        """Print one field."""
        self._out.write(f',\n "{name}": {json.dumps(value)}')

    def rows(self, name: str, rows: Iterable[str]) -> None:
        """Print a list of what is JSON text already, a row a line."""
        self._out.write(f',\n "{name}": [')
        before = "\n  "
        for row in rows:
            self._out.write(before)
            self._out.write(row)
            before = ",\n  "
        self._out.write("]")

    def close(self) -> None:
        """Print the end."""
        self._out.write("}\n")


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
