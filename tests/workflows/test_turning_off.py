"""A campaign is turned off, or its time is over: everybody exits, wherever they stand, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.ledger.retiring import turn_off
from activities.ledger.tables import inbox
from tests.activities.ledger.scenes import rows
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import Journey, World
from workers.repair import Repair

pytestmark = pytest.mark.asyncio(loop_scope="session")

REASON = "campaign_turned_off_or_expired"
STEPS = """
- {id: a, kind: send_email, template: intro}
- {id: rest, kind: wait, for: 20 days}
- {id: b, kind: send_email, template: intro}
"""


async def told_exits(journey: Journey) -> list[str]:
    """The reasons of the exits that were told of a lead."""
    found = await rows(journey.world.ledger, inbox)
    mine = [row for row in found if row["lead"] == journey.lead.lead]
    return [row["data"]["reason"] for row in mine if row["kind"] == "campaign_exited"]


async def test_everybody_exits_once_the_waiting_the_paused_and_those_in_attention(
    world: World,
) -> None:
    automation = await world.publish(STEPS)
    world.fault("smtp", "mail", "status", value=554)
    attention = await world.enroll(automation)
    await attention.until_at("a", "attention")
    world.sandbox.sandbox.faults.clear()
    waiting, paused = await world.enroll(automation), await world.enroll(automation)
    for journey in (waiting, paused):
        await journey.until_at("rest")
    await paused.order("pause")
    assert (await turn_off(world.ledger, automation, "ada", ACCOUNTS))[0] == 3
    # Nobody tells the workflows but the repair loop, as after a command that died.
    await Repair(world.ledger, world.client, ACCOUNTS).one_pass()
    for journey in (attention, waiting, paused):
        assert (await journey.ends()).exit == REASON
        assert await told_exits(journey) == [REASON]
    assert (waiting.mails(), paused.mails(), attention.mails()) == (1, 1, 0)
    assert (await turn_off(world.ledger, automation, "ada", ACCOUNTS)) == (0, [])


async def test_a_campaign_whose_time_is_over_lets_everybody_go(world: World) -> None:
    now = datetime.now(UTC)
    lane = "ends"
    later = (now + timedelta(days=1)).isoformat()
    automation = await world.publish(STEPS, "ends", lane=lane, active_until=later)
    journey = await world.enroll(automation)
    await journey.until_at("rest")
    earlier = (now - timedelta(seconds=1)).isoformat()
    await world.publish(STEPS, "ends", lane=lane, active_until=earlier)
    await Repair(world.ledger, world.client, ACCOUNTS).one_pass()
    assert (await journey.ends()).exit == REASON
    assert (journey.mails(), await told_exits(journey)) == (1, [REASON])
