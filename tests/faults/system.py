"""The system under test as processes of its own: Temporal, ledger, sandbox, two ingresses, workers.

The ingress ``cut-off`` cannot reach Temporal: what comes in by it is told by the repair loop only,
and until then nothing but the gate stands between a stop and the next mail.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from temporalio.client import Client

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from starters.demo.stage import CONFIG, INGRESS, PYTHON, WORKER
from starters.processes.devserver import NAMESPACE
from starters.processes.supervisor import LOOPBACK, free_port
from starters.sandbox.credentials import load_or_make
from tests.faults.processes import Process, TemporalServer
from tests.postgres import NoPostgres, PostgresServer
from workers.plugin import dripstone_plugin
from workers.vendors import load_connections

APPROVER = "ada"
WORKERS = 3
DURABLE = ("fsync=off", "full_page_writes=off", "max_connections=90")
"""Unlike the settings of other tests these lose nothing that was committed when it is killed."""

SQLITE_LOCKED_FOR = 4.0


@dataclass
class System:
    """Everything that runs. ``doors`` are the ingresses' addresses; the first is connected."""

    directory: Path
    server: TemporalServer
    ledger: Ledger
    client: Client
    connections: Connections
    sandbox_url: str
    events_secret: str
    postgres: PostgresServer | None
    doors: tuple[str, ...] = ()
    ingresses: list[Process] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)

    def process(
        self, name: str, command: tuple[str, ...], more: Mapping[str, str] | None = None
    ) -> Process:
        """One of our own processes, not started yet, with the settings that lead here."""
        environment = {**_environment(self), **(more or {})}
        return Process(name, command, environment, self.directory / "logs")

    def ingress(self, name: str, command: tuple[str, ...], temporal: str = "") -> Process:
        """One more ingress and its door; ``temporal`` is an address other than the server's."""
        port = free_port()
        self.doors += (f"http://{LOOPBACK}:{port}",)
        more = {"DRIPSTONE_INGRESS__PORT": str(port)}
        more |= {"TEMPORAL_ADDRESS": temporal} if temporal else {}
        self.ingresses.append(self.process(f"ingress-{name}", command, more))
        return self.ingresses[-1]

    async def stop(self) -> None:
        """End the workers and the ingresses, without a word: nothing goes on any more."""
        ours = [*self.workers, *self.ingresses]
        await asyncio.gather(*(process.kill() for process in ours))

    @property
    def journal(self) -> Path:
        """The vendors' journal: the truth about what reached them."""
        return self.directory / "sandbox" / "log.jsonl"

    async def shake_ledger(self) -> None:
        """Kill the ledger's server and start it again; SQLite has none and is kept locked."""
        if self.postgres is None:
            await asyncio.to_thread(_lock, self.directory / "ledger.db")
            return
        self.postgres.kill()
        for attempt in range(40):
            try:
                await asyncio.to_thread(self.postgres.start)
            except NoPostgres:
                # Children of the killed one still hold its memory.
                if attempt == 39:
                    raise
                await asyncio.sleep(0.25)
            else:
                return


@asynccontextmanager
async def running_system(
    directory: Path, ledger: str, workers: int = WORKERS
) -> AsyncIterator[System]:
    """The system for as long as the block lasts; ``ledger`` is sqlite or postgres.

    Raises NoPostgres, DevServerError or NotReady when something does not start.
    """
    postgres = _postgres() if ledger == "postgres" else None
    server = TemporalServer(directory / "temporal")
    sandbox = _sandbox(directory)
    async with AsyncExitStack() as running:
        if postgres:
            running.callback(postgres.stop)
        running.push_async_callback(server.stop)
        running.push_async_callback(sandbox.stop)
        await asyncio.gather(server.start(), sandbox.start())
        system = await _open(directory, server, postgres)
        running.push_async_callback(system.ledger.close)
        running.push_async_callback(system.stop)
        await _start_ours(system, workers)
        yield system


def _postgres() -> PostgresServer:
    server = PostgresServer(*DURABLE)
    server.make()
    server.start()
    return server


