"""``dripstone reset``: a workflow goes through its steps again, and nothing is sent twice."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import uuid4

import typer
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, RPCError

from starters.commands.enrollments import (
    ANSWER_PATIENCE,
    EnrollmentId,
    OfAutomation,
    OfLead,
    entry_of,
    meant,
    why_no_answer,
)
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, answer
from starters.commands.who import By, operator

verbs = typer.Typer()

BackTo = Annotated[
    int | None,
    typer.Option(
        "--event",
        min=1,
        help="A WorkflowTaskCompleted event of its history to go back to; else the first.",
    ),
]


@verbs.command()
def reset(
    enrollment: EnrollmentId = None,
    automation: OfAutomation = None,
    lead: OfLead = None,
    event: BackTo = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for Temporal's history.")] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Put a workflow back to its beginning: what was done is answered from the ledger, not redone.

    Events that came since are told again at once. Waits begin anew, and orders (pause, skip, a move
    to a version) have to be given again: look at its status afterwards.
    """
    workflow_id = meant(enrollment, automation, lead)
    why = f"{by or operator()}: {reason}" if reason else by or operator()

    async def work() -> tuple[int, str]:
        async with opened() as here:
            async with here.ledger.reading() as tx:
                await entry_of(tx, workflow_id)
            client = await here.client()
            try:
                run = await _newest_run(client, workflow_id)
                back_to = event or await _first_task(client, workflow_id, run)
                return back_to, await _reset(client, (workflow_id, run), back_to, why)
            except RPCError as error:
                raise Refused(f"{workflow_id}: {why_no_answer(error)}") from error

    back_to, run = asyncio.run(work())
    document = {"enrollment": workflow_id, "event": back_to, "run": run}
    lines = [
        f"{workflow_id}: reset to event {back_to}; its run is now {run}",
        "nothing is sent again; a pause, a skip or a move since then has to be ordered anew",
    ]
    answer(as_json, document, lines)


async def _newest_run(client: Client, workflow_id: str) -> str:
    handle = client.get_workflow_handle(workflow_id)
    return (await handle.describe(rpc_timeout=ANSWER_PATIENCE)).run_id


async def _first_task(client: Client, workflow_id: str, run: str) -> int:
    """The first event that a run can be put back to.

    Raises:
        Refused: no worker has done anything of it yet.
    """
    handle = client.get_workflow_handle(workflow_id, run_id=run)
    async for one in handle.fetch_history_events(rpc_timeout=ANSWER_PATIENCE):
        if one.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            return one.event_id
    raise Refused(f"{workflow_id}: no worker has begun with it yet: there is nothing to reset")


async def _reset(client: Client, execution: tuple[str, str], event: int, why: str) -> str:
    """The run that takes the place of this one."""
    workflow_id, run = execution
    request = ResetWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run),
        reason=why,
        workflow_task_finish_event_id=event,
        # Orders too, as Temporal's own command does: after a later event they may still fit.
        reset_reapply_type=ResetReapplyType.RESET_REAPPLY_TYPE_ALL_ELIGIBLE,
        request_id=uuid4().hex,
    )
    service = client.workflow_service
    return (await service.reset_workflow_execution(request, timeout=ANSWER_PATIENCE)).run_id
