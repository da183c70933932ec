"""One child process: it cannot outlive its parent, it ends for certain, and its end is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

TETHER = Path(__file__).with_name("tether.py")
TAIL_LINES = 15


async def spawn(
    command: tuple[str, ...], log: IO[bytes], environment: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Start ``command``, both streams in ``log``, in a session of its own, tethered to us.

    A session of its own keeps the terminal's Ctrl-C from it: the order in which children stop is
    the parent's to choose. Call it from the main thread: on Linux the tether breaks, and the child
    dies, with the thread that started it.
    """
    tether = (sys.executable, "-I", "-S", str(TETHER), str(os.getpid()))
    return await asyncio.create_subprocess_exec(
        *tether,
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        env=environment,
    )


async def end(process: asyncio.subprocess.Process, grace: timedelta) -> None:
    """Ask the process to end, insist after ``grace``, and take what it started along."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(grace.total_seconds()):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        # A process that leads its session shares its number with the group of all it started.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def tail(log: Path) -> str:
    """The last lines of a log, or a word that there is none."""
    if not log.exists():
        return "(no log)"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:]) or "(empty)"


def ending(process: asyncio.subprocess.Process) -> str:
    """How a process ended, in words."""
    code = process.returncode
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"
