"""A new SQLite ledger without its migrations: they are made once in a process of tests."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from activities.ledger import Ledger


def migrated_ledger(directory: Path) -> str:
    """Put an empty ledger at HEAD into a directory; its URL."""
    path = directory / "ledger.db"
    path.write_bytes(_empty())
    return f"sqlite:///{path}"


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(1) as aside:
        path = Path(place) / "ledger.db"
        # Aside: whoever asks may be inside an event loop.
        aside.submit(lambda: asyncio.run(_make(path))).result()
        return path.read_bytes()


async def _make(path: Path) -> None:
    await (await Ledger.open(f"sqlite:///{path}")).close()
