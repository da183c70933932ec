"""Running the sandbox: its web server and its mail server in one event loop."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass

import uvicorn

from starters.sandbox.app import Sandbox, create_app

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports in use on 127.0.0.1."""

    http_port: int
    smtp_port: int

    def as_json(self) -> str:
        """One line, as printed and as kept in ``ports.json``."""
        return json.dumps(asdict(self))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The caller decides what a signal means; two servers share its loop.
        yield


@asynccontextmanager
async def serve(sandbox: Sandbox, http_port: int = 0, smtp_port: int = 0) -> AsyncIterator[Ports]:
    """Both servers for as long as the block lasts; port 0 picks a free one.

    ``ports.json`` in the sandbox's directory says the ports from when both servers are ready.
    Raises OSError when a port is taken.
    """
    listener = socket.create_server((HOST, http_port))
    # Accepted connections inherit it; asyncio sets it only on sockets it made itself, and an
    # answer in two writes would wait 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _Server(
        uvicorn.Config(
            create_app(sandbox), log_level="warning", lifespan="off", timeout_graceful_shutdown=1
        )
    )
    web = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        ports = Ports(listener.getsockname()[1], await sandbox.mail.start(HOST, smtp_port))
        while not server.started and not web.done():
            await asyncio.sleep(0.005)
        _keep(sandbox, ports)
        yield ports
    finally:
        server.should_exit = True
        await web
        await sandbox.mail.stop()
        listener.close()


def _keep(sandbox: Sandbox, ports: Ports) -> None:
    """Write the file whole or not at all: whoever waits for it reads it as soon as it is there."""
    unfinished = sandbox.directory / "ports.json.tmp"
    unfinished.write_text(ports.as_json() + "\n")
    os.replace(unfinished, sandbox.directory / "ports.json")
