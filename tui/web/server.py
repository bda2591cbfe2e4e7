"""Serves the screen to browsers. The page needs a token, and asks no other host for anything.

Who visits it has a process, folders of his own, and a name that nobody guesses.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shlex
import signal
import site
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from hmac import compare_digest
from pathlib import Path
from urllib.parse import urlsplit

import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

DATA = Path(__file__).parent / "data"
STATIC = Path(textual_serve.__file__).parent / "static"
LARGEST_MESSAGE = 1 << 20

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What the browser may do for the page: ask this server, and nobody else."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
NO_TOKEN = "This page needs the address with the token that 'mmplay serve' printed."
FULL = "All places are taken. Try again when somebody has left."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """See the module. The token is new at each start; a cookie holds it and the visitor's name."""

    def __init__(self, visitors: Visitors) -> None:
        """Make the token."""
        self.token = secrets.token_urlsafe(16)
        self._visitors = visitors
        self._cookie = f"mmplay-{secrets.token_hex(4)}"

    def application(self) -> web.Application:
        """Return what answers requests."""

        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Let only those in who have the token."""
            return await self._with_token(request, handler)

        app = web.Application(middlewares=[web.middleware(guard)])
        app.router.add_get("/", self._page)
        app.router.add_get("/ws", self._socket)
        app.router.add_static("/page", DATA)
        app.router.add_static("/static", STATIC)
        return app

    async def _with_token(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the token; put one from the address into a cookie."""
        asked = request.query.get("token", "")
        if request.path == "/" and asked and compare_digest(asked.encode(), self.token.encode()):
            response: web.StreamResponse = web.Response(status=302, headers={"Location": "/"})
            value = f"{self.token}.{self._visitors.known(self._name(request))}"
            response.set_cookie(self._cookie, value, httponly=True, samesite="Lax")
        elif self._has_token(request):
            response = await handler(request)
        else:
            response = web.Response(status=403, text=NO_TOKEN)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _has_token(self, request: web.Request) -> bool:
        token = request.cookies.get(self._cookie, "").partition(".")[0]
        return compare_digest(token.encode(), self.token.encode())

    def _name(self, request: web.Request) -> str:
        value: str = request.cookies.get(self._cookie, "")
        return value.partition(".")[2]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if not self._visitors.has_room(self._name(request)):
            return web.Response(status=503, text=FULL)
        return web.FileResponse(DATA / "page.html")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Let a visitor's browser talk with a process of his own, as long as it is connected."""
        name = self._visitors.known(self._name(request))
        if urlsplit(request.headers.get("Origin", "")).netloc != request.host:
            return web.Response(status=403, text="another page may not open this socket")
        if not self._visitors.has_room(name):
            return web.Response(status=503, text=FULL)
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        visit = Visit(socket.send_bytes, socket.send_str, socket.close)
        try:
            await self._visitors.enter(name, visit, *_size(request))
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await visit.take(_said(message.data))
        except ConnectionError:
            pass
        finally:
            await self._visitors.leave(name, visit)
        return socket


def _size(request: web.Request) -> tuple[int, int]:
    texts = [request.query.get(name, "") for name in ("width", "height")]
    numbers = [int(text) if text.isdecimal() and len(text) < 6 else 0 for text in texts]
    return cells(numbers[0] or 80, numbers[1] or 24)


def _said(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


async def serve(server: Server, host: str, port: int, told: Callable[[str, int], None]) -> None:
    """Serve until SIGINT or SIGTERM; `told` gets host and port. Raises OSError for a taken port."""
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await web.TCPSite(runner, host, port).start()
        told(host, runner.addresses[0][1])
        await stop.wait()
    finally:
        await runner.cleanup()


PATIENCE_S = 5
"""How long a process may take to end by itself."""


class Visitors:
    """Those who were here, and the processes of those who are."""

    def __init__(self, command: Sequence[str], folder: Path, most: int) -> None:
        """Take the command that shows the screen, where folders are made, and the limit."""
        self._command, self._folder, self.most = command, folder, most
        self._known: set[str] = set()
        self._running: dict[str, Visit] = {}

    def known(self, name: str) -> str:
        """Return the name of a visitor; one that was never given out is replaced."""
        if name not in self._known:
            name = secrets.token_hex(8)
            self._known.add(name)
        return name

    def has_room(self, name: str) -> bool:
        """Tell whether a visitor can come in: who is in already can come again."""
        return name in self._running or len(self._running) < self.most

    async def enter(self, name: str, visit: Visit, width: int, height: int) -> None:
        """Begin a visitor's process; one that he has already ends."""
        before = self._running.get(name)
        self._running[name] = visit
        if before is not None:
            await before.end()
        await visit.begin(_in_folder(self._command, self._folder / name), width, height)

    async def leave(self, name: str, visit: Visit) -> None:
        """End a visitor's process."""
        if self._running.get(name) is visit:
            del self._running[name]
        await visit.end()


def _in_folder(command: Sequence[str], folder: Path) -> str:
    """Return a command for the shell that keeps all its files in a folder."""
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    home = {
        "HOME": folder,
        "XDG_CONFIG_HOME": folder / "config",
        "XDG_STATE_HOME": folder / "state",
        "XDG_DATA_HOME": folder / "data",
        "PYTHONUSERBASE": Path(site.getuserbase()),
    }
    places = " ".join(f"{name}={shlex.quote(str(path))}" for name, path in home.items())
    return f"cd {shlex.quote(str(files))} && {places} exec {shlex.join(command)}"


class Visit:
    """One visitor's process while he is here."""

    def __init__(
        self,
        send_bytes: Callable[[bytes], Awaitable[None]],
        send_text: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[object]],
    ) -> None:
        """Take how the browser is told."""
        self._sends = {"write_bytes": send_bytes, "write_str": send_text, "close": close}
        self._close = close
        self._service: AppService | None = None

    async def begin(self, command: str, width: int, height: int) -> None:
        """Start the process with a terminal of so many cells."""
        manager = DownloadManager()
        service = AppService(command, download_manager=manager, **self._sends)
        self._service = service
        await service.start(width, height)

    async def take(self, message: object) -> None:
        """Hand on what the browser says; what it cannot say is left out."""
        service = self._service
        if service is None or not isinstance(message, list) or len(message) not in (1, 2):
            return
        match message:
            case ["stdin", str(text)]:
                await service.send_bytes(text.encode())
            case ["resize", {"width": int(width), "height": int(height)}]:
                await service.set_terminal_size(*cells(width, height))
            case ["blur"]:
                await service.blur()
            case ["focus"]:
                await service.focus()

    async def end(self) -> None:
        """End the process, in the end by force, and close the socket."""
        service, self._service = self._service, None
        if service is None:
            return
        process = service._process
        with suppress(asyncio.TimeoutError, ConnectionError):
            await asyncio.wait_for(service.stop(), PATIENCE_S)
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError, asyncio.TimeoutError):
                try:
                    await asyncio.wait_for(process.wait(), PATIENCE_S)
                except TimeoutError:
                    process.kill()
                    await process.wait()
        if process is not None:
            # asyncio closes it only after its pipes have said their end, which a stopping loop
            # no longer hears: the pipes' files then stay open.
            process._transport.close()
        await self._close()


def cells(width: int, height: int) -> tuple[int, int]:
    """Return a size within bounds: whoever asks for more gets no larger screen."""
    return max(20, min(width, 500)), max(5, min(height, 200))
