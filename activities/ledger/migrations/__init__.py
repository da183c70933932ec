"""Bringing a ledger up to date. ``HEAD`` is the newest migration in ``versions/``."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

HEAD = "0017"
ADVISORY_LOCK = 7_236_011


async def upgrade(engine: AsyncEngine) -> None:
    """Run the migrations that are missing; processes that start together wait for each other."""
    async with engine.connect() as plain:
        connection = await plain.execution_options(dripstone_writes=True)
        async with connection.begin():
            await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
    if (_present(connection) or "") >= HEAD:
        return  # also at a newer release's ledger: migrations only add (docs/runbooks/release.md)
    # Imported here, because most processes find the ledger up to date.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _present(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return str(found) if found else None
