"""What is measured on: the real server, workers and ledger, and sandbox vendors beside them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr
from temporalio.client import Client
from temporalio.worker import Worker

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from benchmarks.handwritten import Handwritten
from config.settings import SalesforceSettings, Settings, SmtpSettings
from starters.processes.devserver import GRACE, dev_server
from starters.processes.spawn import end, spawn, tail
from starters.processes.supervisor import LOOPBACK, POLL_SECONDS
from starters.sandbox.credentials import SandboxSecrets
from workers.main import Activities, ensure_search_attributes, queues
from workers.plugin import connect
from workers.vendors import load_connections
from workflows.contracts import TASK_QUEUE
from workflows.enrollment import Enrollment
from workflows.writeback import Writeback

PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Rig:
    """Everything that a measurement needs; ``sandbox`` is the address of the vendors' levers."""

    client: Client
    ledger: Ledger
    connections: Connections
    sandbox: str

    async def seed(self, kind: str, **fields: str) -> str:
        """Put a record into the sandbox's Salesforce org; its 18-character id."""
        told = {"object": kind, "fields": fields}
        async with httpx.AsyncClient(base_url=self.sandbox, trust_env=False) as web:
            answer = await web.post("/_seed", json=told, timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["id"])


@asynccontextmanager
async def rig(directory: Path) -> AsyncIterator[Rig]:
    """All of it for as long as the block lasts, with its data below ``directory``."""
    async with (
        dev_server(directory / "temporal", search_attributes={}, port=0, ui_port=0) as temporal,
        _vendors(directory / "sandbox") as (web, smtp_port),
    ):
        settings = _settings(directory, web, smtp_port)
        ledger = await Ledger.open(settings.ledger_url)
        connections = load_connections(settings.connections)
        client = await connect(temporal.address)
        await ensure_search_attributes(client)
        try:
            async with _workers(client, queues(ledger, connections, settings)):
                yield Rig(client, ledger, connections, web)
        finally:
            await ledger.close()


@asynccontextmanager
async def _workers(client: Client, activities: Mapping[str, Activities]) -> AsyncIterator[None]:
    """The workers of the product, which know the hand-written workflow too.

    Without the repair loop: its background work would fall into whichever round comes next.
    """
    async with AsyncExitStack() as running:
        for queue, own in activities.items():
            workflows = [Enrollment, Writeback, Handwritten] if queue == TASK_QUEUE else []
            worker = Worker(client, task_queue=queue, workflows=workflows, activities=own)
            await running.enter_async_context(worker)
        yield


@asynccontextmanager
async def _vendors(directory: Path) -> AsyncIterator[tuple[str, int]]:
    """The sandbox vendors in a process of their own: the address of the levers, the SMTP port."""
    directory.mkdir(parents=True)
    command = (sys.executable, "-m", "starters.sandbox", "--directory", str(directory))
    with (directory / "output.log").open("wb") as log:
        process = await spawn(command, log)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (directory / "ports.json").exists():
                if process.returncode is not None:
                    raise RuntimeError(f"the sandbox ended: {tail(directory / 'output.log')}")
                await asyncio.sleep(POLL_SECONDS)
        ports = json.loads((directory / "ports.json").read_text())
        yield f"http://{LOOPBACK}:{ports['http_port']}", ports["smtp_port"]
    finally:
        await end(process, GRACE)


def _settings(directory: Path, web: str, smtp_port: int) -> Settings:
    secrets = SandboxSecrets.model_validate_json((directory / "sandbox/sandbox.json").read_text())
    return Settings(
        ledger_url=f"sqlite:///{directory}/ledger.db",
        smtp=SmtpSettings(host=LOOPBACK, port=smtp_port, tls="none"),
        salesforce=SalesforceSettings(
            base_url=f"{web}/salesforce",
            login="client_credentials",
            client_id=secrets.salesforce.client_id,
            client_secret=SecretStr(secrets.salesforce.client_secret),
        ),
    )
