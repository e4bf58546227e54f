"""A server process: free ports, start, readiness, stop."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

HOST = "127.0.0.1"
POLL_S = 0.1
STOP_S = 30.0


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Server:
    """A running server: leave its ``with`` block, or call :meth:`stop`, and it is gone.

    Attributes
    ----------
    address
        What a client is given: ``host:port`` for Kafka, a URL for Elasticsearch.
    started_in
        Seconds from the start of the process until it answered.
    """

    name: str
    address: str
    process: subprocess.Popen[bytes]
    log: Path
    started_in: float

    def stop(self) -> None:
        """Ask the process to end, wait, and kill it only if it has not."""
        stop(self.process)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Pick a free port below the range that systems hand to outgoing connections.

    A port from that range, as a bind to port 0 gives, may be taken by any client before the server
    gets to it.
    """
    for port in random.sample(range(20_000, 32_000), 200):
        if is_free(port):
            return port
    raise RuntimeError(f"no free port between 20000 and 32000 on {HOST}")


def start(
    name: str,
    address: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], bool],
    deadline_s: float,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
) -> Server:
    """Start a server and return once it answers.

    Parameters
    ----------
    ready
        Asks the server over its own protocol; False while it does not answer yet.
    deadline_s
        Seconds until an unready server is given up and stopped.
    account
        The user that it runs as; None for the user here.

    Raises
    ------
    RuntimeError
        It ended, or did not answer in time; the message holds the end of its log.
    """
    setpriv = shutil.which("setpriv")
    # A run that is killed cannot stop its servers: where the system can, it does so for us. To the
    # system the parent is the thread that starts the process, so start servers from one that stays.
    lifeline = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*lifeline, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # Ctrl-C is for us: we stop the servers in order
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    try:
        while not ready():
            try:
                status = process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                if time.monotonic() - began > deadline_s:
                    raise RuntimeError(
                        f"{name} did not answer at {address} within {deadline_s:.0f} s; {tail(log)}"
                    ) from None
            else:
                raise RuntimeError(f"{name} ended with status {status} before it answered; {tail(log)}")
    except BaseException:
        stop(process)
        raise
    return Server(name, address, process, log, time.monotonic() - began)


def stop(process: subprocess.Popen[bytes], patience_s: float = STOP_S) -> None:
    """End this process: terminate, wait so many seconds, then kill."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log, with its name."""
    text = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return f"the end of {log}:\n" + "\n".join(text[-lines:])
