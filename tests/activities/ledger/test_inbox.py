"""Events come in once, reach whom they concern, stop what they stop, and are written back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue

from activities.delivering import mark
from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.entries import record
from activities.ledger.inbox import Incoming
from activities.ledger.leads import find_lead, new_lead
from activities.ledger.suppressions import suppression_of
from activities.ledger.tables import deliveries, effects, inbox, suppressions
from activities.ledger.telling import signal_body
from tests.activities.ledger.scenes import (
    ACCOUNTS,
    AT,
    a_lead,
    enter,
    entry_of,
    happens,
    leave,
    make,
    rows,
)
from workflows.contracts import RecordRequest, enrollment_id
from workflows.engine.events import Event, read_signal
from workflows.engine.exits import ExitReason


async def test_an_event_counts_once_however_often_it_comes(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    first, second = [await happens(ledger, lead, "reply") for _ in range(2)]
    assert (first.is_new, second.is_new, second.targets) == (True, False, ())
    assert len(await rows(ledger, inbox)) == len(await rows(ledger, deliveries)) == 1


@pytest.mark.parametrize(
    ("kind", "data", "reason", "field"),
    [
        ("unsubscribe", {}, "unsubscribed", "HasOptedOutOfEmail"),
        ("complaint", {}, "complained", "HasOptedOutOfEmail"),
        ("bounce", {"type": "hard"}, "bounced", "Bounced__c"),
        ("bounce", {}, "bounced", "Bounced__c"),
        ("bounce", {"type": "soft"}, None, None),
        ("reply", {}, None, None),
    ],
)
async def test_what_an_event_means_commits_with_it(
    ledger: Ledger, kind: str, data: dict[str, JsonValue], reason: str | None, field: str | None
) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await happens(ledger, lead, kind, **data)
    async with ledger.reading() as tx:
        assert await suppression_of(ledger, tx, lead) == reason
    payloads = [row["payload"] for row in await rows(ledger, effects)]
    written = [list(payload["fields"]) for payload in payloads if "fields" in payload]
    assert written == ([[field]] if field else [])
    assert sum("note" in payload for payload in payloads) == (field == "HasOptedOutOfEmail")


@pytest.mark.parametrize(
    ("kind", "data", "reaches_the_other_record"),
    [
        ("unsubscribe", {}, True),
        ("reply", {}, True),
        ("bounce", {"type": "hard"}, True),
        ("bounce", {"type": "soft", "step": "a"}, False),
        ("lead_changed", {"stage": "Won"}, False),
        ("goal_reached", {}, False),
    ],
)
async def test_what_concerns_the_human_reaches_other_records_of_the_same_person(
    ledger: Ledger, kind: str, data: dict[str, JsonValue], reaches_the_other_record: bool
) -> None:
    await make(ledger)
    await make(ledger, "other", campaign={"lane": "other"})
    one, twin = a_lead(ledger, 1, "ada@example.com"), a_lead(ledger, 2, "Ada+x@Example.com")
    mine, theirs = await enter(ledger, one), await enter(ledger, twin, "other")
    received = await happens(ledger, one, kind, **data)
    expected = {(mine, 1), (theirs, 1)} if reaches_the_other_record else {(mine, 1)}
    assert set(received.targets) == expected


async def test_the_strongest_stop_is_kept_in_any_order(ledger: Ledger) -> None:
    await make(ledger)
    for number, kinds in enumerate((("reply", "unsubscribe"), ("unsubscribe", "reply")), 1):
        lead = a_lead(ledger, number)
        await enter(ledger, lead)
        for kind in kinds:
            await happens(ledger, lead, kind)
        assert (await entry_of(ledger, lead))["stop_reason"] == "unsubscribed"


async def test_an_event_stops_only_what_its_automation_says(ledger: Ledger) -> None:
    await make(ledger, campaign={"exits": {"on": ["unsubscribe"]}})
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await happens(ledger, lead, "reply")
    assert (await entry_of(ledger, lead))["stop_reason"] is None


async def test_an_event_of_a_closed_or_unknown_lead_is_kept_and_reaches_nobody(
    ledger: Ledger,
) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await leave(ledger, await enter(ledger, lead), ExitReason.COMPLETED)
    late = await happens(ledger, lead, "meeting_booked", starts_at="2026-06-02T10:00:00Z")
    stranger = await happens(ledger, a_lead(ledger, 2), "reply")
    assert late.targets == stranger.targets == ()
    assert late.writebacks == (f"meeting_booked/{lead.lead}/create_event",)
    assert {"meeting_booked", "reply"} <= {row["kind"] for row in await rows(ledger, inbox)}


@pytest.mark.parametrize("body", [None, {"id": "1"}], ids=["no id", "an id that others use too"])
async def test_two_leads_may_say_the_same_words_and_both_opt_outs_count(
    ledger: Ledger, body: Any
) -> None:
    await make(ledger)
    leads = [a_lead(ledger, 1), a_lead(ledger, 2)]
    for lead in leads:
        signal = read_signal("unsubscribe", body, 0, AT)
        assert isinstance(signal, Event)
        request = RecordRequest(
            enrollment=await enter(ledger, lead), entry=1, events=(signal, signal)
        )
        for _ in range(2):  # an activity may be carried out twice
            async with ledger.transaction() as tx:
                await record(ledger, tx, request, ACCOUNTS)
    assert {row["subject"] for row in await rows(ledger, suppressions)} == {
        *(lead.person for lead in leads),
        *(lead.lead for lead in leads),  # the record too: its address may change
    }
    opt_outs = [row for row in await rows(ledger, inbox) if row["kind"] == "unsubscribe"]
    assert [row["lead"] for row in opt_outs] == [lead.lead for lead in leads]


async def test_a_direct_signal_is_not_told_to_the_workflow_that_reported_it(
    ledger: Ledger,
) -> None:
    await make(ledger)
    await make(ledger, "other", campaign={"lane": "other"})
    lead = a_lead(ledger)
    mine, other = await enter(ledger, lead), await enter(ledger, lead, "other")
    event = Event(id="r-1", kind="reply", at=AT)
    async with ledger.transaction() as tx:
        request = RecordRequest(enrollment=mine, entry=1, events=(event,))
        await record(ledger, tx, request, ACCOUNTS)
    states = {row["enrollment"]: row["state"] for row in await rows(ledger, deliveries)}
    assert states == {mine: "DELIVERED", other: "PENDING"}


@pytest.mark.parametrize("data", [{"stage": "Won"}, {"fields": {"stage": "Won"}}])
async def test_changed_fields_reach_the_projection_and_only_those_looked_at_the_workflow(
    ledger: Ledger, data: dict[str, JsonValue]
) -> None:
    await make(ledger)
    lead = a_lead(ledger, 1, stage="Open", first_name="Ada")
    await enter(ledger, lead)
    await happens(ledger, lead, "lead_changed", **data)
    async with ledger.reading() as tx:
        known = await find_lead(tx, "default", lead.lead)
    assert known
    assert dict(known.fields) == {"stage": "Won", "first_name": "Ada"}
    event = Event(id="e", kind="lead_changed", at=AT, data=data)
    assert signal_body(event, frozenset({"stage", "industry"}), ())["data"] == {"stage": "Won"}
    assert "data" not in signal_body(event, frozenset(), ())


async def test_what_a_workflow_is_told_holds_no_text_and_no_address() -> None:
    data: dict[str, JsonValue] = {
        "text": "call me",
        "from": "ada@example.com",
        "until": "2026-07-01",
    }
    told = signal_body(Event(id="e", kind="out_of_office", at=AT, data=data), frozenset(), ("k",))
    assert told["data"] == {"until": "2026-07-01"}
    assert (told["recorded"], told["writebacks"]) == (True, ["k"])


async def test_the_longest_names_still_fit_every_column(ledger: Ledger) -> None:
    name = "a" * 63
    await make(ledger, name)
    lead = new_lead(ledger, "default", {"email": "x@example.com"}, f"crm-{'k' * 120}")
    await enter(ledger, lead, name)
    enrollment = enrollment_id(name, lead.lead)
    key = f"{enrollment}/1/{'s' * 63}/100/send_email"
    for event_id in (f"{key}/sent", "x" * 320):
        event = Event(id=event_id, kind="email_sent", at=AT)
        incoming = Incoming(event, "default", "smtp", lead.lead)
        assert (await take_in(ledger, incoming, ACCOUNTS)).is_new
    clash = Event(id="x" * 320, kind="unsubscribe", at=AT)
    other = a_lead(ledger)
    await make(ledger)
    request = RecordRequest(enrollment=await enter(ledger, other), entry=1, events=(clash,))
    async with ledger.transaction() as tx:
        await record(ledger, tx, request, ACCOUNTS)
    await leave(ledger, enrollment, ExitReason.COMPLETED)


async def test_a_change_that_meets_the_exit_criteria_stops_the_enrollments_it_concerns(
    ledger: Ledger,
) -> None:
    criteria = {"field": "stage", "op": "equals", "value": "Customer"}
    await make(ledger, campaign={"exits": {"when": criteria}})
    leads = [a_lead(ledger, 1), a_lead(ledger, 2)]
    for lead in leads:
        await enter(ledger, lead)
    await happens(ledger, leads[0], "lead_changed", fields={"stage": "Customer"})
    await happens(ledger, leads[1], "lead_changed", fields={"stage": "Open"})
    stops = [(await entry_of(ledger, lead))["stop_reason"] for lead in leads]
    assert stops == ["custom_exit_criteria_met", None]
    told = [row["event"] for row in await rows(ledger, deliveries)]
    assert told.count(f"enrollment:spring:{leads[0].lead}/1/criteria") == 1


async def test_edited_exit_criteria_reach_leads_in_flight_at_their_next_change(
    ledger: Ledger,
) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    criteria = {"field": "stage", "op": "equals", "value": "Customer"}
    await make(
        ledger, campaign={"exits": {"when": criteria}}
    )  # a new version; the lead stays on its own
    await happens(ledger, lead, "lead_changed", fields={"stage": "Customer"})
    assert (await entry_of(ledger, lead))["stop_reason"] == "custom_exit_criteria_met"


async def test_what_one_worker_has_told_stays_told_though_another_looked_before(
    ledger: Ledger,
) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await happens(ledger, lead, "reply")
    (seen,) = await rows(ledger, deliveries)
    await mark(ledger, seen, "DELIVERED")
    await mark(ledger, seen, "PENDING")
    assert [row["state"] for row in await rows(ledger, deliveries)] == ["DELIVERED"]
