"""`mmplay serve`: the screen in a browser, for those without a terminal."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory

from mmplay.commands.arguments import whole
from mmplay.commands.output import remark, tell, told_of_disk
from mmplay.commands.screen import add_screen_options, checked_theme
from mmplay.engine.errors import InputError

HERE, PORT, VISITORS = "127.0.0.1", 8000, 8
MAX_PORT, MAX_VISITORS = 65_535, 1000
LOCAL = (HERE, "::1", "localhost")
EVERYWHERE = ("0.0.0.0", "::")

INSTALL = "serve needs textual-serve; install it with: pip install 'mmplay[web]'"
WARNING = (
    "whoever has the address below can read and write files of this machine as you; it goes over "
    "the network unencrypted, so use it in a network that you trust"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--port",
        metavar="N",
        default=str(PORT),
        help=f"port to listen on; 0 takes a free one (default: {PORT})",
    )
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        help=f"address to listen on (default: {HERE}); others need --public",
    )
    parser.add_argument(
        "--public", action="store_true", help="allow a --host that others can reach"
    )
    parser.add_argument(
        "--visitors",
        metavar="N",
        default=str(VISITORS),
        help=f"how many may play at a time (default: {VISITORS})",
    )
    parser.add_argument(
        "--keep",
        metavar="DIR",
        help="keep what visitors play in this folder (default: it is deleted)",
    )
    add_screen_options(parser)


def run(args: Namespace) -> int:
    """Serve until Ctrl-C; raises InputError for bad use and for a port that is taken."""
    port = whole(args.port, "--port", MAX_PORT)
    most = whole(args.visitors, "--visitors", MAX_VISITORS)
    host = args.host or HERE
    if host not in LOCAL and not args.public:
        raise InputError(f"--host {host}: others could reach it; add --public if they should")
    try:
        from mmplay.tui.web.server import Server, Visitors, serve
    except ImportError:
        raise InputError(INSTALL) from None
    if args.theme:
        # Told here: a visitor would see the screen end, and nobody why.
        from mmplay.tui.app import MmplayApp

        checked_theme(MmplayApp(None), args.theme)
    with ExitStack() as stack:
        server = Server(Visitors(_command(args), _folder(args, stack), max(1, most)))

        def told(host: str, port: int) -> None:
            """Tell the address; keep an error of the output apart from one of the port."""
            try:
                _tell_address(host, port, server.token)
            except OSError as error:
                unsaid.append(error)
                raise

        unsaid: list[OSError] = []
        try:
            asyncio.run(serve(server, host, port, told))
        except OSError as error:
            if error in unsaid:
                raise  # It is the output that failed, not the port.
            why = error.strerror or str(error)
            raise InputError(f"--host {host} --port {port}: cannot be used: {why}") from None
    return 0


def _tell_address(host: str, port: int, token: str) -> None:
    if host not in LOCAL:
        remark(f"warning: {WARNING}")
    name = gethostname() if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    tell(f"http://{name}:{port}/?token={token}")
    sys.stdout.flush()
    remark("open this address in a browser; Ctrl-C ends it for all")


def _command(args: Namespace) -> list[str]:
    """Return the command that shows the screen to one visitor."""
    theme = ["--theme", args.theme] if args.theme else []
    return [sys.executable, "-m", "mmplay", *theme, *(["--ascii"] if args.ascii else [])]


def _folder(args: Namespace, stack: ExitStack) -> Path:
    """Return where the visitors' folders are made; without `--keep` it goes with the server."""
    if args.keep is None:
        return Path(stack.enter_context(TemporaryDirectory(prefix="mmplay-")))
    folder = Path(args.keep).resolve()
    with told_of_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder
