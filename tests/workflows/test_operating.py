"""What operators and clients may do at any time: orders, resets, terminations, starts by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities import dispatch
from activities.ledger.admissions import Request
from activities.ledger.leads import put_lead
from activities.ledger.starting import start_again
from tests.patience import PATIENCE, until
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import Journey, World
from workers.repair import Repair
from workflows.contracts import Ending, Start, enrollment_id
from workflows.presentation import SEARCH_ATTRIBUTES

pytestmark = pytest.mark.asyncio(loop_scope="session")

FULL = """
- {id: a, kind: send_email, template: intro}
- {id: n, kind: notify, channel: sales, text: "{{ lead.first_name }} was mailed"}
- {id: s, kind: update_stage, stage: Contacted}
- {id: w, kind: wait, for: WAIT}
- {id: b, kind: send_email, template: intro}
"""
REST = "[{id: w, kind: wait, for: 20 days}]"


async def reset_to_the_first_event(journey: Journey) -> None:
    """Reset as an operator would: everything is carried out anew."""
    description = await journey.handle.describe()
    history = await journey.handle.fetch_history()
    first = next(
        event.event_id
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    )
    await journey.world.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(
                workflow_id=journey.handle.id, run_id=description.run_id
            ),
            reason="a test",
            workflow_task_finish_event_id=first,
            request_id=f"reset-{description.run_id}",
        )
    )


async def outside(journey: Journey) -> Mapping[str, int]:
    """What the vendors have got for the lead."""
    posted = journey.world.sandbox.sandbox.slack.messages()
    slack = sum(name_of(journey) in str(message) for message in posted)
    return {"mails": journey.mails(), "tasks": len(journey.records("Task")), "slack": slack}


def name_of(journey: Journey) -> str:
    """The lead's first name, which no other lead has."""
    return f"{journey.lead.fields['first_name']} was"


@pytest.mark.parametrize("live", [False, True], ids=["finished", "live"])
async def test_a_reset_to_the_first_event_sends_nothing_again(world: World, live: bool) -> None:
    wait = "20 days" if live else "1 second"
    journey = await world.enroll(await world.publish(FULL.replace("WAIT", wait)))
    if live:
        await journey.until_at("w")
    else:
        assert (await journey.ends()).sends == 2
    expected = {"mails": 1 if live else 2, "tasks": 1 if live else 2, "slack": 1}
    # The Task is written beside the journey.
    await until(lambda: outside(journey), lambda seen: seen == expected)
    await reset_to_the_first_event(journey)
    if live:
        await journey.until_at("w")
        await world.happens(journey.lead, "reply")
    ending = await world.client.get_workflow_handle(journey.handle.id, result_type=Ending).result()
    assert ending.exit == ("reply_received" if live else "completed")
    assert await outside(journey) == expected


async def test_a_terminated_enrollment_is_closed_by_the_repair_pass_and_its_lane_is_free(
    world: World,
) -> None:
    automation = await world.publish(REST, re_entry={"rule": "after_exit"})
    journey = await world.enroll(automation)
    await journey.until_at("w")
    await journey.handle.terminate("a test")
    repair = Repair(world.ledger, world.client, ACCOUNTS)

    async def after_a_pass() -> Any:
        await repair.close_abandoned()
        return await journey.row()

    # Temporal's visibility lags a moment behind; the loop passes again and again.
    row = await until(after_a_pass, lambda row: row["state"] == "CLOSED")
    assert row["exit"] == "terminated"
    again = await world.enroll(automation, journey.lead, cause=f"{automation}/again")
    assert again.entry == 2


async def test_what_was_admitted_and_not_started_is_started_by_the_repair_pass(
    world: World,
) -> None:
    automation, lead = await world.publish(REST), world.lead()
    request = Request(automation, lead, f"{automation}/1")
    admitted = await dispatch.enroll(world.ledger, None, request, ACCOUNTS)
    assert (admitted.started, admitted.entry) == (False, 1)
    received = await world.happens(lead, "visited")
    assert received.targets == ((admitted.enrollment, 1),)
    handle = world.client.get_workflow_handle(admitted.enrollment, result_type=Ending)
    journey = Journey(world, lead, automation, handle)
    async with world.ledger.reading() as tx:
        start = await start_again(tx, await journey.row())
    for _ in range(2):  # already started with the same entry is success
        assert await dispatch.start_workflow(world.ledger, world.client, start)
    assert (await journey.row())["state"] == "RUNNING"
    await dispatch.deliver_to(world.ledger, world.client, admitted.enrollment, 1)
    status = await journey.until(lambda status: "visited" in status.events)
    assert status.last_event == "visited"
    assert not await dispatch.start_workflow(
        world.ledger, world.client, start.model_copy(update={"entry": 2})
    )


