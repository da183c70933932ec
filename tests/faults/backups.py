"""A backup of Temporal's database, as a nightly one is made, and putting it back."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path


def back_up(database: Path) -> None:
    """Copy it while it is in use."""
    with (
        sqlite3.connect(database, timeout=30) as here,
        sqlite3.connect(_copy_of(database)) as there,
    ):
        here.backup(there)


def put_back(database: Path) -> None:
    """Put the copy in its place; nobody may be using it."""
    for ending in ("-wal", "-shm"):
        database.with_name(f"{database.name}{ending}").unlink(missing_ok=True)
    shutil.copyfile(_copy_of(database), database)


def _copy_of(database: Path) -> Path:
    return database.with_suffix(".backup")
