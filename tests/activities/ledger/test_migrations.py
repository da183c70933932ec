"""The migrations and the tables say the same, and every row belongs to a center."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

from activities.ledger import Ledger, migrations
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


async def test_a_release_works_on_with_a_ledger_that_a_newer_one_has_migrated(
    ledger_url: str,
) -> None:
    """Releases are at work side by side while one is rolled out, and when it is taken back."""
    newer = await Ledger.open(ledger_url)
    async with newer.transaction() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    older = await Ledger.open(ledger_url)
    assert older.secret == newer.secret
    async with older.reading() as tx:
        assert await tx.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    for opened in (newer, older):
        await opened.close()


Schema = dict[str, dict[str, bool]]
"""Of each table the columns, and whether a row may be inserted without naming them."""


def test_no_migration_breaks_the_release_before_it(tmp_path: Path) -> None:
    """It knows fewer columns: all that it knows must stay, and a new one must not be asked for."""
    found = list(_schemas(tmp_path / "ledger.db"))
    assert [broken for pair in pairwise(found) for broken in _broken(*pair)] == []
    assert _broken({"a": {"x": True}}, {"a": {}, "b": {"y": False}}) == ["a.x is gone"]
    assert _broken({"a": {}}, {"a": {"x": False}}) == ["a.x must be given"]


def _schemas(path: Path) -> Iterator[Schema]:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    revisions = ScriptDirectory.from_config(config).walk_revisions()
    engine = create_engine(f"sqlite:///{path}")
    for revision in reversed(list(revisions)):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision.revision)
            yield _schema(connection)
    engine.dispose()


def _schema(connection: Connection) -> Schema:
    looked_at = inspect(connection)
    return {
        table: {
            column["name"]: bool(column["nullable"] or column["default"] is not None)
            for column in looked_at.get_columns(table)
        }
        for table in looked_at.get_table_names()
    }


def _broken(before: Schema, after: Schema) -> list[str]:
    gone = [f"{table} is gone" for table in before if table not in after]
    for table, columns in before.items():
        now = after.get(table, {})
        gone += [
            f"{table}.{name} is gone" for name in columns if table in after and name not in now
        ]
        asked = [name for name, free in now.items() if name not in columns and not free]
        gone += [f"{table}.{name} must be given" for name in asked]
    return gone