async def test_a_workflow_started_by_hand_admits_itself(world: World) -> None:
    automation, lead = await world.publish(FULL.replace("WAIT", "20 days")), world.lead()
    enrollment = enrollment_id(automation, lead.lead)
    start: Any = {"automation": automation, "lead": lead.lead}

    async def by_hand(workflow_id: str) -> Journey:
        handle = await world.client.start_workflow(
            "Enrollment", start, id=workflow_id, task_queue="enrollments", result_type=Ending
        )
        return Journey(world, lead, automation, handle)

    assert "unknown lead" in (await (await by_hand(enrollment)).ends()).refused
    async with world.ledger.transaction() as tx:
        await put_lead(world.ledger, tx, lead)
    assert enrollment in (await (await by_hand("some-other-id")).ends()).refused
    journey = await by_hand(enrollment)
    await journey.until_at("w")
    assert (await journey.row())["state"] == "RUNNING"
    await reset_to_the_first_event(journey)  # asks again, and gets the same answer
    assert (await journey.until_at("w")).entry == 1
    await world.happens(lead, "reply")
    latest = Journey(world, lead, automation, world.client.get_workflow_handle(enrollment))
    await latest.until(lambda status: status.exit is not None)
    assert latest.mails() == 1


async def test_an_unpublished_automation_refuses_a_start_by_hand(world: World) -> None:
    start = Start(automation="nothing", lead="crm-1")
    ending: Ending = await world.client.execute_workflow(
        "Enrollment",
        start,
        id=enrollment_id("nothing", "crm-1"),
        task_queue="enrollments",
        result_type=Ending,
    )
    assert "not published" in ending.refused


@pytest.mark.parametrize(
    ("verb", "body", "reason"),
    [
        ("resume", {}, "not paused"),
        ("retry", {}, "nothing needs attention"),
        ("skip", {"step": "elsewhere"}, "the lead is at step 'w'"),
        ("skip", {"step": "w", "visit": 7}, "on visit 1 of 'w', not 7"),
        ("move_to", {"target": "nowhere"}, "there is no step 'nowhere'"),
        ("pause", {"unknown": 1}, ""),
    ],
)
async def test_a_refused_order_says_why_and_leaves_no_event_in_the_history(
    world: World, verb: str, body: dict[str, Any], reason: str
) -> None:
    journey = await world.enroll(await world.publish(REST))
    await journey.until_at("w")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await journey.order(verb, **body)
    assert reason in str(refused.value.cause)
    history = await journey.handle.fetch_history()
    kinds = {EventType.Name(event.event_type) for event in history.events}
    assert not {kind for kind in kinds if "UPDATE" in kind}


async def test_orders_do_what_they_say(world: World) -> None:
    steps = "[{id: w, kind: wait, for: 20 days}, {id: x, kind: wait, for: 10 days}]"
    journey = await world.enroll(await world.publish(steps))
    await journey.until_at("w")
    assert (await journey.order("pause", by="Ada", reason="holiday")).held_because == "Ada holiday"
    assert (await journey.order("resume")).state == "waiting"
    assert (await journey.order("skip", step="w", visit=1)).step == "x"
    assert (await journey.order("move_to", target="w")).visit == 2
    assert (await journey.order("remove")).exit == "manually_removed"
    assert (await journey.row())["state"] == "CLOSED"  # an answered remove has stopped all sends
    with pytest.raises((WorkflowUpdateFailedError, RPCError)):
        await journey.order("pause")


async def test_the_list_and_the_web_ui_show_where_a_lead_is(world: World) -> None:
    journey = await world.enroll(await world.publish(REST))
    await journey.until_at("w")

    async def shown() -> dict[str, Any]:
        found = (await journey.handle.describe()).typed_search_attributes
        values = {key.name: found.get(key) for key in SEARCH_ATTRIBUTES}
        return {name: value for name, value in values.items() if value is not None}

    here = {"DripAutomation": journey.automation, "DripLeadId": journey.lead.lead}
    waiting = here | {"DripState": "waiting", "DripStep": "w"}
    await until(shown, lambda seen: seen == waiting)
    await journey.order("pause", reason="a holiday")
    metadata = await journey.handle.query("__temporal_workflow_metadata")
    details = metadata.current_details
    assert details.startswith("**held** at step `w`")
    assert "a holiday" in details
    assert str(journey.lead.email) not in details
    await journey.order("remove")
    await journey.ends()
    removed = here | {"DripStep": "w", "DripExitReason": "manually_removed"}
    await until(shown, lambda seen: seen == removed)
    lines = await journey.handle.query("timeline", rpc_timeout=timedelta(seconds=PATIENCE))
    assert [line["what"] for line in lines][-1] == "exit: manually_removed"
