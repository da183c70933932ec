"""Values in SOQL stay values: whatever somebody calls themselves, a query asks for what it asks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_salesforce.format import format_soql

from activities.vendors.ports import Never
from activities.vendors.salesforce import SalesforceLeads
from starters.sandbox.salesforce.schema import OBJECTS
from starters.sandbox.salesforce.soql import read_conditions
from tests.activities.salesforce_org import Connect, connect, running
from tests.sandboxed import Running

__all__ = ["connect", "running"]

HOSTILE = [
    "o'brien@example.com",
    "' OR Email != '",
    "x' AND IsActive = true AND Email != 'y",
    "\\' OR Email != '",
    "%",
    "_@example.com",
    "\\",
    "'",
    "a\nLIMIT 1",
    "'; DELETE FROM Lead; --",
    "\u2019 OR Email != \u2019",
]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_hostile_address_is_nobodys(
    running: Running, connect: Connect, hostile: str
) -> None:
    running.sandbox.salesforce.seed_user("ines@dripstone.example")
    client = connect()
    assert await client.user_id_by_email(hostile) is None
    assert await client.email_of_user(hostile) is None
    assert await client.user_id_by_email("ines@dripstone.example")


async def test_a_user_with_an_apostrophe_is_found(running: Running, connect: Connect) -> None:
    wanted = running.sandbox.salesforce.seed_user("o'brien@example.com")
    assert await connect().user_id_by_email("O'Brien@example.com") == wanted


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_hostile_id_of_a_campaign_reads_and_changes_nothing(
    running: Running, connect: Connect, hostile: str
) -> None:
    lead = running.sandbox.salesforce.seed_lead()
    running.sandbox.salesforce.seed("Campaign", Name="Spring")
    with pytest.raises(Never):
        await SalesforceLeads(connect()).add_member(hostile, lead, "Responded")
    assert running.sandbox.salesforce.rows("CampaignMember") == []


@settings(max_examples=300)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_exactly_one_literal(value: str) -> None:
    asked = format_soql("Email = {} AND IsActive = {}", value, True)
    email, active = read_conditions(OBJECTS["user"], asked)
    assert (email.values, active.values) == ([value], [True])
