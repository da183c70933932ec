"""Campaign members and Notes over the Salesforce client, against the sandbox org."""

from __future__ import annotations

from typing import Any

import pytest

from activities.vendors.reply_ports import MemberChange
from activities.vendors.salesforce import SalesforceReplies
from tests.activities.salesforce_org import Connect, connect, failure_of, running
from tests.sandboxed import Running

__all__ = ["connect", "running"]

FIRST, LATER = "2026-06-01T12:00:00.000+00:00", "2026-06-05T12:00:00.000+00:00"


@pytest.fixture
def replies(connect: Connect) -> SalesforceReplies:
    return SalesforceReplies(connect())


def member_of(running: Running, **more: Any) -> tuple[str, str, str]:
    """A lead in a Campaign: the ids of both, and of the member."""
    org = running.sandbox.salesforce
    lead, campaign = org.seed_lead(), org.seed("Campaign", Name="Fair")
    return lead, campaign, org.seed("CampaignMember", CampaignId=campaign, LeadId=lead, **more)


def row_of(running: Running, member: str) -> dict[str, Any]:
    rows = running.sandbox.salesforce.rows("CampaignMember")
    return next(dict(row) for row in rows if row["Id"] == member)


def once(at: str) -> MemberChange:
    return MemberChange({}, {"Has_Replied__c": True, "First_Reply__c": at})


async def test_has_replied_is_set_once_and_outlives_every_change_of_the_status(
    running: Running, replies: SalesforceReplies
) -> None:
    lead, _, member = member_of(running)
    assert (await replies.change_member(member, lead, once(FIRST))).note == "updated"
    answered = MemberChange({"ReplyClassification__c": "Positive"}, {}, "responded")
    await replies.change_member(member, lead, answered)
    assert row_of(running, member)["HasResponded"] is True
    # Salesforce's own HasResponded follows the status; the field of one's own does not.
    await replies.change_member(member, lead, MemberChange({}, {}, "Sent"))
    assert (await replies.change_member(member, lead, once(LATER))).note == "was so already"
    row = row_of(running, member)
    assert (row["HasResponded"], row["Has_Replied__c"]) == (False, True)
    assert row["First_Reply__c"].startswith("2026-06-01T12:00:00")
    assert (row["Status"], row["ReplyClassification__c"]) == ("Sent", "Positive")


async def test_a_member_of_another_lead_or_none_is_left_alone(
    running: Running, replies: SalesforceReplies
) -> None:
    org = running.sandbox.salesforce
    lead, campaign, member = member_of(running)
    other = org.seed_lead()
    mismatch = await failure_of(replies.change_member(member, other, once(FIRST)))
    contact = org.seed("Contact", LastName="Lake")
    converted = await failure_of(replies.change_member(member, contact, once(FIRST)))
    org._records.delete(org_kind(), member)
    again = org.seed("CampaignMember", CampaignId=campaign, LeadId=lead)
    gone = await failure_of(replies.change_member(member, lead, once(FIRST)))
    codes = [problem.code for problem in (mismatch, converted, gone)]
    assert codes == ["MEMBER_MISMATCH", "MEMBER_MISMATCH", "MEMBER_GONE"]
    assert row_of(running, again)["Has_Replied__c"] is False


def org_kind() -> Any:
    from starters.sandbox.salesforce.schema import OBJECTS

    return OBJECTS["campaignmember"]


async def test_a_status_that_the_campaign_lacks_is_refused_and_nothing_is_written(
    running: Running, replies: SalesforceReplies
) -> None:
    lead, _, member = member_of(running)
    change = MemberChange({"ReplyClassification__c": "Positive"}, {}, "Answered")
    refusal = await failure_of(replies.change_member(member, lead, change))
    assert refusal.code == "NO_SUCH_MEMBER_STATUS"
    assert row_of(running, member)["ReplyClassification__c"] is None


async def test_a_note_is_added_once_though_an_answer_is_lost(
    running: Running, replies: SalesforceReplies
) -> None:
    org = running.sandbox.salesforce
    lead = org.seed_lead()
    running.sandbox.faults.set("salesforce", "create", "drop_after_commit", times=1)
    await failure_of(replies.add_note(lead, "Opted out [1]", "by a reply"))
    assert (await replies.add_note(lead, "Opted out [1]", "by a reply")).note == "was there already"
    await replies.add_note(lead, "Opted out [2]", "again")
    notes = [row["Title"] for row in org.rows("Note") if row["ParentId"] == lead]
    assert notes == ["Opted out [1]", "Opted out [2]"]
