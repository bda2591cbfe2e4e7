"""The front door: `mmplay` opens the menu, `mmplay VERB` does one job."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper

from mmplay import __version__
from mmplay.engine.errors import InputError, printable

BAD_USE = 2
INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 false, 2 bad use or input, 130 Ctrl-C."""
    args = sys.argv[1:] if argv is None else argv
    if args == ["--version"]:
        print(f"mmplay {__version__}")
        return 0
    _open_streams()
    try:
        # Loading the verbs takes longer than all that --version has to do.
        from mmplay.commands.verbs import dispatch

        status = dispatch(args)
        sys.stdout.flush()
        return status
    except SystemExit as ending:  # argparse ends so after --help
        return _flushed(ending)
    except KeyboardInterrupt:
        return INTERRUPTED
    except InputError as error:
        return _complain(str(error))
    except BrokenPipeError:
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        return _complain(f"{error.filename or 'output'}: {error.strerror or error}")


def _open_streams() -> None:
    """Make the three streams usable: none is missing, and no character is too much for one.

    A closed stdout refuses what is written to it, as a full disk does.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        refusing = os.open(os.devnull, os.O_RDONLY)
        sys.stdout = open(refusing, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flushed(ending: SystemExit) -> int:
    try:
        sys.stdout.flush()
    except OSError as error:
        _drop_output()
        return _complain(f"output: {error.strerror}")
    return ending.code if isinstance(ending.code, int) else 0


def _drop_output() -> None:
    """Point stdout at nothing, so that the interpreter's own flush at exit stays silent too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str) -> int:
    with suppress(OSError):  # A full disk takes no complaint either.
        print(printable(f"mmplay: {' '.join(message.split())}"), file=sys.stderr)
    return BAD_USE


if __name__ == "__main__":
    sys.exit(main())
