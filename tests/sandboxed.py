"""A running sandbox for tests: real HTTP and SMTP on free ports, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starters.sandbox.app import Sandbox, open_sandbox
from starters.sandbox.credentials import SandboxSecrets, make
from starters.sandbox.serve import HOST, Ports, serve


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answers, and the private key that it lets in."""

    sandbox: Sandbox
    ports: Ports
    private_key: str

    @property
    def web(self) -> str:
        """The address of its pages and levers."""
        return f"http://{HOST}:{self.ports.http_port}"

    def logged(self, vendor: str, action: str, since: int = 0) -> list[dict[str, Any]]:
        """The details of every such log entry from position ``since`` on."""
        found = self.sandbox.log.entries()[since:]
        return [e["details"] for e in found if (e["vendor"], e["action"]) == (vendor, action)]

    def mark(self) -> int:
        """The position of the log now."""
        return len(self.sandbox.log.entries())


@contextmanager
def running_sandbox(directory: Path) -> Iterator[Running]:
    """A sandbox in ``directory`` for as long as the block lasts."""
    secrets, private_key = known_secrets()
    sandbox = open_sandbox(directory, secrets)
    ready, found = threading.Event(), list[Ports]()
    loop, ended = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with serve(sandbox) as ports:
            found.append(ports)
            ready.set()
            await ended.wait()

    def serve_in_thread() -> None:
        try:
            loop.run_until_complete(run())
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=serve_in_thread)
    thread.start()
    ready.wait()
    try:
        yield Running(sandbox, found[0], private_key)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        sandbox.log.close()


@cache
def known_secrets() -> tuple[SandboxSecrets, str]:
    """One set of secrets for the whole test run: making a key takes a while."""
    return make()
