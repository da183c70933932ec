"""Facts reach the CRM whatever became of the enrollment, and an outage there delays no journey."""

from __future__ import annotations

import pytest
from temporalio.testing import ActivityEnvironment

from activities import dispatch
from activities.crm import BEATS_EVERY, CrmWrites
from activities.ledger.starting import start_again
from tests.patience import until
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.test_stops import written_back
from tests.workflows.world import World
from workflows.contracts import DrainRequest
from workflows.options import DRAIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIL = "[{id: a, kind: send_email, template: intro}]"


async def test_a_meeting_booked_after_the_exit_becomes_an_event(world: World) -> None:
    journey = await world.enroll(await world.publish(MAIL))
    await journey.ends()
    await world.happens(
        journey.lead,
        "meeting_booked",
        starts_at="2027-01-05T10:00:00Z",
        owner_name="Ada Fox",
        channel="email",
        type="demo",
    )
    await written_back(world)
    (event,) = journey.records("Event")
    assert event["Subject"] == "Meeting Booked via Qualified with Ada Fox"
    assert event["Description"].startswith("Meeting type: demo\nBooked through: email")


async def test_an_outage_of_the_crm_delays_no_mail_and_every_task_is_written_afterwards(
    world: World,
) -> None:
    world.fault("salesforce", "api", "status", times=500, value=503)
    two = "[{id: a, kind: send_email, template: intro}, {id: b, kind: send_email, template: intro}]"
    journey = await world.enroll(await world.publish(two))
    status = await journey.until(lambda status: status.exit is not None)
    assert (status.exit, status.sends, journey.mails()) == ("completed", 2, 2)
    assert journey.records("Task") == []
    world.sandbox.sandbox.faults.clear()
    await journey.ends()

    async def written() -> int:
        return len(journey.records("Task"))

    await until(written, lambda count: count >= 2)
    await written_back(world)
    assert len(journey.records("Task")) == 2


async def test_an_answer_that_the_crm_lost_writes_no_second_task(world: World) -> None:
    world.fault("salesforce", "upsert", "drop_after_commit")
    journey = await world.enroll(await world.publish(MAIL))
    assert (await journey.ends()).sends == 1
    await written_back(world)
    assert len(journey.records("Task")) == 1


async def test_what_comes_during_the_last_write_backs_is_recorded_all_the_same(
    world: World,
) -> None:
    world.fault("salesforce", "api", "status", times=500, value=503)
    journey = await world.enroll(await world.publish(MAIL))
    await journey.until(lambda status: status.exit is not None)
    await journey.handle.signal("unsubscribe", {"id": f"late-{journey.lead.lead}"})
    await journey.until(lambda status: "unsubscribe" in status.events)
    world.sandbox.sandbox.faults.clear()
    assert (await journey.ends()).exit == "completed"
    again = await world.publish(MAIL)
    with pytest.raises(AssertionError, match="suppressed: unsubscribed"):
        await world.enroll(again, journey.lead)


async def test_an_event_for_the_next_entry_is_not_told_to_the_one_that_still_ends(
    world: World,
) -> None:
    steps = "[{id: a, kind: send_email, template: intro}, {id: w, kind: wait_for, events: [go], "
    automation = await world.publish(steps + "timeout: 20 days}]", re_entry={"rule": "after_exit"})
    world.fault("salesforce", "api", "status", times=500, value=503)
    first = await world.enroll(automation)
    await first.until_at("w")
    await world.happens(first.lead, "reply")
    await first.until(lambda status: status.exit is not None)
    second = await world.enroll(automation, first.lead, cause=f"{automation}/again")
    assert (second.entry, (await second.row())["state"]) == (2, "ADMITTED")
    await world.happens(first.lead, "visited")
    assert "visited" not in (await first.status()).events
    world.sandbox.sandbox.faults.clear()
    await first.ends()
    async with world.ledger.reading() as tx:
        start = await start_again(tx, await second.row())
    assert await dispatch.start_workflow(world.ledger, world.client, start)
    await dispatch.deliver_to(world.ledger, world.client, second.handle.id, 2)
    await second.until(lambda status: status.entry == 2 and "visited" in status.events)


async def test_a_worker_that_dies_while_draining_holds_a_connection_up_for_seconds_only(
    world: World,
) -> None:
    """Its time-out is ten minutes; that it has died is told by the beats that stay away."""
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    writes = CrmWrites(world.ledger, ACCOUNTS, None)
    await environment.run(writes.drain_writebacks, DrainRequest(connection="none"))
    assert beats
    assert 2 * BEATS_EVERY < DRAIN["heartbeat_timeout"] <= 5 * BEATS_EVERY
