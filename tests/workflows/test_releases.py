"""Releases that work side by side: while a deployment goes on, and after one was taken back."""

from __future__ import annotations

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from activities.ledger.admissions import Request, admit
from activities.ledger.entries import mark_running
from tests.patience import until
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import World
from workflows.contracts import TASK_QUEUE, Ending, enrollment_id
from workflows.engine.semantics import SEMANTICS

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_worker_leaves_what_a_newer_release_began_to_the_workers_of_that_release(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await _begun_by_the_next_release(world)
    said = await until(lambda: _why_its_task_failed(handle))
    assert "begun by a newer release" in said
    assert "replace the workers of the older release" in said
    monkeypatch.setattr("workflows.engine.semantics.SEMANTICS", SEMANTICS + 1)
    assert (await handle.result()).exit == "completed"


async def _begun_by_the_next_release(world: World) -> WorkflowHandle[object, Ending]:
    lead = world.lead()
    automation = await world.publish("[{id: intro, kind: send_email, template: intro}]")
    async with world.ledger.transaction() as tx:
        request = Request(automation, lead, f"{automation}/{lead.lead}")
        start = (await admit(world.ledger, tx, request, ACCOUNTS)).start
    assert start
    newer = start.model_copy(update={"semantics": SEMANTICS + 1})
    name = enrollment_id(automation, lead.lead)
    handle = await world.client.start_workflow(
        "Enrollment", newer, id=name, task_queue=TASK_QUEUE, result_type=Ending
    )
    await mark_running(world.ledger, name, 1, handle.first_execution_run_id or "")
    return handle


async def _why_its_task_failed(handle: WorkflowHandle[object, Ending]) -> str:
    failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    async for event in handle.fetch_history_events():
        if event.event_type == failed:
            failure = event.workflow_task_failed_event_attributes.failure
            return f"{failure.message}: {failure.cause.message}"
    return ""


async def test_a_worker_does_not_guess_what_an_input_means_that_a_newer_release_wrote(
    world: World,
) -> None:
    automation = await world.publish("[{id: intro, kind: send_email, template: intro}]")
    lead = world.lead()
    newer = {"automation": automation, "lead": lead.lead, "only_between": "9 and 5"}
    handle: WorkflowHandle[object, Ending] = await world.client.start_workflow(
        "Enrollment",
        newer,
        id=enrollment_id(automation, lead.lead),
        task_queue=TASK_QUEUE,
        result_type=Ending,
    )
    said = await until(lambda: _why_its_task_failed(handle))
    assert "only_between" in said
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await handle.terminate("the test is over")
