"""The demo's stage: Temporal, sandbox vendors, ingress and worker, as children of this process."""

from __future__ import annotations

import asyncio
import base64
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from temporalio.client import Client

import config
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from starters.demo.encryption import Encryption
from starters.demo.sandbox_accounts import accounts_at
from starters.processes.devserver import NAMESPACE, Running, dev_server
from starters.processes.supervisor import (
    LOOPBACK,
    Child,
    ChildFailed,
    Say,
    Supervisor,
    first_failure,
    free_port,
)
from workers.plugin import dripstone_plugin
from workers.vendors import load_connections
from workflows.presentation import SEARCH_ATTRIBUTES

CONFIG = Path(config.__file__).parent
PYTHON = (sys.executable, "-m")
INGRESS = (*PYTHON, "starters", "ingress", "--ready-line")
WORKER = (*PYTHON, "starters", "worker", "--ready-line")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
FORGOTTEN = ("DRIPSTONE_", "TEMPORAL_", *_PROXIES, *map(str.lower, _PROXIES))
"""Variables of the person's own environment that must not reach the children: accounts at real
vendors, another Temporal, and proxies, which would be asked for 127.0.0.1."""

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports to listen on, at 127.0.0.1. One that is taken is replaced, with a note; 0 takes any.

    None is Temporal's usual one.
    """

    temporal: int | None = None
    ui: int | None = None
    sandbox: int = 8025
    smtp: int = 8026
    ingress: int = 8480
    codec: int = 8481


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs. ``environment`` is what the command line needs to work with it."""

    ledger: Ledger
    client: Client
    connections: Connections
    supervisor: Supervisor
    temporal: Running
    sandbox_url: str
    environment: Mapping[str, str]

    @property
    def ingress_url(self) -> str:
        """Where events, mails and unsubscribe links go."""
        return self.environment["DRIPSTONE_INGRESS__PUBLIC_URL"]

    async def watch(self) -> NoReturn:
        """Wait until cancelled; raises ChildFailed or DevServerError when something dies."""
        await first_failure(self.supervisor.run(), self.temporal.watch())

    @property
    def addresses(self) -> dict[str, str]:
        """Where a person looks."""
        return {
            "Temporal (workflows)": f"{self.temporal.ui_url}/namespaces/{NAMESPACE}/workflows",
            "Inbox of the prospects": f"{self.sandbox_url}/inbox",
            "Salesforce records": f"{self.sandbox_url}/crm",
            "Slack messages": f"{self.sandbox_url}/slack-messages",
            "Ingress": f"{self.ingress_url}/healthz",
        }


@asynccontextmanager
async def stage(
    directory: Path, ports: Ports, say: Say, *, encrypted: bool = False
) -> AsyncIterator[Stage]:
    """Start everything in ``directory``, and stop it in reverse order at the end.

    ``encrypted``: Temporal stores what it is given under a key that lasts as long as the stage.

    Raises:
        DevServerError, ChildFailed: something did not start; carries the end of its log.
    """
    encryption = Encryption(free_port(ports.codec, say)) if encrypted else None
    async with AsyncExitStack() as running:
        say("starting the Temporal server and its web UI")
        temporal = await running.enter_async_context(_server(directory, ports, say, encryption))
        for note in temporal.notes:
            say(note)
        supervisor = await running.enter_async_context(Supervisor(directory / "logs", say))
        say("starting the ingress, and a sandbox: Salesforce, Slack and a mail server")
        base = _base(directory, temporal.address)
        if encryption:
            base |= encryption.environment
            await supervisor.start(encryption.child(temporal.ui_url, base, FORGOTTEN))
        vendors, ingress = await _both(
            _sandbox(supervisor, directory, ports, say), _ingress(supervisor, base, ports, say)
        )
        say("starting a worker")
        environment = {**base, **vendors, **ingress}
        await supervisor.start(Child("worker", WORKER, environment, FORGOTTEN, restarts=True))
        ledger = await Ledger.open(environment["DRIPSTONE_LEDGER_URL"])
        running.push_async_callback(ledger.close)
        yield Stage(
            ledger=ledger,
            client=await _client(temporal.address, encryption),
            connections=load_connections(CONFIG / "connections.yaml"),
            supervisor=supervisor,
            temporal=temporal,
            sandbox_url=environment["DRIPSTONE_SALESFORCE__BASE_URL"].removesuffix("/salesforce"),
            environment=environment,
        )


