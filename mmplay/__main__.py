"""The front door: `mmplay` opens the menu, `mmplay VERB` does one job."""

from __future__ import annotations

import os
import sys

from mmplay import __version__
from mmplay.engine.errors import InputError
from mmplay.engine.printable import printable

BAD_USE = 2
INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 false, 2 bad use or input, 130 Ctrl-C."""
    args = sys.argv[1:] if argv is None else argv
    if args == ["--version"]:
        print(f"mmplay {__version__}")
        return 0
    try:
        # Loading the verbs takes longer than all that --version has to do.
        from mmplay.commands.verbs import dispatch

        status = dispatch(args)
        sys.stdout.flush()
        return status
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


def _drop_output() -> None:
    """Point stdout at nothing, so that the interpreter's own flush at exit stays silent too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str) -> int:
    print(printable(f"mmplay: {' '.join(message.split())}"), file=sys.stderr)
    return BAD_USE


if __name__ == "__main__":
    sys.exit(main())
