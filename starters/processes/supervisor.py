"""Children of the demo and of development: started in order, watched, stopped in reverse order.

None is left behind: see ``spawn`` for those whose parent is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

from starters.processes.spawn import end, ending, spawn, tail

Say = Callable[[str], None]
"""Where sentences for the person at the terminal go."""

Result = TypeVar("Result")

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.05
FIRST_RESTART_SECONDS = 0.5
LONGEST_RESTART_SECONDS = 15.0


class ChildFailed(RuntimeError):
    """A child was not ready in time, or ended for good; carries the last lines of its log."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}. The end of {log}:\n{tail(log)}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Child:
    """A command to run; ready once it prints a line that is a JSON object with the key ``ready``.

    ``environment`` is added to what the child inherits; variables whose names begin with one of
    ``forgets`` are not inherited. A child that ``restarts`` is started again whenever it ends by
    itself. ``patience`` bounds the wait for the ready line, ``grace`` the time
    between SIGTERM and SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    forgets: tuple[str, ...] = ()
    restarts: bool = False
    patience: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(seconds=15)


class Supervisor:
    """Starts children one after the other; on exit stops them in reverse, whatever happened.

    Each child writes both its streams to ``{directory}/{name}.log``.
    """

    def __init__(self, directory: Path, say: Say) -> None:
        self._directory = directory
        self._say = say
        self._processes: dict[str, tuple[Child, asyncio.subprocess.Process]] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for child, process in reversed(self._processes.values()):
            await end(process, child.grace)
        self._failure.cancel()

    def log(self, name: str) -> Path:
        """Where the child of this name writes."""
        return self._directory / f"{name}.log"

    def pid(self, name: str) -> int:
        """The process id that the child of this name has at present."""
        return self._processes[name][1].pid

    async def start(self, child: Child) -> Mapping[str, Any]:
        """Start a child, wait until it is ready, and return the object of its ready line.

        Raises ChildFailed if it ends first, or if its patience runs out.
        """
        log = self.log(child.name)
        log.unlink(missing_ok=True)
        process = await self._launch(child)
        try:
            async with asyncio.timeout(child.patience.total_seconds()):
                ready = await _ready_line(process, log)
        except TimeoutError:
            what = f"was not ready after {child.patience.total_seconds():.0f} s"
            raise ChildFailed(child.name, what, log) from None
        if ready is None:
            raise ChildFailed(child.name, f"ended before it was ready ({ending(process)})", log)
        self._watchers.append(asyncio.create_task(self._watch(child, process)))
        return ready

    async def run(self) -> NoReturn:
        """Wait until cancelled; raises ChildFailed once a child ends that may not be restarted."""
        # Shielded: whoever stops waiting must not take the failure from those who wait after them.
        await asyncio.shield(self._failure)
        raise AssertionError("a failure is set as an exception only")

    async def _launch(self, child: Child) -> asyncio.subprocess.Process:
        # Handed on, not read: settings are read in config/settings.py only.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(child.forgets)}
        environment = {**inherited, **child.environment}
        with self.log(child.name).open("ab") as log:
            process = await spawn(child.command, log, environment)
        self._processes[child.name] = (child, process)
        return process

    async def _watch(self, child: Child, process: asyncio.subprocess.Process) -> None:
        log = self.log(child.name)
        pause = FIRST_RESTART_SECONDS
        while True:
            await process.wait()
            if not child.restarts:
                break
            self._say(f"{child.name} ended by itself ({ending(process)}); starting it again: {log}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_RESTART_SECONDS)
            process = await self._launch(child)
        if not self._failure.done():
            self._failure.set_exception(ChildFailed(child.name, f"ended ({ending(process)})", log))
            # Marked as seen: whoever never calls run() has chosen not to be told.
            self._failure.exception()


async def first_failure(*watches: Coroutine[Any, Any, NoReturn]) -> NoReturn:
    """Run several watches until one raises, end the others, and raise that error, bare.

    Meant for ``Supervisor.run()`` beside ``Running.watch()`` of the dev server.
    """
    tasks = [asyncio.create_task(watch) for watch in watches]
    try:
        finished, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await finished.pop()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise AssertionError("a watch only ever raises")


async def until_stopped(main: Coroutine[Any, Any, Result]) -> Result | None:
    """Run ``main``; the first SIGINT, SIGTERM or SIGHUP cancels it, and None is its answer.

    Later signals change nothing: unwinding is bounded, and cutting it short would leave children.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(main)
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        signals.append(signal.SIGHUP)
    stopped = asyncio.Event()

    def stop() -> None:
        if not stopped.is_set():
            stopped.set()
            task.cancel()

    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
        return None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def free_port(preferred: int = 0, say: Say | None = None) -> int:
    """Return ``preferred`` if nothing listens there, else any other free port, and say so.

    The port is free now; only whoever binds it has it. 0 prefers none.
    """
    if _bindable(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    if preferred and say is not None:
        say(f"port {preferred} is taken: using {port} instead")
    return port


def _bindable(port: int) -> bool:
    if port == 0:
        return False
    with socket.socket() as probe:
        # As servers do: a connection that lingers in TIME_WAIT does not make the port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


async def _ready_line(process: asyncio.subprocess.Process, log: Path) -> Mapping[str, Any] | None:
    """The object of the ready line; None if the process ended without one."""
    while True:
        ended = process.returncode is not None
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(json.JSONDecodeError):
                value = json.loads(line) if line.startswith("{") else None
                if isinstance(value, dict) and "ready" in value:
                    return value
        if ended:
            return None
        await asyncio.sleep(POLL_SECONDS)
