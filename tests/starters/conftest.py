"""What tests of commands share: one real Temporal server a file, and a ledger for each test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from starters.processes.devserver import dev_server
from tests.migrated import migrated_ledger
from tests.starters.commands import Commands
from workflows.presentation import SEARCH_ATTRIBUTES


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a real server, which other files know nothing of."""
    keywords = {key.name: "Keyword" for key in SEARCH_ATTRIBUTES}
    directory = tmp_path_factory.mktemp("temporal")
    async with dev_server(directory, search_attributes=keywords, port=0, ui_port=0) as running:
        yield running.address


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with its tables and nothing in them."""
    directory = tmp_path_factory.mktemp("empty")
    migrated_ledger(directory)
    return directory / "ledger.db"


@pytest.fixture
def dripstone(tmp_path: Path, temporal: str, empty_ledger: Path) -> Commands:
    """The command line, with a ledger of its own and the server of the file."""
    shutil.copy(empty_ledger, tmp_path)
    return Commands(tmp_path, temporal)


@pytest.fixture
def cut_off(tmp_path: Path, empty_ledger: Path) -> Commands:
    """The command line while Temporal is down."""
    shutil.copy(empty_ledger, tmp_path)
    return Commands(tmp_path, "127.0.0.1:1")
