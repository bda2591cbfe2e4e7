"""`mmplay serve` without a browser: who is let in, what the page asks for, what ends with whom."""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from mmplay.__main__ import main

pytest.importorskip("textual_serve", reason="textual-serve is not installed")
aiohttp = pytest.importorskip("aiohttp")

from aiohttp.test_utils import TestServer as Running  # noqa: E402

from mmplay.commands import serve_verb  # noqa: E402
from mmplay.tui.web.server import (  # noqa: E402
    Server,
    Visit,
    Visitors,
    _in_folder,
    cells,
)

pytestmark = pytest.mark.filterwarnings("ignore")

APP = """
import json, os, sys
def say(kind, data):
    os.write(1, kind + len(data).to_bytes(4, "big") + data)
os.write(1, b"__GANGLION__\\n")
where = {name: os.environ[name] for name in ("COLUMNS", "ROWS", "HOME", "XDG_STATE_HOME")}
say(b"D", json.dumps({**where, "cwd": os.getcwd(), "pid": os.getpid()}).encode())
while head := sys.stdin.buffer.read(5):
    data = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    if b'"quit"' in data:
        break
    say(b"D", head[:1] + data)
"""
"""A stand-in for the screen: says where it is, repeats what it is told, and ends when asked to."""


@pytest.fixture
def visitors(tmp_path: Path) -> Visitors:
    script = tmp_path / "app.py"
    script.write_text(APP)
    return Visitors([sys.executable, str(script)], tmp_path / "visitors", 2)


class Browser:
    """Somebody with a cookie jar."""

    def __init__(self, server: Any, token: str) -> None:
        self.url, self.token = f"http://{server.host}:{server.port}", token
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def get(self, path: str) -> Any:
        return await self.http.get(self.url + path, allow_redirects=False)

    async def come_in(self) -> Browser:
        answer = await self.get(f"/?token={self.token}")
        assert (answer.status, answer.headers["Location"]) == (302, "/")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        return self

    async def open(self, origin: str | None = None, size: str = "width=90&height=30") -> Any:
        headers = {"Origin": self.url if origin is None else origin}
        return await self.http.ws_connect(f"{self.url}/ws?{size}", headers=headers)


Come = Callable[[], Browser]


@pytest.fixture
async def come(visitors: Visitors) -> AsyncIterator[Come]:
    """Return what makes browsers that know the token of a server."""
    served, browsers = Server(visitors), list[Browser]()
    async with Running(served.application()) as running:

        def one() -> Browser:
            browsers.append(Browser(running, served.token))
            return browsers[-1]

        yield one
        for browser in browsers:
            await browser.http.close()


async def drop(*_: object) -> None:
    pass


async def where(socket: Any) -> dict[str, Any]:
    found = json.loads(await socket.receive_bytes())
    assert isinstance(found, dict)
    return found


async def test_only_who_has_the_token_is_let_in(come: Come) -> None:
    stranger = come()
    for path in ("/", "/?token=", "/?token=wrong", "/ws", "/static/js/textual.js", "/page/page.js"):
        answer = await stranger.get(path)
        assert answer.status == 403
        assert "token" in await answer.text()


async def test_the_page_asks_this_server_and_nobody_else(come: Come) -> None:
    one = await come().come_in()
    for path in ("/", "/page/page.css", "/page/page.js"):
        answer = await one.get(path)
        assert answer.status == 200
        assert "http://" not in (text := await answer.text())
        assert "https://" not in text
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy
    assert (await one.get("/static/fonts/RobotoMono-VariableFont_wght.ttf")).status == 200
    assert (await one.get("/static/../../__init__.py")).status == 404


async def test_each_visitor_has_a_process_and_folders_of_his_own(come: Come) -> None:
    one, two = await come().come_in(), await come().come_in()
    sockets = [await one.open(), await two.open()]
    first, second = [await where(socket) for socket in sockets]
    assert (first["COLUMNS"], first["ROWS"]) == ("90", "30")
    for name in ("pid", "HOME", "XDG_STATE_HOME", "cwd"):
        assert first[name] != second[name]
    assert Path(first["cwd"]).parent == Path(first["HOME"])
    await sockets[0].send_json(["stdin", "x"])
    assert await sockets[0].receive_bytes() == b"Dx"
    await sockets[0].close()
    again = await one.open()
    assert (await where(again))["HOME"] == first["HOME"]
    third = await come().come_in()
    assert (await third.get("/")).status == 503
    with pytest.raises(Exception, match="503"):
        await third.open()


