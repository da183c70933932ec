"""Inserting a row unless it is there already: the one statement that differs per database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


@cache
def _inserting(name: str, table: Table) -> Executable:
    dialect = sqlite if name == "sqlite" else postgresql
    statement: Executable = dialect.insert(table).on_conflict_do_nothing().returning(table.c.center)
    return statement


async def insert_new(tx: AsyncConnection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert ``row`` unless a unique key of it is taken. True if it was inserted."""
    # Not by the row count: for an INSERT, the PostgreSQL driver has -1 where nothing was inserted.
    result = await tx.execute(_inserting(tx.dialect.name, table), dict(row))
    return result.first() is not None
