"""Having the Writeback workflow of a connection see to what no enrollment did."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.dispatch import RPC_PATIENCE
from workflows.contracts import DrainRequest


async def start_writeback(client: Client, connection: str) -> None:
    """Start the Writeback workflow of a connection unless it runs."""
    try:
        await client.start_workflow(
            "Writeback",
            DrainRequest(connection=connection),
            id=f"writeback:{connection}",
            task_queue="enrollments",
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Write-backs to {connection}",
            rpc_timeout=RPC_PATIENCE,
        )
    except WorkflowAlreadyStartedError:
        return
