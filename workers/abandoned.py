"""Entries whose workflow is gone, a part of the repair loop: they close, and their lane is free."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.dispatch import RPC_PATIENCE
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.entries import close, newest_entry, unchecked
from workflows.contracts import CloseRequest
from workflows.engine.exits import ExitReason

log = structlog.get_logger(__name__)

CHECKED_AT_ONCE = 50
CHECKED_EVERY = timedelta(minutes=2)
ENDED_LATELY = timedelta(minutes=10)


class Abandoned:
    """Finds them and closes them."""

    def __init__(self, ledger: Ledger, client: Client, connections: Connections) -> None:
        self._ledger = ledger
        self._client = client
        self._connections = connections

    async def close_abandoned(self) -> None:
        """Close entries whose workflow was terminated, has failed or was deleted: the lane is free.

        Those that ended lately are found by one question to Temporal; a deleted workflow leaves no
        trace to find, so running entries are looked at one by one, each once in a while.
        """
        await self._close_ended_lately()
        async with self._ledger.transaction() as tx:
            rows = await unchecked(self._ledger, tx, CHECKED_EVERY, CHECKED_AT_ONCE)
        for row in rows:
            if await self._is_gone(row):
                await self.close(row)

    async def _close_ended_lately(self) -> None:
        since = (datetime.now(UTC) - ENDED_LATELY).isoformat()
        query = (
            "WorkflowType = 'Enrollment' AND ExecutionStatus IN "
            f"('Terminated', 'Failed', 'TimedOut', 'Canceled') AND CloseTime > '{since}'"
        )
        async for found in self._client.list_workflows(query, limit=CHECKED_AT_ONCE):
            async with self._ledger.reading() as tx:
                row = await newest_entry(tx, found.id)
            if row and row["state"] in ("RUNNING", "SUPERSEDED") and await self._is_gone(row):
                await self.close(row)

    async def _is_gone(self, row: Mapping[str, Any]) -> bool:
        try:
            handle = self._client.get_workflow_handle(row["enrollment"])
            found = await handle.describe(rpc_timeout=RPC_PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        return found.status not in (
            WorkflowExecutionStatus.RUNNING,
            WorkflowExecutionStatus.CONTINUED_AS_NEW,
        )

    async def close(self, row: Mapping[str, Any]) -> None:
        """Close an entry as terminated, unless it was stopped for a stronger reason."""
        async with self._ledger.transaction(f"person:{row['person']}") as tx:
            request = CloseRequest(
                enrollment=row["enrollment"],
                entry=row["entry"],
                events=(),
                reason=ExitReason.TERMINATED,
                at=await self._ledger.now(tx),
            )
            closed = await close(self._ledger, tx, request, self._connections)
        log.info("repair.closed", enrollment=row["enrollment"], exit=closed.reason)
