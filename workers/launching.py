"""Waking the workflow of a launch, which is started if need be."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.dispatch import RPC_PATIENCE
from workflows.contracts import TASK_QUEUE, LaunchRequest


async def wake_launch(client: Client, automation: str) -> None:
    """Have the launch of a campaign looked at now, by its workflow, which is started if need be.

    Raises:
        RPCError: Temporal cannot be reached; the repair loop does it later.
    """
    await client.start_workflow(
        "Launch",
        LaunchRequest(automation=automation),
        id=f"launch:{automation}",
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="look",
        static_summary=f"Waves of {automation}",
        rpc_timeout=RPC_PATIENCE,
    )
