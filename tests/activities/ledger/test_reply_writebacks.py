"""What a reply calls for in Salesforce: planned with it, once, and the latest word in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue
from sqlalchemy import update

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.effects import EffectRow, find_effect
from activities.ledger.inbox import Incoming
from activities.ledger.tables import admissions, effects
from activities.vendors.ports import Never
from activities.writing_back import check_allowed, why_outdated
from tests.activities.ledger.answers import ACCOUNTS, MEMBER, member, of, says, suppressed
from tests.activities.ledger.scenes import AT, a_lead, enter, make, rows
from workflows.engine.events import Event


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


@pytest.mark.parametrize(
    ("activity", "payload", "refused"),
    [
        ("classify_reply", {"fields": {"ReplyClassification__c": "Positive"}}, ""),
        ("classify_reply", {"fields": {"Industry": "Mining"}}, "Industry"),
        ("mark_replied", {"once": {"Has_Replied__c": True, "Rating": "Hot"}}, "Rating"),
        ("keep_reply_text", {"fields": {"Description": "x"}}, "Description"),
        ("create_task", {"fields": {"Subject": "x"}}, ""),
    ],
)
def test_a_write_back_writes_the_fields_that_are_named_for_it_and_no_other(
    activity: str, payload: dict[str, JsonValue], refused: str
) -> None:
    blank: dict[str, Any] = dict.fromkeys(EffectRow.__dataclass_fields__)
    row = replace(EffectRow(**blank), activity=activity, payload=payload)
    if not refused:
        check_allowed(row, ACCOUNTS.of("default"))
        return
    with pytest.raises(Never, match=f"may not write {refused}:"):
        check_allowed(row, ACCOUNTS.of("default"))
