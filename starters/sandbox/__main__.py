"""``python -m starters.sandbox``: the sandbox vendors until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from starters.sandbox.app import open_sandbox
from starters.sandbox.serve import serve


def main() -> None:
    """Read the options and run."""
    options = argparse.ArgumentParser(
        prog="python -m starters.sandbox",
        description="Salesforce, Slack, Twilio, Teams, Smartlead, Google Analytics, a system for "
        "http_call steps and a mail server on 127.0.0.1. What they let in is in sandbox.json of "
        "the directory, made if missing.",
    )
    options.add_argument("--directory", type=Path, required=True, help="where records are kept")
    options.add_argument("--http-port", type=int, default=0, help="0 picks a free port")
    options.add_argument("--smtp-port", type=int, default=0, help="0 picks a free port")
    given = options.parse_args()
    asyncio.run(run(given.directory, given.http_port, given.smtp_port))


async def run(directory: Path, http_port: int = 0, smtp_port: int = 0) -> None:
    """Serve until a signal asks to end; one JSON line says that it is ready, and the ports."""
    ended = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, ended.set)
    sandbox = open_sandbox(directory)
    async with serve(sandbox, http_port, smtp_port) as ports:
        ready = {"ready": True, **asdict(ports)}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await ended.wait()
    sandbox.log.close()


if __name__ == "__main__":
    main()
