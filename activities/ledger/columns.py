"""What the columns of the ledger's tables are made of; every table has a center."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, MetaData, PrimaryKeyConstraint, String, Table
from sqlalchemy.types import TypeEngine

from activities.ledger.instant import Instant

metadata = MetaData()


def table(name: str, *columns: Column[Any] | PrimaryKeyConstraint | Index) -> Table:
    """A table whose rows belong to a center."""
    return Table(name, metadata, Column("center", String(63), nullable=False), *columns)


def identifier(name: str, *, nullable: bool = False) -> Column[str]:
    """An id, or a short name."""
    return Column(name, String(255), nullable=nullable)


def document(name: str) -> Column[Any]:
    """A JSON value."""
    return Column(name, JSON, nullable=False)


def at(name: str, *, nullable: bool = False) -> Column[datetime]:
    """An instant, in UTC."""
    kind: TypeEngine[datetime] = Instant()
    return Column(name, kind, nullable=nullable)
