"""Leads and Campaign members over the Salesforce client, against the sandbox org."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from activities.vendors.ports import Never, RecordKey
from activities.vendors.salesforce import SalesforceLeads
from tests.activities.salesforce_org import Connect, connect, failure_of, running
from tests.sandboxed import Running

__all__ = ["connect", "running"]

Seed = Callable[[Running], str]
PERSONS: dict[str, Seed] = {
    "Lead": lambda running: running.sandbox.salesforce.seed_lead(),
    "Contact": lambda running: running.sandbox.salesforce.seed("Contact", LastName="Lake"),
}


@pytest.fixture
def leads(connect: Connect) -> SalesforceLeads:
    return SalesforceLeads(connect())


async def test_a_lead_is_found_by_our_key_and_then_by_its_id(
    running: Running, leads: SalesforceLeads
) -> None:
    key = RecordKey(None, "Dripstone_Lead__c", f"default:crm-{uuid4()}")
    whole = {"LastName": "Lake", "Company": "Quarry"}
    first = await leads.push(key, whole)
    second = await leads.push(key, {"Rating": "Hot"})
    third = await leads.push(RecordKey(first.reference, "", ""), {"Title": "CTO"})
    assert [one.note for one in (first, second, third)] == ["created", "updated", "updated"]
    (row,) = [
        row for row in running.sandbox.salesforce.rows("Lead") if row["Id"] == first.reference
    ]
    assert (row["Rating"], row["Title"], row["Dripstone_Lead__c"]) == ("Hot", "CTO", key.key)


@pytest.mark.parametrize("kind", PERSONS)
async def test_a_lead_or_a_contact_is_a_member_once_though_two_add_it_at_once(
    running: Running, leads: SalesforceLeads, kind: str
) -> None:
    org = running.sandbox.salesforce
    campaign, person = org.seed("Campaign", Name="Fair"), PERSONS[kind](running)
    running.sandbox.faults.set("salesforce", "create", "slow", times=2, value=0.2)
    both = (leads.add_member(campaign, person, status) for status in ("Sent", "Responded"))
    await asyncio.gather(*both)
    receipt = await leads.add_member(campaign, person, "RESPONDED")
    (member,) = [row for row in org.rows("CampaignMember") if row["CampaignId"] == campaign]
    assert (member["Id"], member[f"{kind}Id"]) == (receipt.reference, person)
    assert (member["Status"], member["HasResponded"]) == ("Responded", True)
    assert (await leads.add_member(campaign, person, None)).note == "was a member already"


@pytest.mark.parametrize(
    ("campaign", "status", "code"),
    [
        ("", "Nonsense", "NO_SUCH_MEMBER_STATUS"),
        ("7015e00000zzzzz", "Sent", "NO_SUCH_CAMPAIGN"),
        ("7015e00000zzzzz", None, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
async def test_a_campaign_or_a_status_that_is_not_there_is_never_and_adds_nobody(
    running: Running, leads: SalesforceLeads, campaign: str, status: str | None, code: str
) -> None:
    org = running.sandbox.salesforce
    there, person = org.seed("Campaign", Name="Fair"), org.seed_lead()
    problem = await failure_of(leads.add_member(campaign or there, person, status))
    assert (type(problem), problem.code) == (Never, code)
    assert [row for row in org.rows("CampaignMember") if row["LeadId"] == person] == []
