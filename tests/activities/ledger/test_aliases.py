"""What other systems call a lead, what it said last, and which campaign it left last."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import JsonValue

from activities.ledger import Ledger
from activities.ledger.aliases import record_of, remember
from activities.ledger.conversations import last_conversation, last_meeting
from activities.ledger.inbox import Incoming, receive
from activities.ledger.leads import Lead, find_lead, new_lead
from tests.activities.ledger.scenes import ACCOUNTS, AT, a_lead, enter, leave, make
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason


@pytest.mark.parametrize(
    ("fields", "system", "record"),
    [
        ({}, "hubspot", None),
        ({"hubspot_id": "51"}, "hubspot", "51"),
        ({"hubspot_id": 51}, "hubspot", "51"),
        ({"hubspot_id": "51"}, "marketo", None),
        ({"marketo_id": "none"}, "marketo", None),
        ({"salesforce_id": "003000000000001AAA"}, "salesforce", "003000000000001AAA"),
        ({"salesforce_id": "001000000000001AAA"}, "salesforce", None),
    ],
)
async def test_a_record_is_known_by_a_field_and_never_by_the_address(
    ledger: Ledger, fields: dict[str, JsonValue], system: str, record: str | None
) -> None:
    lead = new_lead(ledger, "default", {"email": "a@example.com"} | fields, "crm-1")
    async with ledger.reading() as tx:
        assert await record_of(tx, lead, system) == record


async def test_what_a_system_answers_is_remembered_per_center_and_the_last_word_holds(
    ledger: Ledger,
) -> None:
    here = new_lead(ledger, "default", {"email": "a@example.com", "hubspot_id": "1"}, "crm-1")
    there = new_lead(ledger, "north", {"email": "a@example.com"}, "crm-1")
    for record in ("51", "52"):
        async with ledger.transaction() as tx:
            await remember(ledger, tx, here, "hubspot", record)
    async with ledger.reading() as tx:
        assert await record_of(tx, here, "hubspot") == "52"
        assert await record_of(tx, there, "hubspot") is None
        assert await record_of(tx, a_lead(ledger), "salesforce") == a_lead(ledger).salesforce_id


async def hear(ledger: Ledger, lead: Lead, *events: tuple[str, dict[str, JsonValue]]) -> None:
    async with ledger.transaction() as tx:
        for number, (kind, data) in enumerate(events):
            at = AT + timedelta(minutes=number)
            event = Event(id=f"e{number}", kind=kind, at=at, data=data)
            incoming = Incoming(event, "default", "test", lead.lead)
            await receive(ledger, tx, incoming, ACCOUNTS)


async def test_the_newest_session_is_the_conversation_and_its_link_is_kept(ledger: Ledger) -> None:
    lead, other = a_lead(ledger), a_lead(ledger, 2)
    async with ledger.reading() as tx:
        assert (await last_conversation(tx, lead)).transcript == ""
    await hear(
        ledger,
        lead,
        ("message", {"session": "old", "by": "visitor", "text": "Long ago"}),
        ("session_started", {"session": "new", "url": "https://chat.example/new"}),
        ("message", {"session": "new", "by": "visitor", "text": "Hello?"}),
        ("message", {"session": "new", "by": "rep", "text": "Hello!"}),
        ("message", {"session": "new", "by": "rep"}),
        ("meeting_offered", {"session": "new", "url": "javascript:alert(1)"}),
    )
    async with ledger.reading() as tx:
        said = await last_conversation(tx, lead)
        assert await last_conversation(tx, other) != said
    assert said.transcript == "Visitor: Hello?\nRep: Hello!"
    assert said.link == "https://chat.example/new"


async def test_the_last_meeting_is_that_of_the_person(ledger: Ledger) -> None:
    await make(ledger)
    lead, twin = a_lead(ledger), a_lead(ledger, 2, email="lead1@example.com")
    await enter(ledger, lead)
    await hear(ledger, lead, ("meeting_booked", {"id": "m1"}), ("meeting_booked", {"id": "m2"}))
    async with ledger.reading() as tx:
        booked = await last_meeting(tx, twin)
        assert await last_meeting(tx, a_lead(ledger, 3)) is None
    assert booked is not None
    assert booked.data == {"id": "m2"}


async def test_a_lead_knows_the_campaign_it_left_last_and_how(ledger: Ledger) -> None:
    lead = a_lead(ledger)
    await make(ledger)
    await make(ledger, "chore", campaign=None)
    for name in ("spring", "chore"):
        enrollment = await enter(ledger, lead, name)
        await leave(ledger, enrollment, ExitReason.REPLY_RECEIVED)
    async with ledger.reading() as tx:
        known = await find_lead(tx, "default", lead.lead)
    assert known is not None
    assert known.fields["last_campaign"] == "spring"
    assert known.fields["last_exit"] == "reply_received"
