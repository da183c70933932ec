"""Leads in Salesforce, Marketo and HubSpot, by automations on the real server."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from activities.ledger.aliases import record_of
from activities.ledger.leads import Lead, new_lead
from tests.workflows.world import Journey, World
from workflows.contracts import Ending

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUSH = "{id: push, kind: push, to: salesforce, fields: {LastName: last_name, Company: company}}"


def stranger(world: World, **fields: str) -> Lead:
    """A lead that no system has a record of yet."""
    world.count += 1
    named = {"email": f"new{world.count}@example.com", "first_name": f"N{world.count}"}
    named |= {"last_name": f"New{world.count}", "company": "Quarry"} | fields
    return new_lead(world.ledger, "default", named, f"crm-{world.count}")


async def alias(journey: Journey, system: str) -> str | None:
    async with journey.world.ledger.reading() as tx:
        return await record_of(tx, journey.lead, system)


def told(ending: Ending) -> dict[str, str]:
    """How each step's effect was done."""
    return {line.step: line.why for line in ending.timeline if line.what.endswith(": done")}


async def test_a_pushed_lead_becomes_one_member_and_later_only_its_status_changes(
    world: World,
) -> None:
    org = world.sandbox.sandbox.salesforce
    campaign = org.seed("Campaign", Name="Meetings booked")
    steps = f"""
- {PUSH}
- {{id: sent, kind: add_to_campaign, campaign: {campaign}}}
- {{id: again, kind: add_to_campaign, campaign: {campaign}}}
- {{id: answered, kind: add_to_campaign, campaign: {campaign}, status: responded}}
- {{id: stage, kind: update_stage, stage: Meeting Booked}}
"""
    world.fault("salesforce", "upsert", "drop_after_commit")
    world.fault("salesforce", "create", "drop_after_commit")
    automation = await world.publish(steps)
    journey = await world.enroll(automation, stranger(world))
    ending = await journey.ends()
    assert ending.exit == "completed"
    record, name = await alias(journey, "salesforce"), journey.lead.fields["last_name"]
    (row,) = [row for row in org.rows("Lead") if row["LastName"] == name]
    assert (row["Id"], row["Status"]) == (record, "Meeting Booked")
    (member,) = [row for row in org.rows("CampaignMember") if row["LeadId"] == record]
    assert (member["Status"], member["HasResponded"]) == ("Responded", True)
    assert told(ending)["answered"] == "updated"
    known = await world.enroll(automation)  # a lead of Salesforce: its own record is updated
    assert told(await known.ends())["push"] == "updated"
    assert await alias(known, "salesforce") == known.lead.salesforce_id


async def test_a_campaign_without_the_status_needs_attention_and_a_retry_mends_it(
    world: World,
) -> None:
    org = world.sandbox.sandbox.salesforce
    campaign = org.seed("Campaign", Name="Partners")
    steps = f"[{PUSH}, {{id: add, kind: add_to_campaign, campaign: {campaign}, status: Met}}]"
    journey = await world.enroll(await world.publish(steps))
    status = await journey.until_at("add", "attention")
    assert "has no member status 'Met' (it has Sent, Responded)" in status.held_because
    assert [row for row in org.rows("CampaignMember") if row["CampaignId"] == campaign] == []
    org.seed("CampaignMemberStatus", CampaignId=campaign, Label="Met", HasResponded=True)
    await journey.order("retry", step="add", visit=1)
    assert (await journey.ends()).exit == "completed"
    (member,) = [row for row in org.rows("CampaignMember") if row["CampaignId"] == campaign]
    assert (member["Status"], member["HasResponded"]) == ("Met", True)


async def test_a_meeting_counts_for_the_campaign_that_the_lead_left_by_it(world: World) -> None:
    org = world.sandbox.sandbox.salesforce
    spring, others = (org.seed("Campaign", Name=name) for name in ("Spring", "Others"))
    wait = "[{id: w, kind: wait_for, events: [go], timeout: 9 days}]"
    left = [await world.publish(wait) for _ in range(2)]
    attribution = await world.publish(f"""
- {PUSH}
- id: which
  kind: branch
  arms: [{{when: {{field: last_campaign, op: equals, value: {left[0]}}}, go_to: spring}}]
  otherwise: others
- {{id: spring, kind: add_to_campaign, campaign: {spring}, status: Responded, next: done}}
- {{id: others, kind: add_to_campaign, campaign: {others}, status: Responded}}
- {{id: done, kind: end}}
""")
    members = []
    for campaign in left:
        lead = stranger(world)
        journey = await world.enroll(campaign, lead)
        await world.happens(lead, "meeting_booked")
        assert (await journey.ends()).exit == "meeting_booked"
        after = await world.enroll(attribution, lead)
        assert (await after.ends()).exit == "completed"
        members.append(await alias(after, "salesforce"))
    rows = org.rows("CampaignMember")
    assert [(row["CampaignId"], row["LeadId"]) for row in rows[-2:]] == [
        (spring, members[0]),
        (others, members[1]),
    ]


MARKETO = """
- {id: push, kind: push, to: marketo, fields: {email: email, firstName: first_name}}
- {id: status, kind: marketo_status, status: Meeting Booked}
- {id: one, kind: marketo_program, program: ONE, status: Member}
- {id: two, kind: marketo_program, program: TWO, status: Attended}
- {id: back, kind: marketo_program, program: TWO, status: Registered}
"""


