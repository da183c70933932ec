"""Replies on the real server: read, written back over HTTP, held for a decision, followed up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import JsonValue

from activities.dispatch import deliver, take_in
from activities.ledger.alerts import list_alerts
from activities.ledger.inbox import Incoming, Received
from activities.ledger.replies import OPERATOR
from starters.sandbox.salesforce.schema import OBJECTS
from tests.workflows.test_stops import written_back
from tests.workflows.world import PATIENCE, Journey, World
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED, REPLY_WAITS
from workflows.presentation import REPLY_CLASS

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAIT = "{id: w, kind: wait_for, events: [go], timeout: 9 days}"


async def in_a_campaign(world: World, rest: str = WAIT) -> tuple[Journey, str]:
    """A lead that a step has made a member of a Salesforce Campaign; its Journey and the member."""
    campaign = world.sandbox.sandbox.salesforce.seed("Campaign", Name="Spring")
    steps = f"[{{id: add, kind: add_to_campaign, campaign: {campaign}}}, {rest}]"
    journey = await world.enroll(await world.publish(steps))
    await journey.until_at("w")
    (row,) = [
        row
        for row in world.sandbox.sandbox.salesforce.rows("CampaignMember")
        if row["CampaignId"] == campaign
    ]
    return journey, row["Id"]


def member_row(world: World, member: str) -> dict[str, Any]:
    rows = world.sandbox.sandbox.salesforce.rows("CampaignMember")
    return next(dict(row) for row in rows if row["Id"] == member)


async def decides(world: World, journey: Journey, reply: str, **data: JsonValue) -> Received:
    """A colleague says what a reply is."""
    world.count += 1
    at = (await journey.row())["admitted_at"]
    event = Event(
        id=f"decision-{world.count}", kind=RECLASSIFIED, at=at, data={"reply": reply, **data}
    )
    incoming = Incoming(event, "default", OPERATOR, journey.lead.lead)
    received = await take_in(world.ledger, incoming, world.accounts)
    await deliver(world.ledger, world.client, event.id)
    return received


async def test_a_positive_reply_ends_the_campaign_and_is_written_back_and_followed_up(
    world: World,
) -> None:
    journey, member = await in_a_campaign(world)
    text = "Sounds good, please call me."
    await world.happens(journey.lead, "reply", text=text)
    assert (await journey.ends()).exit == "reply_received"
    await written_back(world)
    row = member_row(world, member)
    assert (row["Status"], row["HasResponded"]) == ("Responded", True)
    assert (row["Has_Replied__c"], row["ReplyClassification__c"]) == (True, "Positive")
    assert row["First_Reply__c"]
    assert journey.crm_lead()["SLV36_Pardot_Question_Asked__c"] == text
    found = (await journey.handle.describe()).typed_search_attributes
    assert found.get(REPLY_CLASS) == "POSITIVE"
    async with world.ledger.reading() as tx:
        told = await list_alerts(tx, None, acknowledged_too=True, limit=999)
    assert any(journey.lead.lead in one.text and "with interest" in one.text for one in told)


async def test_after_a_neutral_reply_no_mail_leaves_before_somebody_has_decided(
    world: World,
) -> None:
    mail = "{id: a, kind: send_email, template: intro}"
    journey, member = await in_a_campaign(world, f"{WAIT}, {mail}")
    await world.happens(journey.lead, "reply", **{"class": "NEUTRAL"})
    reply = f"event-{world.count}"
    await journey.until(lambda status: "reply" in status.events)
    await world.happens(journey.lead, "go")
    status = await journey.until_at("a", "held")
    assert (status.held_because, journey.mails()) == (REPLY_WAITS, 0)
    # What another automation of the person would send is held by the gate alone.
    second = await world.enroll(await world.publish(f"[{mail}]"), journey.lead)
    assert (await second.until_at("a", "held")).held_because == REPLY_WAITS
    await decides(world, journey, reply, **{"class": "NEUTRAL", "verdict": "go_on"})
    for one in (journey, second):
        assert (await one.ends()).exit == "completed"
    assert journey.mails() == 2
    await written_back(world)
    assert member_row(world, member)["ReplyClassification__c"] == "Neutral"


async def test_an_opt_out_by_reply_is_noted_on_the_lead(world: World) -> None:
    journey, member = await in_a_campaign(world)
    await world.happens(journey.lead, "reply", text="Please remove me from your list.")
    assert (await journey.ends()).exit == "unsubscribed"
    await written_back(world)
    assert journey.crm_lead()["HasOptedOutOfEmail"] is True
    notes = [
        row
        for row in world.sandbox.sandbox.salesforce.rows("Note")
        if row["ParentId"] == journey.lead.salesforce_id
    ]
    assert [row["Title"].partition(" [")[0] for row in notes] == ["Opted out of e-mail"]
    assert member_row(world, member)["ReplyClassification__c"] == "Unsubscribe"


async def test_a_member_that_was_removed_and_added_again_is_not_guessed(world: World) -> None:
    journey, member = await in_a_campaign(world)
    org = world.sandbox.sandbox.salesforce
    campaign = member_row(world, member)["CampaignId"]
    org._records.delete(OBJECTS["campaignmember"], member)
    again = org.seed("CampaignMember", CampaignId=campaign, LeadId=journey.lead.salesforce_id)
    await world.happens(journey.lead, "reply", text="Sounds good.")
    assert (await journey.ends()).exit == "reply_received"
    await written_back(world)
    assert member_row(world, again)["Has_Replied__c"] is False
    async with asyncio.timeout(PATIENCE):
        while not await quarantined(world, journey):
            await asyncio.sleep(0.1)


async def quarantined(world: World, journey: Journey) -> bool:
    async with world.ledger.reading() as tx:
        told = await list_alerts(tx, None, acknowledged_too=True, limit=999)
    return any(
        "MEMBER_GONE" in one.text or "there is no CampaignMember" in one.text
        for one in told
        if one.lead == journey.lead.lead
    )
