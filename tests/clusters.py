"""A real Dask cluster on this machine, for tests and measurements."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PATIENCE_S = 30


class Running(NamedTuple):
    """A cluster: the scheduler's address, and its workers, a process each."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Running]:
    """Run a scheduler and so many workers of one thread, which work in a folder."""
    from distributed import Client

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard"]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for name, *words in (scheduler, *[worker] * workers):
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.{name}", *words],
                    cwd=folder,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                )
            )
        with Client(address, timeout=PATIENCE_S) as client:
            client.wait_for_workers(workers, timeout=PATIENCE_S)
        yield Running(address, started[1:])
    finally:
        for process in started:
            process.kill()
            process.wait()
