"""What comes in after an erasure, or was under way, does not bring anything back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from activities.dispatch import enroll, take_in
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.aliases import remember
from activities.ledger.correlation import people_at
from activities.ledger.effects import find_effect, keep_answer
from activities.ledger.entries import keep_archive
from activities.ledger.erasing import in_the_way
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead, new_lead
from activities.ledger.tables import effects, handovers, leads
from tests.activities.ledger.canaries import ADDRESS, WORD, erased, fill, order_for, places_with
from tests.activities.ledger.scenes import (
    ACCOUNTS,
    AT,
    a_lead,
    enter,
    entry_of,
    happens,
    make,
    rows,
)
from workflows.engine.events import Event

Late = Callable[[Ledger, Lead], Awaitable[object]]


async def an_event(ledger: Ledger, lead: Lead, kind: str = "reply") -> None:
    await happens(ledger, lead, kind, text=WORD, fields={"name": WORD}, session="s", via="x")


async def a_change(ledger: Ledger, lead: Lead) -> None:
    await an_event(ledger, lead, "lead_changed")


async def a_message(ledger: Ledger, lead: Lead) -> None:
    await an_event(ledger, lead, "message")


async def an_event_by_address(ledger: Ledger, lead: Lead) -> None:
    event = Event(id="late", kind="reply", at=AT, data={"text": WORD})
    async with ledger.reading() as tx:
        (known,) = await people_at(ledger, tx, ["default"], ADDRESS)
    incoming = Incoming(event, "default", "mail", known.lead, known.person)
    await take_in(ledger, incoming, ACCOUNTS)


async def news_of_it(ledger: Ledger, lead: Lead) -> None:
    event = Event(id="late", kind="lead_created", at=AT, data={"name": WORD})
    incoming = Incoming(event, "default", "events", lead.lead, lead.person, newcomer=lead)
    await take_in(ledger, incoming, ACCOUNTS)


async def an_import(ledger: Ledger, lead: Lead) -> None:
    entered = await enroll(ledger, None, Request("quiet", lead, "file-2"), ACCOUNTS)
    assert entered.refused.startswith("erased")


async def an_import_under_another_id(ledger: Ledger, lead: Lead) -> None:
    again = new_lead(ledger, "default", {"email": lead.email, "note": WORD}, "b-1")
    await an_import(ledger, again)


async def an_archive(ledger: Ledger, lead: Lead) -> None:
    entry = await entry_of(ledger, lead)
    await keep_archive(ledger, entry, [{"why": WORD}], WORD.encode())


async def an_answer(ledger: Ledger, lead: Lead) -> None:
    async with ledger.transaction() as tx:
        row = await find_effect(tx, "key")
        assert row is not None
        await keep_answer(tx, replace(row, payload={"asked": WORD}), {"answer": WORD})


async def an_alias(ledger: Ledger, lead: Lead) -> None:
    async with ledger.transaction() as tx:
        await remember(ledger, tx, lead, "hubspot", WORD)


@pytest.mark.parametrize(
    "late",
    [
        *(an_event, a_change, a_message, an_event_by_address, news_of_it),
        *(an_import, an_import_under_another_id, an_archive, an_answer, an_alias),
    ],
)
async def test_what_comes_in_late_does_not_bring_anything_back(ledger: Ledger, late: Late) -> None:
    await make(ledger)
    await make(ledger, "quiet", steps=[{"id": "w", "kind": "wait", "for": "1 day"}], campaign=None)
    lead = a_lead(ledger, 1, ADDRESS, note=WORD)
    enrollment = await enter(ledger, lead)
    row: dict[str, object] = {"center": "default", "lead": lead.lead, "planned_at": AT}
    row |= {"key": "key", "activity": "http_call", "connection": "http", "state": "SENT"}
    row |= {"enrollment": enrollment, "entry": 1, "payload": {"asked": WORD}, "payload_hash": "h"}
    async with ledger.transaction() as tx:
        await tx.execute(effects.insert().values(row))
    await erased(ledger, lead.lead)
    await late(ledger, lead)
    assert await places_with(ledger, WORD) == []
    assert await rows(ledger, leads) == []


@pytest.mark.parametrize(
    ("phase", "ends"), [("", "NOT_SENT"), ("handed_over", "UNKNOWN"), ("repeatable", "UNKNOWN")]
)
async def test_what_was_begun_or_planned_is_not_done_any_more(
    ledger: Ledger, phase: str, ends: str
) -> None:
    lead = a_lead(ledger, 1, ADDRESS)
    await fill(ledger, lead, WORD)
    async with ledger.transaction() as tx:
        await tx.execute(update(effects).values(state="INTENT", phase=phase))
        await tx.execute(update(handovers).values(state="ENDED"))
    await erased(ledger, lead.lead)
    (row,) = await rows(ledger, effects)
    assert (row["state"], row["reason"], row["payload"]) == (ends, "erased", {})


@pytest.mark.parametrize("what", ["a call in flight", "a stop that is not confirmed"])
async def test_what_is_not_over_is_waited_for(ledger: Ledger, what: str) -> None:
    lead = a_lead(ledger, 1, ADDRESS)
    await fill(ledger, lead, WORD)
    is_call = what == "a call in flight"
    table = effects if is_call else handovers
    values: dict[str, object] = {"state": "INTENT" if is_call else "ACTIVE"}
    values |= {"lease_until": AT.replace(year=2099)}
    async with ledger.transaction() as tx:
        await tx.execute(update(handovers).values(state="ENDED"))
        await tx.execute(update(table).values(values))
    order = await order_for(ledger, lead.lead)
    async with ledger.reading() as tx:
        (left,) = await in_the_way(ledger, tx, order)
    assert left.startswith(("in flight: ", "not confirmed by the other tool: "))
    async with ledger.transaction() as tx:
        await tx.execute(update(table).values(state="ENDED"))
    async with ledger.reading() as tx:
        assert await in_the_way(ledger, tx, order) == []