def _sandbox(directory: Path) -> Process:
    logs = directory / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    ports = (f"--http-port={free_port()}", f"--smtp-port={free_port()}")
    command = (*PYTHON, "starters.sandbox", f"--directory={directory / 'sandbox'}", *ports)
    return Process("sandbox", command, {}, logs)


async def _open(directory: Path, server: TemporalServer, postgres: PostgresServer | None) -> System:
    url = postgres.url if postgres else f"sqlite:///{directory / 'ledger.db'}"
    ports = Ports.of(directory)
    return System(
        directory=directory,
        server=server,
        ledger=await Ledger.open(url),
        client=await Client.connect(
            server.address, namespace=NAMESPACE, plugins=[dripstone_plugin()]
        ),
        connections=load_connections(_connections(directory)),
        sandbox_url=f"http://{LOOPBACK}:{ports.http_port}",
        events_secret="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        postgres=postgres,
    )


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the sandbox listens, as it wrote it down."""

    http_port: int
    smtp_port: int

    @classmethod
    def of(cls, directory: Path) -> Ports:
        """Read them."""
        return cls(**json.loads((directory / "sandbox" / "ports.json").read_text()))


async def _start_ours(system: System, workers: int) -> None:
    system.ingress("connected", INGRESS)
    system.ingress("cut-off", INGRESS, temporal=f"{LOOPBACK}:{free_port()}")
    system.workers = [system.process(f"worker-{number}", WORKER) for number in range(workers)]
    ours = [*system.ingresses, *system.workers]
    await asyncio.gather(*(process.start() for process in ours[:-1]))
    # Alone, as one that was killed starts: how often workers are killed depends on it.
    await ours[-1].start()


def _environment(system: System) -> Mapping[str, str]:
    directory, kept = system.directory, system.directory / "sandbox"
    profile = directory / "temporal.toml"
    profile.write_text("[profile.default]\n")
    known = load_or_make(kept)
    url = system.postgres.url if system.postgres else f"sqlite:///{directory / 'ledger.db'}"
    return {
        "DRIPSTONE_LEDGER_URL": url,
        "DRIPSTONE_CONNECTIONS": str(_connections(directory)),
        "DRIPSTONE_TEMPLATES": str(CONFIG / "templates"),
        "TEMPORAL_CONFIG_FILE": str(profile),
        "TEMPORAL_ADDRESS": system.server.address,
        "TEMPORAL_NAMESPACE": NAMESPACE,
        "DRIPSTONE_INGRESS__EVENTS_SECRET": system.events_secret,
        "DRIPSTONE_SALESFORCE__BASE_URL": f"{system.sandbox_url}/salesforce",
        "DRIPSTONE_SALESFORCE__LOGIN": "client_credentials",
        "DRIPSTONE_SALESFORCE__CLIENT_ID": known.salesforce.client_id,
        "DRIPSTONE_SALESFORCE__CLIENT_SECRET": known.salesforce.client_secret,
        "DRIPSTONE_SMTP__HOST": LOOPBACK,
        "DRIPSTONE_SMTP__PORT": str(Ports.of(directory).smtp_port),
        "DRIPSTONE_SMTP__TLS": "none",
        "DRIPSTONE_SLACK__BASE_URL": f"{system.sandbox_url}/slack/api/",
        "DRIPSTONE_SLACK__TOKEN": known.slack.token,
    }


def _connections(directory: Path) -> Path:
    """The connections file of the samples, and who may approve mails."""
    path = directory / "connections.yaml"
    written = yaml.safe_load((CONFIG / "connections.yaml").read_text())
    written["centers"]["default"]["review"] = {"approvers": [APPROVER]}
    path.write_text(yaml.safe_dump(written))
    return path


def _lock(path: Path) -> None:
    """Keep every writer of an SQLite ledger waiting for a while."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(SQLITE_LOCKED_FOR)
        connection.execute("ROLLBACK")
    finally:
        connection.close()
