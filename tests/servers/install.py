"""Both servers from Maven, unpacked once under the checkout's git-ignored ``.stack/``."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.java import ServerMissingError

POM = Path(__file__).with_name("pom.xml")
STACK = Path(__file__).parents[2] / ".stack"
DOWNLOAD_S = 900.0


@dataclass(frozen=True)
class Installed:
    """Where the unpacked servers lie."""

    kafka_jars: Path
    elasticsearch_home: Path


def install(stack: Path = STACK) -> Installed:
    """Unpack the servers that ``pom.xml`` names, unless that was done before.

    The unpacked folder bears the digest of ``pom.xml`` and is renamed into place only when it is
    whole, so that a call that was interrupted is simply repeated; Maven keeps what it has downloaded.

    Raises
    ------
    ServerMissingError
        Nothing is unpacked yet and Maven is not installed.
    RuntimeError
        Maven failed; the message holds the end of what it said.
    """
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    finished = stack / f"servers-{digest}"
    if not finished.is_dir():
        maven = shutil.which("mvn")
        if maven is None:
            raise ServerMissingError("mvn is not on the PATH: install Maven 3.6 or later")
        stack.mkdir(parents=True, exist_ok=True)
        with _alone(stack / "lock") as lock:
            if not finished.is_dir():  # the one we waited for may have done it
                _unpack(maven, stack, finished, lock)
    homes = list((finished / "elasticsearch").glob("elasticsearch-*"))
    if len(homes) != 1:
        raise RuntimeError(f"{finished}/elasticsearch holds {len(homes)} servers, not one: remove {finished}")
    return Installed(finished / "kafka", homes[0])


def _unpack(maven: str, stack: Path, finished: Path, lock: int) -> None:
    fresh = stack / "unpacking"
    shutil.rmtree(fresh, ignore_errors=True)
    command = [
        maven, "--batch-mode", "--quiet", "--strict-checksums", "--file", str(POM),
        f"-Dmaven.repo.local={stack / 'maven'}", f"-Dstack.folder={fresh}", "generate-resources",
    ]  # fmt: skip
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DOWNLOAD_S,
        pass_fds=[lock],  # a Maven that outlives us holds the next one off until it has ended
    )
    if ran.returncode != 0:
        raise RuntimeError(
            f"Maven could not fetch the test servers (status {ran.returncode}); run it again when the "
            f"registry can be reached:\n{ran.stdout[-3000:]}"
        )
    for path in [fresh, *fresh.rglob("*")]:  # the user who runs Elasticsearch is not always the one here
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
    for older in stack.glob("servers-*"):
        shutil.rmtree(older)
    fresh.rename(finished)


@contextmanager
def _alone(lock: Path) -> Iterator[int]:
    """Hold off any other process that unpacks into the same folder; yield the lock's descriptor."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield held.fileno()
