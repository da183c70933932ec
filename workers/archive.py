"""Archiving closed enrollments: timeline and histories, for longer than Temporal keeps them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.dispatch import RPC_PATIENCE
from activities.ledger import Ledger
from activities.ledger.entries import keep_archive, unarchived
from workflows.contracts import Ending
from workflows.engine.state import Decision

AT_ONCE = 20
SETTLED_FOR = timedelta(seconds=10)
"""A workflow ends a moment after its entry has closed in the ledger."""

MOST_RUNS = 1000


async def archive_closed(ledger: Ledger, client: Client) -> int:
    """Archive entries that have closed and are not archived yet; how many.

    Raises:
        RPCError: of the first that could not be read; the others were archived all the same.
    """
    async with ledger.reading() as tx:
        rows = await unarchived(ledger, tx, SETTLED_FOR, AT_ONCE)
    failed: RPCError | None = None
    for row in rows:
        try:
            timeline, histories = await _read(client, row)
        except RPCError as error:
            failed = failed or error
            continue
        packed = gzip.compress(json.dumps(histories).encode(), mtime=0)
        await keep_archive(ledger, row, timeline, packed)
    if failed:
        raise failed
    return len(rows)


def unpack(packed: bytes) -> list[dict[str, Any]]:
    """The histories of an entry's runs, oldest first, as JSON objects."""
    runs: list[dict[str, Any]] = json.loads(gzip.decompress(packed))
    return runs


async def _read(
    client: Client, row: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is left of the workflow; nothing if it was deleted."""
    histories: list[dict[str, Any]] = []
    run_id: str | None = row["run_id"] or None
    timeline: list[dict[str, Any]] = []
    try:
        for _ in range(MOST_RUNS):
            handle = client.get_workflow_handle(row["enrollment"], run_id=run_id)
            history = await handle.fetch_history()
            histories.append(json.loads(history.to_json()))
            last = history.events[-1]
            run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
            if not run_id:
                timeline = await _timeline(client, handle, last)
                break
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return timeline, histories


async def _timeline(
    client: Client, handle: WorkflowHandle[Any, Any], last: HistoryEvent
) -> list[dict[str, Any]]:
    """The workflow's own account, from its result; one that was cut off is asked for it.

    Empty if it never got far enough to have one.
    """
    result = last.workflow_execution_completed_event_attributes.result.payloads
    if result:
        (ending,) = await client.data_converter.decode(result, [Ending])
        lines = list(ending.timeline)
    else:
        try:
            lines = await handle.query(
                "timeline", result_type=list[Decision], rpc_timeout=RPC_PATIENCE
            )
        except WorkflowQueryFailedError:
            return []
        except RPCError as error:
            if error.status is RPCStatusCode.FAILED_PRECONDITION:
                return []  # cut off before its first task
            raise
    return [line.model_dump(mode="json") for line in lines]
