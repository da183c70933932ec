"""What an operator does in Temporal: a workflow is reset to its beginning, or terminated."""

from __future__ import annotations

import time

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.service import RPCError, RPCStatusCode

from tests.faults.system import System


async def reset(system: System, workflow: str | None) -> bool:
    """Reset a workflow to its first task: it goes through all of its steps again."""
    if workflow is None:
        return False
    try:
        handle = system.client.get_workflow_handle(workflow)
        run = (await handle.describe()).run_id
        history = await handle.fetch_history()
        completed = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        first = next((one for one in history.events if one.event_type == completed), None)
        if first is None:
            return False
        request = ResetWorkflowExecutionRequest(
            namespace=system.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow, run_id=run),
            reason="the fault suite",
            workflow_task_finish_event_id=first.event_id,
            request_id=f"{run}-{time.monotonic_ns()}",
        )
        await system.client.workflow_service.reset_workflow_execution(request)
    except RPCError:
        return False
    return True


async def terminate(system: System, workflow: str) -> bool:
    """Terminate a workflow. True also if the answer was lost: it may have come through."""
    try:
        await system.client.get_workflow_handle(workflow).terminate("the fault suite")
    except RPCError as error:
        return error.status is not RPCStatusCode.NOT_FOUND
    return True
