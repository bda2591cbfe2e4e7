"""Makes the simulated recordings that ship: `python -m mmplay.recordings.making [FOLDER]`.

They follow from the rules alone. Whoever changes a rule makes them again; a test says when.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmplay.engine.kernel.versions import DEFAULT_KERNEL, kernel_named
from mmplay.engine.sim.mm.masks import WB_VARIANTS
from mmplay.engine.sim.starts.common import Choice
from mmplay.recordings.library import DATA, SUFFIX
from mmplay.recordings.replacing import replacing
from mmplay.recordings.session.session import Session
from mmplay.recordings.session.store import session_header
from mmplay.recordings.starts import mail_machine
from mmplay.recordings.trace.writer import TraceWriter

UNTIL_NS = 61_700_000_000
"""A little beyond the reports that the mail's log ends with."""

VARIANTS = tuple(name for name, _ in WB_VARIANTS)


def name_of(variant: str) -> str:
    """Return the name of the shipped run of a variant."""
    return f"mail-run-{variant}"


def mail_run(variant: str, writer_of: Callable[[dict[str, Any]], TraceWriter | None]) -> Session:
    """Make the mail's run with one of its four masks, from its first frame to UNTIL_NS.

    `writer_of` returns the writer for a header, None to keep the run in memory.
    """
    choice = Choice(kernel_named(DEFAULT_KERNEL), variant)
    header = session_header(
        name_of(variant), start="mail", kernel=choice.kernel.name, variant=variant, seed=choice.seed
    )
    session = Session(mail_machine(choice), header, writer_of(header))
    session.advance(until_ns=UNTIL_NS)
    return session


def make(folder: Path) -> None:
    """Write every variant's run into a folder; raises OSError."""
    for variant in VARIANTS:
        path = folder / f"{name_of(variant)}{SUFFIX}"
        with replacing(path) as stream:
            session = mail_run(variant, lambda header, out=stream: TraceWriter(out, header))
            session.reached()
            if session.tape.trouble:
                raise OSError(session.tape.trouble)
            if isinstance(session.tape.writer, TraceWriter):
                session.tape.writer.close()
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