async def test_a_lead_gets_its_status_in_marketo_and_is_in_two_programs(world: World) -> None:
    marketo = world.sandbox.sandbox.marketo
    one, two = marketo.seed_program("Member"), marketo.seed_program("Registered", "Attended")
    for point, kind, value in (
        ("leads", "expired_session", 0),
        ("leads", "drop_after_commit", 0),
        ("program", "status", 503),
    ):
        world.fault("marketo", point, kind, value=value)
    steps = MARKETO.replace("ONE", str(one)).replace("TWO", str(two))
    journey = await world.enroll(await world.publish(steps), stranger(world))
    ending = await journey.ends()
    assert ending.exit == "completed"
    (lead,) = [row for row in marketo.leads() if row.get("email") == journey.lead.email]
    assert str(lead["id"]) == await alias(journey, "marketo")
    assert lead["leadStatus"] == "Meeting Booked"
    assert marketo.members(one) == {lead["id"]: "Member"}
    assert marketo.members(two) == {lead["id"]: "Attended"}
    assert told(ending)["back"] == "had this status or a later one"


async def test_two_automations_that_push_one_lead_at_once_make_one_record(world: World) -> None:
    lead = stranger(world)
    steps = "[{id: push, kind: push, to: marketo, fields: {email: email}}]"
    automations = [await world.publish(steps) for _ in range(2)]
    journeys = [await world.enroll(automation, lead) for automation in automations]
    assert [(await journey.ends()).exit for journey in journeys] == ["completed"] * 2
    rows = world.sandbox.sandbox.marketo.leads()
    assert [str(row["id"]) for row in rows if row.get("email") == lead.email] == [
        await alias(journeys[0], "marketo")
    ]


HUBSPOT = """
- {id: push, kind: push, to: hubspot, fields: {email: email, firstname: first_name}}
- {id: talk, kind: hubspot_timeline_event, title: "{{ lead.first_name }} wrote", text: In the chat}
- {id: meet, kind: hubspot_meeting, title: "Demo for {{ lead.first_name }}"}
- {id: same, kind: hubspot_meeting, title: "Demo for {{ lead.first_name }}"}
"""
BOOKED: dict[str, JsonValue] = {
    "starts_at": "2026-03-09T10:00:00+01:00",
    "ends_at": "2026-03-09T10:45:00+01:00",
    "owner": "Ada@dripstone.example",
    "attendees": ["guest@elsewhere.example", {"email": "kim@dripstone.example"}],
}


async def test_the_conversation_and_the_meeting_are_on_the_contacts_timeline(world: World) -> None:
    hubspot = world.sandbox.sandbox.hubspot
    ada, kim = (hubspot.seed_owner(f"{name}@dripstone.example") for name in ("ada", "kim"))
    world.fault("hubspot", "timeline", "drop_after_commit")
    world.fault("hubspot", "meetings", "drop_after_commit")
    lead = stranger(world)
    talk = {"session": "s1", "party": "ai_sdr"}
    await world.happens(lead, "message", **talk, by="visitor", text="What does it cost?")
    await world.happens(lead, "message", **talk, by="ai_sdr", text="It depends.")
    await world.happens(lead, "session_ended", session="s1", url="https://chat.example/s1")
    await world.happens(lead, "meeting_booked", **BOOKED)
    journey = await world.enroll(await world.publish(HUBSPOT), lead)
    ending = await journey.ends()
    assert ending.exit == "completed"
    contact = await alias(journey, "hubspot")
    (event,) = [row for row in hubspot.rows("events") if row["objectId"] == contact]
    assert event["tokens"] == {
        "title": f"{lead.fields['first_name']} wrote",
        "text": "In the chat",
        "link": "https://chat.example/s1",
    }
    transcript = "Visitor: What does it cost?\nAI: It depends."
    assert event["extraData"] == {"transcript": transcript}
    (link,) = [row for row in hubspot.rows("links") if row["contact"] == contact]
    (meeting,) = [row for row in hubspot.rows("meetings") if row["id"] == link["meeting"]]
    times = (meeting["hs_meeting_start_time"], meeting["hs_meeting_end_time"])
    assert times == ("2026-03-09T09:00:00.000Z", "2026-03-09T09:45:00.000Z")
    assert meeting["hs_attendee_owner_ids"] == f"{ada};{kim}"
    assert meeting["hs_meeting_body"].endswith("Also invited: guest@elsewhere.example")
    assert told(ending)["same"] == "updated, 2 of 3 attendees are users there"


async def test_an_address_alone_is_never_a_match(world: World) -> None:
    lead = stranger(world)
    contact = world.sandbox.sandbox.hubspot.seed_contact(email=str(lead.email))
    steps = "[{id: push, kind: push, to: hubspot, fields: {email: email}}]"
    journey = await world.enroll(await world.publish(steps), lead)
    status = await journey.until_at("push", "attention")
    assert "another contact has this address" in status.held_because
    assert str(lead.email) not in status.held_because
    known = stranger(world, hubspot_id=contact)  # whoever imported it knew
    ending = await (await world.enroll(await world.publish(steps), known)).ends()
    assert told(ending)["push"] == "updated"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            "[{id: it, kind: push, to: salesforce, fields: {Phone: phone}}]",
            "'Phone' not among the writable_fields of salesforce",
        ),
        (
            "[{id: it, kind: add_to_campaign, campaign: 701000000000001AAA}]",
            "let a push step come before it",
        ),
        ("[{id: it, kind: hubspot_meeting}]", "no meeting of this lead is known"),
    ],
)
async def test_what_cannot_be_done_needs_attention(world: World, steps: str, said: str) -> None:
    journey = await world.enroll(await world.publish(steps), stranger(world))
    assert said in (await journey.until_at("it", "attention")).held_because