async def _client(address: str, encryption: Encryption | None) -> Client:
    plugin = dripstone_plugin(encryption.codec if encryption else None)
    return await Client.connect(address, namespace=NAMESPACE, plugins=[plugin])


def _server(
    directory: Path, ports: Ports, say: Say, encryption: Encryption | None
) -> AbstractAsyncContextManager[Running]:
    return dev_server(
        directory / "temporal",
        search_attributes={key.name: "Keyword" for key in SEARCH_ATTRIBUTES},
        # To the server a port that is named is an order; to us it is a wish.
        port=None if ports.temporal is None else free_port(ports.temporal, say),
        ui_port=None if ports.ui is None else free_port(ports.ui, say),
        extra=encryption.server_flags if encryption else (),
    )


async def _sandbox(
    supervisor: Supervisor, directory: Path, ports: Ports, say: Say
) -> dict[str, str]:
    """Start the vendors; the settings with which they let us in."""
    kept = directory / "sandbox"
    command = (*PYTHON, "starters.sandbox", f"--directory={kept}")

    def vendors(http: int, smtp: int) -> Child:
        listening = (f"--http-port={http}", f"--smtp-port={smtp}")
        return Child("sandbox", (*command, *listening), forgets=FORGOTTEN)

    wishes = (ports.sandbox, ports.smtp)
    http_port, smtp_port = await _start_listening(supervisor, wishes, vendors, say)
    return accounts_at(kept, f"http://{LOOPBACK}:{http_port}", smtp_port)


def _base(directory: Path, address: str) -> dict[str, str]:
    """The ledger, our own files, and Temporal: with an empty profile, for a person's own one is
    meant for another server."""
    profile = directory / "temporal.toml"
    profile.write_text("[profile.default]\n")
    return {
        "DRIPSTONE_LEDGER_URL": f"sqlite:///{directory / 'ledger.db'}",
        "DRIPSTONE_CONNECTIONS": str(CONFIG / "connections.yaml"),
        "DRIPSTONE_TEMPLATES": str(CONFIG / "templates"),
        "TEMPORAL_CONFIG_FILE": str(profile),
        "TEMPORAL_ADDRESS": address,
        "TEMPORAL_NAMESPACE": NAMESPACE,
    }


async def _both(
    one: Coroutine[Any, Any, dict[str, str]], other: Coroutine[Any, Any, dict[str, str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Run both at once; the first failure ends the other and is raised, bare."""
    try:
        async with asyncio.TaskGroup() as group:
            first, second = group.create_task(one), group.create_task(other)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return first.result(), second.result()


async def _ingress(
    supervisor: Supervisor, environment: Mapping[str, str], ports: Ports, say: Say
) -> dict[str, str]:
    """Start the ingress; its settings, with secrets that are made here."""
    made = {
        "DRIPSTONE_INGRESS__HOST": LOOPBACK,
        "DRIPSTONE_INGRESS__MAIL_TOKEN": secrets.token_urlsafe(24),
        "DRIPSTONE_INGRESS__EVENTS_SECRET": "whsec_"
        + base64.b64encode(secrets.token_bytes(32)).decode(),
    }

    def ingress(port: int) -> Child:
        made["DRIPSTONE_INGRESS__PORT"] = str(port)
        made["DRIPSTONE_INGRESS__PUBLIC_URL"] = f"http://{LOOPBACK}:{port}"
        return Child("ingress", INGRESS, {**environment, **made}, FORGOTTEN)

    await _start_listening(supervisor, (ports.ingress,), ingress, say)
    return made


async def _start_listening(
    supervisor: Supervisor, wishes: tuple[int, ...], child: Callable[..., Child], say: Say
) -> tuple[int, ...]:
    """Start ``child(*ports)`` on the wished ports, or on others where those are taken.

    A port that was free may be taken by the time it is bound: then others are tried.
    """
    for attempt in range(ATTEMPTS):
        ports = tuple(free_port(0 if attempt else wish, say) for wish in wishes)
        try:
            await supervisor.start(child(*ports))
        except ChildFailed as failure:
            if "address already in use" not in str(failure).lower() or attempt == ATTEMPTS - 1:
                raise
        else:
            return ports
    raise AssertionError("the last attempt returns or raises")
