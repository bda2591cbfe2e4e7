"""Who reads a file: each may raise InputError and nothing else; a verb may only exit as it says."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

from mmplay.__main__ import main
from mmplay.engine.errors import InputError
from mmplay.engine.rules.versions import KERNELS
from mmplay.engine.sim.starts.common import Choice
from mmplay.recordings.anonymise import new_header, rewrite, source_of
from mmplay.recordings.diagnosis import diagnose_frame, diagnosis_json, frame_json
from mmplay.recordings.export import FORMATS
from mmplay.recordings.futures import Ahead, Supposed, future_of, machine_ahead
from mmplay.recordings.library import open_recording
from mmplay.recordings.run.continuing import told_in
from mmplay.recordings.trace.format import TraceError
from mmplay.recordings.trace.writer import TraceWriter

Consumer = Callable[[Path], None]

FRAMES = 12
"""Frames of a recording that are looked at; a spoiled log can have hundreds."""

EXPORT_BYTES = 1 << 15

MOMENT_NS = 2_000_000
RC7 = KERNELS["4.5-rc7"]

CONTROL = {chr(code) for code in (*range(32), *range(127, 160))} - {"\n"}


class Broken(Exception):
    """What was printed, or how it ended, is not as promised."""


def frames(path: Path) -> None:
    """Show and diagnose frames, as the play screen does."""
    with open_recording(str(path)) as timeline:
        for index in range(min(FRAMES, len(timeline))):
            frame_json(timeline.frame(index))
            diagnosis_json(diagnose_frame(timeline, index))


def lines(path: Path) -> None:
    """Read lines at both ends, in the middle and beyond."""
    with open_recording(str(path)) as timeline:
        for first in (1, timeline.line_count // 2, timeline.line_count - 5, 1 << 62):
            timeline.lines(first, 30)


def exports(path: Path) -> None:
    """Export to every format, as far as its first EXPORT_BYTES: a run's trace is 50 MB."""
    for export in FORMATS.values():
        with open_recording(str(path)) as timeline:
            left = EXPORT_BYTES
            for piece in export.load()(timeline):
                left -= len(piece)
                if left < 0:
                    break


def nameless(path: Path) -> None:
    """Write a recording again without names; a log, or a simulated run, is refused."""
    with suppress(TraceError):
        source = source_of(path)
        writer = TraceWriter(io.BytesIO(), new_header(source))
        rewrite(source, writer)
        writer.close()


def continued(path: Path) -> None:
    """Let frames go on for a moment by the rules of 4.5-rc7, or be refused in one line."""
    with open_recording(str(path)) as timeline:
        for index in range(min(FRAMES, len(timeline))):
            try:
                ahead = Ahead(told_in(timeline.frame(index), RC7), Choice(RC7), 0)
                now_ns = machine_ahead(ahead).state.now_ns
                future_of(ahead._replace(until_ns=now_ns + MOMENT_NS), Supposed())
            except InputError as error:
                check_exit(2, f"mmplay: {error}\n")


def verb(*args: str, statuses: tuple[int, ...] = (0, 2)) -> Consumer:
    """Return a consumer that runs a verb in this process; `PATH` stands for the file."""

    def run(path: Path) -> None:
        data, err = io.BytesIO(), io.StringIO()
        out = io.TextIOWrapper(data, "utf-8")
        with redirect_stdout(out), redirect_stderr(err):
            status = main([str(path) if word == "PATH" else word for word in args])
        out.flush()
        check_exit(status, err.getvalue(), statuses)
        check_text(data.getvalue().decode() if "export" not in args else "")

    return run


def check_exit(status: int, said: str, statuses: tuple[int, ...] = (0, 2)) -> None:
    """Raise Broken unless it ended well, or badly with one line that says why."""
    if status not in statuses or "Traceback" in said:
        raise Broken(f"exit status {status}: {said!r}")
    if status == 2 and (said.count("\n") != 1 or not said.startswith("mmplay: ")):
        raise Broken(f"not one line: {said!r}")
    check_text(said)


def check_text(text: str) -> None:
    """Raise Broken if a terminal would take something in the text for a command."""
    found = CONTROL.intersection(text)
    if found:
        raise Broken(f"control characters {sorted(found)!r} are printed")


RATIOS = "vm.lowmem_reserve_ratio=0 1 9"

CONSUMERS: dict[str, Consumer] = {
    "frames": frames,
    "lines": lines,
    "continued": continued,
    "exports": exports,
    "explain": verb("explain", "PATH"),
    "explain --json": verb("explain", "PATH", "--json"),
    "what-if": verb("what-if", "PATH", "--set", "vm.min_free_kbytes=9", RATIOS),
    "anonymise": nameless,
    "verify": verb("verify", "PATH", statuses=(0, 1, 2)),
    "info": verb("info", "PATH"),
    "diff": verb("diff", "PATH", "incident-4.5.0-rc7"),
    "import --json": verb("import", "PATH", "--json"),
    "export dmesg": verb("export", "PATH", "--format", "dmesg"),
}
"""Everything that opens a file whose sender is not trusted, by name."""
