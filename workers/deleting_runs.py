"""Deleting workflow runs in Temporal: every run that a lead ever had there, with its history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.dispatch import RPC_PATIENCE
from workflows.presentation import LEAD_ID

Runs = dict[tuple[str, str], None]
"""Workflow id and run id of each run, the first of a chain before the next."""

MOST_RUNS = 1000
LOOKED_EVERY = 0.2
"""Seconds."""


async def runs_of(client: Client, lead: str, entries: Iterable[Mapping[str, Any]]) -> Runs:
    """Every run of a lead's workflows: by its entries, run after run, and as Temporal lists them.

    The list also has runs that the ledger does not know: started by hand, or made by a reset.
    """
    found: Runs = {}
    for entry in entries:
        for run in [one async for one in _chain(client, entry["enrollment"], entry["run_id"])]:
            found[run] = None
        found |= await _present(client, entry["enrollment"])
    async for one in client.list_workflows(f"{LEAD_ID.name} = '{lead}'"):
        found[(one.id, one.run_id)] = None
    return found


async def _chain(client: Client, workflow: str, run_id: str | None) -> Any:
    """The runs that follow each other by continuing as new, from the first on."""
    for _ in range(MOST_RUNS):
        if not run_id:
            return
        handle = client.get_workflow_handle(workflow, run_id=run_id)
        try:
            history = await handle.fetch_history(rpc_timeout=RPC_PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return
            raise
        yield workflow, run_id
        last = history.events[-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id


async def _present(client: Client, workflow: str) -> Runs:
    try:
        found = await client.get_workflow_handle(workflow).describe(rpc_timeout=RPC_PATIENCE)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return {}
        raise
    return {(workflow, found.run_id): None}


async def delete_runs(client: Client, runs: Runs) -> None:
    """Order the deletion of runs, the last of a chain first: what is left can still be followed.

    A living one ends by it. The server may take a minute over one that has closed just now.
    """
    for workflow, run in reversed(runs):
        execution = WorkflowExecution(workflow_id=workflow, run_id=run)
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace, workflow_execution=execution
        )
        try:
            await client.workflow_service.delete_workflow_execution(request, timeout=RPC_PATIENCE)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


async def runs_left(client: Client, runs: Runs, patience: float) -> list[str]:
    """The ids of the runs that Temporal still has after ``patience`` seconds."""
    end = asyncio.get_running_loop().time() + patience
    left = [one for one in runs if await _is_there(client, *one)]
    while left and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(LOOKED_EVERY)
        left = [one for one in left if await _is_there(client, *one)]
    return [run for _, run in left]


async def _is_there(client: Client, workflow: str, run: str) -> bool:
    try:
        await client.get_workflow_handle(workflow, run_id=run).describe(rpc_timeout=RPC_PATIENCE)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True