async def test_a_second_page_of_a_visitor_ends_the_first(come: Come, visitors: Visitors) -> None:
    one = await come().come_in()
    first = await one.open()
    await where(first)
    second = await one.open()
    await where(second)
    assert (await first.receive()).data in (1000, 1006, None)
    assert len(visitors._running) == 1
    await second.send_json(["stdin", "y"])
    assert await second.receive_bytes() == b"Dy"


async def test_another_page_may_not_open_the_socket(come: Come) -> None:
    one = await come().come_in()
    for origin in ("http://evil.example", ""):
        with pytest.raises(Exception, match="403"):
            await one.open(origin)


async def test_nonsense_from_a_browser_ends_nothing(come: Come) -> None:
    one = await come().come_in()
    socket = await one.open(size="width=99999999&height=-3")
    found = await where(socket)
    assert (found["COLUMNS"], found["ROWS"]) == ("80", "24")
    for text in ("{", "[]", '["stdin"]', '["stdin", 3]', '["resize", {}]', "[" * 5000, '"x"'):
        await socket.send_str(text)
    await socket.send_json(["resize", {"width": 10**9, "height": 1}])
    told = json.loads((await socket.receive_bytes())[1:])
    assert (told["width"], told["height"]) == (500, 5)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux says when a process ends")
async def test_nothing_of_a_process_stays_open_when_a_visitor_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where another process still holds the pipe of its errors."""
    monkeypatch.setattr("mmplay.tui.web.server.PATIENCE_S", 1)
    script, fifo = tmp_path / "app.py", tmp_path / "fifo"
    os.mkfifo(fifo)
    lingers = f"import os\nif not os.fork():\n    os.close(1)\n    open({str(fifo)!r}).read()\n"
    script.write_text(lingers + "    os._exit(0)\n" + APP)
    visitors, visit = Visitors([sys.executable, str(script)], tmp_path, 1), Visit(drop, drop, drop)
    await visitors.enter("one", visit, 80, 24)
    assert visit._service is not None
    process = visit._service._process
    await visitors.leave("one", visit)
    fifo.write_bytes(b"")
    assert process is not None
    assert process.returncode is not None
    assert process._transport.is_closing()


async def test_a_visitor_who_leaves_takes_his_process_along(come: Come) -> None:
    one = await come().come_in()
    socket = await one.open()
    process = os.pidfd_open((await where(socket))["pid"])
    await socket.close()
    assert (await asyncio.to_thread(select.select, [process], [], [], 30))[0]
    os.close(process)


def test_names_of_folders_cannot_command_the_shell(tmp_path: Path) -> None:
    folder = tmp_path / "a b; touch $(x)"
    said = _in_folder(["echo", "a b"], folder)
    assert said.startswith(f"cd '{folder}/files' && HOME='{folder}' ")
    assert said.endswith(" exec echo 'a b'")
    assert cells(10**9, -1) == (500, 5)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--port", "70000"), "--port 70000"),
        (("--host", "0.0.0.0"), "add --public"),
        (("--host", "192.0.2.1", "--public"), "cannot be used"),
        (("--visitors", "x"), "--visitors x"),
        (("--theme", "beige"), "--theme beige: themes are "),
    ],
)
def test_bad_use_is_one_line(
    args: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--port", "0", *args]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_whoever_serves_to_others_is_warned(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def served(_: object, host: str, __: int, told: Callable[[str, int], None]) -> None:
        told(host, 8000)

    monkeypatch.setattr("mmplay.tui.web.server.serve", served)
    assert main(["serve", "--host", "192.0.2.1", "--public"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("http://192.0.2.1:8000/?token=")
    assert err.startswith("mmplay: warning: whoever has the address")


def test_a_full_disk_is_not_blamed_on_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(serve_verb, "tell", full)
    parser = ArgumentParser()
    serve_verb.add_arguments(parser)
    with pytest.raises(OSError, match="No space left on device"):
        serve_verb.run(parser.parse_args(["--port", "0"]))
