"""A lead is handed over, mailed there, and stopped there, on the real server."""

from __future__ import annotations

import asyncio

import pytest

from activities.ledger.halts import halt
from tests.workflows.world import PATIENCE, Journey, World
from workflows.contracts import Status

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEPS = """
- {id: hand, kind: outreach_handover, campaign: 4711, mails: 3, timeout: 20 days, fields: [plan],
   on_timeout: late}
- {id: done, kind: end}
- {id: late, kind: wait_for, events: [go], timeout: 1 day}
"""


async def until_there(journey: Journey, status: str) -> None:
    """Wait until the lead is in that state at Smartlead, in one campaign, once."""
    vendor = journey.world.sandbox.sandbox.smartlead
    async with asyncio.timeout(PATIENCE):
        while [one.status for one in vendor.members(journey.lead.email or "")] != [status]:
            await asyncio.sleep(0.05)


def mails(journey: Journey) -> int:
    """How many mails the lead has got there, once whatever was due has left."""
    vendor = journey.world.sandbox.sandbox.smartlead
    vendor.tick()
    return len(vendor.mails(journey.lead.email or ""))


async def test_a_lead_handed_over_is_one_lead_and_pauses_and_stops_there(world: World) -> None:
    world.fault("smartlead", "add", "drop_after_commit")
    lead = world.lead(plan="gold")
    journey = await world.enroll(await world.publish(STEPS), lead)
    await journey.until_at("hand")
    await until_there(journey, "STARTED")
    (member,) = world.sandbox.sandbox.smartlead.members(lead.email or "")
    assert member.custom_fields["plan"] == "gold"
    assert lead.lead not in member.custom_fields.values()
    assert mails(journey) == 1
    await journey.order("pause")
    await until_there(journey, "PAUSED")
    assert mails(journey) == 1
    await journey.order("resume")
    await until_there(journey, "STARTED")
    await world.happens(lead, "reply")
    assert (await journey.ends()).exit == "reply_received"
    await until_there(journey, "PAUSED")
    assert mails(journey) == 1


async def test_a_second_visit_is_the_same_lead_there_and_the_last_mail_completes_it(
    world: World,
) -> None:
    journey = await world.enroll(await world.publish(STEPS))
    await journey.until_at("hand")
    await journey.order("move_to", target="late")
    await until_there(journey, "PAUSED")
    await journey.order("move_to", target="hand")
    await journey.until(lambda status: _waits(status, visit=2))
    await until_there(journey, "STARTED")
    await world.happens(journey.lead, "outreach_sent", step="hand", visit=2, number=3)
    assert (await journey.ends()).exit == "completed"


async def test_while_its_automation_is_halted_a_lead_is_not_handed_over(world: World) -> None:
    automation = await world.publish(STEPS)
    await halt(world.ledger, "default", automation, ("Ada", "wrong prices"))
    journey = await world.enroll(automation)
    await journey.until_at("hand", "held")
    assert world.sandbox.sandbox.smartlead.members(journey.lead.email or "") == []
    await journey.order("remove")


def _waits(status: Status, visit: int) -> bool:
    return (status.step, status.visit, status.state) == ("hand", visit, "waiting")
