"""Serves the screen to browsers. The page needs a token, and asks no other host for anything."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from pathlib import Path
from urllib.parse import urlsplit

import textual_serve
from aiohttp import WSMsgType, web

from mmplay.tui.web.visitors import Visit, Visitors, cells

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
