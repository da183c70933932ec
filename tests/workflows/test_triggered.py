"""On the real server: automations that are started by what happens in others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from activities.ledger.leads import Lead, find_lead
from activities.ledger.tables import admissions, firings
from tests.activities.ledger.scenes import rows
from tests.workflows.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

REST = "[{id: w, kind: wait, for: 20 days}]"


async def ended(world: World, lead: Lead, automation: str) -> Sequence[str]:
    """The exits of a lead's entries in an automation, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            inside = await rows(world.ledger, admissions)
            mine = [
                row for row in inside if (row["automation"], row["lead"]) == (automation, lead.lead)
            ]
            if mine and all(row["state"] == "CLOSED" for row in mine):
                return [row["exit"] for row in mine]
            await asyncio.sleep(0.1)


async def stage_of(world: World, lead: Lead) -> object:
    async with world.ledger.reading() as tx:
        found = await find_lead(tx, "default", lead.lead)
    return found.fields["stage"] if found else None


async def test_a_meeting_booked_from_a_campaign_is_attributed_by_the_automation_that_follows(
    world: World,
) -> None:
    campaign = await world.publish(REST)
    steps = f"""
- id: which
  kind: branch
  arms: [{{when: {{field: trigger.automation, op: equals, value: {campaign}}}, go_to: ours}}]
- {{id: other, kind: update_stage, stage: Booked elsewhere, next: done}}
- {{id: ours, kind: update_stage, stage: Booked by campaign}}
- {{id: done, kind: end}}
"""
    trigger = {"kind": "campaign_exited", "reasons": ["meeting_booked"]}
    attribution = await world.publish(steps, trigger=trigger)
    journey = await world.enroll(campaign)
    await journey.until_at("w")
    await world.happens(journey.lead, "meeting_booked", id="m-1")
    assert (await journey.ends()).exit == "meeting_booked"
    assert await ended(world, journey.lead, attribution) == ["completed"]
    assert await stage_of(world, journey.lead) == "Booked by campaign"


async def test_two_automations_that_set_each_others_stage_do_not_run_for_ever(world: World) -> None:
    """Each would let the lead in again and again: only the chain of causes keeps it out."""
    again: Any = {"re_entry": {"rule": "after_exit"}}
    names = []
    for entered, left in (("Hot", "Cold"), ("Cold", "Hot")):
        trigger = {"kind": "lead_status_changed", "stages": [entered]}
        steps = f"[{{id: turn, kind: update_stage, stage: {left}}}]"
        names.append(await world.publish(steps, trigger=trigger, **again))
    journey = await world.enroll(await world.publish(REST), world.lead(stage="New"))
    await journey.until_at("w")
    await world.happens(journey.lead, "lead_changed", stage="Hot")
    assert [await ended(world, journey.lead, name) for name in reversed(names)] == [
        ["completed"],
        ["completed"],
    ]
    assert await stage_of(world, journey.lead) == "Hot"
    fired = [row for row in await rows(world.ledger, firings) if row["lead"] == journey.lead.lead]
    assert len(fired) == len(names)  # the second "Hot" has let nobody in, nor will it
    await journey.order("remove")
