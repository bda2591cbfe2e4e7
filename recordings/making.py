"""Makes the simulated recordings that ship: `python -m mmplay.recordings.making [FOLDER]`.

They follow from the rules alone. Whoever changes a rule makes them again; a test says when.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mmplay.engine.rules.versions import DEFAULT_KERNEL, kernel_named
from mmplay.engine.sim.machine.asks import WB_VARIANTS
from mmplay.engine.sim.starts.common import Choice
from mmplay.recordings.files import TRACE
from mmplay.recordings.library import DATA
from mmplay.recordings.run.session import Session
from mmplay.recordings.run.starts import incident_machine
from mmplay.recordings.run.store import session_header
from mmplay.recordings.run.tape import Sink
from mmplay.recordings.trace.writer import new_trace

UNTIL_NS = 61_700_000_000
"""A little beyond the reports that the incident's log ends with."""

VARIANTS = tuple(name for name, _ in WB_VARIANTS)


def name_of(variant: str) -> str:
    """Return the name of the shipped run of a variant."""
    return f"incident-run-{variant}"


def header_of(variant: str) -> dict[str, Any]:
    """Return the header of a variant's run."""
    choice = Choice(kernel_named(DEFAULT_KERNEL), variant)
    more = {"kernel": choice.kernel.name, "variant": variant, "seed": choice.seed}
    return session_header(name_of(variant), start="incident", **more)


def incident_run(variant: str, sink: Sink | None = None) -> Session:
    """Return the incident's run with one of its four masks, from its first frame to UNTIL_NS."""
    machine = incident_machine(Choice(kernel_named(DEFAULT_KERNEL), variant))
    session = Session(machine, header_of(variant), sink)
    session.advance(until_ns=UNTIL_NS)
    return session


def make(folder: Path) -> None:
    """Write every variant's run into a folder; raises OSError."""
    for variant in VARIANTS:
        path = folder / f"{name_of(variant)}{TRACE}"
        with new_trace(path, header_of(variant)) as writer:
            session = incident_run(variant, writer)
            session.reached()
            if session.tape.trouble:
                raise OSError(session.tape.trouble)
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
