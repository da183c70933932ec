"""SQLite in the event loop itself, for ledgers that last for one rehearsal.

aiosqlite gives every call to a thread, so that a slow disk keeps nobody else waiting. A temporary
ledger has no slow disk, and a lead asks it some six hundred times: the way there and back was a
fifth of the time of a rehearsal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite

_ROWS_AT_ONCE = 64


class Unthreaded(aiosqlite.Connection):
    """A connection whose calls are done at once. Writers must take turns: one that waited for
    another would stop the loop, and so the other, too."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)


def unthreaded(database: str, **options: Any) -> Unthreaded:
    """A connection to be awaited; ``options`` are those of ``sqlite3.connect``."""
    options |= {"check_same_thread": False}  # it is opened and closed in a thread
    return Unthreaded(lambda: sqlite3.connect(database, **options), _ROWS_AT_ONCE)
