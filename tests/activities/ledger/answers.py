"""Leads that answer, in the ledger's tests: with Salesforce fields for what becomes of a reply."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import JsonValue

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections, SalesforceWrites
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import Lead, new_lead
from activities.ledger.suppressions import suppression_of
from tests.activities.ledger.scenes import ADA, AT
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED

MEMBER = "00v000000000001AAA"
WRITES = SalesforceWrites(
    hard_bounce_field="clay_external_hard_bounce__c",
    overall_bounce_field="Hard_Bounce__c",
    bounce_sources=("clay_external_hard_bounce__c",),
    has_replied_field="Has_Replied__c",
    first_reply_field="First_Reply__c",
    reply_class_field="ReplyClassification__c",
    reply_text_field="SLV36_Pardot_Question_Asked__c",
    reply_text_length=40,
)
ACCOUNTS = Connections(
    centers={"default": CenterConnections(mailboxes={"default": ADA}, salesforce=WRITES)}
)


def member(ledger: Ledger, number: int = 1) -> Lead:
    lead = f"sf-00Q{number:015}"
    fields: dict[str, JsonValue] = {"campaign_member_id": MEMBER, "owner": "ada@dripstone.example"}
    return new_lead(ledger, "default", {"email": f"lead{number}@example.com"} | fields, lead)


def of(told: str) -> dict[str, Any]:
    """The data that tell a class."""
    return {"class": told}


async def says(
    ledger: Ledger,
    lead: Lead,
    name: str,
    at: datetime = AT,
    source: str = "test",
    **data: JsonValue,
) -> Received:
    """A reply, or with ``reply`` a later reading of one."""
    kind = RECLASSIFIED if "reply" in data else "reply"
    event = Event(id=name, kind=kind, at=at, data=data)
    return await take_in(ledger, Incoming(event, "default", source, lead.lead), ACCOUNTS)


async def suppressed(ledger: Ledger, lead: Lead) -> str | None:
    async with ledger.reading() as tx:
        return await suppression_of(ledger, tx, lead)
