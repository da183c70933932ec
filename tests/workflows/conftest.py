"""One world for the tests of a file; each test publishes an automation of its own in it.

Files share nothing: which of them run in one process, and in which order, is left to chance.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.workflows.world import World, open_world


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def whole_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(whole_world: World) -> Iterator[World]:
    yield whole_world
    whole_world.sandbox.sandbox.faults.clear()
