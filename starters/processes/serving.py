"""A web application on a socket that listens already, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from starters.processes.supervisor import until_stopped

GRACE_SECONDS = 10
"""How long requests in flight may take to end when the server is stopped."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Whoever runs the server decides what a signal means: it may not be alone in its process.
        yield


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serve ``app``; at the end requests in flight may end first."""
    config = uvicorn.Config(
        app,
        # Addresses of unsubscribe pages are keys, and callers are persons: neither is logged.
        access_log=False,
        log_level="warning",
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    web = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not web.done():
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await web


async def serve_until_stopped(
    name: str, running: AbstractAsyncContextManager[int], *, announce: bool
) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; ``running`` gives the port, or raises.

    With ``announce``, one JSON line on standard output tells the port once it answers:
    ``{"ready": NAME, "port": 8480}``.
    """

    async def serve() -> None:
        async with running as port:
            if announce:
                print(json.dumps({"ready": name, "port": port}), flush=True)
            await asyncio.Event().wait()

    await until_stopped(serve())
