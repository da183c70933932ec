"""The ledger that every test here runs on: SQLite and PostgreSQL, empty each time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from activities.ledger import Ledger
from activities.ledger.tables import metadata
from tests.migrated import migrated_ledger
from tests.postgres import NotInstalled, running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    running = running_postgres()
    try:
        url = running.__enter__()
    except NotInstalled as problem:
        pytest.skip(f"PostgreSQL cannot run here: {problem}")
    yield url
    running.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return migrated_ledger(tmp_path)


@pytest.fixture
async def ledger(ledger_url: str) -> AsyncIterator[Ledger]:
    opened = await Ledger.open(ledger_url)
    if not opened.is_sqlite:
        async with opened.transaction() as tx:
            for table in reversed(metadata.sorted_tables):
                if table.name != "facts_about_ledger":
                    await tx.execute(table.delete())
    yield opened
    await opened.close()
