"""Replies in the ledger: what each class does, the second look, and what is written back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import JsonValue
from sqlalchemy import update

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections, SalesforceWrites
from activities.ledger.effects import find_effect
from activities.ledger.halts import why_held_back
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import Lead, new_lead
from activities.ledger.replies import OPERATOR, list_replies, readings_of
from activities.ledger.suppressions import suppression_of
from activities.ledger.tables import admissions, deliveries, effects
from activities.writing_back import why_outdated
from tests.activities.ledger.scenes import ADA, AT, a_lead, enter, entry_of, make, rows
from workflows.engine.automation import Automation
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED, REPLY_WAITS

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


async def held(ledger: Ledger, lead: Lead, automation: Automation) -> str:
    async with ledger.reading() as tx:
        return await why_held_back(tx, lead, automation)


@pytest.mark.parametrize(
    ("data", "exits", "reason", "state"),
    [
        ({"class": "POSITIVE"}, "reply_received", None, "SETTLED"),
        ({"class": "NEUTRAL"}, None, None, "WAITING"),
        ({"class": "NEGATIVE"}, "reply_received", "declined", "SETTLED"),
        ({"class": "NEGATIVE", "confidence": 0.3}, "reply_received", None, "WAITING"),
        ({"class": "OOO"}, None, None, "SETTLED"),
        ({"class": "UNSUBSCRIBE"}, "unsubscribed", "unsubscribed", "SETTLED"),
        ({"text": "please remove me"}, "unsubscribed", "unsubscribed", "SETTLED"),
        ({"text": "Hm."}, "reply_received", None, "WAITING"),
        ({}, "reply_received", None, "UNREAD"),
    ],
)
async def test_what_a_class_stops_suppresses_and_holds(
    ledger: Ledger,
    data: dict[str, Any],
    exits: str | None,
    reason: str | None,
    state: str,
) -> None:
    automation, lead = await make(ledger), member(ledger)
    other = await make(ledger, "service", campaign=None)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **data)
    assert (await entry_of(ledger, lead))["stop_reason"] == exits
    assert await suppressed(ledger, lead) == reason
    async with ledger.reading() as tx:
        (reply,) = await list_replies(tx, None, settled_too=True, limit=9)
    assert reply.state == state
    assert await held(ledger, lead, automation) == (REPLY_WAITS if state == "WAITING" else "")
    assert await held(ledger, lead, other) == ""
    assert await held(ledger, a_lead(ledger, 2), automation) == ""


async def test_a_decision_lets_go_and_is_told_and_every_reading_is_kept(ledger: Ledger) -> None:
    automation, lead = await make(ledger), member(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **of("NEUTRAL"))
    outside: dict[str, Any] = {"reply": "r", "class": "NEUTRAL", "verdict": "go_on"}
    await says(ledger, lead, "c1", **outside)
    assert await held(ledger, lead, automation) == REPLY_WAITS
    await says(ledger, lead, "c2", source=OPERATOR, **outside, by="kim", reason="they wait")
    assert await held(ledger, lead, automation) == ""
    assert (await entry_of(ledger, lead))["stop_reason"] is None
    async with ledger.reading() as tx:
        readings = await readings_of(tx, "r")
    assert [(one["given_by"], one["verdict"]) for one in readings] == [
        ("upstream", ""),
        ("test", ""),
        ("kim", "go_on"),
    ]
    bodies = [row["body"]["data"] for row in await rows(ledger, deliveries)]
    assert {"class": "NEUTRAL", "verdict": "go_on"} in bodies


async def test_a_second_look_never_takes_a_stop_back(ledger: Ledger) -> None:
    await make(ledger)
    lead = member(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **of("UNSUBSCRIBE"))
    again: dict[str, Any] = {"reply": "r", "class": "POSITIVE", "verdict": "stop"}
    await says(ledger, lead, "c", source=OPERATOR, **again)
    assert await suppressed(ledger, lead) == "unsubscribed"
    assert (await entry_of(ledger, lead))["stop_reason"] == "unsubscribed"
    payloads = {row["key"]: row["payload"] for row in await rows(ledger, effects)}
    latest = payloads[f"c/{MEMBER}/classify_reply"]
    assert latest["fields"] == {"ReplyClassification__c": "Positive"}


async def test_a_second_look_concerns_what_had_begun_before_the_reply(ledger: Ledger) -> None:
    await make(ledger)
    await make(ledger, "later", campaign={"lane": "later"})
    lead = member(ledger)
    await enter(ledger, lead)
    await says(ledger, lead, "r", **of("NEUTRAL"))
    await enter(ledger, lead, "later")
    await says(ledger, lead, "c1", source=OPERATOR, reply="r", **of("POSITIVE"))
    assert (await entry_of(ledger, lead))["stop_reason"] == "reply_received"
    assert (await entry_of(ledger, lead, "later"))["stop_reason"] is None
    await says(ledger, lead, "c2", source=OPERATOR, reply="r", **of("NEGATIVE"))
    assert (await entry_of(ledger, lead, "later"))["stop_reason"] == "reply_received"
    assert await suppressed(ledger, lead) == "declined"


async def test_the_reply_of_another_lead_is_not_touched(ledger: Ledger) -> None:
    one, other = member(ledger), a_lead(ledger, 2)
    for lead in (one, other):
        await make(ledger, f"for-{lead.lead[-1]}")
        await enter(ledger, lead, f"for-{lead.lead[-1]}")
    await says(ledger, one, "r", **of("NEUTRAL"))
    await says(ledger, other, "c", reply="r", **of("NEGATIVE"))
    async with ledger.reading() as tx:
        (reply,) = await list_replies(tx, None, settled_too=True, limit=9)
    assert (reply.reply_class, await suppressed(ledger, other)) == ("NEUTRAL", None)


async def test_an_opt_out_is_not_hidden_by_an_earlier_refusal(ledger: Ledger) -> None:
    lead = member(ledger)
    await make(ledger)
    await enter(ledger, lead)
    reasons = []
    said: dict[str, dict[str, Any]] = {"a": of("NEGATIVE"), "b": {"text": "unsubscribe me"}}
    for name, data in said.items():
        await says(ledger, lead, name, **data)
        reasons.append(await suppressed(ledger, lead))
    assert reasons == ["declined", "unsubscribed"]


async def test_three_replies_and_a_second_look_write_has_replied_once(ledger: Ledger) -> None:
    await make(ledger)
    lead = member(ledger)
    await enter(ledger, lead)
    for day, told in enumerate(("OOO", "NEUTRAL", "POSITIVE", "OOO")):
        await says(ledger, lead, f"r{day}", AT + timedelta(days=day), **of(told))
    await says(ledger, lead, "c", AT + timedelta(days=9), reply="r1", **of("NEGATIVE"))
    found: dict[str, Any] = {row["key"]: row["payload"] for row in await rows(ledger, effects)}
    assert found.pop(f"replied/default/{MEMBER}/mark_replied") == {
        "member": MEMBER,
        "record": lead.salesforce_id,
        "once": {"Has_Replied__c": True, "First_Reply__c": "2026-06-02T12:00:00.000+00:00"},
    }
    classes = {
        key: (payload.get("status"), payload["fields"]["ReplyClassification__c"])
        for key, payload in found.items()
        if key.endswith("classify_reply")
    }
    # An absence is no reply: no status, and after a reply in person it says nothing any more.
    assert classes == {
        f"r0/{MEMBER}/classify_reply": (None, "OOO"),
        f"r1/{MEMBER}/classify_reply": ("Responded", "Neutral"),
        f"r2/{MEMBER}/classify_reply": ("Responded", "Positive"),
        f"c/{MEMBER}/classify_reply": (None, "Negative"),
    }


async def test_the_latest_reply_is_the_one_that_is_written_in_any_order(ledger: Ledger) -> None:
    await make(ledger)
    lead = member(ledger)
    await enter(ledger, lead)
    late = AT + timedelta(days=1)
    await says(ledger, lead, "new", late, text="Sounds good. " + "Tell me more about it. " * 9)
    await says(ledger, lead, "old", AT, text="Sounds good.")
    verdicts = {}
    async with ledger.reading() as tx:
        for key in ("new/keep_reply_text", "old/keep_reply_text"):
            row = await find_effect(tx, key)
            assert row
            outdated = await why_outdated(tx, row)
            verdicts[key] = (outdated is not None, len(row.payload["fields"][TEXT]))
    assert verdicts == {"new/keep_reply_text": (False, 40), "old/keep_reply_text": (True, 12)}


TEXT = "SLV36_Pardot_Question_Asked__c"


@pytest.mark.parametrize(
    ("kind", "data", "fields", "reason"),
    [
        (
            "bounce",
            {"type": "hard"},
            {"clay_external_hard_bounce__c": True, "Hard_Bounce__c": True},
            "bounced",
        ),
        (
            "lead_changed",
            {"clay_external_hard_bounce__c": True},
            {"Hard_Bounce__c": True},
            "bounced",
        ),
        ("lead_changed", {"clay_external_hard_bounce__c": False}, None, None),
        ("lead_changed", {"Other__c": True}, None, None),
    ],
)
async def test_any_source_of_a_dead_address_sets_the_overall_field_and_none_clears_it(
    ledger: Ledger,
    kind: str,
    data: dict[str, JsonValue],
    fields: dict[str, bool] | None,
    reason: str | None,
) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    event = Event(id="e", kind=kind, at=AT, data=data)
    await take_in(ledger, Incoming(event, "default", "test", lead.lead), ACCOUNTS)
    written = [row["payload"]["fields"] for row in await rows(ledger, effects)]
    assert written == ([fields] if fields else [])
    assert await suppressed(ledger, lead) == reason
    cleared: dict[str, JsonValue] = {"clay_external_hard_bounce__c": False}
    back = Event(id="back", kind="lead_changed", at=AT, data=cleared)
    await take_in(ledger, Incoming(back, "default", "test", lead.lead), ACCOUNTS)
    assert await suppressed(ledger, lead) == reason
    assert len(await rows(ledger, effects)) == len(written)


async def test_a_reply_goes_to_the_memberships_of_the_campaigns_that_the_lead_is_in(
    ledger: Ledger,
) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    made = {"key": f"{enrollment}/1/add/1/add_to_campaign", "center": "default", "entry": 1}
    made |= {"activity": "add_to_campaign", "connection": "salesforce", "lead": lead.lead}
    made |= {"enrollment": enrollment, "state": "SENT", "vendor_ref": MEMBER}
    record: dict[str, JsonValue] = {"record": lead.salesforce_id}
    made |= {"payload": record, "payload_hash": "", "planned_at": AT, "done_at": AT}
    async with ledger.transaction() as tx:
        await tx.execute(effects.insert().values(made))
    await says(ledger, lead, "r", **of("POSITIVE"))
    async with ledger.transaction() as tx:
        await tx.execute(update(admissions).values(state="CLOSED"))
    await says(ledger, lead, "late", AT + timedelta(days=3), **of("NEUTRAL"))
    keys = {row["key"] for row in await rows(ledger, effects) if "classify" in row["key"]}
    assert keys == {f"{name}/{MEMBER}/classify_reply" for name in ("r", "late")}
