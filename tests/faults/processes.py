"""Processes that are there to be killed: started, measured, stopped, frozen and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from pathlib import Path

from starters.demo.stage import FORGOTTEN
from starters.processes.devserver import DATABASE, DevServerError, Running, dev_server
from starters.processes.spawn import end, spawn, tail
from starters.processes.supervisor import LOOPBACK, free_port
from workflows.presentation import SEARCH_ATTRIBUTES

LOOK_EVERY = 0.1
PATIENCE = 90.0
GRACE = timedelta(seconds=30)


class NotReady(RuntimeError):
    """A process ended, or was not ready in time; carries the end of its log."""


class Process:
    """A command that prints a JSON object with the key ``ready`` once it is at work.

    ``start_seconds`` is how long the last start took.
    """

    def __init__(
        self, name: str, command: tuple[str, ...], environment: Mapping[str, str], logs: Path
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self.start_seconds = 0.0
        self._command = command
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(FORGOTTEN)}
        self._environment = inherited | dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it is ready; raises NotReady."""
        began, offset = time.monotonic(), self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await spawn(self._command, log, self._environment)
        while not self._says_ready(offset):
            late = time.monotonic() - began > PATIENCE
            if late or self._process.returncode is not None:
                raise NotReady(f"{self.name} is not ready. The end of its log:\n{tail(self.log)}")
            await asyncio.sleep(LOOK_EVERY)
        self.start_seconds = time.monotonic() - began

    def becomes(self, command: tuple[str, ...]) -> None:
        """From its next start on it runs another command: another release of it."""
        self._command = command

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens if it has ended."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    @property
    def runs(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """End it without a word (SIGKILL)."""
        self.send(signal.SIGKILL)
        await self._gone()

    async def stop(self) -> None:
        """End it as a deployment does (SIGTERM), whether frozen or not."""
        if self._process is not None:
            self.send(signal.SIGCONT)
            await end(self._process, GRACE)

    async def _gone(self) -> None:
        if self._process is not None:
            await self._process.wait()

    def _says_ready(self, offset: int) -> bool:
        with self.log.open("rb") as file:
            file.seek(offset)
            for line in file.read().splitlines():
                with suppress(ValueError):
                    found = json.loads(line) if line.startswith(b"{") else None
                    if isinstance(found, dict) and "ready" in found:
                        return True
        return False


async def start_until_ready(process: Process) -> None:
    """Start a process again as a supervisor does: when it ends at once (its ledger or Temporal is
    down), again."""
    for attempt in range(20):
        try:
            await process.start()
        except NotReady:
            if attempt == 19:
                raise
            await asyncio.sleep(0.5)
        else:
            return


class TemporalServer:
    """The real server on one port and one database, over all its lives."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self._context: AbstractAsyncContextManager[Running] | None = None
        self._running: Running | None = None

    @property
    def address(self) -> str:
        """Where it listens, in each of its lives."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def files(self) -> list[Path]:
        """Its database, with what belongs to it."""
        return sorted(self._directory.glob(f"{DATABASE}*"))

    async def start(self) -> None:
        """Start it on what it kept; raises DevServerError."""
        for attempt in range(5):
            context = dev_server(
                self._directory,
                search_attributes={key.name: "Keyword" for key in SEARCH_ATTRIBUTES},
                port=self._port,
                ui_port=0,
                extra=("--headless",),
            )
            try:
                self._running = await context.__aenter__()
            except DevServerError:
                if attempt == 4:
                    raise
                await asyncio.sleep(0.5)
            else:
                self._context = context
                return

    async def kill(self) -> None:
        """End it without a word (SIGKILL)."""
        if self._running is not None:
            with suppress(ProcessLookupError):
                self._running.process.kill()
            await self._running.process.wait()
        await self.stop()

    async def stop(self) -> None:
        """End it."""
        context, self._context, self._running = self._context, None, None
        if context is not None:
            await context.__aexit__(None, None, None)
