"""Who visits the page: each has a process, folders of his own, and a name that nobody guesses."""

from __future__ import annotations

import asyncio
import secrets
import shlex
import site
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

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
