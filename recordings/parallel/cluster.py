"""The workers of a Dask cluster that a user names. Only this module knows Dask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from mmplay import __version__
from mmplay.engine.errors import InputError
from mmplay.engine.sim import ENGINE

Found = TypeVar("Found")

TLS = "tls://"
SCHEMES = ("tcp://", TLS)
TIMEOUT_S = 10
WITHOUT_WORKERS_S = 60
NO_CERTIFICATES = "Dask's configuration names no certificates (distributed.comm.tls)"
INSTALL = "--scheduler needs Dask; install it with: pip install 'mmplay[cluster]'"


_CANCELLED = (CancelledError, asyncio.CancelledError)


class Cluster:
    """See the module. TLS and all else about the connection is Dask's own configuration."""

    def __init__(self, address: str) -> None:
        """Connect; raises InputError, naming the address, where that is not possible."""
        if not address.startswith(SCHEMES):
            raise InputError(f"--scheduler {address[:60]}: expected tcp://HOST:PORT or tls://...")
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise InputError(INSTALL) from None
        # What it would log is said in one line of our own.
        logging.disable(logging.CRITICAL)
        self._killed = KilledWorker
        self._name = f"--scheduler {address}"
        self._check_security(address.startswith(TLS))
        try:
            self._client = Client(address, timeout=TIMEOUT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            why = str(error) or "no answer"
            raise InputError(f"{self._name}: cannot be reached: {why}") from None
        self._served = monotonic()
        try:
            self.size = self._checked()
        except BaseException:
            self._client.close()
            raise

    def _check_security(self, encrypted: bool) -> None:
        """Raise InputError where Dask would refuse to connect: its client then hangs at its end."""
        from distributed import Security

        try:
            security = Security()
            context = security.get_connection_args("client")["ssl_context"]
        except OSError as error:
            what = f"the certificates of Dask's configuration: {error.strerror or error}"
            raise InputError(f"{self._name}: {what}") from None
        if encrypted and context is None:
            raise InputError(f"{self._name}: {NO_CERTIFICATES}")
        if security.require_encryption and not encrypted:
            raise InputError(f"{self._name}: Dask's configuration requires encryption; use tls://")

    def _checked(self) -> int:
        """Return how many threads the workers have; all must have this mmplay."""
        found = self._client.run(what_it_is, on_error="return")
        if not found:
            raise InputError(f"{self._name}: it has no workers yet; start some")
        for worker, one in found.items():
            if one != what_it_is():
                has = one if isinstance(one, str) else "no mmplay"
                raise InputError(
                    f"{self._name}: its worker {worker} has {has}, this is {what_it_is()}; "
                    "install the same there"
                )
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, deed: Callable[[], Found]) -> Future[Found]:
        """Let a worker do it; Dask does it again where a worker is killed."""
        found: Future[Found] = Future()
        self._client.submit(deed, pure=False).add_done_callback(partial(self._hand_over, found))
        return found

    def alone(self, deed: Callable[[], Found]) -> Found:
        """Let a worker do it; raises KilledWorker if that kills one worker after another."""
        return self.submit(deed).result()

    def killed(self, error: BaseException) -> bool:
        """Tell whether an error says that workers were killed, with what they had found."""
        return isinstance(error, (self._killed, *_CANCELLED))

    def _hand_over(self, found: Future[Found], done: Any) -> None:
        """Take what a worker found or raised."""
        try:
            found.set_result(done.result())
        except _CANCELLED as error:
            gone = InputError(f"{self._name}: the scheduler went away before the work was done")
            found.set_exception(error if self._client.status == "running" else gone)
        except Exception as error:
            found.set_exception(error)

    def renew(self) -> bool:
        """Go on: what else is under way goes on, too."""
        return False

    def check(self) -> None:
        """Raise InputError if the scheduler has had no workers for a minute."""
        now = monotonic()
        if self._client.scheduler_info()["workers"]:
            self._served = now
        if now - self._served > WITHOUT_WORKERS_S:
            why = "all its workers are gone; start some, and begin again"
            raise InputError(f"{self._name}: {why}")

    def end(self) -> None:
        """Give up what is under way, and leave the cluster."""
        self._client.close()


def what_it_is() -> str:
    """Return which mmplay this is, and whose results its own are the same as."""
    return f"mmplay {__version__}, engine {ENGINE}"
