"""Inserting a row unless it is there already: the one statement that differs per database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_new(tx: AsyncConnection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert ``row`` unless a unique key of it is taken. True if it was inserted."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(dict(row)).on_conflict_do_nothing()
    # Not by the row count: for an INSERT, the PostgreSQL driver has -1 where nothing was inserted.
    result = await tx.execute(statement.returning(table.c.center))
    return result.first() is not None
