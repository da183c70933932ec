"""The migrations and the tables say the same, and every row belongs to a center."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from activities.ledger import Ledger
from activities.ledger.migrations import HEAD
from activities.ledger.tables import metadata


async def test_the_migrated_database_is_what_the_tables_describe(ledger: Ledger) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == HEAD
        return list(compare_metadata(context, metadata))

    async with ledger.reading() as tx:
        assert await tx.run_sync(differences) == []


def test_every_table_has_a_center() -> None:
    assert [name for name, table in metadata.tables.items() if "center" not in table.c] == []
    assert not any(table.c.center.nullable for table in metadata.tables.values())


async def test_a_ledger_that_is_opened_again_keeps_its_secret(ledger_url: str) -> None:
    first, second = await Ledger.open(ledger_url), await Ledger.open(ledger_url)
    other = await Ledger.open(ledger_url, secret="a secret of one's own, long enough")
    assert first.secret == second.secret != other.secret
    for opened in (first, second, other):
        await opened.close()
